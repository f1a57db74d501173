"""How often somebody may try a password: so often from one client for one account, then not for a while."""

import math
import time
from collections.abc import Awaitable, Callable
from hashlib import sha256

from cachetools import TTLCache
from limits.aio.storage import RedisStorage

from holdfast.errors import RateLimited
from holdfast.http.clients import RateWindow, household, storage
from holdfast.redis_link import RedisLink
from holdfast.settings import Settings

SECONDS = 15 * 60
"""How long a try counts."""
ACCOUNTS = 100
"""So many times as many may one client try for all accounts together: a whole house may stand behind one address."""
REMEMBERED_MAX = 100_000
"""How many clients, and accounts, this process remembers; beyond, the oldest are forgotten."""


class LoginThrottle:
    """Counts tries when they begin: in Redis for all workers together, else in this process. Made once in each.

    By client and account together: so nobody can shut somebody else out, and a house full of people behind one address
    is not shut out by one of them. And by client alone, so that nobody tries one password for each of many accounts.
    The right password forgets what was wrong before for that account; of other accounts it gives back nothing.
    """

    def __init__(self, settings: Settings, link: RedisLink | None, now: Callable[[], float] = time.monotonic) -> None:
        self._most = settings.login_failures_max
        self._link = link
        self._now = now
        # Not the library's own memory, which has no bound and walks through all that it has at each try.
        self._pairs: TTLCache[str, list[float]] = TTLCache(REMEMBERED_MAX, SECONDS)
        self._clients: TTLCache[str, RateWindow] = TTLCache(REMEMBERED_MAX, SECONDS)
        self._shared = None if link is None else storage(settings, link, "holdfast:tries")

    async def begin(self, client: str, account: str) -> None:
        """Count a try before the password is looked at, right or wrong. Raises `RateLimited`."""
        if not self._most:
            return
        pair, house = _keys(client, account)
        # A try that is refused for its account counts for nobody: else one account could shut out a whole house.
        # Here it is counted beside Redis, too: a crowd that makes Redis late is not to begin anew.
        self._check(await self._ask(lambda shared: self._begin_shared(shared, pair)) or self._begin_here(pair))
        self._check(await self._ask(lambda shared: self._count_shared(shared, house)) or self._count_here(house))

    async def succeeded(self, client: str, account: str) -> None:
        """The password was right: forget the tries for this account, and give one of all back to the client."""
        if not self._most:
            return
        pair, house = _keys(client, account)
        self._pairs.pop(pair, None)
        if house in self._clients:
            self._clients[house].count -= 1
        await self._ask(lambda shared: self._give_back(shared, pair, house))

    async def _ask(self, call: Callable[[RedisStorage], Awaitable[float]]) -> float:
        """What Redis says; zero when it is away."""
        shared = self._shared
        found = None if self._link is None or shared is None else await self._link.call(lambda: call(shared))
        return found or 0.0

    def _check(self, seconds: float) -> None:
        if seconds > 0:
            raise RateLimited(self._most, math.ceil(seconds))

    async def _begin_shared(self, shared: RedisStorage, pair: str) -> float:
        """In how many seconds one more may be tried; zero when it has been counted."""
        if await shared.acquire_entry(pair, self._most, SECONDS):
            return 0.0
        start, _ = await shared.get_moving_window(pair, self._most, SECONDS)
        return max(1.0, start + SECONDS - time.time())

    def _begin_here(self, pair: str) -> float:
        now = self._now()
        tries = [at for at in self._pairs.get(pair, ()) if at > now - SECONDS]
        if len(tries) >= self._most:
            return max(1.0, tries[-self._most] + SECONDS - now)
        self._pairs[pair] = [*tries, now]
        return 0.0

    async def _count_shared(self, shared: RedisStorage, house: str) -> float:
        if await shared.incr(house, SECONDS) <= self._most * ACCOUNTS:
            return 0.0
        return max(1.0, await shared.get_expiry(house) - time.time())

    def _count_here(self, house: str) -> float:
        now = self._now()
        window = self._clients.get(house)
        if window is None or window.end <= now:
            window = self._clients[house] = RateWindow(now + SECONDS)
        window.count += 1
        return 0.0 if window.count <= self._most * ACCOUNTS else max(1.0, window.end - now)

    async def _give_back(self, shared: RedisStorage, pair: str, house: str) -> float:
        await shared.clear(pair)
        await shared.incr(house, SECONDS, -1)
        return 0.0


def _keys(client: str, account: str) -> tuple[str, str]:
    """Under what tries are counted. A hash: neither addresses nor how long they are concern Redis."""
    house = household(client)
    return sha256(f"{house}\0{account}".encode()).hexdigest(), f"client:{house}"
