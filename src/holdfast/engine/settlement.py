"""How a batch of changes is looked at, decided and written: one way for rooms, tables, slots and seats."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg
import msgspec
from msgspec.structs import replace

from holdfast.database.connections import Connection
from holdfast.engine import judging, keys, looks, occupancy, statements, writing
from holdfast.engine.batch import Batch, places_of, tell
from holdfast.engine.claims import (
    Change,
    Confirm,
    Edit,
    Edited,
    Extend,
    Granted,
    Made,
    Reason,
    Refused,
    Reservation,
    Retake,
    Seat,
    SeatBooking,
    Seated,
    State,
    Stretch,
    Verdict,
)
from holdfast.engine.demands import Demands, Proposal, Rules
from holdfast.engine.judging import Seen
from holdfast.engine.looks import SeatLookRow
from holdfast.engine.occupancy import Booker, Seats
from holdfast.engine.transaction import KeyTaken, Proof, Stale
from holdfast.errors import HoldfastError

ID_UNIQUE = "pk_reservations"
SEAT_UNIQUE = "uq_bookings_event_id_user_id"
"""The constraint that a second booking of one person breaks."""


class Settlement:
    """A batch of changes. What is given back counts as gone for whatever is taken, whoever came first."""

    def __init__(self, batch: Batch, ids: dict[UUID, int], rules: Rules, demands: Demands) -> None:
        self._batch = batch
        self._ids = ids
        self._rules = rules
        self._demands = demands

    async def lock(self, connection: Connection) -> None:
        """Lock the places and events that the changes name, sorted."""
        await statements.lock(connection, {place.key for change in self._batch.changes for place in places_of(change)})

    async def decide(self, connection: Connection, *, careful: bool) -> None:
        """Read what could be in the way and decide. Revisions are read first: what changes later is found out."""
        changes = self._batch.changes
        if careful:
            changes, told = await keys.replay(connection, changes)
            self._batch.verdicts |= told
        gives: list[Change] = []
        stretches: list[tuple[Change, Stretch]] = []
        seats: list[tuple[Change, Seat]] = []
        for change in changes:
            takes = change.takes
            if isinstance(takes, Stretch):
                stretches.append((change, takes))
            elif isinstance(takes, Seat):
                seats.append((change, takes))
            elif isinstance(takes, Edit):
                await self._edit(connection, change, takes)
            else:
                gives.append(change)
        if gives:
            await self._give(connection, gives)
        if stretches:
            await self._reserve(connection, stretches, careful=careful)
        if seats:
            await self._book(connection, seats)

    def proof(self) -> Proof | None:
        """A row that this batch alone writes, or `None` when it writes nothing."""
        return self._batch.proof()

    async def write(self, connection: Connection) -> None:
        """Write what was decided and, outside a transaction, commit."""
        await writing.write(connection, self._batch.writes())

    async def lock_changed(self, connection: Connection) -> None:
        """Lock the places and events that the write locks."""
        await statements.lock(connection, self._batch.locked())

    async def fence(self, connection: Connection) -> None:
        """Raise the revision of a locked place, unless it has risen: the write will be refused if it comes later."""
        if not self._batch.raised:
            return
        key = next(iter(self._batch.raised))
        revisions = await statements.revisions(connection, [key])
        if revisions.get(key) != self._batch.revisions[key]:
            return
        checked = Edited(b"", [("place.checked", {})])
        await tell(connection, statements.place_of(key), revisions[key], checked, self._batch.now)

    def refused(self, error: asyncpg.PostgresError) -> Exception | None:
        """What a refused write means, if it is one that is expected."""
        if isinstance(error, asyncpg.UniqueViolationError):
            if error.constraint_name == ID_UNIQUE:
                # An id that is there was made of a key: since the look its first request was granted, and ended again.
                return KeyTaken()
            if error.constraint_name == SEAT_UNIQUE:
                # Somebody typed in a booking after the look: it will be seen under the lock.
                return Stale()
        return None

    def verdicts(self) -> list[Verdict | HoldfastError]:
        """The answers, in the order of the changes; an error is what a demand of the place has against one."""
        return [self._batch.verdicts[change.id] for change in self._batch.changes]

    async def _give(self, connection: Connection, changes: Sequence[Change]) -> None:
        """Give back what the batch gives back, before anything is taken: a change of the same batch may have it."""
        reservations = [(change, given) for change in changes if isinstance(given := change.gives, UUID)]
        if reservations:
            places = list({change.place.key for change, _ in reservations})
            revisions, found, time = await looks.given(connection, places, [given for _, given in reservations])
            self._batch.note(revisions, places, time)
            for change, given in reservations:
                # As an earlier change of the batch left it. [given back once]
                before = self._batch.left.get(given, found.get(given))
                here = before if before is not None and before.place == change.place else None
                self._batch.verdicts[change.id] = await self._after(connection, change, here)
        bookings = [(change, given) for change in changes if isinstance(given := change.gives, int)]
        if bookings:
            events = list({statements.event_of(change.place) for change, _ in bookings})
            revisions, seats = await looks.given_seats(connection, events, [given for _, given in bookings])
            self._batch.note(revisions, revisions)
            for change, given in bookings:
                # Popped, so that of two cancellations of one booking the second finds nothing. [seats once]
                booking = seats.pop(given, None)
                if booking is None or booking.place != change.place:
                    self._batch.verdicts[change.id] = Refused(Reason.NOT_FOUND)
                    continue
                self._batch.verdicts[change.id] = Seated(booking)
                self._batch.unbook(change.id, booking)

    async def _after(
        self, connection: Connection, change: Change, before: Reservation | None
    ) -> Verdict | HoldfastError:
        """What becomes of a reservation that a change gives back, and perhaps takes again."""
        takes = change.takes
        if isinstance(takes, Retake | Confirm | Extend):
            after = occupancy.again(before, takes, self._batch.time, self._rules.longest)
            if isinstance(after, Refused):
                return after
            assert before is not None, "nothing is taken again that was not there"
            return await self._retake(connection, change, before, after)
        ended = None if before is None else occupancy.ended(before, lapses=change.lapses, now=self._batch.time)
        if before is None or ended is None:
            return Refused(Reason.NOT_FOUND)
        self._batch.end(change.id, ended, "expired" if change.lapses else "active")
        return Granted(before)

    async def _retake(
        self, connection: Connection, change: Change, before: Reservation, after: Reservation
    ) -> Verdict | HoldfastError:
        """Take a reservation again. The old stretch is never given up before the new one is had."""
        if after == before:
            # Whatever else, it has that already.
            return Granted(before)
        is_dead = occupancy.has_expired(before, self._batch.time)
        is_again = isinstance(change.takes, Retake)
        # What has expired was free meanwhile. [looks before it revives]
        if is_again or is_dead:
            proposals = Proposal(after.place, after.interval, after.type, after.details, before)
            # The one that moves is not in its own way. [moves]
            seen, against = await judging.look(connection, self._batch, self._demands, [proposals], [before.id])
            # What was granted is confirmed, whatever is demanded by now.
            if is_again and against:
                return against[0]
            [refused] = judging.settle(self._batch, seen, [0])
            is_less = not is_dead and after.place == before.place and after.interval.is_inside(before.interval)
            # What is held in a closed place may become less, never more.
            if refused is not None and not (refused.reason is Reason.CLOSED and is_less):
                return refused
        self._batch.retake(change.id, before, after, "expired" if is_dead else "active")
        return Granted(after)

    async def _reserve(
        self, connection: Connection, changes: Sequence[tuple[Change, Stretch]], *, careful: bool
    ) -> None:
        """Reserve and hold, in order of arrival."""
        proposals = [
            Proposal(
                change.place, each.interval, each.type, each.details, None, each.user_id, each.hold_seconds is not None
            )
            for change, each in changes
        ]
        seen, against = await judging.look(connection, self._batch, self._demands, proposals)
        if against:
            await self._decline(connection, [(changes[at][0], error) for at, error in against.items()], careful=careful)
        firsts, seconds = keys.first_of_each(changes, against)
        positions = self._within_limits(changes, seen, firsts)
        for position, refused in zip(positions, judging.settle(self._batch, seen, positions), strict=True):
            change, takes = changes[position]
            self._answer(change, refused or self._grant(change, takes))
        self._batch.verdicts |= keys.repeat(seconds, self._batch.answers)

    async def _decline(
        self, connection: Connection, against: Sequence[tuple[Change, HoldfastError]], *, careful: bool
    ) -> None:
        """Answer what the places themselves have something against; no key remembers it.

        A key that is known comes first: it was granted when there was nothing against it. A careful batch knows that.
        """
        known = {} if careful else (await keys.replay(connection, [change for change, _ in against]))[1]
        for change, error in against:
            self._batch.verdicts[change.id] = known.get(change.id, error)  # [known before declined]

    def _answer(self, change: Change, verdict: Verdict) -> None:
        """Note what a change is told, and is told again if it comes once more: see `keys.remembered`."""
        self._batch.verdicts[change.id] = verdict
        if change.key is not None:
            kept = verdict.body if isinstance(verdict, Made) else msgspec.json.encode(verdict)
            self._batch.answers.append((change, kept))

    def _grant(self, change: Change, takes: Stretch) -> Granted:
        start, end = takes.interval
        made = Reservation(
            takes.id, change.place, start, end, self._batch.now, takes.user_id, takes.details, takes.type
        )
        if takes.hold_seconds is not None:
            began = self._batch.time
            ends = began + timedelta(seconds=takes.hold_seconds)
            made = replace(made, state=State.HELD, held_at=began, expires_at=ends)
        self._batch.reserve(change.id, made)
        return Granted(made)

    def _within_limits(
        self, changes: Sequence[tuple[Change, Stretch]], seen: Seen, positions: Sequence[int]
    ) -> Sequence[int]:
        """Refuse holds of which there are too many; the positions of what is left."""
        beyond = judging.beyond(seen, positions, (self._rules.place_holds_max, self._rules.user_holds_max))
        for position in beyond:
            self._answer(changes[position][0], Refused(Reason.HOLD_LIMIT))
        return [position for position in positions if position not in beyond] if beyond else positions

    async def _book(self, connection: Connection, changes: Sequence[tuple[Change, Seat]]) -> None:
        """Give seats, in order of arrival."""
        batch = self._batch
        positions, seconds = keys.first_of_each(changes)
        changes = [changes[position] for position in positions]
        found = await looks.look_seats(
            connection, [SeatLookRow(statements.event_of(change.place), takes.user_id) for change, takes in changes]
        )
        # Of an event that has changed since a cancellation was looked up, messages are numbered wrongly by now.
        batch.note(found.revisions, found.revisions)
        events = {
            place: Seats(seats.total, seats.booked + batch.taken.get(place.key, 0))
            for place, seats in found.seats.items()
        }
        seated = {
            Booker(statements.event_place(wish.event_id), wish.user_id)
            for wish, booking_id in found.booked.items()
            if booking_id not in batch.gone
        }
        refusals = occupancy.seat([Booker(change.place, takes.user_id) for change, takes in changes], events, seated)
        for (change, takes), refused in zip(changes, refusals, strict=True):
            if refused is not None:
                self._answer(change, refused)
                continue
            booking = SeatBooking(self._ids[change.id], change.place, takes.user_id, batch.now)
            batch.book(change.id, booking)
            self._answer(change, Seated(booking))
        batch.verdicts |= keys.repeat(seconds, batch.answers)

    async def _edit(self, connection: Connection, change: Change, edit: Edit) -> None:
        """Have a feature change the place itself."""
        key = change.place.key
        revision = (await statements.revisions(connection, [key])).get(key)
        edited = await edit.work(connection, revision)
        self._batch.edit(change.place, revision, edited)
        self._answer(change, Made(edited.answer))
