"""`PATCH /reservations/{id}`: an atomic move, or nothing."""

from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from answers import NOBODYS_ID, error, faults, listed, reserve
from rooms import hour, overlaps, some_room

MICROSECOND = 1 / 3_600_000_000


def at(number: float) -> str:
    return hour(number).isoformat()


def times(start: float, end: float) -> dict[str, str]:
    return {"start_time": at(start), "end_time": at(end)}


async def move(http: httpx.AsyncClient, reservation: dict[str, Any], **change: Any) -> httpx.Response:
    return await http.patch(f"/reservations/{reservation['id']}", json=change)


async def current(http: httpx.AsyncClient, reservation: dict[str, Any]) -> dict[str, Any]:
    return dict((await http.get(f"/reservations/by-id/{reservation['id']}")).json())


async def test_a_reservation_moves_to_another_room(http: httpx.AsyncClient) -> None:
    old, new = some_room(), some_room()
    made = await reserve(http, old, 10, 11)
    answer = await move(http, made, room_id=new)
    assert (answer.status_code, answer.json()) == (200, made | {"room_id": new})
    assert (await listed(http, old), await listed(http, new)) == ([], [answer.json()])


async def test_a_reservation_moves_to_another_time(http: httpx.AsyncClient) -> None:
    room = some_room()
    made = await reserve(http, room, 10, 11)
    answer = await move(http, made, **times(14, 16))
    moved = made | {"start_time": "2030-05-01T14:00:00Z", "end_time": "2030-05-01T16:00:00Z"}
    assert (answer.status_code, answer.json()) == (200, moved)
    assert await listed(http, room) == [moved]


async def test_a_reservation_moves_to_another_room_and_time_at_once(http: httpx.AsyncClient) -> None:
    old, new = some_room(), some_room()
    made = await reserve(http, old, 10, 11)
    answer = await move(http, made, room_id=new, **times(14, 16))
    assert answer.status_code == 200
    assert await current(http, made) == answer.json()
    assert (await listed(http, old), await listed(http, new)) == ([], [answer.json()])


async def test_only_the_start_moves(http: httpx.AsyncClient) -> None:
    made = await reserve(http, some_room(), 10, 12)
    answer = await move(http, made, start_time=at(11))
    assert answer.json() == made | {"start_time": "2030-05-01T11:00:00Z"}


async def test_only_the_end_moves(http: httpx.AsyncClient) -> None:
    made = await reserve(http, some_room(), 10, 12)
    answer = await move(http, made, end_time=at(11))
    assert answer.json() == made | {"end_time": "2030-05-01T11:00:00Z"}


@pytest.mark.parametrize(
    ("start", "end"),
    [(10, 12), (11, 13), (9, 11), (10.5, 11.5), (9, 13)],
    ids=["same", "later", "earlier", "inside", "around"],
)
async def test_a_reservation_never_clashes_with_itself(http: httpx.AsyncClient, start: float, end: float) -> None:
    made = await reserve(http, some_room(), 10, 12)
    assert (await move(http, made, **times(start, end))).status_code == 200


async def test_a_move_onto_itself_changes_nothing(http: httpx.AsyncClient) -> None:
    made = await reserve(http, some_room(), 10, 12)
    answer = await move(http, made, **{name: made[name] for name in ("room_id", "start_time", "end_time")})
    assert (answer.status_code, answer.json()) == (200, made)


async def test_a_move_of_nothing_changes_nothing(http: httpx.AsyncClient) -> None:
    made = await reserve(http, some_room(), 10, 12)
    answer = await move(http, made)
    assert (answer.status_code, answer.json()) == (200, made)


async def test_unknown_fields_are_ignored(http: httpx.AsyncClient) -> None:
    made = await reserve(http, some_room(), 10, 12)
    answer = await move(http, made, title=["x"], user_id=str(uuid4()), status="cancelled")
    assert (answer.status_code, answer.json()) == (200, made)


async def test_a_move_may_touch_its_neighbours(http: httpx.AsyncClient) -> None:
    room = some_room()
    made = await reserve(http, room, 10, 10.5)
    await reserve(http, room, 9, 10)
    await reserve(http, room, 11, 12)
    assert (await move(http, made, **times(10, 11))).status_code == 200


@pytest.mark.parametrize(
    ("start", "end"),
    [(14, 16), (14.5, 15), (13, 17), (13, 14 + MICROSECOND), (16 - MICROSECOND, 17), (10, 15)],
    ids=["identical", "inside", "around", "across the start", "across the end", "stretched into"],
)
async def test_a_move_onto_another_is_refused(
    http: httpx.AsyncClient, connection: "asyncpg.Connection", start: float, end: float
) -> None:
    room = some_room()
    made = await reserve(http, room, 10, 12)
    await reserve(http, room, 14, 16)
    taken = {"start_time": "2030-05-01T14:00:00Z", "end_time": "2030-05-01T16:00:00Z"}
    assert error(await move(http, made, **times(start, end)), 409, "TIME_CONFLICT") == taken
    assert await current(http, made) == made
    assert await overlaps(connection) == []


async def test_a_refused_move_to_another_room_leaves_it_where_it_was(http: httpx.AsyncClient) -> None:
    room, other = some_room(), some_room()
    made = await reserve(http, room, 10, 12)
    there = await reserve(http, other, 11, 13)
    error(await move(http, made, room_id=other), 409, "TIME_CONFLICT")
    assert (await listed(http, room), await listed(http, other)) == ([made], [there])


