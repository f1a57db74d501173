"""What those who want seats ask for: few events with few seats, few people, keys that come again."""

from random import Random
from uuid import UUID

from holdfast.engine.claims import Change, Key, Place, Seat, Seated
from holdfast.engine.statements import event_key, event_place
from proof.history import Call
from proof.server import Event
from proof.writes import POISONED

KEYS = 4_000_000
"""Ids of keys for seats count from here."""
UNKNOWN = 800_009


class Audience:
    """Makes changes of seats."""

    def __init__(self, random: Random, calls: list[Call], world: int = 0) -> None:
        self._random = random
        self._calls = calls
        self._base = world << 40
        first = 900_000 + 100 * world
        self.events = {first + number: Event(0, random.choice((0, 1, 2, 3, 8, 8)), 0) for number in range(1, 6)}
        self._people = ("anna", "boris", "vera", "grigori", "daria")[: random.choice((1, 2, 5))]
        self._wanted = [first + number for number in random.choice(((1, 1, 1, 2, 3), (1, 2, 3, 4, 5)))]
        self._has_poison = random.random() < 0.15 and not world
        self._keyed: list[Change] = []

    def some_event(self) -> int:
        """An event that is there, or is about to be."""
        return self._random.choice(self._wanted)

    def know(self, event_id: int) -> None:
        """Have some want seats at an event that is being made."""
        self._wanted.append(event_id)

    def keys(self) -> list[str]:
        """All events that are there, or are being made, by their keys."""
        return [event_key(each) for each in dict.fromkeys([*self.events, *self._wanted])]

    def change(self, change_id: UUID) -> Change:
        """The next change that somebody asks for."""
        lot = self._random.random()
        if lot < 0.35:
            held = [call.verdict.booking for call in self._calls if isinstance(call.verdict, Seated)]
            if held:
                booking = self._random.choice(held[-6:])
                return Change(change_id, booking.place, booking.id)
        if lot < 0.75:
            return Change(change_id, self._place(), takes=Seat(self._person()))
        return self._with_key(change_id)

    def _with_key(self, change_id: UUID) -> Change:
        """A change with a key: a new one, one that was used, or one that was used with another body."""
        number = len(self._calls)
        if self._keyed and self._random.random() < 0.6:
            first = self._random.choice(self._keyed)
            assert first.key is not None
            if self._random.random() < 0.75:
                return Change(change_id, first.place, takes=first.takes, key=first.key)
            key = Key(first.key.id, number.to_bytes(32))
        else:
            key = Key(UUID(int=self._base + KEYS + number), number.to_bytes(32))
        change = Change(change_id, self._place(), takes=Seat(self._person()), key=key)
        self._keyed.append(change)
        return change

    def _place(self) -> Place:
        return event_place(UNKNOWN if self._random.random() < 0.05 else self._random.choice(self._wanted))

    def _person(self) -> str:
        if self._has_poison and self._random.random() < 0.15:
            return POISONED
        return self._random.choice(self._people)
