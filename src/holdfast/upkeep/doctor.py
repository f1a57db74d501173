"""Looks over an installation: settings, database, clock, Redis, messages. Changes nothing."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import asyncpg
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from holdfast.clock import Clock
from holdfast.database import migrate
from holdfast.database.connections import (
    AWAY,
    JOURNAL_AT_ONCE,
    READS_AT_ONCE,
    Connection,
    WrongAddress,
    connect_alone,
    words,
)
from holdfast.settings import Settings
from holdfast.settings_rules import PASSWORD_COST_MIN
from holdfast.upkeep import invariants, sessions
from holdfast.upkeep.findings import Finding, Level, doubtful, fine, wrong
from holdfast.upkeep.of_structure import VERSION

POSTGRES_MIN = 150_000
REDIS_MIN = (5, 0)
"""Streams came with it."""
CLOCK_SECONDS_MAX = 1.0
WAITING_SECONDS_MAX = 60.0
SECONDS_MAX = 5.0
KEPT = {"fsync": "on", "full_page_writes": "on"}
"""What PostgreSQL must be set to, or a crash of the machine loses bookings that were acknowledged."""
DURABLE = ("on", "remote_write", "remote_apply", "local")
SETTINGS = ("fsync", "full_page_writes", "synchronous_commit", "server_encoding", "max_connections")
WAITING = "SELECT count(*), min(occurred_at) FROM outbox WHERE published_at IS NULL"
STUCK = "SELECT max(stuck_since) FROM relays"
WEBHOOKS = """
SELECT count(*) FILTER (WHERE disabled_why <> 'admin'),
    count(*) FILTER (WHERE disabled_at IS NULL AND failing_since IS NOT NULL)
