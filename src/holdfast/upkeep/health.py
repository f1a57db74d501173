"""Whether bookings can be taken, who answers, and what has been counted."""

import asyncio
import time
from typing import Literal

from litestar import MediaType, Response, get
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from msgspec import Struct

from holdfast import __version__, metrics
from holdfast.database.connections import AWAY, Database
from holdfast.engine.probe import Prober
from holdfast.outbox.journal import Journal
from holdfast.redis_link import RedisLink
from holdfast.settings import Settings

PROBE_SECONDS_MAX = 2.0
LAG_SECONDS_MAX = 10.0
"""How old a message may be that waits to be published."""
WRITABLE = "SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'"

State = Literal["ok", "degraded", "unavailable"]


class DependencyHealth(Struct, omit_defaults=True):
    """One thing that the service needs: how long it took to answer, or how far it is behind."""

    status: Literal["ok", "unavailable", "read_only", "disk_full", "failing"]
    milliseconds: float | None = None
    lag_seconds: float | None = None


class Health(Struct):
    """`ok`: all is well. `degraded`: something is missing, bookings are taken. `unavailable`: they are not."""

    status: State
    version: str
    dependencies: dict[str, DependencyHealth]


class ServiceInfo(Struct):
    """What answers here."""

    name: str
    version: str
    demo: bool
    """Whether `/dummyLogin` signs anybody in, and whether one may register as an admin: not on a public server."""


SERVICE: tuple[Struct, ...] = (
    Health(
        "ok", __version__, {"database": DependencyHealth("ok", 0.4), "relay": DependencyHealth("ok", lag_seconds=0.0)}
    ),
    ServiceInfo("holdfast", __version__, demo=True),
)
"""Examples of both, for the description."""
COUNTED = Example(
    value="# TYPE holdfast_http_requests_total counter\n"
    'holdfast_http_requests_total{method="POST",route="/reservations",status="201"} 1.0\n'
)


@get(
    "/health",
    tags=["service"],
    summary="State of the service and of what it needs",
    responses={503: ResponseSpec(Health, description="No bookings can be taken now", generate_examples=False)},
)
async def check_health(
    database: Database, journal: Journal, prober: Prober, redis: RedisLink | None
) -> Response[Health]:
    """200 when bookings can be taken, else 503."""
    found = await _probe(database, prober)
    if found.status != "ok":
        return Response(Health("unavailable", __version__, {"database": found}), status_code=503)
    dependencies = {"database": found, "relay": await _relay(journal)}
    if redis is not None:
        dependencies["redis"] = await _probe_redis(redis)
    state: State = "ok" if all(each.status == "ok" for each in dependencies.values()) else "degraded"
    return Response(Health(state, __version__, dependencies))


@get("/_info", tags=["service"], summary="What answers here")
async def get_info(settings: Settings) -> ServiceInfo:
    """Always 200, whatever the state of the database. `demo` tells whether `/dummyLogin` signs anybody in."""
    return ServiceInfo("holdfast", __version__, demo=not settings.production)


@get(
    "/metrics",
    tags=["service"],
    summary="Counters of all workers, for Prometheus",
    media_type=MediaType.TEXT,
    responses={
        200: ResponseSpec(
            str, description="The counters", media_type=MediaType.TEXT, examples=[COUNTED], generate_examples=False
        )
    },
)
async def get_metrics() -> Response[bytes]:
    """Prometheus text format 0.0.4, summed over workers."""
    return Response(await asyncio.to_thread(metrics.exposition), headers={"content-type": metrics.CONTENT_TYPE})


async def _probe_redis(redis: RedisLink) -> DependencyHealth:
    """Ask Redis whether it is there; nothing that matters needs it."""
    started = time.perf_counter()
    if not await redis.probe():
        return DependencyHealth("unavailable")
    return DependencyHealth("ok", round((time.perf_counter() - started) * 1000, 2))


async def _probe(database: Database, prober: Prober) -> DependencyHealth:
    """Ask the database, through the engine's own door, whether it takes writes, and what became of the last."""
    started = time.perf_counter()
    try:
        async with asyncio.timeout(PROBE_SECONDS_MAX), database.pool.acquire() as connection:
            writable = await connection.fetchval(WRITABLE)
        milliseconds = round((time.perf_counter() - started) * 1000, 2)
        state = await prober.state() if writable else "read_only"
    except AWAY:
        return DependencyHealth("unavailable")
    return DependencyHealth(state or "ok", milliseconds)


async def _relay(journal: Journal) -> DependencyHealth:
    """Whether messages are published: by whichever process does, to Redis or here."""
    try:
        async with asyncio.timeout(PROBE_SECONDS_MAX):
            lag = await journal.lag()
    except AWAY:
        return DependencyHealth("unavailable")
    seconds = lag.waiting.total_seconds() if lag.waiting is not None else 0.0
    is_behind = lag.stuck is not None or seconds > LAG_SECONDS_MAX
    return DependencyHealth("unavailable" if is_behind else "ok", lag_seconds=round(max(seconds, 0.0), 3))
