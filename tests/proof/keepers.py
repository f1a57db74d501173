"""What those ask for who keep the places themselves: rooms that close, events that are made or get other seats."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from random import Random
from typing import Any
from uuid import UUID

from holdfast.engine import statements
from holdfast.engine.claims import Change, Edit, Edited, Key, Place
from holdfast.engine.statements import event_of, event_place
from proof import seats_sql
from proof.history import Declined
from proof.seats_clients import Audience
from proof.server import START, Event

KEEPERS_KEY = 5_000_000
Work = Callable[[Any, int | None], Awaitable[Edited]]


class Keeper:
    """Makes changes of places themselves. Each tells its own id in its message."""

    def __init__(
        self, random: Random, places: Sequence[Place], audience: Audience, ids: Iterator[int], world: int
    ) -> None:
        self._random = random
        self._places = places
        self._audience = audience
        self._ids = ids
        self._base = world << 40
        self._keyed: list[Change] = []
        self._asked = 0

    def change(self, change_id: UUID) -> Change:
        """The next change of a place."""
        self._asked += 1
        lot = self._random.random()
        if lot < 0.3:
            place, names = self._random.choice(self._places), self._random.random() < 0.5
            return Change(change_id, place, takes=Edit(close(change_id, place), names))
        if lot < 0.6:
            place = event_place(self._audience.some_event())
            return Change(change_id, place, takes=Edit(resize(change_id, place, self._random.randrange(6))))
        place = event_place(next(self._ids))
        self._audience.know(event_of(place))
        work = Edit(make(change_id, place, self._random.randrange(4)))
        return Change(change_id, place, takes=work, key=self._key() if lot < 0.8 else None)

    def _key(self) -> Key:
        number = self._random.randrange(1, 3) if self._random.random() < 0.5 else 100 + self._asked
        return Key(UUID(int=self._base + KEEPERS_KEY + number), self._random.randrange(2).to_bytes(32))


def close(change_id: UUID, place: Place) -> Work:
    """Take no more reservations at a place."""

    async def work(connection: Any, revision: int | None) -> Edited:
        if revision is None:
            raise Declined
        await connection.execute(statements.CLOSE, place.key, START)
        return Edited(b"closed", [("room.retired", {"change": str(change_id)})])

    return work


def resize(change_id: UUID, place: Place, total: int) -> Work:
    """Give an event more or fewer seats, never fewer than are booked."""

    async def work(connection: Any, revision: int | None) -> Edited:
        row = await connection.fetchrow(seats_sql.READ_EVENT, event_of(place))
        if row is None:
            raise Declined
        event = Event(*row.values())
        if total < event.booked:
            raise Declined
        if total == event.total:
            return Edited(b"same")
        await connection.execute(seats_sql.WRITE_EVENT, event_of(place), total)
        return Edited(b"resized", [("event.changed", {"change": str(change_id), "total": total})])

    return work


def make(change_id: UUID, place: Place, total: int) -> Work:
    """Make an event. It has no row to lock."""

    async def work(connection: Any, revision: int | None) -> Edited:
        await connection.execute(seats_sql.WRITE_EVENT, event_of(place), total)
        return Edited(place.key.encode(), [("event.created", {"change": str(change_id), "total": total})])

    return work
