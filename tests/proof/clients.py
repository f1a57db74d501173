"""What the clients of one run ask for: few places, few hours, keys that come again, with the same body or another."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from holdfast.engine.claims import Claim, Granted, Interval, Key, Kind, Move, Place, Release, Reserve
from proof.history import Call, Read
from proof.seats_clients import Audience
from proof.server import Server
from proof.sql import POISON

DAY = datetime(2030, 6, 1, 9, tzinfo=UTC)
PLACES = (Place(Kind.ROOM, "north"), Place(Kind.ROOM, "south"), Place(Kind.TABLE, "1"))
CLAIM = 1_000_000
"""Ids of claims count from here, ids of keys from twice this."""


class Clients:
    """Makes claims, and keeps what was asked and answered."""

    def __init__(self, random: Random, server: Server) -> None:
        self._random = random
        self._server = server
        self._places = PLACES[: random.choice((1, 2, 2, 3))]
        self._hours = random.choice((2, 4, 8))
        self._has_poison = random.random() < 0.15
        self._leaving = random.choice((0.03, 0.03, 0.3))
        self._keyed: list[Reserve] = []
        self.calls: list[Call] = []
        self._audience = Audience(random, self.calls)
        server.open_events(self._audience.events)
        self._seats_wanted = random.choice((0.0, 0.3, 1.0))
        self.reads: list[Read] = []

    def call(self, process: int) -> Call:
        """The next claim of somebody."""
        claim_id = UUID(int=CLAIM + len(self.calls))
        wants_seat = self._random.random() < self._seats_wanted
        claim = self._audience.claim(claim_id) if wants_seat else self._claim(claim_id)
        call = Call(claim, process, self._server)
        self.calls.append(call)
        return call

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

    def _claim(self, claim_id: UUID) -> Claim:
        lot = self._random.random()
        if lot < 0.4:
            held = self._held()
            if held is not None:
                return self._change(claim_id, held, lot)
        if lot < 0.8:
            return Reserve(claim_id, self._place(), self._stretch(), self._user())
        return self._with_key(claim_id)

    def _held(self) -> tuple[UUID, Place] | None:
        """A reservation that somebody may still have, and where it was last seen."""
        given_back = {call.claim.reservation_id for call in self.calls if isinstance(call.claim, Release)}
        reserves = [call for call in self.calls if isinstance(call.claim, Reserve) and not call.changed_nothing]
        if not reserves:
            return None
        if self._random.random() < 0.8:
            told = [call for call in reserves if call.verdict is not None and call.claim.id not in given_back]
            reserves = told or reserves
        claim = self._random.choice(reserves).claim
        place = claim.place
        for call in self.calls:
            is_move = isinstance(call.claim, Move) and call.claim.reservation_id == claim.id
            if is_move and isinstance(call.verdict, Granted):
                place = call.verdict.reservation.place
        return claim.id, place

    def _change(self, claim_id: UUID, held: tuple[UUID, Place], lot: float) -> Claim:
        reservation_id, place = held
        if lot < 0.22:
            return Release(claim_id, place, reservation_id)
        start, end = self._stretch()
        target = self._place() if self._random.random() < 0.5 else None
        kind = self._random.random()
        if kind < 0.2:
            return Move(claim_id, place, reservation_id, target)
        if kind < 0.3:
            return Move(claim_id, place, reservation_id, target, end=end)
        return Move(claim_id, place, reservation_id, target, start, end)

    def _with_key(self, claim_id: UUID) -> Reserve:
        """A claim with a key: a new one, one that was used, or one that was used with another body."""
        if self._keyed and self._random.random() < 0.6:
            first = self._random.choice(self._keyed)
            assert first.key is not None
            if self._random.random() < 0.75:
                return Reserve(claim_id, first.place, first.interval, first.user_id, first.key)
            key = Key(first.key.id, len(self.calls).to_bytes(32))
        else:
            key = Key(UUID(int=2 * CLAIM + len(self.calls)), len(self.calls).to_bytes(32))
        claim = Reserve(claim_id, self._place(), self._stretch(), self._user(), key)
        self._keyed.append(claim)
        return claim

    def _place(self) -> Place:
        return self._random.choice(self._places)

    def _stretch(self) -> Interval:
        start = self._random.randrange(self._hours)
        return Interval(DAY + timedelta(hours=start), DAY + timedelta(hours=start + self._random.choice((1, 1, 2, 3))))

    def _user(self) -> UUID | None:
        if self._has_poison and self._random.random() < 0.15:
            return POISON
        return self._random.choice((None, UUID(int=1)))
