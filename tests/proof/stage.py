"""Sessions on a real PostgreSQL that take turns, statement by statement, as a seed says.

One statement runs at a time. Whoever has to wait for a lock is found out, and another goes on; so every order of
statements can come about, and a seed repeats its own.
"""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import asyncpg

from holdfast.engine import writing
from holdfast.engine.transaction import BEGIN
from proof.database import Block
from proof.server import START, Commit, Event, State
from proof.weather import CALM, Weather

BLOCKED = "SELECT pg_blocking_pids($1) <> '{}'"
LOOK_SECONDS = 0.0015
"""How long a statement may take before it is asked whether it waits for a lock."""
HANG_SECONDS_MAX = 20.0
LEAPS = (1, 1, 2, 5, 70)
"""Seconds by which the database's clock goes on between two statements, now and then."""
MOMENT, MESSAGES = 4, 10
"""Where the arguments of `WRITE` have these."""
FATES = ("lost", "answer lost", "late")


class Arena:
    """A database, its connections and its clock, for many runs. Made by `open_arena`."""

    def __init__(self, monitor: "asyncpg.Connection", spare: "list[asyncpg.Connection]") -> None:
        self.monitor = monitor
        self.spare = spare
        # Where a new sequence begins.
        self.seconds = 1
        self.event_ids = itertools.count(1_000_000_000)

    async def move(self, seconds: int) -> None:
        """Have the database's clock go on."""
        self.seconds += seconds
        await self.monitor.execute("SELECT setval('engine_clock', $1)", self.seconds)


class Player:
    """Somebody who takes turns."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.pid = 0
        self.is_blocked = False
        self.is_done = False
        self.has_begun = False
        """Whether it is in a transaction."""
        self.quiet = asyncio.Event()
        self._waiting: asyncio.Future[None] | None = None

    @property
    def is_ready(self) -> bool:
        """Whether it waits for its turn."""
        return self._waiting is not None

    async def turn(self) -> None:
        """Wait until the next statement may run."""
        self._waiting = asyncio.get_running_loop().create_future()
        self.quiet.set()
        await self._waiting

    def go(self) -> None:
        """Give it its turn."""
        assert self._waiting is not None
        self.quiet.clear()
        waiting, self._waiting = self._waiting, None
        waiting.set_result(None)


class Stage:
    """One run. To clients it is what a simulated server is."""

    def __init__(self, arena: Arena, random: Random) -> None:
        self.arena = arena
        self.random = random
        self.ids: Iterator[int] = arena.event_ids
        self.weather = Weather("calm", CALM)
        self.commits: list[Commit] = []
        self.first = State({}, {}, {}, {}, {}, {}, {})
        self.faults: list[str] = []
        self.done: dict[datetime, tuple[datetime, float]] = {}
        """By the moment that a batch notes, when it was written: by the database's clock and by its own."""
        self.players: list[Player] = []
        self.steps: list[str] = []
        self._ticks = 0
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def position(self) -> int:
        """How many transactions have been committed."""
        return len(self.done)

    def time(self) -> float:
        """Seconds by the processes' clock."""
        return self._ticks / 1_000

    def now(self) -> datetime:
        """The database's clock."""
        return START + timedelta(seconds=self.arena.seconds)

    def clock(self) -> datetime:
        """The processes' clock: no two batches note one moment."""
        self._ticks += 1
        return START + timedelta(milliseconds=self._ticks)

    def open_events(self, events: dict[int, Event]) -> None:
        """Have events from the start."""
        self.first = self.first._replace(events=events)

    def enter(self, player: Player, work: Any) -> None:
        """Have somebody take part."""
        self.players.append(player)
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.append(task)
        task.add_done_callback(lambda done: self._leave(player, done))

    def _leave(self, player: Player, task: "asyncio.Task[None]") -> None:
        player.is_done = True
        player.quiet.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            self.faults.append(f"unexpected: {player.name}, {error!r}")

    async def play(self) -> None:
        """Give turns until all are done."""
        for player in self.players:
            await player.quiet.wait()
        while True:
            self.players = [player for player in self.players if not player.is_done]
            ready = [player for player in self.players if player.is_ready]
            if not ready:
                if not self.players:
                    return
                await self._wait_for_any()
                continue
            if self.random.random() < 0.2:
                await self.arena.move(self.random.choice(LEAPS))
            player = self.random.choice(ready)
            player.go()
            for each in [player, *(each for each in self.players if each.is_blocked)]:
                await self._follow(each)

    async def _follow(self, player: Player) -> None:
        """Wait until a statement is done, or waits for a lock."""
        may_wait = any(each is not player and (each.has_begun or each.is_blocked) for each in self.players)
        while not player.quiet.is_set():
            if not may_wait:
                await player.quiet.wait()
                break
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await player.quiet.wait()
            except TimeoutError:
                if await self.arena.monitor.fetchval(BLOCKED, player.pid):
                    player.is_blocked = True
                    return
        player.is_blocked = False

    async def _wait_for_any(self) -> None:
        """All wait for locks: PostgreSQL ends the knot after a second, and that it had to is a fault."""
        self.faults.append("deadlock: all sessions wait for each other")
        async with asyncio.timeout(HANG_SECONDS_MAX):
            while all(each.is_blocked and not each.quiet.is_set() for each in self.players):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        for each in self.players:
            await self._follow(each)

    def committed(self, moment: datetime, at: datetime) -> None:
        """Note a commit of what was written at a time of the database's clock."""
        self.done.pop(moment, None)
        self.done[moment] = (at, self.time())


