"""How many requests one client may send to the events contract, and what tells of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from answers import error
from redis_server import RedisServer
from service import Service

Start = Callable[..., Service]
PATH = "/api/events"


@asynccontextmanager
async def client(service: Service, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody with a connection of their own."""
    async with httpx.AsyncClient(base_url=service.url, headers=headers, verify=False, timeout=30) as http:
        yield http


async def statuses(service: Service, times: int, **headers: str) -> list[int]:
    """What one client hears who asks some times, each time on a new connection, which any worker may take."""
    found = []
    for _ in range(times):
        async with client(service, **headers) as http:
            found.append((await http.get(PATH)).status_code)
    return found


async def test_one_too_many_is_refused_and_told_when_to_come_back(start: Start, database_url: str) -> None:
    service = start(DATABASE_URL=database_url, RATE_LIMIT_MAX=3)
    async with client(service) as http:
        answers = [await http.get(PATH) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0", "0"]
        assert {answer.headers["ratelimit-limit"] for answer in answers} == {"3"}
        assert all(0 < int(answer.headers["ratelimit-reset"]) <= 60 for answer in answers)
        error(answers[4], 429, "RATE_LIMITED")
        assert answers[4].headers["retry-after"] == answers[4].headers["ratelimit-reset"]
        booking = await http.post("/api/bookings/reserve", json={"event_id": 1, "user_id": "a"})
        error(booking, 429, "RATE_LIMITED")


async def test_other_paths_are_not_counted(start: Start, database_url: str) -> None:
    service = start(DATABASE_URL=database_url, RATE_LIMIT_MAX=1)
    async with client(service) as http:
        for path in ("/health", "/metrics", "/metrics/user123", "/reservations", "/_info"):
            for _ in range(3):
                answer = await http.get(path)
                assert answer.status_code == 200
                assert "ratelimit-limit" not in answer.headers


async def test_it_is_100_a_minute_unless_told_otherwise(start: Start, database_url: str) -> None:
    async with client(start(DATABASE_URL=database_url)) as http:
        answers = [await http.get(PATH) for _ in range(101)]
    assert [answer.status_code for answer in answers] == [200] * 100 + [429]


async def test_a_window_ends(start: Start, database_url: str) -> None:
    service = start(DATABASE_URL=database_url, RATE_LIMIT_MAX=1, RATE_LIMIT_TIME_WINDOW=1_000)
    async with client(service) as http:
        first = await http.get(PATH)
        assert first.status_code == 200
        async with asyncio.timeout(10):
            while (await http.get(PATH)).status_code != 200:
                pass


async def test_one_client_behind_a_proxy_is_one_however_it_is_written(start: Start, database_url: str) -> None:
    service = start(DATABASE_URL=database_url, HOST="::", TRUSTED_PROXIES="127.0.0.1", RATE_LIMIT_MAX=3)
    ours = ["203.0.113.2:51234", "::ffff:203.0.113.2", "[::ffff:203.0.113.2]:80", "203.0.113.2"]
    assert [await statuses(service, 1, **{"X-Forwarded-For": each}) for each in ours] == [[200], [200], [200], [429]]
    household = [f"[2001:db8::{each}]:4711" for each in range(1, 5)]
    heard = [await statuses(service, 1, **{"X-Forwarded-For": each}) for each in household]
    assert heard == [[200], [200], [200], [429]]
    assert await statuses(service, 1, **{"X-Forwarded-For": "203.0.113.3:51234"}) == [200]


async def test_zero_is_no_limit(start: Start, database_url: str) -> None:
    async with client(start(DATABASE_URL=database_url, RATE_LIMIT_MAX=0)) as http:
        answers = [await http.get(PATH) for _ in range(120)]
    assert {answer.status_code for answer in answers} == {200}
    assert "ratelimit-limit" not in answers[0].headers


@pytest.mark.parametrize("proxies", ["", "127.0.0.0/8"])
async def test_behind_a_trusted_proxy_each_client_is_counted(start: Start, database_url: str, proxies: str) -> None:
    service = start(DATABASE_URL=database_url, RATE_LIMIT_MAX=2, TRUSTED_PROXIES=proxies)
    found = [await statuses(service, 2, **{"X-Forwarded-For": address}) for address in ("9.9.9.9", "8.8.8.8")]
    assert found == ([[200, 200], [200, 200]] if proxies else [[200, 200], [429, 429]])


async def test_with_redis_workers_and_services_count_together(
    start: Start, database_url: str, redis_server: RedisServer
) -> None:
    redis_server.client().flushall()
    settings = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_server.url,
        "REDIS_SECONDS_MAX": 10,
        "RATE_LIMIT_MAX": 10,
    }
    one, other = start(**settings, WORKERS=2), start(**settings)
    found = await statuses(one, 6) + await statuses(other, 4) + await statuses(one, 6)
    assert found == [200] * 10 + [429] * 6


async def test_without_redis_several_workers_say_that_each_counts_for_itself(start: Start, database_url: str) -> None:
    assert start(DATABASE_URL=database_url, WORKERS=2).logged("counted by each worker")
    alone = start(DATABASE_URL=database_url)
    alone.stop()
    assert "counted by each worker" not in alone.output()


async def test_when_redis_goes_away_each_worker_goes_on_counting(start: Start, database_url: str) -> None:
    with RedisServer() as redis:
        # Long enough for a machine that does much else: a Redis that answers late is counted as away.
        service = start(DATABASE_URL=database_url, REDIS_URL=redis.url, REDIS_SECONDS_MAX=10, RATE_LIMIT_MAX=3)
        assert await statuses(service, 2) == [200, 200]
        redis.kill()
        assert await statuses(service, 5) == [200, 200, 200, 429, 429]
        redis.start()
        async with asyncio.timeout(10), client(service) as http:
            while (await http.get("/health")).json()["status"] != "ok":
                pass
        assert await statuses(service, 4) == [200, 200, 200, 429]
