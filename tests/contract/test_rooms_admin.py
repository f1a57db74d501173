"""Managed rooms and their schedules: making, listing, retiring."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from answers import NOBODYS_ID, error, faults
from offices import (
    DATE,
    admin,
    ask_slots,
    book,
    booked,
    free_slots,
    made_room,
    my_bookings,
    open_room,
    schedule,
    starts,
    stretch,
    user,
)

HOURS: dict[str, Any] = {"daysOfWeek": [1], "startTime": "09:00", "endTime": "10:00"}


async def listed(http: httpx.AsyncClient) -> list[dict[str, Any]]:
    answer = await http.get("/rooms/list", headers=user())
    assert (answer.status_code, answer.json().keys()) == (200, {"rooms"})
    return list(answer.json()["rooms"])


async def create(http: httpx.AsyncClient, content: Any, **headers: str) -> httpx.Response:
    return await http.post("/rooms/create", json=content, headers=admin() | headers)


async def test_a_room_is_what_was_asked_for(http: httpx.AsyncClient) -> None:
    answer = await create(http, {"name": "Blue", "description": "By the\nwindow", "capacity": 8})
    assert answer.status_code == 201
    room = answer.json()["room"]
    assert room.keys() == {"id", "name", "description", "capacity", "createdAt"}
    assert (room["name"], room["description"], room["capacity"]) == ("Blue", "By the\nwindow", 8)
    assert UUID(room["id"])
    assert room["createdAt"].endswith("Z")


async def test_what_a_room_has_not_is_null(http: httpx.AsyncClient) -> None:
    for content in ({"name": "Bare"}, {"name": "Bare", "description": None, "capacity": None}):
        room = (await create(http, content)).json()["room"]
        assert (room["description"], room["capacity"]) == (None, None)


async def test_unknown_fields_of_a_room_are_ignored(http: httpx.AsyncClient) -> None:
    content = {"name": "Blue", "id": str(uuid4()), "createdAt": "x"}
    assert (await create(http, content)).json()["room"]["id"] != content["id"]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({}, {"name"}),
        ({"name": ""}, {"name"}),
        ({"name": None}, {"name"}),
        ({"name": 7}, {"name"}),
        ({"name": "x" * 256}, {"name"}),
        ({"name": "a\u0000b"}, {"name"}),
        ({"name": "Blue", "capacity": 0}, {"capacity"}),
        ({"name": "Blue", "capacity": -1}, {"capacity"}),
        ({"name": "Blue", "capacity": 1.5}, {"capacity"}),
        ({"name": "Blue", "capacity": "8"}, {"capacity"}),
        ({"name": "Blue", "capacity": 10**30}, {"capacity"}),
        ({"name": "Blue", "description": "a\u0000b"}, {"description"}),
        ({"name": "Blue", "description": "x" * 2_001}, {"description"}),
        ({"name": "Blue", "description": 7}, {"description"}),
        ({"name": 7, "capacity": 0, "description": 7}, {"name", "capacity", "description"}),
    ],
)
async def test_an_impossible_room_is_refused(http: httpx.AsyncClient, content: Any, named: set[str]) -> None:
    assert faults(await create(http, content)) == named


@pytest.mark.parametrize("content", [b"{", b"[]", b"", b"\xff", b'"x"'])
async def test_a_body_that_is_no_object_is_refused(http: httpx.AsyncClient, content: bytes) -> None:
    headers = admin() | {"Content-Type": "application/json"}
    error(await http.post("/rooms/create", content=content, headers=headers), 400, "INVALID_REQUEST")


async def test_rooms_are_listed_in_the_order_in_which_they_were_made(http: httpx.AsyncClient) -> None:
    ids = [await made_room(http) for _ in range(3)]
    assert [each["id"] for each in await listed(http) if each["id"] in ids] == ids


async def test_a_listed_room_reads_as_when_it_was_made(http: httpx.AsyncClient) -> None:
    room = (await create(http, {"name": "Blue", "capacity": 8})).json()["room"]
    assert room in await listed(http)


async def test_an_admin_may_list_rooms_and_slots(http: httpx.AsyncClient) -> None:
    room = await open_room(http)
    assert (await http.get("/rooms/list", headers=admin())).status_code == 200
    assert (await ask_slots(http, room, headers=admin())).status_code == 200


async def test_a_managed_room_has_its_name_among_the_places(http: httpx.AsyncClient) -> None:
    room = (await create(http, {"name": "The blue one"})).json()["room"]
    places: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 500}
    while True:
        page = (await http.get("/places", params=query)).json()
        places += page["items"]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert {"kind": "room", "id": room["id"], "name": "The blue one", "revision": 1} in places


async def test_a_schedule_is_what_was_asked_for(http: httpx.AsyncClient) -> None:
    room = await made_room(http)
    answer = await schedule(http, room, "9:00", "18:30", [5, 1, 5, 3])
    assert (answer.status_code, answer.json().keys()) == (201, {"schedule"})
    found = answer.json()["schedule"]
    assert UUID(found.pop("id"))
    assert found == {"roomId": room, "daysOfWeek": [1, 3, 5], "startTime": "09:00", "endTime": "18:30"}


async def test_the_path_says_which_room_whatever_the_body_says(http: httpx.AsyncClient) -> None:
    room = await made_room(http)
    content = HOURS | {"roomId": str(uuid4()), "id": str(uuid4())}
    answer = await http.post(f"/rooms/{room}/schedule/create", json=content, headers=admin())
    assert answer.json()["schedule"]["roomId"] == room


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"daysOfWeek": []}, {"daysOfWeek"}),
        ({"daysOfWeek": [0]}, {"daysOfWeek"}),
        ({"daysOfWeek": [8]}, {"daysOfWeek"}),
        ({"daysOfWeek": [1, 1.5]}, {"daysOfWeek"}),
        ({"daysOfWeek": ["1"]}, {"daysOfWeek"}),
        ({"daysOfWeek": [True]}, {"daysOfWeek"}),
        ({"daysOfWeek": 1}, {"daysOfWeek"}),
        ({"daysOfWeek": None}, {"daysOfWeek"}),
        ({"startTime": "24:00"}, {"startTime"}),
        ({"startTime": "9"}, {"startTime"}),
        ({"startTime": "09:60"}, {"startTime"}),
        ({"startTime": "09:00:00"}, {"startTime"}),
        ({"startTime": "9:00\n"}, {"startTime"}),
        ({"startTime": " 9:00"}, {"startTime"}),
        ({"startTime": "٠٩:٠٠"}, {"startTime"}),
        ({"startTime": ""}, {"startTime"}),
        ({"startTime": 9}, {"startTime"}),
        ({"endTime": "24:00"}, {"endTime"}),
        ({"endTime": "09:00"}, {"endTime"}),
        ({"endTime": "08:59"}, {"endTime"}),
        ({"endTime": "09:29"}, {"endTime"}),
        ({"startTime": "9:00", "endTime": "9:01"}, {"endTime"}),
        ({"startTime": "23:45", "endTime": "23:59"}, {"endTime"}),
        ({"startTime": "23:30", "endTime": "23:59"}, {"endTime"}),
        ({"startTime": "x", "endTime": "y", "daysOfWeek": "z"}, {"startTime", "endTime", "daysOfWeek"}),
    ],
)
async def test_an_impossible_schedule_is_refused(http: httpx.AsyncClient, change: Any, named: set[str]) -> None:
    room = await made_room(http)
    answer = await http.post(f"/rooms/{room}/schedule/create", json=HOURS | change, headers=admin())
    assert faults(answer) == named


async def test_a_schedule_of_one_slot_is_enough(http: httpx.AsyncClient) -> None:
    room = await made_room(http)
    content = HOURS | {"startTime": "23:15", "endTime": "23:45"}
    assert (await http.post(f"/rooms/{room}/schedule/create", json=content, headers=admin())).status_code == 201


@pytest.mark.parametrize("field", HOURS)
async def test_no_field_of_a_schedule_may_be_missing(http: httpx.AsyncClient, field: str) -> None:
    content = {name: value for name, value in HOURS.items() if name != field}
    answer = await http.post(f"/rooms/{await made_room(http)}/schedule/create", json=content, headers=admin())
    assert faults(answer) == {field}


async def test_a_schedule_is_made_once(http: httpx.AsyncClient) -> None:
    room = await open_room(http)
    error(await schedule(http, room, "10:00", "11:00"), 409, "SCHEDULE_EXISTS")
    assert len(await free_slots(http, room)) == 6


@pytest.mark.parametrize("room", [NOBODYS_ID, "00000000-0000-0000-0000-000000000000"])
async def test_a_room_that_is_not_there_gets_no_schedule(http: httpx.AsyncClient, room: str) -> None:
    error(await schedule(http, room), 404, "ROOM_NOT_FOUND")


async def test_a_room_that_was_only_named_is_no_managed_room(http: httpx.AsyncClient) -> None:
    room = str(uuid4())
    assert (await http.post("/reservations", json=stretch(room, 9, 10))).status_code == 201
    error(await schedule(http, room), 404, "ROOM_NOT_FOUND")
    error(await ask_slots(http, room), 404, "ROOM_NOT_FOUND")
    error(await http.post(f"/rooms/{room}/retire", headers=admin()), 404, "ROOM_NOT_FOUND")


@pytest.mark.parametrize("room", ["7", "blue", "%20", "x" * 300, "00000000-0000-4000-8000-00000000000g"])
@pytest.mark.parametrize("call", ["schedule/create", "retire"])
async def test_an_id_that_is_no_uuid_is_refused(http: httpx.AsyncClient, room: str, call: str) -> None:
    assert faults(await http.post(f"/rooms/{room}/{call}", json=HOURS, headers=admin())) == {"roomId"}


async def test_a_rooms_id_may_be_written_in_any_way(http: httpx.AsyncClient) -> None:
    room = await made_room(http)
    assert (await schedule(http, room.upper().replace("-", ""))).status_code == 201
    assert await free_slots(http, room.upper()) == await free_slots(http, room)


async def test_a_retired_room_is_not_listed(http: httpx.AsyncClient) -> None:
    room = await open_room(http)
    answer = await http.post(f"/rooms/{room}/retire", headers=admin())
    assert (answer.status_code, answer.json()["room"]["id"]) == (200, room)
    assert room not in {each["id"] for each in await listed(http)}


async def test_a_room_may_be_retired_twice(http: httpx.AsyncClient) -> None:
    room = await open_room(http)
    first = await http.post(f"/rooms/{room}/retire", headers=admin())
    second = await http.post(f"/rooms/{room}/retire", headers=admin())
    assert (second.status_code, second.json()) == (200, first.json())


async def test_a_retired_room_has_no_free_slots_and_takes_no_bookings(http: httpx.AsyncClient) -> None:
    room = await open_room(http)
    slot = (await free_slots(http, room))[0]["id"]
    await http.post(f"/rooms/{room}/retire", headers=admin())
    assert await free_slots(http, room) == []
    error(await book(http, slot, user()), 409, "ROOM_CLOSED")
    error(await http.post("/reservations", json=stretch(room, 9, 10), headers=user()), 409, "ROOM_CLOSED")


async def test_what_is_booked_in_a_room_stays_when_it_is_retired(http: httpx.AsyncClient) -> None:
    room, owner = await open_room(http), user()
    booking = await booked(http, (await free_slots(http, room))[0]["id"], owner)
    await http.post(f"/rooms/{room}/retire", headers=admin())
    assert await my_bookings(http, owner) == [booking]
    assert (await http.post(f"/bookings/{booking['id']}/cancel", headers=owner)).status_code == 200


async def test_a_retired_room_gets_no_schedule(http: httpx.AsyncClient) -> None:
    room = await made_room(http)
    await http.post(f"/rooms/{room}/retire", headers=admin())
    error(await schedule(http, room), 409, "ROOM_CLOSED")


async def test_making_scheduling_and_retiring_a_room_are_told_of_in_order(
    http: httpx.AsyncClient, connection: "asyncpg.Connection"
) -> None:
    room = await open_room(http)
    for _ in range(2):
        await http.post(f"/rooms/{room}/retire", headers=admin())
    told = await connection.fetch("SELECT revision, type FROM outbox WHERE place = $1 ORDER BY 1", f"room:{room}")
    assert [tuple(row) for row in told] == [(1, "room.created"), (2, "schedule.created"), (3, "room.retired")]
    assert await connection.fetchval("SELECT revision FROM places WHERE place = $1", f"room:{room}") == 3


async def test_a_refused_schedule_is_not_told_of(http: httpx.AsyncClient, connection: "asyncpg.Connection") -> None:
    room = await open_room(http)
    await schedule(http, room)
    assert await connection.fetchval("SELECT revision FROM places WHERE place = $1", f"room:{room}") == 2


class TestRepeated:
    """Requests that are sent again with an `Idempotency-Key`."""

    async def test_a_room_is_made_once(self, http: httpx.AsyncClient) -> None:
        sent = {"json": {"name": "Once"}, "headers": admin() | {"Idempotency-Key": str(uuid4())}}
        first = await http.post("/rooms/create", **sent)  # type: ignore[arg-type]
        second = await http.post("/rooms/create/", **sent)  # type: ignore[arg-type]
        assert (second.status_code, second.json()) == (201, first.json())
        assert second.headers["idempotency-replayed"] == "true"
        assert "idempotency-replayed" not in first.headers

    async def test_a_schedule_is_answered_again(self, http: httpx.AsyncClient) -> None:
        room = await made_room(http)
        sent = {"json": HOURS, "headers": admin() | {"Idempotency-Key": str(uuid4())}}
        path = f"/rooms/{room}/schedule/create"
        first = await http.post(path, **sent)  # type: ignore[arg-type]
        second = await http.post(path, **sent)  # type: ignore[arg-type]
        assert (second.status_code, second.json()) == (201, first.json())
        assert second.headers["idempotency-replayed"] == "true"

    async def test_another_body_is_refused(self, http: httpx.AsyncClient) -> None:
        headers = admin() | {"Idempotency-Key": str(uuid4())}
        await http.post("/rooms/create", json={"name": "One"}, headers=headers)
        answer = await http.post("/rooms/create", json={"name": "Two"}, headers=headers)
        error(answer, 422, "IDEMPOTENCY_KEY_REUSED")

    async def test_a_refusal_is_not_remembered(self, http: httpx.AsyncClient) -> None:
        headers = admin() | {"Idempotency-Key": str(uuid4())}
        assert faults(await http.post("/rooms/create", json={}, headers=headers)) == {"name"}
        assert (await http.post("/rooms/create", json={"name": "One"}, headers=headers)).status_code == 201

    async def test_a_key_is_printable(self, http: httpx.AsyncClient) -> None:
        headers = admin() | {"Idempotency-Key": ""}
        answer = await http.post("/rooms/create", json={"name": "One"}, headers=headers)
        assert faults(answer) == {"Idempotency-Key"}


async def test_a_date_without_slots_needs_a_room_all_the_same(http: httpx.AsyncClient) -> None:
    for day in (DATE, "9999-12-31"):
        error(await ask_slots(http, str(uuid4()), day), 404, "ROOM_NOT_FOUND")


async def test_a_room_without_a_schedule_has_no_slots(http: httpx.AsyncClient) -> None:
    room = await made_room(http)
    assert await starts(http, room) == []
    await schedule(http, room, "09:00", "10:00")
    assert await starts(http, room) == ["09:00", "09:30"]
