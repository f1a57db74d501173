"""What the clients of one run ask for: few places, few hours, holds, keys that come again with the same body or not."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Protocol
from uuid import UUID

from holdfast.engine.claims import (
    Change,
    Confirm,
    Details,
    Extend,
    Granted,
    Interval,
    Key,
    Place,
    Retake,
    Stretch,
)
from proof.history import Call, Course, Read
from proof.keepers import Keeper
from proof.seats_clients import Audience
from proof.server import Event
from proof.writes import POISON

DAY = datetime(2030, 6, 1, 9, tzinfo=UTC)
PLACES = (Place("room", "north"), Place("room", "south"), Place("table", "1"))
CHANGE, RESERVATION, KEY = 1_000_000, 2_000_000, 3_000_000
"""Ids of changes, reservations and keys count from here."""
HOLD_SECONDS = (1, 2, 5, 60)
EXTENSIONS = (1, 3, 30, 7_150, 9_000)


class Stock(Course, Protocol):
    """What the clients of a run find."""

    ids: Iterator[int]
    """Of events to come."""

    def open_events(self, events: dict[int, Event]) -> None:
        """Have events from the start."""


class Clients:
    """Makes changes, and keeps what was asked and answered."""

    def __init__(self, random: Random, server: Stock, world: int = 0) -> None:
        self._random = random
        self._server = server
        # Worlds in one database are told apart by their ids.
        self._base = world << 40
        named = [Place(place.kind, f"{place.id}-{world}") for place in PLACES] if world else PLACES
        self._places: Sequence[Place] = named[: random.choice((1, 2, 2, 3))]
        self._hours = random.choice((2, 4, 8))
        self._has_poison = random.random() < 0.15 and not world
        self._leaving = random.choice((0.03, 0.03, 0.3))
        self._holding = random.choice((0.0, 0.3, 0.6, 1.0))
        self._keyed: list[Change] = []
        self.calls: list[Call] = []
        self._audience = Audience(random, self.calls, world)
        server.open_events(dict(self._audience.events))
        self._keeper = Keeper(random, self._places, self._audience, server.ids, world)
        self._seats_wanted = random.choice((0.0, 0.3, 0.3, 1.0))
        self._keeping = random.choice((0.0, 0.05, 0.2))
        self.reads: list[Read] = []

    def call(self, process: int, skew: timedelta) -> Call:
        """The next change that somebody asks for."""
        number = len(self.calls)
        change_id = UUID(int=self._base + CHANGE + number)
        lot = self._random.random()
        if lot < self._keeping:
            change = self._keeper.change(change_id)
        elif self._random.random() < self._seats_wanted:
            change = self._audience.change(change_id)
        else:
            change = self._change(change_id)
        call = Call(change, process, skew, self._server)
        self.calls.append(call)
        return call

    def keys(self) -> list[str]:
        """All places of this run, by their keys."""
        return [*(place.key for place in self._places), *self._audience.keys()]

    def read(self) -> Read:
        """The next question for a revision."""
        read = Read(self._random.choice(self._places), self._server)
        self.reads.append(read)
        return read

    def patience(self) -> tuple[float | None, bool]:
        """After how many seconds a client leaves, and whether its answer is cancelled then."""
        if self._random.random() >= self._leaving:
            return None, False
        return self._random.choice((0.0, 0.001, 0.004, 0.02, 0.5)), self._random.random() < 0.3

    def _change(self, change_id: UUID) -> Change:
        lot = self._random.random()
        if lot < 0.5:
            known = self._known()
            if known is not None:
                return self._about(change_id, *known)
        if lot < 0.8:
            return Change(
                change_id, self._place(), takes=self._stretch(UUID(int=self._base + RESERVATION + len(self.calls)))
            )
        return self._with_key(change_id)

    def _known(self) -> tuple[UUID, Place] | None:
        """A reservation that somebody may still have, and where it was last seen."""
        made = [call for call in self.calls if isinstance(call.change.takes, Stretch) and not call.changed_nothing]
        if not made:
            return None
        if self._random.random() < 0.8:
            ended = {call.change.gives for call in self.calls if call.change.takes is None}
            told = [call for call in made if call.verdict is not None and _made(call)[0] not in ended]
            made = told or made
        reservation_id, place = _made(self._random.choice(made[-8:]))
        for call in self.calls:
            is_move = isinstance(call.change.takes, Retake) and call.change.gives == reservation_id
            if is_move and isinstance(call.verdict, Granted):
                place = call.verdict.reservation.place
        return reservation_id, place

    def _about(self, change_id: UUID, known: UUID, place: Place) -> Change:
        """Something about a reservation that is known."""
        lot = self._random.random()
        if lot < 0.25:
            return Change(change_id, place, known)
        if lot < 0.4:
            return Change(change_id, place, known, lapses=True)
        if lot < 0.6:
            reference = self._random.choice((None, "cart 7"))
            return Change(change_id, place, known, Confirm(reference, revives=self._random.random() < 0.4))
        if lot < 0.75:
            return Change(change_id, place, known, Extend(self._random.choice(EXTENSIONS)))
        return Change(change_id, place, known, self._again())

    def _again(self) -> Retake:
        interval = self._interval()
        target = self._place() if self._random.random() < 0.5 else None
        details = self._details() if self._random.random() < 0.3 else None
        lot = self._random.random()
        if lot < 0.2:
            return Retake(target, details=details)
        if lot < 0.3:
            return Retake(target, end=interval.end, details=details)
        return Retake(target, interval.start, interval.end, details)

    def _with_key(self, change_id: UUID) -> Change:
        """A change with a key: a new one, one that was used, or one that was used with another body."""
        number = len(self.calls)
        if self._keyed and self._random.random() < 0.6:
            first = self._random.choice(self._keyed)
            assert first.key is not None
            if self._random.random() < 0.75:
                return Change(change_id, first.place, takes=first.takes, key=first.key)
            key = Key(first.key.id, number.to_bytes(32))
        else:
            key = Key(UUID(int=self._base + KEY + number), number.to_bytes(32))
        # Some features make the reservation's id of the key.
        made = key.id.int if self._random.random() < 0.5 else self._base + RESERVATION + number
        change = Change(change_id, self._place(), takes=self._stretch(UUID(int=made)), key=key)
        self._keyed.append(change)
        return change

    def _place(self) -> Place:
        return self._random.choice(self._places)

    def _stretch(self, made: UUID) -> Stretch:
        seconds = self._random.choice(HOLD_SECONDS) if self._random.random() < self._holding else None
        kind = self._random.choice(("range", "slot", "table"))
        return Stretch(made, self._interval(), self._user(), self._details(), kind, seconds)

    def _interval(self) -> Interval:
        start = self._random.randrange(self._hours)
        return Interval(DAY + timedelta(hours=start), DAY + timedelta(hours=start + self._random.choice((1, 1, 2, 3))))

    def _details(self) -> Details | None:
        return self._random.choice((None, {"note": len(self.calls)}, {"link": f"call {len(self.calls)}"}))

    def _user(self) -> UUID | None:
        if self._has_poison and self._random.random() < 0.15:
            return POISON
        return self._random.choice((None, UUID(int=1), UUID(int=2)))


def _made(call: Call) -> tuple[UUID, Place]:
    assert isinstance(call.change.takes, Stretch)
    return call.change.takes.id, call.change.place
