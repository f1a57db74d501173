"""Engines in processes of their own, each with a clock of its own, that race for rooms; run as a program, one of them.

A racer is given an order, says that it is ready, and does what it was told when it is told to go.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

from holdfast.clock import utc_now
from holdfast.database.connections import Database
from holdfast.engine.claims import Change, Confirm, Granted, Interval, Place, Refused, Stretch, Verdict
from holdfast.engine.committer import Bounds, Committer
from holdfast.engine.demands import Rules
from holdfast.engine.settler import Settler
from holdfast.kinds import KINDS
from holdfast.reservations.sweeper import Sweeper
from holdfast.settings import load

READY = "ready"
GO = "go"
TRIES = 40
"""How often a rival asks for what it has not got."""


class Racer:
    """Such a process, whose clock is so many minutes ahead. As a context, it runs inside and ends with it."""

    def __init__(self, url: str, minutes: int) -> None:
        self._arguments = [url, str(minutes)]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, __file__, *self._arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.communicate(timeout=20)

    def order(self, task: str, **told: Any) -> None:
        """Tell it what to do: `confirm`, `claim` or `sweep`; and wait until it is ready."""
        self._write(json.dumps({"task": task, **told}))
        assert self._read() == READY

    def go(self) -> None:
        """Have it do that now."""
        self._write(GO)

    def result(self) -> dict[str, str]:
        """What became of each room: `granted`, or the reason of a refusal."""
        found: dict[str, str] = json.loads(self._read())
        return found

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


class Engine:
    """The engine of one racer."""

    def __init__(self, database: Database, minutes: int) -> None:
        bounds = Bounds(2, 256, 1_000, 1_000, 10.0)
        settler = Settler(lambda: utc_now() + timedelta(minutes=minutes), Rules(timedelta(days=31)))
        self._committer = Committer(database, bounds, settler, stop=lambda: sys.exit("a lane has died"))
        self._sweeper = Sweeper(database, self._committer, 1, KINDS.names)
        self.tasks: Mapping[str, Callable[[Any], Coroutine[Any, Any, dict[str, str]]]] = {
            "confirm": self.confirm,
            "claim": self.claim,
            "sweep": self.sweep,
        }

    async def confirm(self, order: Any) -> dict[str, str]:
        """Confirm the holds one by one, by the rooms that they are in."""
        found = {}
        for room, hold in order["holds"].items():
            takes = Confirm("paid", order["revives"])
            change = Change(uuid4(), Place("room", room), UUID(hold), takes)
            found[room] = _word(await self._committer.submit(change))
        return found

    async def claim(self, order: Any) -> dict[str, str]:
        """Ask for all rooms, and again for those that are not free."""
        interval = Interval(datetime.fromisoformat(order["start"]), datetime.fromisoformat(order["end"]))
        found: dict[str, str] = dict.fromkeys(order["rooms"], "")
        for _ in range(TRIES):
            left = [room for room, word in found.items() if word != "granted"]
            told = await asyncio.gather(*(self._take(room, interval) for room in left))
            found |= dict(zip(left, told, strict=True))
        return found

    async def sweep(self, _: Any) -> dict[str, str]:
        """Sweep, and again."""
        for _ in range(TRIES):
            await self._sweeper.sweep()
        return {}

    async def _take(self, room: str, interval: Interval) -> str:
        takes = Stretch(uuid4(), interval)
        return _word(await self._committer.submit(Change(takes.id, Place("room", room), takes=takes)))


def _word(verdict: Verdict) -> str:
    match verdict:
        case Granted():
            return "granted"
        case Refused(reason=reason):
            return reason.value
        case _:
            raise AssertionError("a room was asked for")


async def _main(url: str, minutes: int) -> None:
    database = Database(url, load({"DATABASE_URL": url}, env_file=None))
    await database.open()
    engine = Engine(database, minutes)
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        print(READY, flush=True)
        assert (await asyncio.to_thread(sys.stdin.readline)).strip() == GO
        print(json.dumps(await engine.tasks[order["task"]](order)), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2])))
