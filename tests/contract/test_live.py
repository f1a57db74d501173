"""`GET /stream`: live updates as server-sent events."""

import asyncio
import json
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import cast
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from answers import error, faults, reserve
from databases import migrated_database
from listening import Event, NotAdmitted, listening
from messages import change
from offices import booked, free_slots, open_room
from people import signed_in
from redis_server import RedisServer
from rooms import body, some_room
from service import Service
from tokens import SECRET, bearer

SETTINGS = {"JWT_SECRET": SECRET, "WORKERS": 2, "PASSWORD_COST": 4}


@pytest.fixture(scope="module")
def live_by_journal(database_url: str) -> Iterator[Service]:
    """A service with two workers, without Redis."""
    with Service(SETTINGS | {"DATABASE_URL": database_url}) as service:
        yield service


@pytest.fixture(scope="module")
async def other_database_url() -> AsyncIterator[str]:
    """A database of the service with Redis: one relay publishes what is in a database."""
    async with migrated_database() as url:
        yield url


@pytest.fixture(scope="module")
def live_by_redis(other_database_url: str, redis_server: RedisServer) -> Iterator[Service]:
    """A service with two workers and Redis."""
    redis = {"REDIS_URL": redis_server.url, "STREAM": f"live-{uuid4()}"}
    with Service(SETTINGS | {"DATABASE_URL": other_database_url} | redis) as service:
        yield service


@pytest.fixture(params=["journal", "redis"])
def way(request: pytest.FixtureRequest) -> str:
    """How a listener's messages come."""
    return str(request.param)


@pytest.fixture
def live(request: pytest.FixtureRequest, way: str) -> Service:
    """One of the two. They are there for all tests: in any order, each is started once."""
    return cast("Service", request.getfixturevalue(f"live_by_{way}"))


@pytest.fixture
def live_url(request: pytest.FixtureRequest, way: str) -> str:
    """The address of its database."""
    return str(request.getfixturevalue("database_url" if way == "journal" else "other_database_url"))


