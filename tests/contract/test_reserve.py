"""`POST /reservations`: who gets the room, and what is said."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest

from answers import error, faults, listed, reserve
from rooms import body, hour, overlaps, some_room
from tokens import bearer

MICROSECOND = 1 / 3_600_000_000


async def test_a_free_room_is_reserved(http: httpx.AsyncClient) -> None:
    room = some_room()
    answer = await http.post("/reservations", json=body(room, 10, 11))
    assert answer.status_code == 201
    reservation = answer.json()
    assert reservation.keys() == {"id", "room_id", "start_time", "end_time", "created_at"}
    assert reservation["room_id"] == room
    assert (reservation["start_time"], reservation["end_time"]) == ("2030-05-01T10:00:00Z", "2030-05-01T11:00:00Z")
    assert answer.headers["location"] == f"/reservations/by-id/{reservation['id']}"


async def test_the_id_is_a_uuid(http: httpx.AsyncClient) -> None:
    reservation = await reserve(http, some_room(), 10, 11)
    assert str(UUID(reservation["id"])) == reservation["id"]


async def test_the_time_of_creation_is_now_in_utc(http: httpx.AsyncClient) -> None:
    reservation = await reserve(http, some_room(), 10, 11)
    assert reservation["created_at"].endswith("Z")
    assert abs(datetime.fromisoformat(reservation["created_at"]) - datetime.now(UTC)) < timedelta(minutes=1)


async def test_the_location_leads_to_the_reservation(http: httpx.AsyncClient) -> None:
    made = await http.post("/reservations", json=body(some_room(), 10, 11))
    found = await http.get(made.headers["location"])
    assert (found.status_code, found.json()) == (200, made.json())


async def test_a_trailing_slash_changes_nothing(http: httpx.AsyncClient) -> None:
    answer = await http.post("/reservations/", json=body(some_room(), 10, 11))
    assert answer.status_code == 201


async def test_what_is_answered_is_what_the_database_holds(
    http: httpx.AsyncClient, connection: "asyncpg.Connection"
) -> None:
    room = some_room()
    made = await reserve(http, room, 10, 11)
    row = await connection.fetchrow("SELECT id, start_time, end_time FROM reservations WHERE room_id = $1", room)
    assert tuple(row) == (UUID(made["id"]), hour(10), hour(11))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param(10, 12, id="identical"),
        pytest.param(10.5, 11.5, id="inside"),
        pytest.param(9, 13, id="around"),
        pytest.param(9, 11, id="across the start"),
        pytest.param(11, 13, id="across the end"),
        pytest.param(10, 11, id="from the same start"),
        pytest.param(11, 12, id="to the same end"),
        pytest.param(9, 12, id="around, to the same end"),
        pytest.param(10, 13, id="around, from the same start"),
        pytest.param(9, 10 + MICROSECOND, id="a microsecond into the start"),
        pytest.param(12 - MICROSECOND, 13, id="the last microsecond"),
    ],
)
async def test_overlapping_reservations_clash(
    http: httpx.AsyncClient, connection: "asyncpg.Connection", start: float, end: float
) -> None:
    room = some_room()
    taken = await reserve(http, room, 10, 12)
    error(await http.post("/reservations", json=body(room, start, end)), 409, "TIME_CONFLICT")
    assert await listed(http, room) == [taken]
    assert await overlaps(connection) == []


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param(9, 10, id="touching the start"),
        pytest.param(12, 13, id="touching the end"),
        pytest.param(10 - MICROSECOND, 10, id="one microsecond long, touching"),
        pytest.param(8, 9, id="before"),
        pytest.param(13, 14, id="after"),
    ],
)
async def test_reservations_that_do_not_overlap_both_hold(http: httpx.AsyncClient, start: float, end: float) -> None:
    room = some_room()
    await reserve(http, room, 10, 12)
    await reserve(http, room, start, end)
    assert len(await listed(http, room)) == 2


async def test_a_gap_is_filled_exactly(http: httpx.AsyncClient) -> None:
    room = some_room()
    await reserve(http, room, 9, 10)
    await reserve(http, room, 11, 12)
    await reserve(http, room, 10, 11)
    assert len(await listed(http, room)) == 3


async def test_the_same_time_in_another_room_is_free(http: httpx.AsyncClient) -> None:
    await reserve(http, some_room(), 10, 11)
    await reserve(http, some_room(), 10, 11)


async def test_a_refusal_names_the_stretch_that_is_taken(http: httpx.AsyncClient) -> None:
    room = some_room()
    await reserve(http, room, 10, 12)
    answer = await http.post("/reservations", json=body(room, 11, 15))
    taken = {"start_time": "2030-05-01T10:00:00Z", "end_time": "2030-05-01T12:00:00Z"}
    assert error(answer, 409, "TIME_CONFLICT") == taken


async def test_a_refusal_never_tells_whose_reservation_it_is(http: httpx.AsyncClient) -> None:
    room, owner = some_room(), UUID(int=0xBEEF)
    taken = await reserve(http, room, 10, 12, headers=bearer(owner))
    answer = await http.post("/reservations", json=body(room, 10, 12))
    assert answer.status_code == 409
    assert str(owner) not in answer.text
    assert taken["id"] not in answer.text


async def test_a_stretch_over_several_reservations_is_refused_with_one_of_them(http: httpx.AsyncClient) -> None:
    room = some_room()
    made = [await reserve(http, room, start, start + 1) for start in (10, 12, 14)]
    details = error(await http.post("/reservations", json=body(room, 9, 16)), 409, "TIME_CONFLICT")
    assert details in [{name: each[name] for name in ("start_time", "end_time")} for each in made]


async def test_the_past_may_be_reserved(http: httpx.AsyncClient) -> None:
    times = {"start_time": "1999-12-31T22:00:00Z", "end_time": "2000-01-01T02:00:00Z"}
    answer = await http.post("/reservations", json={"room_id": some_room(), **times})
    assert answer.status_code == 201


async def test_unknown_fields_are_ignored(http: httpx.AsyncClient) -> None:
    more = {"title": "Standup", "id": 7, "attendees": [{"name": None}], "created_at": "yesterday"}
    answer = await http.post("/reservations", json=body(some_room(), 10, 11) | more)
    assert answer.status_code == 201
    assert answer.json().keys() == {"id", "room_id", "start_time", "end_time", "created_at"}


@pytest.mark.parametrize("field", ["room_id", "start_time", "end_time"])
async def test_a_missing_field_is_named(http: httpx.AsyncClient, field: str) -> None:
    content = body(some_room(), 10, 11)
    del content[field]
    assert faults(await http.post("/reservations", json=content)) == {field}


async def test_all_faults_are_named_at_once(http: httpx.AsyncClient) -> None:
    answer = await http.post("/reservations", json={"room_id": "", "start_time": 7})
    assert faults(answer) == {"room_id", "start_time", "end_time"}


async def test_both_bad_times_are_named_at_once(http: httpx.AsyncClient) -> None:
    content = {"room_id": some_room(), "start_time": "noon", "end_time": "midnight"}
    assert faults(await http.post("/reservations", json=content)) == {"start_time", "end_time"}


async def test_an_end_at_the_start_is_refused(http: httpx.AsyncClient) -> None:
    assert faults(await http.post("/reservations", json=body(some_room(), 10, 10))) == {"end_time"}


async def test_an_end_before_the_start_is_refused(http: httpx.AsyncClient) -> None:
    assert faults(await http.post("/reservations", json=body(some_room(), 11, 10))) == {"end_time"}


async def test_times_are_compared_after_their_offsets(http: httpx.AsyncClient) -> None:
    times = {"start_time": "2030-05-01T10:00:00+00:00", "end_time": "2030-05-01T12:00:00+03:00"}
    assert faults(await http.post("/reservations", json={"room_id": some_room(), **times})) == {"end_time"}


async def test_thirty_one_days_are_allowed(http: httpx.AsyncClient) -> None:
    await reserve(http, some_room(), 0, 31 * 24)


async def test_a_microsecond_over_thirty_one_days_is_too_long(http: httpx.AsyncClient) -> None:
    answer = await http.post("/reservations", json=body(some_room(), 0, 31 * 24 + MICROSECOND))
    assert faults(answer) == {"end_time"}


async def test_the_longest_reservation_is_a_setting(guarded: httpx.AsyncClient) -> None:
    headers = bearer()
    await reserve(guarded, some_room(), 0, 24, headers=headers)
    answer = await guarded.post("/reservations", json=body(some_room(), 0, 24 + MICROSECOND), headers=headers)
    assert faults(answer) == {"end_time"}


async def test_a_refused_request_leaves_no_reservation(
    http: httpx.AsyncClient, connection: "asyncpg.Connection"
) -> None:
    room = some_room()
    await http.post("/reservations", json=body(room, 11, 10))
    assert await connection.fetchval("SELECT count(*) FROM reservations WHERE room_id = $1", room) == 0
