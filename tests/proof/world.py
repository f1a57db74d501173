"""One run: a few processes with a committer each, on one simulated database, and clients who want the same hours."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from datetime import datetime, timedelta
from random import Random

import structlog

from holdfast.database.connections import READS_AT_ONCE
from holdfast.engine import looks, statements
from holdfast.engine.committer import Bounds, Committer
from holdfast.engine.loaders import BatchLoader
from holdfast.engine.settler import Settler
from holdfast.errors import Unavailable
from proof import weather
from proof.clients import Clients
from proof.history import Call, History, Read
from proof.loop import OWNER, Hang, SimulatedLoop, run
from proof.oracle_answers import RULES
from proof.pool import SimulatedDatabase
from proof.server import START, Server

SKEWS = (timedelta(), timedelta(minutes=5), timedelta(minutes=-5))
"""How far the clocks of processes go wrong."""
PATIENCE_SECONDS = 90.0
"""How long after the last claim and the last fault everything must have been answered."""
SETTLING_SECONDS = 5.0
"""How long the server's side of lost connections may linger."""


class Process:
    """One worker: its pool, its committer, its reader, and the calls that it has not answered."""

    def __init__(self, number: int, server: Server, bounds: Bounds, come_again: Callable[[], None]) -> None:
        self.number = number
        self._come_again = come_again
        self.server = server
        self.is_alive = True
        self.has_stopped = False
        self.is_doomed = False
        """One of its lanes was ended from outside: it must ask to be ended itself."""
        self.pending: dict[Call | Read, None] = {}
        self.skew = server.random.choice(SKEWS)
        self._context = copy_context()
        self._context.run(OWNER.set, number)
        database = SimulatedDatabase(server, server.random.choice((bounds.lanes + READS_AT_ONCE, 1)))
        self.committer = Committer(database, bounds, Settler(self._clock, RULES), self._stop)
        self.reader: BatchLoader[str, int] = BatchLoader(database, statements.revisions)

    def _clock(self) -> datetime:
        return START + self.skew + timedelta(seconds=self.server.loop.time())

    def _stop(self) -> None:
        self.has_stopped = True

    def submit(self, call: Call, leaves_after: float | None, cancels: bool) -> None:
        """Hand a change to the committer."""
        try:
            answer = self._context.run(self.committer.submit, call.change, call.is_gone)
        except Unavailable as error:
            call.fail(error)
            return
        self._watch(call, answer)
        if leaves_after is not None:
            self.server.loop.call_later(leaves_after, _leave, call, answer, cancels)

    def read(self, read: Read) -> None:
        """Ask for a place's revision."""
        self._watch(read, self._context.run(self.reader.get, read.place))

    def _watch(self, call: Call | Read, answer: "asyncio.Future[object]") -> None:
        self.pending[call] = None
        answer.add_done_callback(lambda done: self._note(call, done))

    def _note(self, call: Call | Read, answer: "asyncio.Future[object]") -> None:
        if self.is_alive:
            del self.pending[call]
            call.answered(answer)  # type: ignore[arg-type]
            self._come_again()
        elif not answer.cancelled():
            answer.exception()

    def crash(self) -> None:
        """End at once: nobody is answered, and the connections are the server's to clean up."""
        self.is_alive = False
        for call in self.pending:
            call.is_lost = True
        self._end_tasks()

    def _end_tasks(self) -> None:
        """End what still runs: what is cancelled while it leaves a transaction may go on, with the error of leaving."""
        tasks = self.server.loop.tasks_of(self.number)
        for task in tasks:
            task.cancel()
        if tasks:
            self.server.loop.call_later(0.001, self._end_tasks)

    def end_lane(self) -> bool:
        """End the task of a lane from outside, if one is at work."""
        for task in self.server.loop.tasks_of(self.number):
            if task.get_coro().__qualname__ == "Lane._run":  # type: ignore[union-attr]
                task.cancel()
                self.is_doomed = True
                return True
        return False

    def left_over(self) -> Iterator[str]:
        """What a process that has answered everybody must not have."""
        if self.has_stopped and not self.is_doomed:
            yield f"process {self.number}: a lane died"
        if self.server.loop.tasks_of(self.number):
            yield f"process {self.number}: has answered everybody, and is at work"


def _leave(call: Call, answer: "asyncio.Future[object]", cancels: bool) -> None:
    call.has_left = True
    if cancels:
        answer.cancel()


