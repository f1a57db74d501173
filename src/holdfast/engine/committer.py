"""Gathers claims that arrive together, settles them in one transaction, and answers everyone when it is committed.

A place belongs to one lane of a process, and a lane settles one batch at a time: so a process never waits for itself on
a row's lock. A lane starts its next batch as soon as it is free, never on a timer: under load batches grow by
themselves, and a lone claim waits for nobody. Between processes and machines the row lock decides.
"""

import asyncio
import zlib
from collections import deque
from collections.abc import Callable, Sequence

import asyncpg
import structlog
import uuid_utils.compat as uuids
from msgspec import Struct

from holdfast import metrics
from holdfast.database.again import CONFLICTS, attempts
from holdfast.database.connections import AWAY, Database
from holdfast.engine import transaction
from holdfast.engine.claims import Change, Edit, Key, Made, Place, Verdict
from holdfast.engine.kept_connection import KeptConnection
from holdfast.engine.queued import QueuedChange
from holdfast.engine.settler import Settler
from holdfast.engine.transaction import CommitInDoubt, KeyTaken, PlacesMissing, Stale
from holdfast.errors import ClientGone, HoldfastError, IdempotencyKeyReused, Unavailable

AGAIN = (PlacesMissing, Stale, KeyTaken, *CONFLICTS, *AWAY)
"""After these nothing has changed, and settling the batch once more may go better."""
LOOK_SECONDS_MAX = 10.0
"""How long a batch whose COMMIT was not answered waits for the database to come back and tell."""
SWEEP_SECONDS = 0.5
logger = structlog.stdlib.get_logger("holdfast.engine")


class Bounds(Struct, frozen=True):
    """What a committer may take on. A claim is at most a few kilobytes, so numbers of claims bound bytes too."""

    lanes: int
    batch_claims_max: int
    lane_claims_max: int
    place_claims_max: int
    claim_seconds_max: float


class Committer:
    """The engine's one door. Made once in each process.

    `stop` is called when a lane has died of a mistake of ours: the process must end and be started anew.
    """

    def __init__(self, database: Database, bounds: Bounds, settler: Settler, stop: Callable[[], None]) -> None:
        self.database = database
        self.bounds = bounds
        self.settler = settler
        self.stop = stop
        self._lanes = [Lane(self) for _ in range(bounds.lanes)]

    def submit(self, change: Change, is_gone: Callable[[], bool] | None = None) -> "asyncio.Future[Verdict]":
        """Take on a claim. The future's result is committed when it is there.

        `is_gone` tells whether whoever asked has left; then a claim that has not begun is dropped. The future raises
        `Unavailable` when the database is away or the deadline has passed (nothing has changed), `OutcomeUnknown` when
        the database went away in mid-commit and did not come back, `ClientGone` when the claim was dropped. Raises
        `Unavailable` at once when too much is waiting.
        """
        return self._lanes[zlib.crc32(change.place.key.encode()) % len(self._lanes)].add(change, is_gone)

    async def edit(self, place: Place, edit: Edit, key: Key | None = None) -> Made:
        """Change a place itself. Raises as `submit` does, what the edit's work raises, and `IdempotencyKeyReused`."""
        verdict = await self.submit(Change(uuids.uuid7(), place, takes=edit, key=key))
        if not isinstance(verdict, Made):
            raise IdempotencyKeyReused
        return verdict

    async def drain(self) -> None:
        """Wait until everything that was taken on has been answered."""
        await asyncio.gather(*(lane.idle() for lane in self._lanes))