FROM webhooks WHERE removed_at IS NULL
"""


async def findings(url: str | None, settings: Settings, clock: Clock) -> AsyncIterator[Finding]:
    """Everything, as it is found. `url` is past any pooler; `None`: there is no private PostgreSQL yet."""
    for finding in of_settings(settings):
        yield finding
    if url is None:
        advice = "`holdfast serve` makes one there; or name yours in DATABASE_URL"
        yield doubtful(f"There is no database in DATA_DIR={settings.data_dir} yet", advice)
    else:
        async for finding in of_database(url, settings, clock):
            yield finding
    async for finding in of_redis(settings):
        yield finding


def of_settings(settings: Settings) -> list[Finding]:
    """What no rule forbids and few can want; each by itself is allowed, so the start does not refuse it."""
    found = []
    is_reached = not _is_loopback(settings.host)
    if is_reached and not settings.production:
        found.append(
            doubtful(
                f"HOST={settings.host} is reached from other machines, and PRODUCTION is false",
                "Set PRODUCTION=true: it insists on what a public server needs, and closes the demo's sign-in",
            )
        )
    if is_reached and settings.access == "open":
        found.append(doubtful("Whoever reaches the service may book without a token", "Set ACCESS=token"))
    if settings.password_cost < PASSWORD_COST_MIN:
        found.append(
            doubtful(f"PASSWORD_COST={settings.password_cost} makes stolen passwords cheap to guess", "Set it to 11")
        )
    if any(network.prefixlen == 0 for network in settings.proxies):
        found.append(
            doubtful(
                "TRUSTED_PROXIES names everybody, so anybody may say where they come from",
                "Name the addresses of your own proxies: the rate limit counts by them",
            )
        )
    return found or [fine("Settings")]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def of_database(url: str, settings: Settings, clock: Clock) -> AsyncIterator[Finding]:
    """The server, its tables, its clock, what waits in the outbox, and what must be true of all that is there."""
    try:
        async with asyncio.timeout(SECONDS_MAX):
            connection = await connect_alone(url)
    except (*AWAY, asyncpg.PostgresError, WrongAddress) as error:
        yield wrong(
            f"The database does not answer ({words(error)})", "Is it running, and is DATABASE_URL or DB_… right?"
        )
        return
    try:
        for finding in await _of_server(connection, settings):
            yield finding
        for finding in await _of_sessions(url, settings):
            yield finding
        yield await _of_clock(connection, clock)
        tables = await _of_tables(url)
        yield tables
        if tables.level is not Level.WRONG:
            yield await _of_messages(connection, clock)
            yield await _of_webhooks(connection)
            for finding in await _of_invariants(connection):
                yield finding
    finally:
        await connection.close()


async def _of_server(connection: Connection, settings: Settings) -> list[Finding]:
    values = {name: await connection.fetchval("SELECT current_setting($1)", name) for name in SETTINGS}
    number = int(await connection.fetchval("SHOW server_version_num"))
    told = f"PostgreSQL {number // 10_000}.{number % 10_000}"
    found = []
    if number < POSTGRES_MIN:
        found.append(wrong(f"{told} is too old", "Use PostgreSQL 15 or newer"))
    if await connection.fetchval("SELECT pg_is_in_recovery()"):
        found.append(wrong("This PostgreSQL is a replica, which takes no bookings", "Name the primary"))
    lost = {name: values[name] for name, needed in KEPT.items() if values[name] != needed}
    if values["synchronous_commit"] not in DURABLE:
        lost["synchronous_commit"] = values["synchronous_commit"]
    found += [
        wrong(f"{name} is {value}: a crash loses bookings that were acknowledged", f"Set {name} = on in PostgreSQL")
        for name, value in lost.items()
    ]
    if values["server_encoding"] != "UTF8":
        found.append(wrong(f"The database's encoding is {values['server_encoding']}", "Make one with ENCODING 'UTF8'"))
    needed, most = connections_max(settings), int(values["max_connections"])
    if needed > most and settings.database_direct_url is None:
        found.append(
            doubtful(
                f"{settings.workers} workers may open {needed} connections; PostgreSQL allows {most} to all",
                "Raise max_connections, lower WORKERS or DATABASE_CONNECTIONS, or put a pooler between",
            )
        )
    return found or [fine(told)]


async def _of_sessions(url: str, settings: Settings) -> list[Finding]:
    """Of the role past the pooler and, if another is used through it, of that one, too."""
    found = await sessions.found(url, is_pooler=False)
    pooled = settings.postgres_url
    if settings.database_direct_url is None or pooled is None:
        return found
    try:
        async with asyncio.timeout(SECONDS_MAX):
            return found + await sessions.found(pooled, is_pooler=True)
    except (*AWAY, asyncpg.PostgresError) as error:
        return [
            *found,
            wrong(f"The pooler does not answer ({words(error)})", "Is it running, and is DATABASE_URL right?"),
        ]


def connections_max(settings: Settings) -> int:
    """Connections that one service opens at most: see `database/connections.py`."""
    lanes = settings.worker_lanes + READS_AT_ONCE
    return settings.workers * (lanes + JOURNAL_AT_ONCE + settings.database_connections)


async def _of_clock(connection: Connection, clock: Clock) -> Finding:
    before = clock()
    there: datetime = await connection.fetchval("SELECT clock_timestamp()")
    after = clock()
    # Their moment lies between ours, if the clocks agree.
    apart = max((before - there).total_seconds(), (there - after).total_seconds(), 0.0)
    if apart > CLOCK_SECONDS_MAX:
        advice = "Let both machines keep time by NTP: what has begun, and how long a token holds, is told by the clock"
        return wrong(f"The clock here and PostgreSQL's are {apart:,.1f} s apart", advice)
    return fine("Clocks")


async def _of_tables(url: str) -> Finding:
    at, needed = await migrate.revision(url), migrate.head()
    if at == needed:
        return fine(f"Tables, at revision {at}")
    if at is None or migrate.is_known(at):
        return wrong(
            f"The tables are at revision {at or 'none'}, this version needs {needed}", "Run `holdfast migrate`"
        )
    return doubtful(
        f"The tables are at revision {at}, which this version does not know",
        "A newer version has been here, and works beside this one: bring this one up to it soon",
    )


async def _of_messages(connection: Connection, clock: Clock) -> Finding:
    [(count, oldest)] = await connection.fetch(WAITING)
    stuck = await connection.fetchval(STUCK)
    if stuck is not None:
        advice = "See whether Redis answers, below; until then messages are kept, and live updates go on"
        return wrong(f"Nothing can be delivered to the stream since {stuck:%Y-%m-%d %H:%M:%S} UTC", advice)
    waited = timedelta() if oldest is None else clock() - oldest.astimezone(UTC)
    if waited.total_seconds() > WAITING_SECONDS_MAX:
        advice = "Start a service with RELAY=true, or `holdfast relay`"
        return doubtful(f"{count:,} messages wait, the oldest for {waited.total_seconds():,.0f} s", advice)
    return fine("Messages")


async def _of_webhooks(connection: Connection) -> Finding:
    [(off, failing)] = await connection.fetch(WEBHOOKS)
    if off or failing:
        advice = "`holdfast webhooks list` says which, `holdfast webhooks deliveries` why"
        return doubtful(f"Webhooks: {off} switched off because of failures, {failing} failed last", advice)
    return fine("Webhooks")


async def _of_invariants(connection: Connection) -> list[Finding]:
    # Of the revision more is told above.
    broken = await invariants.broken(connection, lambda _: None)
    found = [
        wrong(f"Not so: {each.invariant.sentence}", "`holdfast check` says where")
        for each in broken
        if each.invariant is not VERSION
    ]
    return found or [fine("Everything that must be true of the data is")]


async def of_redis(settings: Settings) -> AsyncIterator[Finding]:
    """Redis, if there is to be one."""
    address = settings.redis_address
    if address is None:
        yield fine("No Redis is set, so each worker limits and remembers for itself")
        return
    client = redis.asyncio.Redis.from_url(
        address, socket_timeout=SECONDS_MAX, socket_connect_timeout=SECONDS_MAX, retry=Retry(NoBackoff(), 0)
    )
    try:
        told = await client.info("server")
        policy = (await client.info("memory")).get("maxmemory_policy", "noeviction")
    except (RedisError, OSError) as error:
        yield wrong(f"Redis does not answer ({error})", "Is it running, and is REDIS_URL or REDIS_… right?")
        return
    finally:
        await client.aclose()
    version = str(told["redis_version"])
    if tuple(int(part) for part in version.split(".")[:2]) < REDIS_MIN:
        yield wrong(f"Redis {version} is too old", "Use Redis 5 or newer, or Valkey")
    elif policy.startswith("allkeys"):
        yield doubtful(
            f"Redis may throw the stream away when memory is short (maxmemory-policy {policy})",
            "Set noeviction or volatile-lru",
        )
    else:
        yield fine(f"Redis {version}")
