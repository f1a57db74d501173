"""What is known of a batch of changes while it is settled, and what is to be written for it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuids

from holdfast.database.connections import Connection
from holdfast.engine import keys, statements
from holdfast.engine.claims import EVENT, Change, Edited, Place, Reservation, Retake, SeatBooking, State, Verdict
from holdfast.engine.transaction import PlacesMissing, Proof, Stale
from holdfast.engine.writing import Changed, EventRaise, Proves, Raise, SeatRow, WriteSet, write
from holdfast.errors import HoldfastError
from holdfast.outbox.messages import Message


class Batch:
    """What is known of a batch while it is settled. Places and events are named by their keys."""

    def __init__(self, changes: Sequence[Change], now: datetime) -> None:
        self.changes = changes
        self.now = now
        self._time: datetime | None = None
        self.verdicts: dict[UUID, Verdict | HoldfastError] = {}
        self.revisions: dict[str, int] = {}
        self.raised: dict[str, int] = {}
        self.taken: dict[str, int] = {}
        """How many more of an event's seats are booked."""
        self.answers: list[tuple[Change, bytes]] = []
        self.gone: list[int] = []
        """Bookings that are given back."""
        self.left: dict[UUID, Reservation] = {}
        """Reservations that are given back, as they are then, or taken again."""
        self._changed: dict[UUID, Changed] = {}
        self._reserved: list[Reservation] = []
        self._booked: list[SeatRow] = []
        self._messages: list[Message] = []

    @property
    def time(self) -> datetime:
        """The database's, as its first look told it."""
        assert self._time is not None, "nothing was looked at yet"
        return self._time

    def note(self, revisions: Mapping[str, int], places: Iterable[str], time: datetime | None = None) -> None:
        """Note what a look told of places; nothing may have changed between two looks at one place.

        Raises `PlacesMissing`, `Stale`.
        """
        if self._time is None:
            self._time = time
        for place in places:
            if place not in revisions:
                raise PlacesMissing
            if self.revisions.setdefault(place, revisions[place]) != revisions[place]:
                raise Stale

    def reserve(self, change_id: UUID, made: Reservation) -> None:
        """Write a reservation that is new."""
        self._reserved.append(made)
        self.tell(
            "reservation.held" if made.state is State.HELD else "reservation.created",
            change_id,
            made.place,
            describe(made),
        )

    def end(self, change_id: UUID, after: Reservation, proves: Proves = "active") -> None:
        """Write that a reservation ended."""
        self.left[after.id] = after
        self._changed[after.id] = Changed(after.place.key, proves, after)
        self.tell(f"reservation.{after.state}", change_id, after.place, describe(after))

    def retake(self, change_id: UUID, before: Reservation, after: Reservation, proves: Proves = "active") -> None:
        """Write that a reservation is held elsewhere or otherwise from now on, and tell those who know it."""
        # Changed twice in one batch, it is written once.
        was_at = self._changed[before.id].was_at if before.id in self._changed else before.place.key
        self.left[after.id] = after
        self._changed[after.id] = Changed(was_at, proves, after)
        kind, there = _told(before, after)
        if before.place != after.place:
            # Both places changed, and each has listeners of its own. [the place that was left]
            self.tell(there, uuids.uuid7(), before.place, describe(after))
        self.tell(kind, change_id, after.place, describe(after))

    def book(self, change_id: UUID, booking: SeatBooking) -> None:
        """Write that somebody has a seat."""
        self._booked.append(SeatRow(booking.id, statements.event_of(booking.place), booking.user_id))
        self._count(change_id, "booking.created", booking, 1)

    def unbook(self, change_id: UUID, booking: SeatBooking) -> None:
        """Write that somebody gave a seat back."""
        self.gone.append(booking.id)
        self._count(change_id, "booking.cancelled", booking, -1)

    def edit(self, place: Place, revision: int | None, edited: Edited) -> None:
        """Write what became of a place itself. An event that has just been made had no revision."""
        self.revisions[place.key] = revision or 0
        for kind, data in edited.messages:
            self.tell(kind, uuids.uuid7(), place, {**about(place), **data})

    def tell(self, kind: str, change_id: UUID, place: Place, data: Mapping[str, Any]) -> None:
        """Add a message about a change of a place, which gives it its next revision."""
        key = place.key
        revision = self.raised.get(key, self.revisions[key]) + 1
        self.raised[key] = revision
        self._messages.append(Message(key, revision, change_id, kind, self.now, data))

    def proof(self) -> Proof | None:
        """A row that this batch alone writes, or `None` when it writes nothing."""
        if self._messages:
            message = self._messages[0]
            return Proof(
                statements.MESSAGE_THERE, statements.MESSAGE_PROBE, (message.place, message.revision, message.id)
            )
        for change, answer in self.answers:
            if change.key is not None:
                return Proof(statements.KEY_THERE, statements.KEY_PROBE, (change.key.id, change.id, answer))
        return None

    def locked(self) -> set[str]:
        """What the write locks. Where only answers are remembered, too: see `transaction.was_committed`."""
        return self.raised.keys() | {change.place.key for change, _ in self.answers}

    def writes(self) -> WriteSet:
        """What is to be written."""
        places, events = statements.apart(self.locked())
        raised: list[Raise] = []
        raised_events: list[EventRaise] = []
        for key, revision in self.raised.items():
            seen = self.revisions[key]
            event_id = statements.event_id(key)
            if event_id is None:
                raised.append(Raise(key, seen, revision))
            else:
                raised_events.append(EventRaise(event_id, seen, revision, self.taken.get(key, 0)))
        return WriteSet(
            places,
            events,
            raised,
            raised_events,
            self.now,
            list(self._changed.values()),
            self._reserved,
            self.gone,
            self._booked,
            self._messages,
            keys.rows(self.answers),
        )

    def _count(self, change_id: UUID, kind: str, booking: SeatBooking, taken: int) -> None:
        key = booking.place.key
        self.taken[key] = self.taken.get(key, 0) + taken
        event = statements.event_of(booking.place)
        data = {"id": booking.id, "kind": "event", "event_id": event, "user_id": booking.user_id}
        self.tell(kind, change_id, booking.place, data)