class World:
    """Everything of one run."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.loop = SimulatedLoop()
        self.loop.set_exception_handler(self._unexpected)
        self.server = Server(self.loop, self.random, weather.draw(self.random))
        self.faults: list[str] = []
        self.bounds = self._draw_bounds()
        self.clients = Clients(self.random, self.server)
        self._comings_again = self.random.choice((0, 8))
        self.processes: list[Process] = []
        for _ in range(self.random.choice((1, 2, 3))):
            self._start()

    def _draw_bounds(self) -> Bounds:
        is_narrow = not self.server.weather.is_calm and self.random.random() < 0.2
        return Bounds(
            lanes=self.random.choice((1, 1, 2, 4)),
            batch_claims_max=self.random.choice((1, 3, 8, 64)),
            lane_claims_max=6 if is_narrow else 1000,
            place_claims_max=4 if is_narrow else 1000,
            claim_seconds_max=3.0,
        )

    def _unexpected(self, _: object, context: dict[str, object]) -> None:
        error = context.get("exception")
        if "never retrieved" not in str(context.get("message")):
            self.faults.append(f"unexpected: {context.get('message')} {error!r}")

    def play(self) -> History:
        """Run to the end."""
        with quiet(), short_looks(self.random.choice((1, 2, 64))):
            try:
                run(self.loop, self._play(), self.seed)
            except Hang:
                self.faults.append("hang: nothing is left to run, and somebody waits")
        self.faults += self.server.faults
        if self.server.open:
            self.faults.append("a transaction was left open")
        return History(self.clients.calls, self.clients.reads, self.server, self.faults)

    def _alive(self) -> list[Process]:
        return [process for process in self.processes if process.is_alive]

    async def _play(self) -> None:
        conditions = self.server.weather
        at = 0.0
        for _ in range(self.random.randint(2, 9)):
            at += self.random.choice((0.0, 0.001, 0.002, 0.005, 0.02, 0.2))
            self.loop.call_at(at, self._burst)
        if conditions.outage is not None:
            start, seconds = conditions.outage
            self.loop.call_at(start, self.server.go_away)
            self.loop.call_at(start + seconds, self.server.come_back)
        if conditions.crash is not None:
            self.loop.call_at(conditions.crash, self._crash)
        if conditions.lane_death is not None:
            self.loop.call_at(conditions.lane_death, self._end_lane)
        await asyncio.sleep(at + 0.001)
        last = max(at, conditions.storm_seconds) + PATIENCE_SECONDS
        # Virtual seconds, which cost nothing.
        while any(process.pending for process in self._alive()) and self.loop.time() < last:  # noqa: ASYNC110
            await asyncio.sleep(0.5)
        # Those whose clients have left may be under way still.
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await asyncio.gather(*(process.committer.drain() for process in self._alive()))
        except TimeoutError:
            self.faults.append("hang: a committer that has answered everybody does not drain")
        await asyncio.sleep(SETTLING_SECONDS)
        for process in self._alive():
            self.faults += process.left_over()

    def _start(self) -> None:
        self.processes.append(Process(len(self.processes), self.server, self.bounds, self._come_again))

    def _come_again(self) -> None:
        """Somebody who was answered may ask for the next thing at once, some turns of the loop later."""
        if self._comings_again and self.random.random() < 0.3:
            self._comings_again -= 1
            self._hop(self.random.randrange(5))

    def _hop(self, turns: int) -> None:
        if turns:
            self.loop.call_soon(self._hop, turns - 1)
        else:
            self._ask(1)

    def _burst(self) -> None:
        """Several clients ask in one turn of the loop."""
        self._ask(self.random.choice((1, 2, 3, 4, 6)))

    def _ask(self, clients: int) -> None:
        for _ in range(clients):
            process = self.random.choice(self._alive())
            if self.random.random() < 0.15:
                process.read(self.clients.read())
            else:
                call = self.clients.call(process.number, process.skew)
                process.submit(call, *self.clients.patience())

    def _crash(self) -> None:
        self._replace(self.random.choice(self._alive()))

    def _replace(self, process: Process) -> None:
        """What a supervisor does: start a process anew."""
        if process.is_alive:
            process.crash()
            self._start()

    def _end_lane(self) -> None:
        process = self.random.choice(self._alive())
        if process.end_lane():
            self.loop.call_later(1, self._replace_if_stopped, process)

    def _replace_if_stopped(self, process: Process) -> None:
        if process.has_stopped:
            self._replace(process)


@contextmanager
def short_looks(rows: int) -> Iterator[None]:
    """Have looks behind expired holds end after so many."""
    before, looks.BACKWARDS_ROWS = looks.BACKWARDS_ROWS, rows
    try:
        yield
    finally:
        looks.BACKWARDS_ROWS = before


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the engine's log to itself."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL), processors=[_drop])
    try:
        yield
    finally:
        structlog.configure(**before)


def _drop(*_: object) -> dict[str, object]:
    raise structlog.DropEvent
