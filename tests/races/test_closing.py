"""A place is closed between somebody's look and their write: what was decided before is refused then.

The order is made, not hoped for. A connection of the test holds the place's lock: whoever has looked and wants to write
waits behind it, and so does whoever closes the place, each in their turn.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import httpx
import pytest

from messages import RAISE, WRITE
from offices import DATE, admin, free_slots, made_room, open_room, schedule, stretch, user
from races.ledger import check_promise
from races.locks import somebody_waits
from rooms import hour, some_room
from seats import check_seats, make_event
from service import Service
from tokens import SECRET

# Long enough for a machine that does much else.
PATIENCE = {"LOCK_SECONDS_MAX": 60, "STATEMENT_SECONDS_MAX": 60, "CLAIM_SECONDS_MAX": 60}
WAIT_SECONDS_MAX = 30.0
CLOSE = "UPDATE places SET closed_at = now() WHERE place = $1"
LEFT = "SELECT count(*) FROM reservations WHERE place = $1 AND cancelled_at IS NULL"


@pytest.fixture(scope="module")
def url(database_url: str) -> str:
    """A database of these tests alone."""
    return database_url


@pytest.fixture(scope="module")
def services(url: str) -> Iterator[list[Service]]:
    """Two services on it: who closes comes through the one, who books through the other."""
    settings = {"DATABASE_URL": url, "JWT_SECRET": SECRET, "RATE_LIMIT_MAX": 0} | PATIENCE
    with Service(settings) as one, Service(settings) as other:
        yield [one, other]


@pytest.fixture
async def closing(services: list[Service]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the first."""
    async with httpx.AsyncClient(base_url=services[0].url, timeout=90, verify=False) as client:
        yield client