@pytest.fixture
async def client(live: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A client of that service."""
    async with httpx.AsyncClient(base_url=live.url, timeout=30, verify=False) as client:
        yield client


async def heard(client: httpx.AsyncClient, count: int, room: str, **more: str) -> list[Event]:
    """What a listener to a room hears that has heard nothing yet, since messages are kept."""
    async with listening(client, place=f"room:{room}", after=more.pop("after", "0-0"), **more) as listener:
        return await listener.take(count)


async def test_a_listener_hears_of_a_reservations_life(client: httpx.AsyncClient) -> None:
    room = some_room()
    async with listening(client, place=f"room:{room}") as listener:
        made = await reserve(client, room, 10, 11)
        await client.patch(f"/reservations/{made['id']}", json={"end_time": body(room, 10, 12)["end_time"]})
        await client.delete(f"/reservations/{made['id']}")
        events = await listener.take(3)
    assert [event.type for event in events] == ["reservation.created", "reservation.moved", "reservation.cancelled"]
    first = events[0].data
    assert list(first) == ["id", "type", "place", "occurred_at", "data"]
    assert (first["type"], first["place"]) == ("reservation.created", f"room:{room}")
    assert first["data"] == {
        "id": made["id"],
        "kind": "room",
        "room_id": room,
        "start_time": made["start_time"],
        "end_time": made["end_time"],
    }


async def test_a_listener_hears_of_a_hold_and_until_when_it_is_one_but_not_whose(client: httpx.AsyncClient) -> None:
    room, me = some_room(), UUID(int=uuid4().int)
    async with listening(client, place=f"room:{room}") as listener:
        answer = await client.post("/reservations", json=body(room, 10, 11) | {"hold_seconds": 60}, headers=bearer(me))
        held = answer.json()
        await client.delete(f"/reservations/{held['id']}", headers=bearer(me))
        events = await listener.take(2)
    assert [event.type for event in events] == ["reservation.held", "reservation.released"]
    usual = {name: held[name] for name in ("id", "room_id", "start_time", "end_time")} | {"kind": "room"}
    assert events[0].data["data"] == usual | {"expires_at": held["expires_at"]}
    assert events[1].data["data"] == usual
    [mine] = await heard(client, 1, room, headers=bearer(me))  # type: ignore[arg-type]
    assert mine.data["data"]["user_id"] == str(me)


async def test_it_is_a_stream_of_events_that_nobody_keeps(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/stream") as response:
        assert response.headers["content-type"] == "text/event-stream"
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-request-id"]
        assert "content-length" not in response.headers


async def test_only_the_head_of_it_can_be_asked_for(client: httpx.AsyncClient) -> None:
    answer = await client.head("/stream")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")


async def test_a_listener_to_some_places_and_types_hears_nothing_else(client: httpx.AsyncClient) -> None:
    one, two, other = some_room(), some_room(), some_room()
    query = {"place": [f"room:{one}", f"room:{two}"], "type": ["reservation.cancelled", "room.created"]}
    async with listening(client, **query) as listener:
        for room in (other, one, two):
            made = await reserve(client, room, 10, 11)
            await client.delete(f"/reservations/{made['id']}")
        events = await listener.take(2)
    assert {(event.type, event.data["place"]) for event in events} == {
        ("reservation.cancelled", f"room:{one}"),
        ("reservation.cancelled", f"room:{two}"),
    }


async def test_who_names_no_place_hears_of_all(client: httpx.AsyncClient) -> None:
    rooms = {f"room:{some_room()}" for _ in range(3)}
    async with listening(client) as listener:
        for room in rooms:
            await reserve(client, room.removeprefix("room:"), 10, 11)
        events = await listener.take(3)
    assert {event.data["place"] for event in events} == rooms


async def test_a_room_may_be_written_as_its_calls_take_it(client: httpx.AsyncClient) -> None:
    room = uuid4()
    async with listening(client, place=f"room:{room.hex.upper()}") as listener:
        await reserve(client, str(room), 10, 11)
        [event] = await listener.take(1)
    assert event.data["data"]["room_id"] == str(room)


async def test_a_listener_resumes_after_the_last_event_that_it_has_seen(client: httpx.AsyncClient) -> None:
    room = some_room()
    made = [await reserve(client, room, hour, hour + 1) for hour in range(5)]
    events = await heard(client, 5, room)
    assert [event.data["data"]["id"] for event in events] == [each["id"] for each in made]
    again = await heard(client, 3, room, after=events[1].id)
    assert again == events[2:]


async def test_who_resumes_misses_nothing_that_comes_meanwhile(client: httpx.AsyncClient) -> None:
    room = some_room()
    await reserve(client, room, 0, 1)
    [first] = await heard(client, 1, room)
    made = asyncio.create_task(_keep_reserving(client, room, 40))
    seen, last = [], first.id
    while len(seen) < 40:
        # Again and again, in the middle of it.
        events = await heard(client, min(3, 40 - len(seen)), room, after=last)
        seen += [event.data["data"]["id"] for event in events]
        last = events[-1].id
    assert seen == await made


async def _keep_reserving(client: httpx.AsyncClient, room: str, count: int) -> list[str]:
    return [(await reserve(client, room, hour, hour + 1))["id"] for hour in range(1, count + 1)]


@pytest.mark.parametrize("strange", ["abc", "99999999999999-0"])
async def test_resuming_from_what_is_no_id_begins_with_now(client: httpx.AsyncClient, strange: str) -> None:
    room = some_room()
    async with listening(client, place=f"room:{room}", after=strange) as listener:
        made = await reserve(client, room, 11, 12)
        [event] = await listener.take(1)
        assert event.data["data"]["id"] == made["id"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"place": "blue"}, "place"),
        ({"place": "room:"}, "place"),
        ({"place": "car:blue"}, "place"),
        ({"place": "room:a\x00"}, "place"),
        ({"place": ["room:a"] * 101}, "place"),
        ({"type": "created"}, "type"),
        ({"type": ""}, "type"),
    ],
)
async def test_what_cannot_be_listened_to_is_refused(
    client: httpx.AsyncClient, query: dict[str, str], field: str
) -> None:
    assert faults(await client.get("/stream", params=query)) == {field}


async def test_strangers_are_not_told_whose_a_reservation_is(client: httpx.AsyncClient) -> None:
    owner, room = uuid4(), some_room()
    await reserve(client, room, 10, 11, headers=bearer(owner))
    for headers, told in (
        ({}, None),
        (bearer(), None),
        (bearer(owner), str(owner)),
        (bearer(role="admin"), str(owner)),
    ):
        async with listening(client, place=f"room:{room}", after="0-0", headers=headers) as listener:
            [event] = await listener.take(1)
        assert event.data["data"].get("user_id") == told


async def test_nobody_is_told_a_conference_link(client: httpx.AsyncClient) -> None:
    room = await open_room(client)
    [slot, *_] = await free_slots(client, room)
    await booked(client, slot["id"], bearer(), createConferenceLink=True)
    async with listening(client, place=f"room:{room}", after="0-0", headers=bearer(role="admin")) as listener:
        events = await listener.take(3)
    assert [event.type for event in events] == ["room.created", "schedule.created", "reservation.created"]
    assert "link" not in json.dumps([event.data for event in events])


async def test_each_change_is_heard_through_every_worker(client: httpx.AsyncClient, live: Service) -> None:
    """Each connection may be another worker's; eight of them are not all of one."""
    room = some_room()

    async def hear() -> str:
        async with (
            httpx.AsyncClient(base_url=live.url, timeout=30, verify=False) as own,
            listening(own, place=f"room:{room}") as listener,
        ):
            ready.release()
            [event] = await listener.take(1)
            return str(event.data["data"]["id"])

    ready = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(hear()) for _ in range(8)]
    for _ in tasks:
        await ready.acquire()
    made = await reserve(client, room, 10, 11)
    assert await asyncio.gather(*tasks) == [made["id"]] * 8


