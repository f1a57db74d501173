"""Takes claims, settles each in a transaction of its own, and answers when it is committed.

A place belongs to one lane of a process, and a lane settles one claim at a time: so a process never waits for itself on
a row's lock, and a hot place holds one connection, not all of them. Between processes and machines the row lock
decides.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import stamina
from msgspec import Struct

from holdfast.clock import Clock
from holdfast.database.connections import AWAY, Connection, Database, cut
from holdfast.engine import settlement, statements
from holdfast.engine.claims import Claim, Place, Reserve, Verdict
from holdfast.engine.settlement import CommitInDoubt, KeyTaken, PlacesMissing, places_of
from holdfast.errors import OutcomeUnknown, Unavailable

AGAIN = (PlacesMissing, KeyTaken, asyncpg.SerializationError, asyncpg.DeadlockDetectedError, *AWAY)
"""After these nothing has changed, and settling the claim once more may go better."""
PLACES_KNOWN_MAX = 100_000
LOOK_SECONDS_MAX = 10.0
"""How long a claim whose COMMIT was not answered waits for the database to come back and tell."""


class Bounds(Struct, frozen=True):
    """What a committer may take on. `longest` is the longest reservation that a move may make."""

    lanes: int
    lane_claims_max: int
    claim_seconds_max: float
    longest: timedelta


class Lane:
    """The claims of some places, one at a time. `waiting` counts those that have not been answered."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.waiting = 0


class Committer:
    """The engine's one door for changes. Made once in each process."""

    def __init__(self, database: Database, bounds: Bounds, clock: Clock) -> None:
        self._database = database
        self._bounds = bounds
        self._clock = clock
        self._lanes = [Lane() for _ in range(bounds.lanes)]
        self._known: set[Place] = set()
        self._tasks: set[asyncio.Task[Verdict]] = set()

    async def submit(self, claim: Claim) -> Verdict:
        """Settle a claim; when this answers, the answer is committed.

        Raises `Unavailable` when too much is waiting or the database is away (nothing has changed), and
        `OutcomeUnknown` when it went away in mid-commit and did not come back.
        """
        lane = self._lanes[zlib.crc32(claim.place.key.encode()) % len(self._lanes)]
        if lane.waiting >= self._bounds.lane_claims_max:
            raise Unavailable
        lane.waiting += 1
        task = asyncio.create_task(self._take_turn(lane, claim))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # Shielded: once a claim has begun it is seen through, whoever stops waiting for it.
        return await asyncio.shield(task)

    async def drain(self) -> None:
        """Wait until everything that was taken on has been answered."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _take_turn(self, lane: Lane, claim: Claim) -> Verdict:
        deadline = asyncio.get_running_loop().time() + self._bounds.claim_seconds_max
        try:
            try:
                async with asyncio.timeout_at(deadline):
                    await lane.turn.acquire()
            except TimeoutError:
                raise Unavailable from None
            try:
                return await self._settle(claim, deadline)
            finally:
                lane.turn.release()
        finally:
            lane.waiting -= 1

    async def _settle(self, claim: Claim, deadline: float) -> Verdict:
        """Try until it is answered or the deadline has passed."""
        remaining = max(0.0, deadline - asyncio.get_running_loop().time())
        try:
            async for attempt in _attempts(AGAIN, remaining):
                with attempt:
                    return await self._attempt(claim)
        except AGAIN as error:
            raise Unavailable from error
        raise AssertionError("stamina answers or raises")

    async def _attempt(self, claim: Claim) -> Verdict:
        await self._ensure_places(claim)
        try:
            async with self._connection() as connection:
                verdicts = await settlement.settle(connection, [claim], now=self._clock(), longest=self._bounds.longest)
        except PlacesMissing:
            # Somebody deleted rows by hand: make them anew.
            self._known.clear()
            raise
        except CommitInDoubt as doubt:
            if not await self._was_committed(claim, doubt):
                raise ConnectionResetError("the connection was lost before COMMIT took effect") from doubt
            verdicts = doubt.verdicts
        return verdicts[0]

    async def _was_committed(self, claim: Claim, doubt: CommitInDoubt) -> bool:
        """Ask the database, as soon as it can be asked, what became of a COMMIT that it did not answer."""
        try:
            async for attempt in _attempts(AWAY, LOOK_SECONDS_MAX):
                with attempt:
                    async with self._connection() as connection:
                        return await settlement.was_committed(connection, doubt)
        except AWAY as error:
            raise OutcomeUnknown(claim.id if isinstance(claim, Reserve) else claim.reservation_id) from error
        raise AssertionError("stamina answers or raises")

    async def _ensure_places(self, claim: Claim) -> None:
        """Make the rows to lock of places named for the first time, in a small transaction of their own."""
        new = [place for place in places_of(claim) if place not in self._known]
        if not new:
            return
        async with self._connection() as connection:
            await statements.ensure_places(connection, new)
        if len(self._known) + len(new) > PLACES_KNOWN_MAX:
            self._known.clear()
        self._known.update(new)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        async with self._database.pool.acquire() as connection:
            try:
                yield connection
            except AWAY as error:
                # Unless the server said it, nobody knows what state the connection is in.
                if not isinstance(error, asyncpg.PostgresError):
                    cut(connection)
                raise


def _attempts(errors: tuple[type[Exception], ...], seconds_max: float) -> AsyncIterator[stamina.Attempt]:
    return stamina.retry_context(
        on=errors, attempts=None, timeout=seconds_max, wait_initial=0.02, wait_max=0.5, wait_jitter=0.05
    )
