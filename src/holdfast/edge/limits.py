"""How many requests one client may send in a while, on the paths of the events contract."""

import math
import time
from typing import NamedTuple

import structlog
from cachetools import TTLCache
from limits.aio.storage import RedisStorage
from limits.limits import RateLimitItemPerSecond
from litestar.types import HTTPScope

from holdfast.errors import RateLimited
from holdfast.http.clients import CLIENTS_MAX, RateWindow, client_of, household, storage
from holdfast.http.hot import Headers
from holdfast.redis_link import RedisLink
from holdfast.settings import Settings

PATHS = "/api/"
logger = structlog.stdlib.get_logger("holdfast.http")


class Spent(NamedTuple):
    """What is left of a client's allowance after a request; `reset_seconds` until it is whole again."""

    limit: int
    left: int
    reset_seconds: int

    @property
    def headers(self) -> Headers:
        """What every answer tells of it."""
        return (
            (b"ratelimit-limit", b"%d" % self.limit),
            (b"ratelimit-remaining", b"%d" % self.left),
            (b"ratelimit-reset", b"%d" % self.reset_seconds),
        )


class RateLimit:
    """Counts the requests of each client: in Redis for all workers together, else in this process."""

    def __init__(self, settings: Settings, link: RedisLink | None) -> None:
        seconds = math.ceil(settings.rate_limit_time_window / 1000)
        self._item = RateLimitItemPerSecond(settings.rate_limit_max, seconds)
        self._trusted = settings.proxies
        self._link = link
        self._here: TTLCache[str, RateWindow] = TTLCache(CLIENTS_MAX, seconds)
        self._shared: RedisStorage | None = None
        if link is not None:
            self._shared = storage(settings, link, "holdfast:limit")
        elif settings.workers > 1:
            logger.warning("requests are counted by each worker for itself: there is no Redis", setting="REDIS_URL")

    async def spend(self, scope: HTTPScope) -> Headers:
        """Count a request; answers the headers that tell of it. Whatever becomes of Redis, it is counted somewhere.

        Raises `RateLimited`, which has the same headers.
        """
        key = self._item.key_for(household(client_of(scope, self._trusted)))
        found = None
        if self._link is not None:
            found = await self._link.call(lambda: self._count_shared(key))
        count, left = found or self._count_here(key)
        most = self._item.amount
        spent = Spent(most, max(0, most - count), max(1, math.ceil(left)))
        if count > most:
            raise RateLimited(spent.limit, spent.reset_seconds)
        return spent.headers

    async def _count_shared(self, key: str) -> tuple[int, float]:
        assert self._shared is not None
        count = await self._shared.incr(key, self._item.get_expiry())
        return count, await self._shared.get_expiry(key) - time.time()

    def _count_here(self, key: str) -> tuple[int, float]:
        window = self._here.get(key)
        if window is None:
            window = self._here[key] = RateWindow(time.monotonic() + self._item.get_expiry())
        window.count += 1
        return window.count, window.end - time.monotonic()
