"""What those who want seats ask for: few events with few seats, few people, keys that come again."""

from random import Random
from uuid import UUID

from holdfast.engine.claims import Book, Cancel, Key, Place, SeatClaim, Seated
from holdfast.engine.pool_statements import place_of
from proof.history import Call
from proof.seats_sql import POISON, Event

KEYS = 3_000_000
"""Ids of keys for seats count from here."""
UNKNOWN = 9


class Audience:
    """Makes claims on seats."""

    def __init__(self, random: Random, calls: list[Call]) -> None:
        self._random = random
        self._calls = calls
        self.events = {number: Event(0, random.choice((0, 1, 2, 3, 8, 8)), 0) for number in range(1, 6)}
        self._people = ("anna", "boris", "vera", "grigori", "daria")[: random.choice((1, 2, 5))]
        self._wanted = random.choice(((1, 1, 1, 2, 3), (1, 2, 3, 4, 5)))
        self._has_poison = random.random() < 0.15
        self._keyed: list[Book] = []

    def claim(self, claim_id: UUID) -> SeatClaim:
        """The next claim of somebody."""
        lot = self._random.random()
        if lot < 0.35:
            held = [call.verdict.booking for call in self._calls if isinstance(call.verdict, Seated)]
            if held:
                booking = self._random.choice(held[-6:])
                return Cancel(claim_id, booking.place, booking.id)
        if lot < 0.75:
            return Book(claim_id, self._place(), self._person())
        return self._with_key(claim_id)

    def _with_key(self, claim_id: UUID) -> Book:
        """A claim with a key: a new one, one that was used, or one that was used with another body."""
        number = len(self._calls)
        if self._keyed and self._random.random() < 0.6:
            first = self._random.choice(self._keyed)
            assert first.key is not None
            if self._random.random() < 0.75:
                return Book(claim_id, first.place, first.user_id, first.key)
            key = Key(first.key.id, number.to_bytes(32))
        else:
            key = Key(UUID(int=KEYS + number), number.to_bytes(32))
        claim = Book(claim_id, self._place(), self._person(), key)
        self._keyed.append(claim)
        return claim

    def _place(self) -> Place:
        return place_of(UNKNOWN if self._random.random() < 0.05 else self._random.choice(self._wanted))

    def _person(self) -> str:
        if self._has_poison and self._random.random() < 0.15:
            return POISON
        return self._random.choice(self._people)
