"""The network eats the commit of a change of a place itself, or the answer to it: the client is told the truth."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, NamedTuple
from uuid import uuid4

import asyncpg
import httpx
import pytest

from offices import admin, made_room
from races.proxy import Fate, Proxy
from service import Service
from tokens import SECRET

LOST = [Fate.ANSWER_LOST, Fate.ANSWER_CUT, Fate.COMMIT_LOST, Fate.COMMIT_CUT]
HOURS = {"daysOfWeek": [1, 2], "startTime": "09:00", "endTime": "12:00"}
TABLE = {"seats": 4, "location": "window"}


class Act(NamedTuple):
    """What somebody asks for: method, path, content; what says that it is done, and the status that does."""

    method: str
    path: str
    content: dict[str, Any] | None
    status: int
    done: str


async def a_room(http: httpx.AsyncClient) -> Act:
    name = str(uuid4())
    return Act("POST", "/rooms/create", {"name": name}, 201, f"SELECT count(*) FROM rooms WHERE name = '{name}'")


async def a_schedule(http: httpx.AsyncClient) -> Act:
    room = await made_room(http)
    done = f"SELECT count(*) FROM schedules WHERE room_id = '{room}'"
    return Act("POST", f"/rooms/{room}/schedule/create", HOURS, 201, done)


async def a_retirement(http: httpx.AsyncClient) -> Act:
    room = await made_room(http)
    done = f"SELECT count(*) FROM rooms WHERE id = '{room}' AND retired_at IS NOT NULL"
    return Act("POST", f"/rooms/{room}/retire", None, 200, done)


async def a_table(http: httpx.AsyncClient) -> Act:
    name = str(uuid4())
    return Act("POST", "/tables", TABLE | {"name": name}, 201, f"SELECT count(*) FROM tables WHERE name = '{name}'")


async def a_deletion(http: httpx.AsyncClient) -> Act:
    made = await http.post("/tables", json=TABLE | {"name": str(uuid4())}, headers=admin())
    table = made.json()["id"]
    done = f"SELECT count(*) FROM outbox WHERE place = 'table:{table}' AND type = 'table.deleted'"
    return Act("DELETE", f"/tables/{table}", None, 204, done)


async def an_event(http: httpx.AsyncClient) -> Act:
    name = str(uuid4())
    done = f"SELECT count(*) FROM events WHERE name = '{name}'"
    return Act("POST", "/api/events", {"name": name, "total_seats": 3}, 201, done)


async def more_seats(http: httpx.AsyncClient) -> Act:
    made = await http.post("/api/events", json={"name": "concert", "total_seats": 3}, headers=admin())
    event = made.json()["id"]
    done = f"SELECT count(*) FROM events WHERE id = {event} AND total_seats = 5 AND revision = 2"
    return Act("PATCH", f"/api/events/{event}", {"total_seats": 5}, 200, done)


ACTS = [a_room, a_schedule, a_retirement, a_table, a_deletion, an_event, more_seats]


@pytest.fixture(scope="module")
def proxy(database_url: str) -> Iterator[Proxy]:
    """What stands between the service and that database."""
    with Proxy(database_url) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def service(proxy: Proxy) -> Iterator[Service]:
    """A service that reaches its database through the proxy only, and sends nothing by itself."""
    settings = {"DATABASE_URL": proxy.url, "RELAY": "false", "JWT_SECRET": SECRET, "RATE_LIMIT_MAX": 0}
    with Service(settings) as service:
        yield service


@pytest.mark.parametrize("fate", LOST)
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
async def test_a_change_of_a_place_is_made_once_and_told(
    connection: "asyncpg.Connection",
    http: httpx.AsyncClient,
    proxy: Proxy,
    act: Callable[[httpx.AsyncClient], Awaitable[Act]],
    fate: Fate,
) -> None:
    method, path, content, status, done = await act(http)
    proxy.lose(fate)
    async with asyncio.timeout(30):
        answer = await http.request(method, path, json=content, headers=admin())
    assert answer.status_code == status, answer.text
    assert proxy.committed.is_set() == (fate in {Fate.ANSWER_LOST, Fate.ANSWER_CUT})
    assert await connection.fetchval(done) == 1
