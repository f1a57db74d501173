"""The engine's real SQL under seeded schedules: `python -m proof.interleaved --seeds 3000`.

Two or three sessions on a PostgreSQL settle batches as the engine does, statement by statement in an order that the
seed says, while the database's clock leaps. Afterwards the changes are made once more in the order of their messages,
and what must be there then is compared with the rows.
"""

import argparse
import asyncio
import multiprocessing
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from random import Random
from typing import Any

import asyncpg

from databases import empty_database
from holdfast.database import migrate
from holdfast.database.again import CONFLICTS
from holdfast.engine import settler, statements, transaction, writing
from holdfast.engine.settler import Settler
from holdfast.engine.transaction import CommitInDoubt, KeyTaken, PlacesMissing, Stale
from holdfast.errors import HoldfastError
from proof import aftermath
from proof.clients import Clients
from proof.history import Call
from proof.oracle import verdict
from proof.oracle_answers import RULES
from proof.postgresql import server
from proof.simulate import Failure, simulate
from proof.stage import Arena, Gate, Player, Stage
from proof.world import short_looks

FORGOTTEN_SECONDS = 600
"""Longer than any client holds anything."""
CLOCK = """
CREATE SEQUENCE engine_clock;
CREATE OR REPLACE FUNCTION engine_now() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE AS
    'SELECT timestamptz ''2030-01-01 00:00:00+00'' + last_value * interval ''1 second'' FROM engine_clock'
"""
CONNECTIONS = 10
ATTEMPTS_MAX = 12
SESSIONS = (2, 2, 3)


class Session:
    """One lane of a process, which settles batches."""

    def __init__(self, number: int, stage: Stage, clients: Clients, loses: float) -> None:
        self._number = number
        self._stage = stage
        self._clients = clients
        self._player = Player(f"session {number}")
        self._connection: Any = Gate(stage, self._player, loses=loses)
        self._settler = Settler(stage.clock, RULES)
        self._next: Call | None = None
        stage.enter(self._player, self._run(stage.random.choice((2, 3, 4))))

    async def _run(self, batches: int) -> None:
        for _ in range(batches):
            await self._player.turn()
            await self._settle(self._take())
        if self._next is not None:
            await self._settle([self._next])
        self._connection.give_back()

    def _take(self) -> list[Call]:
        """The calls of the next batch, as a lane takes them."""
        batch = [self._next or self._call()]
        self._next = None
        if self._settler.is_alone(batch[0].change):
            return batch
        for _ in range(self._stage.random.choice((0, 0, 1, 2, 4))):
            call = self._call()
            if self._settler.is_alone(call.change):
                self._next = call
                break
            batch.append(call)
        return batch

    def _call(self) -> Call:
        return self._clients.call(self._number, timedelta())

    async def _settle(self, batch: list[Call]) -> None:
        changes = [call.change for call in batch]
        careful = self._settler.needs_care(changes[0])
        for _ in range(ATTEMPTS_MAX):
            try:
                await self._settler.prepare(self._connection, changes)
                work = self._settler.work(changes)
                await transaction.settle(self._connection, work, careful=careful)
            except PlacesMissing:
                self._settler.forget()
            except asyncpg.DeadlockDetectedError:
                # On a busy machine PostgreSQL is quicker to see it than the stage. There is one order of locks.
                self._stage.faults.append("deadlock: PostgreSQL has broken it")
                careful = True
            except (Stale, KeyTaken, *CONFLICTS):
                careful = True
            except HoldfastError as error:
                for call in batch:
                    call.fail(error)
                return
            except CommitInDoubt as doubt:
                if await self._was_committed(doubt):
                    _tell(batch, doubt.work)
                    return
                careful = True
            else:
                _tell(batch, work)
                return
        self._stage.faults.append(f"hang: {batch[0]} is settled again and again")

    async def _was_committed(self, doubt: CommitInDoubt) -> bool:
        while True:
            try:
                return await transaction.was_committed(self._connection, doubt)
            except OSError:
                continue