async def test_listeners_are_told_the_end_when_the_service_stops(
    database_url: str, start: Callable[..., Service]
) -> None:
    service = start(DATABASE_URL=database_url, SHUTDOWN_SECONDS_MAX=60)
    async with (
        httpx.AsyncClient(base_url=service.url, timeout=30, verify=False) as client,
        listening(client) as listener,
    ):
        began = time.monotonic()
        assert service.process is not None
        service.process.send_signal(signal.SIGTERM)
        assert await listener.next() is None
        await asyncio.to_thread(service.process.wait, 60)
        assert time.monotonic() - began < 30


async def heard_if_admitted(client: httpx.AsyncClient, count: int, room: str) -> list[Event] | None:
    """The first events of a room; `None` where nobody else may listen yet."""
    try:
        return await heard(client, count, room)
    except NotAdmitted:
        return None


async def admitted(client: httpx.AsyncClient) -> None:
    """Returns when one more may listen."""
    async with asyncio.timeout(30):
        while True:
            async with client.stream("GET", "/stream") as response:
                if response.status_code == 200:
                    return


async def test_no_more_listen_than_may(database_url: str, start: Callable[..., Service]) -> None:
    service = start(DATABASE_URL=database_url, LISTENERS_MAX=1, DEFAULT_LANGUAGE="en")
    async with httpx.AsyncClient(base_url=service.url, timeout=30, verify=False) as client:
        async with listening(client):
            error(await client.get("/stream"), 503, "UNAVAILABLE")
        # Who has left makes room at once.
        await admitted(client)


async def test_with_tokens_only_nobody_listens_without_one(guarded: httpx.AsyncClient) -> None:
    error(await guarded.get("/stream"), 401, "UNAUTHORIZED")
    async with listening(guarded, headers=bearer()):
        pass


async def test_a_listener_who_does_not_read_is_cut_off_and_may_resume(
    database_url: str, start: Callable[..., Service]
) -> None:
    service = start(DATABASE_URL=database_url, LISTENERS_MAX=1)
    room = some_room()
    with socket.create_connection(("127.0.0.1", service.port)) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(f"GET /stream?place=room:{room} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        while b"listening" not in deaf.recv(4096):
            pass
        connection = await asyncpg.connect(database_url)
        written = await _flood(connection, room, 20_000)
        await connection.close()
        async with httpx.AsyncClient(base_url=service.url, timeout=30, verify=False) as client:
            async with asyncio.timeout(60):
                while (events := await heard_if_admitted(client, 10, room)) is None:
                    pass
    assert [UUID(event.data["id"]) for event in events] == written[:10]


FLOOD = """
INSERT INTO outbox (place, revision, id, type, occurred_at, data)
SELECT $1, n, u.id, 'reservation.created', now(), jsonb_build_object('name', repeat('x', 500))
FROM unnest($2::uuid[]) WITH ORDINALITY AS u (id, n)
"""


async def _flood(connection: "asyncpg.Connection", room: str, count: int) -> list[UUID]:
    """More messages of a room than the buffers between us hold; their ids."""
    ids = [uuid4() for _ in range(count)]
    await connection.execute(FLOOD, f"room:{room}", ids)
    return ids


async def test_what_was_rolled_back_is_never_heard(client: httpx.AsyncClient, live_url: str) -> None:
    room = some_room()
    connection = await asyncpg.connect(live_url)
    async with listening(client, place=f"room:{room}") as listener:
        transaction = connection.transaction()
        await transaction.start()
        await change(connection, room)
        await transaction.rollback()
        written = await change(connection, room)
        [event] = await listener.take(1)
    await connection.close()
    assert UUID(event.data["id"]) == written


async def test_a_disabled_account_hears_no_more(client: httpx.AsyncClient) -> None:
    user, token = await signed_in(client)
    async with listening(client, place="room:silent", headers=token) as listener:
        answer = await client.patch(f"/users/{user['id']}", json={"disabled": True}, headers=bearer(role="admin"))
        assert answer.status_code == 200, answer.text
        assert await listener.next() is None