class Gate:
    """A connection whose every statement waits for its turn; now and then a commit is lost, or the answer to it."""

    def __init__(self, stage: Stage, player: Player, *, loses: float = 0.0) -> None:
        self._stage = stage
        self._player = player
        self._loses = loses
        self._real = stage.arena.spare.pop()
        self._written: tuple[datetime, datetime] | None = None
        player.pid = self._real.get_server_pid()

    def give_back(self) -> None:
        """Let others have the connection."""
        self._stage.arena.spare.append(self._real)

    async def execute(self, statement: str, *arguments: Any) -> str:
        """Carry out a statement."""
        return str(await self._ask(lambda real: real.execute(statement, *arguments), statement, arguments))

    async def fetch(self, statement: str, *arguments: Any) -> Any:
        """All rows of a statement."""
        return await self._ask(lambda real: real.fetch(statement, *arguments), statement, arguments)

    async def fetchrow(self, statement: str, *arguments: Any) -> Any:
        """The first row."""
        return await self._ask(lambda real: real.fetchrow(statement, *arguments), statement, arguments)

    async def fetchval(self, statement: str, *arguments: Any) -> Any:
        """The first row's first value."""
        return await self._ask(lambda real: real.fetchval(statement, *arguments), statement, arguments)

    def transaction(self, *, isolation: str) -> Block:
        """A transaction as a block."""
        assert isolation == "read_committed"
        return Block(self)  # type: ignore[arg-type]

    def is_closed(self) -> bool:
        """It is made anew at once."""
        return False

    def terminate(self) -> None:
        """The next statement finds another connection."""

    async def _ask(self, do: Callable[[Any], Any], statement: str, arguments: tuple[Any, ...]) -> Any:
        await self._player.turn()
        is_commit = statement == "COMMIT" or (statement == writing.WRITE and not self._player.has_begun)
        fate = None
        if is_commit and self._loses and self._stage.random.random() < self._loses:
            fate = self._stage.random.choice(FATES)
        self._stage.steps.append(
            f"{self._player.name} at {self._stage.arena.seconds}: {fate or ''} {_short(statement)}"
        )
        if fate == "late":
            self._go_on_late(statement, arguments)
        elif fate == "lost":
            await self._forget()
        else:
            found = await do(self._real)
            self._note(statement, arguments)
            if fate is None:
                return found
        raise ConnectionResetError(fate)

    def _note(self, statement: str, arguments: tuple[Any, ...]) -> None:
        if statement == writing.WRITE and arguments[MESSAGES] is not None:
            self._written = (arguments[MOMENT], self._stage.now())
        if statement == BEGIN:
            self._player.has_begun = True
        if statement == "ROLLBACK":
            self._written = None
        if statement in {"COMMIT", "ROLLBACK"}:
            self._player.has_begun = False
        if self._written is not None and not self._player.has_begun:
            self._stage.committed(*self._written)
            self._written = None

    async def _forget(self) -> None:
        if self._player.has_begun:
            await self._real.execute("ROLLBACK")
        self._player.has_begun, self._written = False, None

    def _go_on_late(self, statement: str, arguments: tuple[Any, ...]) -> None:
        """Leave the connection to the server, which comes to this later; go on with another."""
        ghost = Player(f"what {self._player.name} has lost")
        ghost.has_begun, self._player.has_begun = self._player.has_begun, False
        ghost.pid = self._real.get_server_pid()
        late = Gate.__new__(Gate)
        late._stage, late._player, late._loses = self._stage, ghost, 0.0
        late._real, late._written = self._real, self._written
        self._real, self._written = self._stage.arena.spare.pop(), None
        self._player.pid = self._real.get_server_pid()
        self._stage.enter(ghost, late._end(statement, arguments))

    async def _end(self, statement: str, arguments: tuple[Any, ...]) -> None:
        try:
            await self.execute(statement, *arguments)
        except asyncpg.PostgresError:
            # Refused: that is what it should be.
            pass
        finally:
            if self._real.is_in_transaction():
                await self._real.execute("ROLLBACK")
            self.give_back()


def _short(statement: str) -> str:
    return " ".join(statement.split())[:60]