async def test_the_old_stretch_is_still_held_after_a_refused_move(http: httpx.AsyncClient) -> None:
    room = some_room()
    made = await reserve(http, room, 10, 12)
    await reserve(http, room, 14, 16)
    await move(http, made, **times(15, 17))
    answer = await http.post("/reservations", json={"room_id": room, **times(10, 11)})
    error(answer, 409, "TIME_CONFLICT")


async def test_the_old_stretch_is_free_after_a_move(http: httpx.AsyncClient) -> None:
    room = some_room()
    made = await reserve(http, room, 10, 12)
    await move(http, made, **times(14, 16))
    await reserve(http, room, 10, 12)


async def test_the_old_room_is_free_after_a_move(http: httpx.AsyncClient) -> None:
    room = some_room()
    made = await reserve(http, room, 10, 12)
    await move(http, made, room_id=some_room())
    await reserve(http, room, 10, 12)


async def test_a_reservation_moves_away_and_back(http: httpx.AsyncClient, connection: "asyncpg.Connection") -> None:
    room = some_room()
    made = await reserve(http, room, 10, 12)
    await move(http, made, room_id=some_room())
    answer = await move(http, made, room_id=room)
    assert (answer.status_code, answer.json()) == (200, made)
    rows = await connection.fetch("SELECT room_id FROM reservations WHERE id = $1 AND cancelled_at IS NULL", made["id"])
    assert [row["room_id"] for row in rows] == [room]


async def test_a_reservation_that_moved_rooms_is_cancelled_by_the_same_id(http: httpx.AsyncClient) -> None:
    new = some_room()
    made = await reserve(http, some_room(), 10, 12)
    await move(http, made, room_id=new)
    assert (await http.delete(f"/reservations/{made['id']}")).status_code == 204
    assert await listed(http, new) == []


async def test_a_start_moved_past_the_end_is_refused(http: httpx.AsyncClient) -> None:
    made = await reserve(http, some_room(), 10, 12)
    assert faults(await move(http, made, start_time=at(12))) == {"end_time"}
    assert await current(http, made) == made


async def test_an_end_moved_before_the_start_is_refused(http: httpx.AsyncClient) -> None:
    made = await reserve(http, some_room(), 10, 12)
    assert faults(await move(http, made, end_time=at(9))) == {"end_time"}
    assert await current(http, made) == made


async def test_an_end_before_the_start_is_refused_in_another_room_too(http: httpx.AsyncClient) -> None:
    made = await reserve(http, some_room(), 10, 12)
    assert faults(await move(http, made, room_id=some_room(), start_time=at(13))) == {"end_time"}
    assert await current(http, made) == made


async def test_a_move_may_not_make_it_too_long(http: httpx.AsyncClient) -> None:
    made = await reserve(http, some_room(), 10, 12)
    assert faults(await move(http, made, end_time=at(10 + 31 * 24 + MICROSECOND))) == {"end_time"}
    assert await current(http, made) == made


async def test_a_move_may_make_it_as_long_as_allowed(http: httpx.AsyncClient) -> None:
    made = await reserve(http, some_room(), 10, 12)
    assert (await move(http, made, end_time=at(10 + 31 * 24))).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"room_id": 7}, "room_id"),
        ({"room_id": None}, "room_id"),
        ({"room_id": ""}, "room_id"),
        ({"start_time": 7}, "start_time"),
        ({"start_time": None}, "start_time"),
        ({"start_time": "noon"}, "start_time"),
        ({"end_time": "2030-05-01T10:00:00.1234567Z"}, "end_time"),
        ({"end_time": "2201-01-01T00:00:00Z"}, "end_time"),
    ],
    ids=repr,
)
async def test_an_impossible_value_is_named(http: httpx.AsyncClient, change: dict[str, Any], field: str) -> None:
    made = await reserve(http, some_room(), 10, 12)
    assert faults(await move(http, made, **change)) == {field}
    assert await current(http, made) == made


@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b'"x"', b"7", b"{", b'{"room_id"}'])
async def test_a_move_is_a_json_object(http: httpx.AsyncClient, raw: bytes) -> None:
    made = await reserve(http, some_room(), 10, 12)
    answer = await http.patch(f"/reservations/{made['id']}", content=raw, headers={"Content-Type": "application/json"})
    error(answer, 400, "INVALID_REQUEST")


@pytest.mark.parametrize("reservation_id", [NOBODYS_ID, "7", "x" * 300, "by-id", "%00"])
async def test_an_id_that_nothing_has_is_not_found(http: httpx.AsyncClient, reservation_id: str) -> None:
    answer = await http.patch(f"/reservations/{reservation_id}", json={"end_time": at(12)})
    error(answer, 404, "RESERVATION_NOT_FOUND")


async def test_a_cancelled_reservation_cannot_move(http: httpx.AsyncClient) -> None:
    made = await reserve(http, some_room(), 10, 12)
    await http.delete(f"/reservations/{made['id']}")
    error(await move(http, made, **times(14, 15)), 404, "RESERVATION_NOT_FOUND")


async def test_a_trailing_slash_changes_nothing(http: httpx.AsyncClient) -> None:
    made = await reserve(http, some_room(), 10, 12)
    answer = await http.patch(f"/reservations/{made['id']}/", json={"end_time": at(13)})
    assert answer.status_code == 200


async def test_an_id_may_be_written_in_upper_case_or_without_hyphens(http: httpx.AsyncClient) -> None:
    made = await reserve(http, some_room(), 10, 12)
    for spelling in (made["id"].upper(), made["id"].replace("-", "")):
        assert (await http.patch(f"/reservations/{spelling}", json={})).json() == made