@pytest.fixture
async def http(services: list[Service]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the second."""
    async with httpx.AsyncClient(base_url=services[1].url, timeout=90, verify=False) as client:
        yield client


class Wish(NamedTuple):
    """Somebody wants a place that is about to be closed."""

    place: str
    ask: Callable[[], Awaitable[httpx.Response]]


async def of_a_range(http: httpx.AsyncClient) -> Wish:
    room = await open_room(http)
    return Wish(f"room:{room}", lambda: http.post("/reservations", json=stretch(room, 9, 10), headers=user()))


async def of_a_slot(http: httpx.AsyncClient, **more: Any) -> Wish:
    room = await open_room(http)
    slot = (await free_slots(http, room, DATE))[0]["id"]
    return Wish(f"room:{room}", lambda: http.post("/bookings/create", json={"slotId": slot} | more, headers=user()))


async def of_a_slot_with_a_key(http: httpx.AsyncClient) -> Wish:
    room = await open_room(http)
    slot = (await free_slots(http, room, DATE))[0]["id"]
    headers = user() | {"Idempotency-Key": "once"}
    return Wish(f"room:{room}", lambda: http.post("/bookings/create", json={"slotId": slot}, headers=headers))


async def of_a_move_into_it(http: httpx.AsyncClient) -> Wish:
    room, who = await open_room(http), user()
    made = await http.post("/reservations", json=stretch(some_room(), 9, 10), headers=who)
    path = f"/reservations/{made.json()['id']}"
    return Wish(f"room:{room}", lambda: http.patch(path, json={"room_id": room}, headers=who))


async def of_a_move_within_it(http: httpx.AsyncClient) -> Wish:
    room, who = await open_room(http), user()
    made = await http.post("/reservations", json=stretch(room, 9, 10), headers=who)
    times = {name: value for name, value in stretch(room, 10, 11).items() if name != "room_id"}
    return Wish(f"room:{room}", lambda: http.patch(f"/reservations/{made.json()['id']}", json=times, headers=who))


def evening(table: int) -> dict[str, Any]:
    """A request for a table."""
    return {"table_id": table, "customer_name": "A", "reservation_time": hour(19).isoformat(), "duration_minutes": 90}


async def new_table(http: httpx.AsyncClient) -> int:
    fields = {"name": "a", "seats": 4, "location": "b"}
    return int((await http.post("/tables", json=fields, headers=admin())).json()["id"])


async def of_a_table(http: httpx.AsyncClient) -> Wish:
    table = await new_table(http)
    return Wish(f"table:{table}", lambda: http.post("/reservations", json=evening(table), headers=user()))


async def of_a_move_to_a_table(http: httpx.AsyncClient) -> Wish:
    before, table, who = await new_table(http), await new_table(http), user()
    made = await http.post("/reservations", json=evening(before), headers=who)
    path = f"/reservations/{made.json()['id']}"
    return Wish(f"table:{table}", lambda: http.patch(path, json={"table_id": table}, headers=who))


async def of_a_slot_with_a_link(http: httpx.AsyncClient) -> Wish:
    return await of_a_slot(http, createConferenceLink=True)


ROOM_WISHES = (
    of_a_range,
    of_a_slot,
    of_a_slot_with_a_key,
    of_a_slot_with_a_link,
    of_a_move_into_it,
    of_a_move_within_it,
)
TABLE_WISHES = (of_a_table, of_a_move_to_a_table)
GONE = {"room": (409, "ROOM_CLOSED"), "table": (404, "TABLE_NOT_FOUND")}


@asynccontextmanager
async def held(url: str, place: str) -> AsyncIterator["asyncpg.Connection"]:
    """The place's lock in the hands of a connection, until the block ends."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT FROM places WHERE place = $1 FOR UPDATE", place)
            yield connection
    finally:
        await connection.close()


def told(answer: httpx.Response) -> tuple[int, str]:
    """The status of an answer, and the code of a refusal."""
    return answer.status_code, answer.json()["error"]["code"] if answer.status_code >= 400 else ""


@pytest.mark.parametrize("wish", ROOM_WISHES + TABLE_WISHES, ids=lambda wish: wish.__name__)
async def test_what_was_decided_before_its_place_was_closed_is_refused(
    http: httpx.AsyncClient, url: str, wish: Callable[[httpx.AsyncClient], Awaitable[Wish]]
) -> None:
    place, ask = await wish(http)
    kind, _, place_id = place.partition(":")
    async with held(url, place) as connection:
        before = await connection.fetchval(LEFT, place)
        asked = asyncio.create_task(ask())  # type: ignore[arg-type]
        await somebody_waits(connection, WAIT_SECONDS_MAX)
        # As the engine closes a place: with a revision that is raised, and its message.
        await connection.execute(CLOSE, place)
        revision = await connection.fetchval(RAISE, place)
        await connection.execute(WRITE, place, revision, UUID(int=revision), f"{kind}.closed", place_id)
    assert told(await asked) == GONE[kind]
    connection = await asyncpg.connect(url)
    assert await connection.fetchval(LEFT, place) == before
    await connection.close()
    await check_promise(url)


@pytest.mark.parametrize("wish", ROOM_WISHES, ids=lambda wish: wish.__name__)
async def test_what_was_decided_before_its_room_was_retired_is_refused(
    http: httpx.AsyncClient, closing: httpx.AsyncClient, url: str, wish: Callable[[httpx.AsyncClient], Awaitable[Wish]]
) -> None:
    place, ask = await wish(http)
    async with held(url, place) as connection:
        before = await connection.fetchval(LEFT, place)
        retiring = asyncio.create_task(closing.post(f"/rooms/{place[5:]}/retire", headers=admin()))
        await somebody_waits(connection, WAIT_SECONDS_MAX)
        # Whoever comes now still finds the room open, and is the next to have the lock.
        asked = asyncio.create_task(ask())  # type: ignore[arg-type]
        await somebody_waits(connection, WAIT_SECONDS_MAX, sessions=2)
    assert (await retiring).status_code == 200
    assert told(await asked) == GONE["room"]
    connection = await asyncpg.connect(url)
    assert await connection.fetchval(LEFT, place) == before
    await connection.close()
    await check_promise(url)


@pytest.mark.parametrize("wish", TABLE_WISHES, ids=lambda wish: wish.__name__)
async def test_what_was_decided_before_its_table_was_deleted_is_refused(
    http: httpx.AsyncClient, closing: httpx.AsyncClient, url: str, wish: Callable[[httpx.AsyncClient], Awaitable[Wish]]
) -> None:
    place, ask = await wish(http)
    async with held(url, place) as connection:
        deleting = asyncio.create_task(closing.delete(f"/tables/{place[6:]}", headers=admin()))
        await somebody_waits(connection, WAIT_SECONDS_MAX)
        asked = asyncio.create_task(ask())  # type: ignore[arg-type]
        await somebody_waits(connection, WAIT_SECONDS_MAX, sessions=2)
    assert (await deleting).status_code == 204
    assert told(await asked) == GONE["table"]
    connection = await asyncpg.connect(url)
    assert await connection.fetchval(LEFT, place) == 0
    # The place itself says so as well, whatever becomes of the row of the table.
    assert await connection.fetchval("SELECT closed_at IS NOT NULL FROM places WHERE place = $1", place)
    await connection.close()
    await check_promise(url)


@pytest.mark.parametrize("wish", TABLE_WISHES, ids=lambda wish: wish.__name__)
async def test_a_table_that_was_reserved_while_its_deletion_waited_stays(
    http: httpx.AsyncClient, closing: httpx.AsyncClient, url: str, wish: Callable[[httpx.AsyncClient], Awaitable[Wish]]
) -> None:
    place, ask = await wish(http)
    async with held(url, place) as connection:
        asked = asyncio.create_task(ask())  # type: ignore[arg-type]
        await somebody_waits(connection, WAIT_SECONDS_MAX)
        deleting = asyncio.create_task(closing.delete(f"/tables/{place[6:]}", headers=admin()))
        await somebody_waits(connection, WAIT_SECONDS_MAX, sessions=2)
    assert (await asked).status_code in (200, 201)
    assert told(await deleting) == (409, "TABLE_HAS_RESERVATIONS")
    await check_promise(url)


@pytest.mark.parametrize("wish", [of_a_range, of_a_slot, of_a_move_into_it], ids=lambda wish: wish.__name__)
async def test_what_is_asked_after_a_room_was_retired_is_refused_by_the_engine_too(
    http: httpx.AsyncClient, closing: httpx.AsyncClient, url: str, wish: Callable[[httpx.AsyncClient], Awaitable[Wish]]
) -> None:
    """The rules are not the last to be asked: the place itself says that it is closed."""
    place, ask = await wish(http)
    assert (await closing.post(f"/rooms/{place[5:]}/retire", headers=admin())).status_code == 200
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT closed_at IS NOT NULL FROM places WHERE place = $1", place)
    # As the rules would see it who had looked before.
    await connection.execute("UPDATE rooms SET retired_at = NULL WHERE id = $1", UUID(place[5:]))
    assert told(await ask()) == GONE["room"]
    await connection.execute("UPDATE rooms SET retired_at = now() WHERE id = $1", UUID(place[5:]))
    await connection.close()


async def test_a_schedule_is_refused_whose_room_was_retired_while_it_waited(
    http: httpx.AsyncClient, closing: httpx.AsyncClient, url: str
) -> None:
    room = await made_room(http)
    async with held(url, f"room:{room}") as connection:
        retiring = asyncio.create_task(closing.post(f"/rooms/{room}/retire", headers=admin()))
        await somebody_waits(connection, WAIT_SECONDS_MAX)
        making = asyncio.create_task(schedule(http, room))
        await somebody_waits(connection, WAIT_SECONDS_MAX, sessions=2)
    assert (await retiring).status_code == 200
    assert told(await making) == (409, "ROOM_CLOSED")
    await check_promise(url)


async def test_of_two_schedules_that_wait_for_one_room_the_second_is_refused(
    http: httpx.AsyncClient, closing: httpx.AsyncClient, url: str
) -> None:
    room = await made_room(http)
    async with held(url, f"room:{room}") as connection:
        first = asyncio.create_task(schedule(closing, room, "09:00", "10:00"))
        await somebody_waits(connection, WAIT_SECONDS_MAX)
        second = asyncio.create_task(schedule(http, room, "11:00", "13:00"))
        await somebody_waits(connection, WAIT_SECONDS_MAX, sessions=2)
    assert told(await first) == (201, "")
    assert told(await second) == (409, "SCHEDULE_EXISTS")
    assert len(await free_slots(http, room)) == 2
    await check_promise(url)


@asynccontextmanager
async def event_held(url: str, event: int) -> AsyncIterator["asyncpg.Connection"]:
    """The event's lock in the hands of a connection, until the block ends."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT FROM events WHERE id = $1 FOR UPDATE", event)
            yield connection
    finally:
        await connection.close()


async def seated(http: httpx.AsyncClient, event: int, person: str) -> httpx.Response:
    """The answer to somebody who wants a seat."""
    return await http.post("/api/bookings/reserve", json={"event_id": event, "user_id": person})


async def with_seats(http: httpx.AsyncClient, event: int, seats: int) -> httpx.Response:
    """The answer to an admin who gives an event so many seats."""
    return await http.patch(f"/api/events/{event}", json={"total_seats": seats}, headers=admin())


async def event_with_one(http: httpx.AsyncClient, url: str) -> int:
    """An event with two seats, one of them booked."""
    connection = await asyncpg.connect(url)
    event = await make_event(connection, 2)
    await connection.close()
    assert (await seated(http, event, "anna")).status_code == 201
    return event


async def test_a_seat_that_is_taken_away_before_it_is_written_is_not_given(
    http: httpx.AsyncClient, closing: httpx.AsyncClient, url: str
) -> None:
    event = await event_with_one(http, url)
    async with event_held(url, event) as connection:
        changing = asyncio.create_task(with_seats(closing, event, 1))
        await somebody_waits(connection, WAIT_SECONDS_MAX)
        booking = asyncio.create_task(seated(http, event, "boris"))
        await somebody_waits(connection, WAIT_SECONDS_MAX, sessions=2)
    assert (await changing).status_code == 200
    assert told(await booking) == (409, "EVENT_FULL")
    await check_seats(url)


async def test_a_seat_that_was_booked_while_its_change_waited_is_not_taken_away(
    http: httpx.AsyncClient, closing: httpx.AsyncClient, url: str
) -> None:
    event = await event_with_one(http, url)
    async with event_held(url, event) as connection:
        booking = asyncio.create_task(seated(http, event, "boris"))
        await somebody_waits(connection, WAIT_SECONDS_MAX)
        changing = asyncio.create_task(with_seats(closing, event, 1))
        await somebody_waits(connection, WAIT_SECONDS_MAX, sessions=2)
    assert (await booking).status_code == 201
    assert told(await changing) == (409, "SEATS_ALREADY_BOOKED")
    await check_seats(url)
