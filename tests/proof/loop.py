"""An event loop on virtual time: it never sleeps, time jumps to the next timer, and one seed gives one run."""

import asyncio
import heapq
import random
from collections import defaultdict
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar
from types import SimpleNamespace
from typing import Any

import tenacity

OWNER: ContextVar[int] = ContextVar("OWNER")
"""The simulated process in whose name something runs; unset for the server's side."""


class Hang(Exception):
    """Somebody waits, and nothing is left that could ever wake them."""


class SimulatedLoop(asyncio.BaseEventLoop):
    """asyncio's own loop without sockets: what is ready runs in order, and when nothing is, time passes."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._tasks: defaultdict[int, list[asyncio.Task[Any]]] = defaultdict(list)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._now

    def create_task(self, coro: Any, *, name: str | None = None, context: Context | None = None) -> "asyncio.Task[Any]":
        """Begin a task, and note whose it is."""
        task = super().create_task(coro, name=name, context=context)
        owner = OWNER.get(None) if context is None else context.get(OWNER)
        if owner is not None:
            self._tasks[owner].append(task)
        return task

    def tasks_of(self, owner: int) -> "list[asyncio.Task[Any]]":
        """What a process is about."""
        self._tasks[owner] = [task for task in self._tasks[owner] if not task.done()]
        return self._tasks[owner]

    def _run_once(self) -> None:
        """One turn, as asyncio defines it: timers that are due join the queue, and what was queued by then runs."""
        ready, timers = self._ready, self._scheduled
        while timers and timers[0].cancelled():
            heapq.heappop(timers)
        if not ready and not self._stopping:
            if not timers:
                raise Hang
            self._now = max(self._now, timers[0].when())
        while timers and timers[0].when() <= self._now:
            ready.append(heapq.heappop(timers))
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle.cancelled():
                handle._run()

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is dropped when its time comes."""


@contextmanager
def virtual_time(loop: SimulatedLoop, seed: int) -> Iterator[None]:
    """Make the library that retries tell time by the loop and draw its jitter from the seed."""
    real_time = tenacity.time
    state = random.getstate()
    tenacity.time = SimpleNamespace(monotonic=loop.time)
    random.seed(seed)
    try:
        yield
    finally:
        tenacity.time = real_time
        random.setstate(state)


def run(loop: SimulatedLoop, main: Coroutine[Any, Any, None], seed: int) -> None:
    """Run a coroutine to its end, then cancel whatever it left behind."""
    try:
        with virtual_time(loop, seed):
            loop.run_until_complete(main)
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            if left:
                loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    finally:
        main.close()
        loop.close()
