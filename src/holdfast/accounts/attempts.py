"""How often somebody may try a wrong password: so often from one address for one account, then not for a while."""

import math
import time

from cachetools import TTLCache

from holdfast.errors import RateLimited

SECONDS = 15 * 60
"""How long a wrong password counts."""
PAIRS_MAX = 100_000
"""How many addresses and accounts are remembered; beyond, the oldest are forgotten."""


class Attempts:
    """Counts wrong passwords in this process. Made once in each.

    By address and account together: so nobody can shut somebody else out, and a house full of people behind one address
    is not shut out by one of them. Whoever has many addresses is slowed down by the one thread that checks passwords.
    """

    def __init__(self, failures_max: int) -> None:
        self._most = failures_max
        self._failures: TTLCache[tuple[str, str], list[float]] = TTLCache(PAIRS_MAX, SECONDS)

    def begin(self, client: str, email: str) -> None:
        """Before a password is looked at, right or wrong. Raises `RateLimited`."""
        failures = [at for at in self._failures.get((client, email), ()) if at > time.monotonic() - SECONDS]
        if self._most and len(failures) >= self._most:
            raise RateLimited(self._most, max(1, math.ceil(failures[-self._most] + SECONDS - time.monotonic())))

    def failed(self, client: str, email: str) -> None:
        """Count a wrong password."""
        if not self._most:
            return
        before = self._failures.get((client, email), [])
        self._failures[client, email] = [*before, time.monotonic()][-self._most :]

    def succeeded(self, client: str, email: str) -> None:
        """Forget what was wrong before."""
        self._failures.pop((client, email), None)
