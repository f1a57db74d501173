"""Many want the same half hours at the same moment, through both contracts and through several processes."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from offices import DATE, admin, free_slots, open_room, stretch, user
from races.ledger import active_ids, check_promise, statuses
from races.volley import Answer, Shot, volley, volley_from_processes
from service import Service
from tokens import SECRET


@pytest.fixture(scope="module")
def ports(database_url: str) -> Iterator[list[int]]:
    """Two services on one database, the first with two workers."""
    settings = {"DATABASE_URL": database_url, "JWT_SECRET": SECRET}
    with Service(settings | {"WORKERS": 2}) as one, Service(settings) as other:
        yield [one.port, other.port]


@pytest.fixture
async def http(ports: list[int]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service with two workers."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{ports[0]}", timeout=30, verify=False) as client:
        yield client


def book(port: int, slot: str, **more: Any) -> Shot:
    """A request for a slot by a user of its own."""
    return Shot(port, "POST", "/bookings/create", {"slotId": slot} | more, user())


def reserve(port: int, room: str, start: float, end: float) -> Shot:
    """A request for a stretch of a room by a user of its own."""
    return Shot(port, "POST", "/reservations", stretch(room, start, end), user())


def listing(port: int, room: str) -> Shot:
    """A request for the free slots of the day."""
    return Shot(port, "GET", f"/rooms/{room}/slots/list?date={DATE}", None, user())


def bookings(answers: list[Answer]) -> set[UUID]:
    """The ids of the bookings that clients were told they have."""
    return {UUID(each.json["booking"]["id"]) for each in answers if each.status == 201 and "booking" in each.json}


async def test_of_a_hundred_that_want_one_slot_one_gets_it(
    http: httpx.AsyncClient, database_url: str, ports: list[int]
) -> None:
    room = await open_room(http)
    slot = (await free_slots(http, room))[0]["id"]
    answers = volley_from_processes(
        [book(ports[number // 4 % 2], slot, createConferenceLink=number % 3 == 0) for number in range(100)]
    )
    assert statuses(answers) == {201: 1, 409: 99}
    assert {answer.code for answer in answers if answer.status == 409} == {"SLOT_ALREADY_BOOKED"}
    connection = await asyncpg.connect(database_url)
    rows = await connection.fetch("SELECT id FROM reservations WHERE room_id = $1 AND cancelled_at IS NULL", room)
    await connection.close()
    assert {row["id"] for row in rows} == bookings(answers)
    await check_promise(database_url)


async def test_every_slot_of_a_day_goes_to_one_of_many(
    http: httpx.AsyncClient, database_url: str, ports: list[int]
) -> None:
    room = await open_room(http, "00:00", "12:00")
    before = await active_ids(database_url)
    slots = [each["id"] for each in await free_slots(http, room)]
    answers = volley_from_processes([book(ports[number % 2], slots[number % 24]) for number in range(240)])
    assert statuses(answers) == {201: 24, 409: 216}
    assert await active_ids(database_url) - before == bookings(answers)
    assert await free_slots(http, room) == []
    await check_promise(database_url)


@pytest.mark.parametrize("services", [1, 2], ids=["two workers", "two services"])
async def test_slots_and_ranges_of_one_room_exclude_each_other(
    http: httpx.AsyncClient, database_url: str, ports: list[int], services: int
) -> None:
    room = await open_room(http)
    before = await active_ids(database_url)
    slots = [each["id"] for each in await free_slots(http, room)]
    shots = []
    for number in range(60):
        port = ports[number % services]
        shots += [book(port, slots[number % 6]), reserve(port, room, 9 + number % 11 / 4, 9.5 + number % 11 / 4)]
    answers = volley_from_processes(shots)
    assert statuses(answers).keys() == {201, 409}
    told = bookings(answers) | {UUID(each.json["id"]) for each in answers if each.status == 201 and "id" in each.json}
    assert await active_ids(database_url) - before == told
    await check_promise(database_url)


async def test_booking_moving_and_cancelling_at_once_leave_no_overlap(
    http: httpx.AsyncClient, database_url: str, ports: list[int]
) -> None:
    room = await open_room(http)
    slots = [each["id"] for each in await free_slots(http, room)]
    owner = user()
    first = volley([Shot(ports[0], "POST", "/bookings/create", {"slotId": slot}, owner) for slot in slots[:3]])
    shots = []
    for number, answer in enumerate(first):
        booking_id = answer.json["booking"]["id"]
        change = stretch(room, 10.5 + number % 2 / 2, 11 + number % 2 / 2)
        for port in ports:
            shots += [
                Shot(port, "PATCH", f"/reservations/{booking_id}", change, owner),
                Shot(port, "POST", f"/bookings/{booking_id}/cancel", None, owner),
            ]
    shots += [book(ports[number % 2], slots[number % 6]) for number in range(30)]
    answers = volley_from_processes(shots)
    assert statuses(answers).keys() <= {200, 201, 404, 409}
    await check_promise(database_url)


async def test_first_requests_for_a_date_agree_on_its_slots(
    http: httpx.AsyncClient, database_url: str, ports: list[int]
) -> None:
    """Several processes store the same slots at the same moment."""
    rooms = [await open_room(http) for _ in range(4)]
    answers = volley_from_processes([listing(ports[number % 2], rooms[number % 4]) for number in range(64)])
    assert statuses(answers) == {200: 64}
    connection = await asyncpg.connect(database_url)
    for number, room in enumerate(rooms):
        [text] = {answer.text for answer in answers[number::4]}
        listed = {UUID(each["id"]) for each in httpx.Response(200, text=text).json()["slots"]}
        rows = await connection.fetch("SELECT id FROM slots WHERE room_id = $1", UUID(room))
        assert {row["id"] for row in rows} == listed
        assert len(listed) == 6
    await connection.close()


async def test_a_slot_is_never_listed_after_its_201(http: httpx.AsyncClient, ports: list[int]) -> None:
    """Through any worker: the lists are asked for when the 201 is there, on connections opened before it."""
    room = await open_room(http)
    slots = [each["id"] for each in await free_slots(http, room)]
    for slot in slots:
        # Each process has the list as it was.
        volley([listing(ports[number % 2], room) for number in range(12)])
        [made] = volley([book(ports[0], slot)])
        assert made.status == 201
        answers = volley([listing(ports[number % 2], room) for number in range(12)])
        assert statuses(answers) == {200: 12}
        for answer in answers:
            assert slot not in answer.text


async def test_a_list_that_is_being_made_while_slots_are_booked_is_not_kept_too_long(
    http: httpx.AsyncClient, ports: list[int]
) -> None:
    room = await open_room(http)
    slots = [each["id"] for each in await free_slots(http, room)]
    shots = []
    for number in range(48):
        shots += [book(ports[number % 2], slots[number % 6]), listing(ports[number % 2], room)]
    answers = volley_from_processes(shots)
    assert statuses(answers) == {200: 48, 201: 6, 409: 42}
    after = volley([listing(ports[number % 2], room) for number in range(12)])
    assert {answer.text for answer in after} == {'{"slots":[]}'}


async def test_a_schedule_is_made_once_though_many_make_it(
    http: httpx.AsyncClient, database_url: str, ports: list[int]
) -> None:
    room = (await http.post("/rooms/create", json={"name": "Blue"}, headers=admin())).json()["room"]["id"]
    content = {"daysOfWeek": [1, 2, 3], "startTime": "09:00", "endTime": "12:00"}
    path = f"/rooms/{room}/schedule/create"
    answers = volley_from_processes([Shot(ports[number % 2], "POST", path, content, admin()) for number in range(20)])
    assert statuses(answers) == {201: 1, 409: 19}
    assert {answer.code for answer in answers if answer.status == 409} == {"SCHEDULE_EXISTS"}
    await check_promise(database_url)


async def test_a_room_is_made_once_though_its_request_is_sent_often(database_url: str, ports: list[int]) -> None:
    name = str(uuid4())
    headers = admin() | {"Idempotency-Key": "once"}
    answers = volley_from_processes(
        [Shot(ports[number % 2], "POST", "/rooms/create", {"name": name}, headers) for number in range(20)]
    )
    assert statuses(answers) == {201: 20}
    assert len({answer.text for answer in answers}) == 1
    connection = await asyncpg.connect(database_url)
    assert await connection.fetchval("SELECT count(*) FROM rooms WHERE name = $1", name) == 1
    await connection.close()
    await check_promise(database_url)


async def test_retiring_and_booking_at_once_tell_a_story_without_gaps(
    http: httpx.AsyncClient, database_url: str, ports: list[int]
) -> None:
    room = await open_room(http)
    slots = [each["id"] for each in await free_slots(http, room)]
    shots = [book(ports[number % 2], slots[number % 6]) for number in range(24)]
    shots += [Shot(port, "POST", f"/rooms/{room}/retire", None, admin()) for port in ports] * 2
    answers = volley_from_processes(shots)
    assert statuses(answers).keys() <= {200, 201, 409}
    assert {answer.code for answer in answers if answer.status == 409} <= {"SLOT_ALREADY_BOOKED", "ROOM_CLOSED"}
    [late] = volley([book(ports[1], slots[0])])
    assert (late.status, late.code) == (409, "ROOM_CLOSED")
    await check_promise(database_url)
