"""Relays and Redis are killed under load: what was committed is in the stream, in order, and nothing else."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import asyncpg
import httpx
import pytest

from holdfast.outbox.journal import LEASE
from messages import change
from races.load import Load
from races.locks import until
from redis_server import RedisServer
from relays import RelayProcess, all_published, check_stream, streamed
from rooms import some_room
from service import Service

TAKEOVER_SECONDS_MAX = 2.0
"""After the end of the lease."""
SLACK = 6
"""On a machine that does much else."""


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A Redis of one test, which may be killed."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def relay(fresh_database_url: str, server: RedisServer) -> Iterator[Callable[..., RelayProcess]]:
    """Starts relays; all stop when the test ends."""
    with ExitStack() as stack:
        common = {"DATABASE_URL": fresh_database_url, "REDIS_URL": server.url, "STREAM_MAXLEN": 1_000_000}
        yield lambda **settings: stack.enter_context(RelayProcess(common | settings))


async def test_relays_that_are_killed_lose_nothing_and_mix_up_nothing(
    fresh_database_url: str, server: RedisServer, relay: Callable[..., RelayProcess], start: Callable[..., Service]
) -> None:
    service = start(DATABASE_URL=fresh_database_url, RELAY="false", WORKERS=2)
    relays = [relay(), relay()]
    rng = random.Random(6)
    with Load([service.port]) as load:
        for _ in range(6):
            load.wait_for(201, rng.randrange(20, 120))
            victim = rng.choice(relays)
            victim.kill()
            load.wait_for(201, rng.randrange(20, 120))
            victim.start()
    await load.check(fresh_database_url, unanswered=False)
    await all_published(fresh_database_url, server)
    await check_stream(fresh_database_url, server)


async def test_a_redis_that_is_killed_and_comes_back_empty_gets_all_again(
    fresh_database_url: str, server: RedisServer, relay: Callable[..., RelayProcess], start: Callable[..., Service]
) -> None:
    service = start(DATABASE_URL=fresh_database_url, REDIS_URL=server.url, STREAM_MAXLEN=1_000_000, WORKERS=2)
    relay()
    with Load([service.port]) as load:
        for _ in range(3):
            load.wait_for(201, 80)
            server.kill()
            load.wait_for(201, 80)
            server.start()
    await load.check(fresh_database_url, unanswered=False)
    await all_published(fresh_database_url, server)
    await check_stream(fresh_database_url, server)


async def test_workers_that_are_killed_with_their_relay_lose_nothing(
    fresh_database_url: str, server: RedisServer, start: Callable[..., Service]
) -> None:
    service = start(DATABASE_URL=fresh_database_url, REDIS_URL=server.url, STREAM_MAXLEN=1_000_000, WORKERS=2)
    with Load([service.port]) as load:
        for _ in range(3):
            load.wait_for(201, 60)
            victim = service.workers()[0]
            victim.kill()
            await until(lambda gone=victim: len([w for w in service.workers() if w.pid != gone.pid]) == 2)
    await load.check(fresh_database_url, unanswered=True)
    await all_published(fresh_database_url, server)
    await check_stream(fresh_database_url, server)


async def test_another_relay_takes_over_within_five_seconds(
    fresh_database_url: str, server: RedisServer, relay: Callable[..., RelayProcess]
) -> None:
    """Three are of the lease, which nobody can take before; what is left is held to with much else on the machine."""
    connection = await asyncpg.connect(fresh_database_url)
    first = relay()
    await until(lambda: "publishes messages now" in first.output())
    relay()
    await change(connection, some_room())
    await until(lambda: len(streamed(server)) == 1)
    first.kill()
    killed = time.monotonic()
    assert await connection.fetchval("SELECT expires_at - clock_timestamp() FROM relays") <= LEASE
    await change(connection, some_room())
    await until(lambda: len(streamed(server)) == 2)
    assert time.monotonic() - killed < LEASE.total_seconds() + SLACK * TAKEOVER_SECONDS_MAX
    await connection.close()


async def test_a_relay_that_stalled_and_wakes_up_breaks_nothing(
    fresh_database_url: str, server: RedisServer, relay: Callable[..., RelayProcess], start: Callable[..., Service]
) -> None:
    service = start(DATABASE_URL=fresh_database_url, RELAY="false")
    stalled = relay()
    await until(lambda: "publishes messages now" in stalled.output())
    quick = relay()
    assert stalled.process is not None
    with Load([service.port]) as load:
        load.wait_for(201, 50)
        os.kill(stalled.process.pid, signal.SIGSTOP)
        await until(lambda: "publishes messages now" in quick.output())
        load.wait_for(201, 50)
        os.kill(stalled.process.pid, signal.SIGCONT)
        load.wait_for(201, 50)
        await until(lambda: "another process publishes" in stalled.output())
    await all_published(fresh_database_url, server)
    await check_stream(fresh_database_url, server)
    assert len(streamed(server)) == len(set(streamed(server)))


async def test_without_redis_bookings_go_on_and_health_says_so(
    fresh_database_url: str, server: RedisServer, start: Callable[..., Service]
) -> None:
    service = start(DATABASE_URL=fresh_database_url, REDIS_URL=server.url)

    def health() -> str:
        answer = httpx.get(f"{service.url}/health", timeout=10)
        assert answer.status_code == 200
        return str(answer.json()["status"])

    await until(lambda: health() == "ok")
    server.kill()
    await until(lambda: health() == "degraded")
    with Load([service.port]) as load:
        load.wait_for(201, 50)
    server.start()
    await until(lambda: health() == "ok")
    await all_published(fresh_database_url, server)
    await check_stream(fresh_database_url, server)
    for words in ("Redis is away", "Redis is back"):
        assert len(await asyncio.to_thread(service.logged, words)) == 1


async def test_a_relay_that_is_told_to_stop_hands_over_at_once(
    fresh_database_url: str, server: RedisServer, relay: Callable[..., RelayProcess]
) -> None:
    connection = await asyncpg.connect(fresh_database_url)
    first = relay()
    await until(lambda: "publishes messages now" in first.output())
    assert first.stop() == 0
    assert await connection.fetchval("SELECT expires_at < clock_timestamp() FROM relays")
    await connection.close()
    first.start()