async def tell(connection: Connection, place: Place, revision: int | None, edited: Edited, now: datetime) -> None:
    """Raise the revision of a locked place by the messages that tell what became of it; without any, write nothing."""
    batch = Batch([], now)
    batch.edit(place, revision, edited)
    if batch.raised:
        await write(connection, batch.writes())


def places_of(change: Change) -> list[Place]:
    """The places that a change may write to."""
    if isinstance(change.takes, Retake) and change.takes.place is not None:
        return [change.place, change.takes.place]
    return [change.place]


def name_of(place: Place) -> str:
    """The field in which messages have a place's id: `room_id`, `table_id`, `event_id`."""
    return place.kind + "_id"


def about(place: Place) -> dict[str, Any]:
    """A place as messages tell of it."""
    place_id: str | int = int(place.id) if place.kind == EVENT else place.id
    return {"id": place_id, "kind": place.kind, name_of(place): place_id}


def describe(reservation: Reservation) -> dict[str, Any]:
    """A reservation as messages tell of it."""
    told = {
        "id": reservation.id,
        "kind": reservation.place.kind,
        name_of(reservation.place): reservation.place.id,
        "start_time": reservation.start,
        "end_time": reservation.end,
        "user_id": reservation.user_id,
    }
    if reservation.state is State.HELD:
        told["expires_at"] = reservation.expires_at
    return told


def _told(before: Reservation, after: Reservation) -> tuple[str, str]:
    """The message of a reservation that is taken again; and the one for the place that it left.

    Whoever knows nothing of holds never hears of one, until it becomes a reservation.
    """
    if after.state is State.HELD:
        return "reservation.held", "reservation.released"
    if before.state is not after.state:
        return "reservation.created", "reservation.released"
    is_moved = (after.place, after.interval) != (before.place, before.interval)
    return "reservation.moved" if is_moved else "reservation.changed", "reservation.moved"