def _tell(batch: list[Call], work: transaction.Work) -> None:
    for call, answer in zip(batch, work.verdicts(), strict=True):
        call.tell(answer)


class Bystander:
    """Somebody with psql, who locks a place for some statements."""

    def __init__(self, stage: Stage, keys: list[str]) -> None:
        self._keys = keys
        self._player = Player("a bystander")
        self._connection: Any = Gate(stage, self._player)
        stage.enter(self._player, self._run())

    async def _run(self) -> None:
        for key in self._keys:
            await self._connection.execute(transaction.BEGIN)
            await statements.lock(self._connection, [key])
            await self._player.turn()
            await self._connection.execute("ROLLBACK")
        self._connection.give_back()


async def play(arena: Arena, seed: int) -> Failure | None:
    """Run one seed: what was wrong with it and its history, or `None` when nothing was."""
    random = Random(f"interleaved {seed}")
    stage = Stage(arena, random)
    clients = Clients(random, stage, seed + 1)
    # Users are the same in all runs: holds that an earlier one has left must not count as theirs.
    await arena.move(FORGOTTEN_SECONDS)
    await aftermath.make_events(arena.monitor, stage.first.events)
    loses = random.choice((0.0, 0.0, 0.3))
    with short_looks(random.choice((1, 2, 64))), few_ids():
        for number in range(random.choice(SESSIONS)):
            Session(number, stage, clients, loses)
        if random.random() < 0.3:
            Bystander(stage, random.sample(clients.keys(), 2))
        await stage.play()
    history = await aftermath.history(arena.monitor, stage, clients)
    found = verdict(history)
    return (seed, found, "\n".join([str(history), *stage.steps])) if found else None


@contextmanager
def few_ids() -> Iterator[None]:
    """Have ids of bookings fetched a few at a time."""
    before, settler.IDS_AT_ONCE = settler.IDS_AT_ONCE, 2
    try:
        yield
    finally:
        settler.IDS_AT_ONCE = before


@asynccontextmanager
async def open_arena(url: str) -> AsyncIterator[Arena]:
    """A migrated database, where the clock is moved by hand."""
    settings = {"synchronous_commit": "off", "jit": "off"}
    connections = [await asyncpg.connect(url, server_settings=settings) for _ in range(CONNECTIONS)]
    try:
        await connections[0].execute(CLOCK)
        # As it is written here, and perhaps is wrong on purpose.
        await connections[0].execute(writing.WRITE_FUNCTION.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
        yield Arena(connections[0], connections[1:])
    finally:
        for connection in connections:
            connection.terminate()


async def failures(seeds: range) -> AsyncIterator[Failure]:
    """The failures among some seeds, in a database of their own."""
    async with empty_database() as url:
        await migrate.upgrade(url)
        async with open_arena(url) as arena:
            for seed in seeds:
                failure = await play(arena, seed)
                if failure is not None:
                    yield failure


async def play_some(seeds: range) -> list[Failure]:
    """All of them."""
    return [failure async for failure in failures(seeds)]


def play_all(seeds: range) -> list[Failure]:
    """The same, as a process of its own does it."""
    return asyncio.run(play_some(seeds))


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m proof.interleaved", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000, help="how many to run")
    parser.add_argument("--from", type=int, default=0, dest="start", help="the first")
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count(), help="in how many processes")
    parser.add_argument("--seed", type=int, help="run only this one")
    arguments = parser.parse_args()
    start, count = (arguments.start, arguments.seeds) if arguments.seed is None else (arguments.seed, 1)
    began = time.monotonic()
    with server():
        failures = simulate(start, count, arguments.jobs, play_all, 250)
    for seed, found, history in failures[:3]:
        print(f"\n\nseed {seed}", history, *(f"WRONG  {line}" for line in found), sep="\n")
        print(f"Again: PYTHONPATH=tests python -m proof.interleaved --seed {seed}")
    print(
        f"\n{count:,} seeds from {start:,}: {'FAILED' if failures else 'nothing wrong'},"
        f" {time.monotonic() - began:.0f} s"
    )
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
