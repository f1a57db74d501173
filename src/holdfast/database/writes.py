"""What became of the last writes of this process, for who asks whether bookings can be taken."""

import asyncio
from typing import Literal

import asyncpg

FAILURES_MIN = 2
"""Failures one after the other that mean something: a single one may be that of a single request."""
Failing = Literal["disk_full", "read_only", "failing"]
STATES: dict[str, Failing] = {"53100": "disk_full", "25006": "read_only"}
FAILING = ("42", "53", "55000", "58", "XX")
"""Beginnings of the SQLSTATEs that no request can bring about, but a server, a disk or a role that is not as it should
be. Class 53300 is too many connections, of which the writes know nothing."""


class Writes:
    """Remembers failures until something was written again. One in each process."""

    def __init__(self) -> None:
        self.state: Failing | None = None
        """Why nothing can be written, as far as is known; `None` when it can."""
        self._failures = 0
        self.news = asyncio.Event()
        """Set with each write, for who clears it and waits for the next."""

    def succeeded(self) -> None:
        """Hear that something was written."""
        self.news.set()
        self.state = None
        self._failures = 0

    def failed(self, error: BaseException, *, is_probe: bool = False) -> None:
        """Hear why something was not written. A probe, in which nothing is a client's, counts by itself."""
        state = state_of(error)
        if state is None:
            return
        self._failures += 1
        if is_probe or self._failures >= FAILURES_MIN:
            self.state = state


def state_of(error: BaseException) -> Failing | None:
    """What an error means for other writes; `None` when it means nothing."""
    sqlstate = error.sqlstate if isinstance(error, asyncpg.PostgresError) else None
    if sqlstate is None or sqlstate == "53300":
        return None
    return STATES.get(sqlstate, "failing" if sqlstate.startswith(FAILING) else None)