class Lane:
    """The claims of some places: a queue, and a task that settles it batch by batch while there is any."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._bounds = committer.bounds
        self._link = KeptConnection(committer.database)
        self._writes = committer.database.writes
        self._queue: deque[QueuedChange] = deque()
        self._settling = 0
        self._by_place: dict[Place, int] = {}
        self._task: asyncio.Task[None] | None = None
        self._sweeper: asyncio.TimerHandle | None = None

    def add(self, change: Change, is_gone: Callable[[], bool] | None) -> "asyncio.Future[Verdict]":
        """Queue a claim, and see to it that the queue is being settled. Raises `Unavailable` when it is full."""
        if len(self._queue) + self._settling >= self._bounds.lane_claims_max:
            raise Unavailable
        # Bounded by place too: one hot place is told to wait, not its neighbours.
        here = self._by_place.get(change.place, 0)
        if here >= self._bounds.place_claims_max:
            raise Unavailable
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._bounds.claim_seconds_max
        waiting = QueuedChange(change, loop.create_future(), deadline, is_gone)
        self._queue.append(waiting)
        self._by_place[change.place] = here + 1
        if self._task is None:
            self._task = loop.create_task(self._run())
            self._task.add_done_callback(self._ended)
        if self._sweeper is None:
            self._sweeper = loop.call_later(SWEEP_SECONDS, self._sweep)
        return waiting.answer

    async def idle(self) -> None:
        """Wait until nothing is queued or being settled."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while self._queue:
                await self._settle_all()
                await self._link.let_go()
        finally:
            # In the same turn as the last look at the queue. Were it left to the task's callback, a claim that came in
            # between would see a task, start none, and lie there for ever.
            self._task = None

    async def _settle_all(self) -> None:
        """Settle batch by batch until nothing is queued, on one connection.

        A batch is taken in the turn in which the one before it is answered. So those who are answered, and ask again,
        are in the next but one: the database settles one half of a crowd while this process answers the other.
        """
        while self._queue:
            batch = self._take()
            self._settling = len(batch)
            await self._settle(batch)
            self._settling = 0

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and task.exception() is None:
            return
        logger.critical("a lane has died; this worker ends", exc_info=None if task.cancelled() else task.exception())
        while self._queue:
            self._pop().refuse(Unavailable())
        self._committer.stop()

    def _take(self) -> list[QueuedChange]:
        """The claims of the next batch, in order of arrival."""
        batch: list[QueuedChange] = []
        now = asyncio.get_running_loop().time()
        while self._queue and len(batch) < self._bounds.batch_claims_max:
            is_alone = self._committer.settler.is_alone(self._queue[0].change)
            if is_alone and batch:
                break
            waiting = self._pop()
            if self._is_alive(waiting, now):
                batch.append(waiting)
                if is_alone:
                    break
        return batch

    def _pop(self) -> QueuedChange:
        waiting = self._queue.popleft()
        place = waiting.change.place
        left = self._by_place.pop(place) - 1
        if left:
            self._by_place[place] = left
        return waiting

    def _is_alive(self, waiting: QueuedChange, now: float) -> bool:
        """Whether a claim is still to be settled; one that is not has been answered."""
        if waiting.answer.done():
            return False
        if waiting.deadline <= now:
            waiting.refuse(Unavailable())
            return False
        if waiting.is_gone is not None and waiting.is_gone():
            waiting.refuse(ClientGone())
            return False
        return True

    def _sweep(self) -> None:
        """Answer queued claims whose deadline has passed, even while a batch is stuck; the oldest are in front."""
        loop = asyncio.get_running_loop()
        while self._queue and self._queue[0].deadline <= loop.time():
            self._pop().refuse(Unavailable())
        self._sweeper = loop.call_later(SWEEP_SECONDS, self._sweep) if self._queue else None

    async def _settle(self, batch: list[QueuedChange]) -> None:
        """Settle a batch and answer it; a batch that fails for good is halved until its poison stands alone."""
        if not batch:
            return
        try:
            await self._try(batch)
        except AGAIN as error:
            logger.warning("claims could not be settled in time", claims=len(batch), error=error)
            for waiting in batch:
                waiting.refuse(Unavailable())
        except HoldfastError as error:
            # A feature's own refusal of a change of a place, which came alone.
            for waiting in batch:
                waiting.refuse(error)
        except Exception as error:
            if len(batch) == 1:
                change = batch[0].change  # whose it is, and for whom, is for no log
                told = {"sort": type(change.takes or change).__name__, "kind": change.place.kind}
                logger.exception("a claim cannot be settled", claim_id=str(change.id), **told)
                batch[0].refuse(error)
                return
            half = len(batch) // 2
            for part in (batch[:half], batch[half:]):
                # Whoever was told in the meantime that nothing has changed must stay right. [halves]
                await self._settle([waiting for waiting in part if not waiting.answer.done()])

    async def _try(self, batch: list[QueuedChange]) -> None:
        """Try until the batch is settled, or its deadline has passed: quickly once, then with the places locked."""
        if not self._committer.settler.needs_care(batch[0].change):
            try:
                return await self._attempt(batch, careful=False)
            except AGAIN:
                # Somebody was quicker, or a key is known: no reason to wait.
                pass
        async for attempt in attempts(AGAIN, self._bounds.claim_seconds_max):
            with attempt:
                now = asyncio.get_running_loop().time()
                if alive := [waiting for waiting in batch if self._is_alive(waiting, now)]:
                    await self._attempt(alive, careful=True)
        return None

    async def _attempt(self, batch: list[QueuedChange], *, careful: bool) -> None:
        settler = self._committer.settler
        changes = [waiting.change for waiting in batch]
        try:
            connection = await self._link.take()
            try:
                await settler.prepare(connection, changes)
                work = settler.work(changes)
                await transaction.settle(connection, work, careful=careful)
            except BaseException as error:
                await self._link.let_go(error)
                raise
        except PlacesMissing:
            settler.forget()
            raise
        except CommitInDoubt as error:
            doubt = error
        except Exception as error:
            self._writes.failed(error)
            raise
        else:
            if work.proof() is not None:
                self._writes.succeeded()
            _answer(batch, work.verdicts())
            metrics.BATCH_CLAIMS.observe(len(batch))
            return
        if (failure := await self._resolve(batch, doubt)) is not None:
            self._writes.failed(failure)
            raise failure

    async def _resolve(self, batch: list[QueuedChange], doubt: CommitInDoubt) -> Exception | None:
        """Answer a batch whose COMMIT was not answered; or tell what to raise, as nothing was committed."""
        settler = self._committer.settler
        was_committed = await self._was_committed(doubt)
        if was_committed is None:
            for waiting, verdict in zip(batch, doubt.work.verdicts(), strict=True):
                waiting.refuse(settler.unknown(waiting.change, verdict))
        elif was_committed:
            _answer(batch, doubt.work.verdicts())
        elif isinstance(doubt.__cause__, asyncpg.InternalServerError | asyncpg.UnknownPostgresError):
            # Perhaps one claim of the batch is at fault: it is to be found.
            return doubt.__cause__
        else:
            failure = ConnectionResetError("the connection was lost before COMMIT took effect")
            failure.__cause__ = doubt
            return failure
        return None

    async def _was_committed(self, doubt: CommitInDoubt) -> bool | None:
        """Ask the database, as soon as it can be asked, what became of a COMMIT that it did not answer.

        `None` when it does not come back in time to tell.
        """
        try:
            # After any error: whatever it is, it says nothing about the COMMIT, and settling again may do it twice.
            async for attempt in attempts((Exception,), LOOK_SECONDS_MAX):
                with attempt:
                    async with self._committer.database.engine_connection() as connection:
                        return await transaction.was_committed(connection, doubt)
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody knows
            logger.warning("nobody knows what became of a commit", error=error)
        return None


def _answer(batch: Sequence[QueuedChange], verdicts: Sequence[Verdict | HoldfastError]) -> None:
    for waiting, verdict in zip(batch, verdicts, strict=True):
        waiting.tell(verdict)
