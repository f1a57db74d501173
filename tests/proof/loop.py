"""An event loop on virtual time: it never sleeps, time jumps to the next timer, and one seed gives one run."""

import asyncio
import random
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import tenacity


class Hang(Exception):
    """Somebody waits, and nothing is left that could ever wake them."""


class SimulatedLoop(asyncio.BaseEventLoop):
    """asyncio's own loop, with a selector that has no sockets and lets time pass instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._selector = self
        self._clock_resolution = 1e-9

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._now

    def select(self, timeout: float | None) -> list[Any]:
        """What asyncio calls when it has nothing to run for `timeout` seconds."""
        if timeout is None:
            raise Hang
        if timeout > 0:
            self._now = max(self._now, self._scheduled[0].when())
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody calls from another thread."""


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
