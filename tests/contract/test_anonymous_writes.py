"""How many rows one client may make without a token."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from answers import error
from holdfast.edge.writes import AnonymousWrites
from holdfast.errors import RateLimited
from holdfast.settings import Settings
from offices import user
from redis_server import RedisServer
from rooms import body, some_room
from service import Service
from tokens import SECRET, bearer

Start = Callable[..., Service]
MAX = 5
EVENING = {"table_id": 1, "customer_name": "A", "reservation_time": "2030-05-01T10:00:00Z", "duration_minutes": 1}
NOBODY = "/reservations/00000000-0000-4000-8000-000000000000"
WRITES: list[tuple[str, str, Any]] = [
    ("POST", "/reservations", body("writes", 1, 2)),
    ("POST", "/reservations/", body("writes", 1, 2)),
    ("POST", "/reservations", EVENING),
    ("PATCH", NOBODY, {}),
    ("DELETE", NOBODY, None),
    ("POST", "/tables", {"name": "a", "seats": 1, "location": "a"}),
    ("DELETE", "/tables/1", None),
    ("POST", "/api/events", {"name": "a", "total_seats": 1}),
    ("PATCH", "/api/events/1", {"name": "a"}),
    ("POST", "/api/bookings/reserve", {"event_id": 1, "user_id": "a"}),
    ("DELETE", "/api/bookings/1", None),
    ("POST", "/register", {"email": "w@example.com", "password": "correct horse", "role": "user"}),
]


def started(start: Start, url: str, **settings: Any) -> Service:
    return start(DATABASE_URL=url, JWT_SECRET=SECRET, RATE_LIMIT_MAX=0, PASSWORD_COST=4, **settings)


def client(service: Service, address: str = "203.0.113.1") -> httpx.AsyncClient:
    """Somebody at an address that a proxy tells."""
    return httpx.AsyncClient(base_url=service.url, headers={"X-Forwarded-For": address}, verify=False, timeout=30)


@pytest.fixture(scope="module")
def few(database_url: str) -> Iterator[Service]:
    """A service that takes five such requests of each client."""
    settings = {
        "DATABASE_URL": database_url, "JWT_SECRET": SECRET, "RATE_LIMIT_MAX": 0, "PASSWORD_COST": 4,
        "TRUSTED_PROXIES": "127.0.0.1", "ANONYMOUS_WRITES_MAX": MAX,
    }  # fmt: skip
    with Service(settings) as service:
        yield service


async def made(http: httpx.AsyncClient, **headers: str) -> int:
    return (await http.post("/reservations", json=body(some_room(), 1, 2), headers=headers)).status_code


@pytest.mark.parametrize("number", range(len(WRITES)))
async def test_each_call_that_makes_rows_is_counted(few: Service, number: int) -> None:
    method, path, content = WRITES[number]
    async with client(few, f"203.0.113.{number + 10}") as http:
        for _ in range(MAX - 1):
            assert await made(http) == 201
        assert (await http.request(method, path, json=content)).status_code != 429
        for again in range(2):
            method, path, content = WRITES[(number + again) % len(WRITES)]
            refused = await http.request(method, path, json=content)
            error(refused, 429, "RATE_LIMITED")
            assert 0 < int(refused.headers["retry-after"]) <= 3_600
            assert refused.headers["ratelimit-limit"] == str(MAX)


async def test_what_makes_no_rows_or_has_a_token_is_not_counted(few: Service) -> None:
    async with client(few, "203.0.113.2") as http:
        for _ in range(MAX):
            for path in ("/reservations", "/tables", "/api/events", "/health"):
                assert (await http.get(path)).status_code == 200
            assert (await http.post("/dummyLogin", json={"role": "user"})).status_code == 200
            login = await http.post("/login", json={"email": "a@example.com", "password": "x"})
            assert login.status_code in (401, 429)
            assert await made(http, **user()) == 201
        assert [await made(http) for _ in range(MAX + 1)] == [201] * MAX + [429]
        assert await made(http, **user()) == 201


async def test_a_token_that_is_not_read_makes_no_difference(few: Service) -> None:
    """Registering needs no token, so one sent along is no way around."""
    async with client(few, "203.0.113.3") as http:
        answers = [
            await http.post(
                "/register",
                json={"email": f"{uuid4()}@example.com", "password": "correct horse", "role": "user"},
                headers=bearer(),
            )
            for _ in range(MAX + 1)
        ]
        assert [answer.status_code for answer in answers] == [201] * MAX + [429]


async def test_each_client_has_its_own(few: Service) -> None:
    async with client(few, "203.0.113.4") as one, client(few, "203.0.113.5") as other:
        assert [await made(one) for _ in range(MAX + 1)] == [201] * MAX + [429]
        assert await made(other) == 201


async def test_of_many_at_once_as_many_as_may_get_through(few: Service) -> None:
    async def one() -> int:
        async with client(few, "203.0.113.6") as http:
            return await made(http)

    statuses = await asyncio.gather(*(one() for _ in range(30)))
    assert sorted(statuses) == [201] * MAX + [429] * (30 - MAX)


async def test_all_workers_together_count_in_redis(start: Start, database_url: str, redis_server: RedisServer) -> None:
    redis_server.client().flushall()
    service = started(
        start, database_url, ANONYMOUS_WRITES_MAX=6, WORKERS=2, REDIS_URL=redis_server.url, REDIS_SECONDS_MAX=10
    )
    statuses = []
    for _ in range(10):
        # Each on a new connection, which any worker may take.
        async with client(service) as http:
            statuses.append(await made(http))
    assert statuses == [201] * 6 + [429] * 4


async def test_parts_of_a_large_allowance_add_up() -> None:
    """A worker draws a large allowance in parts, and gives exactly all of it."""
    writes = AnonymousWrites(Settings(anonymous_writes_max=2_500), None)
    scope: Any = {"method": "POST", "path": "/reservations", "headers": [], "client": ("203.0.113.1", 1)}
    for _ in range(2_500):
        await writes.spend(scope)
    for _ in range(2):
        with pytest.raises(RateLimited) as refused:
            await writes.spend(scope)
        assert 3_590 < refused.value.retry_after <= 3_600
    await writes.spend(scope | {"client": ("203.0.113.2", 1)})
