"""Redis slow, down, back, emptied: no request fails, none waits long, and each change of state is told once."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator

import asyncpg
import httpx
import pytest

from holdfast.engine import statements
from redis_server import RedisServer
from seats import make_event
from service import Service

AWAY, BACK = "Redis does not answer", "Redis answers again"


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A Redis that the test may break."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def shared(start: Callable[..., Service], database_url: str, redis: RedisServer) -> Service:
    """A service that keeps seats in it."""
    return start(DATABASE_URL=database_url, REDIS_URL=redis.url, RATE_LIMIT_MAX=0)


@pytest.fixture
async def http(shared: Service) -> AsyncIterator[httpx.AsyncClient]:
    """Its client."""
    async with httpx.AsyncClient(base_url=shared.url, verify=False, timeout=30) as client:
        yield client


async def left(http: httpx.AsyncClient, event: int) -> int:
    """The seats left, as told."""
    answer = await http.get(f"/api/events/{event}")
    assert answer.status_code == 200, answer.text
    return int(answer.json()["available_seats"])


async def book(http: httpx.AsyncClient, event: int, user: str) -> None:
    """Have a seat."""
    answer = await http.post("/api/bookings/reserve", json={"event_id": event, "user_id": user})
    assert answer.status_code == 201, answer.text


async def until(http: httpx.AsyncClient, state: str) -> None:
    """Wait until the service says that it is in this state."""
    async with asyncio.timeout(10):
        while (await http.get("/health")).json()["status"] != state:
            pass


async def test_what_is_told_is_kept_in_redis_for_half_a_minute(
    http: httpx.AsyncClient, redis: RedisServer, connection: "asyncpg.Connection"
) -> None:
    event = await make_event(connection, 5)
    await left(http, event)
    with redis.client() as client:
        name = f"holdfast:event:{event}"
        tag, told = client.get(name).split(" ", 1)
        assert tag.startswith('"0-')
        assert json.loads(told)["available_seats"] == 5
        assert 0 < client.ttl(name) <= 30


async def test_another_worker_finds_it_there(
    http: httpx.AsyncClient, redis: RedisServer, connection: "asyncpg.Connection"
) -> None:
    """It is believed only at the revision that the database has."""
    event = await make_event(connection, 5)
    tag = (await statements.event_tags(connection, [event]))[event].decode()
    told = '{"id":%d,"name":"from Redis","total_seats":5,"booked_seats":0,"available_seats":5}'
    with redis.client() as client:
        client.set(f"holdfast:event:{event}", f"{tag} {told % event}")
    assert (await http.get(f"/api/events/{event}")).json()["name"] == "from Redis"
    await book(http, event, "anna")
    assert (await http.get(f"/api/events/{event}")).json()["name"] == "Концерт"
    assert await left(http, event) == 4


async def test_nonsense_in_redis_is_not_believed(
    http: httpx.AsyncClient, redis: RedisServer, connection: "asyncpg.Connection"
) -> None:
    for nonsense in ("", "0", "x {}", "1 {}"):
        event = await make_event(connection, 5)
        with redis.client() as client:
            client.set(f"holdfast:event:{event}", nonsense)
        assert await left(http, event) == 5
    with redis.client() as client:
        event = await make_event(connection, 5)
        client.lpush(f"holdfast:event:{event}", "a list")
    assert await left(http, event) == 5


async def test_redis_emptied_in_between_changes_nothing(
    http: httpx.AsyncClient, redis: RedisServer, connection: "asyncpg.Connection"
) -> None:
    event = await make_event(connection, 50)
    for number in range(20):
        await book(http, event, f"user{number}")
        with redis.client() as client:
            client.flushall()
        assert await left(http, event) == 49 - number


async def test_redis_killed_and_revived_in_mid_load_fails_no_request(
    shared: Service, http: httpx.AsyncClient, redis: RedisServer, connection: "asyncpg.Connection"
) -> None:
    event = await make_event(connection, 100_000)
    over = asyncio.Event()

    async def load(client: int) -> int:
        """Book and look, again and again; what was told is always seen."""
        number = 0
        while not over.is_set():
            number += 1
            before = await left(http, event)
            await book(http, event, f"{client}-{number}")
            assert await left(http, event) < before
        return number

    clients = [asyncio.create_task(load(each)) for each in range(8)]
    for _ in range(2):
        redis.kill()
        await until(http, "degraded")
        redis.start()
        await until(http, "ok")
    over.set()
    booked = sum(await asyncio.gather(*clients))
    assert await left(http, event) == 100_000 - booked
    assert len(await asyncio.to_thread(shared.logged, AWAY, lines=2)) == 2
    assert len(await asyncio.to_thread(shared.logged, BACK, lines=2)) == 2


async def test_a_frozen_redis_costs_fifty_milliseconds_once(
    http: httpx.AsyncClient, redis: RedisServer, connection: "asyncpg.Connection"
) -> None:
    events = [await make_event(connection, 5) for _ in range(40)]
    await left(http, events[0])
    redis.freeze()
    try:
        started = time.monotonic()
        for event in events:
            assert await left(http, event) == 5
        # Forty times fifty milliseconds would be two seconds.
        assert time.monotonic() - started < 1.5
        health = (await http.get("/health")).json()
        assert (health["status"], health["dependencies"]["redis"]["status"]) == ("degraded", "unavailable")
    finally:
        redis.thaw()
    await until(http, "ok")


async def test_a_redis_that_was_never_there_is_done_without(
    start: Callable[..., Service], database_url: str, connection: "asyncpg.Connection"
) -> None:
    service = start(DATABASE_URL=database_url, REDIS_URL="redis://127.0.0.1:1/0")
    event = await make_event(connection, 2)
    async with httpx.AsyncClient(base_url=service.url, verify=False, timeout=30) as http:
        assert await left(http, event) == 2
        answer = await http.get("/health")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
