"""What the service tells of itself: its state, its name, and what it has counted."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx

from answers import error, reserve
from rooms import body, some_room
from service import Service


async def counted(http: httpx.AsyncClient, route: str, status: int, method: str = "GET") -> int:
    """How many requests the metrics tell of."""
    text = (await http.get("/metrics")).text
    labels = rf'method="{method}",route="{re.escape(route)}",status="{status}"'
    found = re.search(rf"^holdfast_http_requests_total{{{labels}}} ([0-9.e+]+)$", text, re.MULTILINE)
    return int(float(found[1])) if found else 0


async def until_counted(http: httpx.AsyncClient, requests: int, *about: Any) -> int:
    """As `counted`, once there are so many: a request is counted after its answer."""
    async with asyncio.timeout(15):
        while (found := await counted(http, *about)) < requests:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


@asynccontextmanager
async def away(url: str) -> AsyncIterator[None]:
    """The database cannot be found: it has another name for a while."""
    address, name = url.partition("?")[0].rpartition("/")[::2]
    query = url.partition("?")[2]
    admin = await asyncpg.connect(f"{address}/postgres" + (f"?{query}" if query else ""))
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1"

    async def rename(old: str, new: str) -> None:
        async with asyncio.timeout(10):
            while True:
                await admin.fetch(ended, old)
                try:
                    return await admin.execute(f'ALTER DATABASE "{old}" RENAME TO "{new}"')
                except asyncpg.ObjectInUseError:
                    continue

    try:
        await rename(name, f"{name}_away")
        yield
    finally:
        await rename(f"{name}_away", name)
        await admin.close()


async def test_a_service_in_health_says_so(http: httpx.AsyncClient) -> None:
    answer = await http.get("/health")
    assert answer.status_code == 200
    state = answer.json()
    assert state.keys() == {"status", "version", "dependencies"}
    assert state["status"] in ("ok", "degraded")
    assert state["dependencies"]["database"]["status"] == "ok"
    assert state["dependencies"]["database"]["milliseconds"] >= 0


async def test_health_may_be_asked_with_a_slash(http: httpx.AsyncClient) -> None:
    assert (await http.get("/health/")).status_code == 200


async def test_health_tells_no_address_and_no_password(http: httpx.AsyncClient, database_url: str) -> None:
    text = (await http.get("/health")).text
    assert "postgres" not in text
    assert database_url.rpartition("/")[2] not in text


async def test_the_service_names_itself(http: httpx.AsyncClient) -> None:
    answer = await http.get("/_info")
    assert (answer.status_code, answer.json()["name"]) == (200, "holdfast")


async def test_the_database_may_go_and_come_back(start: Callable[..., Service], fresh_database_url: str) -> None:
    service = start(DATABASE_URL=fresh_database_url, CLAIM_SECONDS_MAX=0.5)
    async with httpx.AsyncClient(base_url=service.url, timeout=30, verify=False) as http:
        room = some_room()
        made = await reserve(http, room, 10, 11)
        async with away(fresh_database_url):
            health = await http.get("/health")
            assert (health.status_code, health.json()["status"]) == (503, "unavailable")
            assert (await http.get("/_info")).status_code == 200
            for answer in (
                await http.post("/reservations", json=body(room, 12, 13)),
                await http.get("/reservations"),
                await http.get(f"/reservations/{room}"),
                await http.get("/places"),
                await http.delete(f"/reservations/{made['id']}"),
            ):
                error(answer, 503, "UNAVAILABLE")
                assert int(answer.headers["retry-after"]) >= 1
        assert (await http.get("/health")).status_code == 200
        assert (await http.get(f"/reservations/{room}")).json() == [made]
        await reserve(http, room, 12, 13)


async def test_metrics_are_text_of_prometheus(http: httpx.AsyncClient) -> None:
    answer = await http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    for line in answer.text.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) .+|[a-z_]+({([a-z_]+="[^"]*",?)*})? [-+0-9.e]+|[a-z_]+.* (NaN|\+Inf)', line)


async def test_requests_are_counted_by_route_and_status(http: httpx.AsyncClient) -> None:
    room = some_room()
    made, refused = ("/reservations", 201, "POST"), ("/reservations", 409, "POST")
    before = await counted(http, *made), await counted(http, *refused)
    for _ in range(3):
        await http.post("/reservations", json=body(room, 10, 11))
    assert await until_counted(http, before[0] + 1, *made) == before[0] + 1
    assert await until_counted(http, before[1] + 2, *refused) == before[1] + 2


async def test_what_clients_think_of_makes_no_new_series(http: httpx.AsyncClient) -> None:
    room, path = some_room(), f"/nowhere/{some_room()}"
    await http.get(f"/reservations/{room}")
    await http.get(path)
    await http.request("BREW", "/health")
    text = (await http.get("/metrics")).text
    assert room not in text
    assert path not in text
    assert "BREW" not in text


async def test_metrics_are_summed_over_workers(start: Callable[..., Service], database_url: str) -> None:
    service = start(DATABASE_URL=database_url, WORKERS=2)
    requests = 40

    async def ask() -> None:
        # A connection of its own, so that either worker may take it.
        async with httpx.AsyncClient(base_url=service.url, timeout=30, verify=False) as http:
            assert (await http.get("/places")).status_code == 200

    await asyncio.gather(*(ask() for _ in range(requests)))
    for _ in range(20):
        # By either worker, all are told of.
        async with httpx.AsyncClient(base_url=service.url, timeout=30, verify=False) as http:
            assert await until_counted(http, requests, "/places", 200) == requests
