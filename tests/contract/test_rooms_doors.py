"""A managed room keeps its rules when it is reserved through `/reservations`."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from answers import NOBODYS_ID, error, faults, reserve
from offices import (
    DATE,
    admin,
    at,
    book,
    booked,
    cancel,
    free_slots,
    made_room,
    my_bookings,
    open_room,
    starts,
    stretch,
    user,
)
from rooms import some_room

PAST = {"start_time": "2020-05-01T09:00:00Z", "end_time": "2020-05-01T10:00:00Z"}


async def ask(http: httpx.AsyncClient, content: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
    return await http.post("/reservations", json=content, headers=headers)


async def move(http: httpx.AsyncClient, made: dict[str, Any], headers: dict[str, str], **change: Any) -> httpx.Response:
    return await http.patch(f"/reservations/{made['id']}", json=change, headers=headers)


async def test_a_user_reserves_a_managed_room_for_any_stretch_of_its_hours(http: httpx.AsyncClient) -> None:
    room = await open_room(http)
    for start, end in ((9, 9.1), (9.1, 10.75), (10.75, 12)):
        assert (await ask(http, stretch(room, start, end), user())).status_code == 201


async def test_it_is_the_same_room_however_its_id_is_written(http: httpx.AsyncClient) -> None:
    room = await open_room(http)
    error(await ask(http, stretch(room.upper().replace("-", ""), 9, 10), {}), 401, "UNAUTHORIZED")
    made = await ask(http, stretch(room.upper(), 9, 10), user())
    assert made.json()["room_id"] == room


@pytest.mark.parametrize(
    ("change", "headers", "status", "code"),
    [
        ({"room_id": 7}, {}, 400, "INVALID_REQUEST"),
        ({"end_time": at(8)}, {}, 400, "INVALID_REQUEST"),
        (PAST, {}, 401, "UNAUTHORIZED"),
        (PAST, admin(), 403, "FORBIDDEN"),
        (PAST, user(), 400, "INVALID_REQUEST"),
        ({"start_time": at(8), "end_time": at(9)}, user(), 409, "ROOM_CLOSED"),
        ({"start_time": at(8.9), "end_time": at(9.5)}, user(), 409, "ROOM_CLOSED"),
        ({"start_time": at(11.5), "end_time": at(12.1)}, user(), 409, "ROOM_CLOSED"),
        ({"start_time": at(9), "end_time": at(33.5)}, user(), 409, "ROOM_CLOSED"),
        ({}, user(), 409, "TIME_CONFLICT"),
    ],
)
async def test_the_rules_are_checked_in_order(
    http: httpx.AsyncClient, change: dict[str, Any], headers: dict[str, str], status: int, code: str
) -> None:
    room = await open_room(http)
    await booked(http, (await free_slots(http, room))[0]["id"], user())
    error(await ask(http, stretch(room, 9, 10) | change, headers), status, code)


async def test_what_is_in_the_past_is_named(http: httpx.AsyncClient) -> None:
    assert faults(await ask(http, {"room_id": await open_room(http)} | PAST, user())) == {"start_time"}


async def test_a_room_without_a_schedule_is_closed(http: httpx.AsyncClient) -> None:
    error(await ask(http, stretch(await made_room(http), 9, 10), user()), 409, "ROOM_CLOSED")


async def test_other_rooms_with_such_ids_have_no_rules(http: httpx.AsyncClient) -> None:
    room = str(uuid4())
    assert (await ask(http, {"room_id": room} | PAST, {})).status_code == 201


async def test_a_range_reservation_is_no_booking(http: httpx.AsyncClient) -> None:
    owner, room = user(), await open_room(http)
    slot = (await free_slots(http, room))[1]["id"]
    made = (await ask(http, stretch(room, 9.25, 10), owner)).json()
    assert await my_bookings(http, owner) == []
    mine = await http.get("/reservations?mine=true", headers=owner)
    assert mine.json()["items"] == [made]
    error(await book(http, slot, owner), 409, "SLOT_ALREADY_BOOKED")


async def test_a_slot_excludes_a_range(http: httpx.AsyncClient) -> None:
    room = await open_room(http)
    await booked(http, (await free_slots(http, room))[1]["id"], user())
    answer = await ask(http, stretch(room, 9, 12), user())
    assert error(answer, 409, "TIME_CONFLICT") == {
        "start_time": f"{DATE}T09:30:00Z",
        "end_time": f"{DATE}T10:00:00Z",
    }


async def test_a_retry_is_answered_though_the_room_was_retired(http: httpx.AsyncClient) -> None:
    room, sender = await open_room(http), user() | {"Idempotency-Key": "once"}
    first = await ask(http, stretch(room, 9, 10), sender)
    await http.post(f"/rooms/{room}/retire", headers=admin())
    second = await ask(http, stretch(room, 9, 10), sender)
    assert (second.status_code, second.json()) == (201, first.json())
    assert second.headers["idempotency-replayed"] == "true"
    error(await ask(http, stretch(room, 10, 11), sender), 422, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize("is_booking", [True, False], ids=["slot", "range"])
class TestChanges:
    """Cancelling and moving what is held in a managed room, through `/reservations`."""

    async def held(self, http: httpx.AsyncClient, room: str, owner: dict[str, str], is_booking: bool) -> dict[str, Any]:
        """From nine to half past."""
        if is_booking:
            return await booked(http, (await free_slots(http, room))[0]["id"], owner)
        return dict((await ask(http, stretch(room, 9, 9.5), owner)).json())

    async def test_only_its_owner_and_admins_may_cancel(self, http: httpx.AsyncClient, is_booking: bool) -> None:
        room, owner = await open_room(http), user()
        for who in (owner, admin()):
            made = await self.held(http, room, owner, is_booking)
            path = f"/reservations/{made['id']}"
            error(await http.delete(path), 401, "UNAUTHORIZED")
            error(await http.delete(path, headers=user()), 403, "FORBIDDEN")
            assert (await http.delete(path, headers=who)).status_code == 204
            error(await http.delete(path, headers=owner), 404, "RESERVATION_NOT_FOUND")
        assert len(await starts(http, room)) == 6

    async def test_only_its_owner_and_admins_may_move(self, http: httpx.AsyncClient, is_booking: bool) -> None:
        room, owner = await open_room(http), user()
        made = await self.held(http, room, owner, is_booking)
        there = {"start_time": at(10), "end_time": at(10.5)}
        error(await move(http, made, {}, **there), 401, "UNAUTHORIZED")
        error(await move(http, made, user(), **there), 403, "FORBIDDEN")
        assert (await move(http, made, owner, **there)).status_code == 200
        assert (await move(http, made, admin(), start_time=at(11), end_time=at(11.5))).status_code == 200
        assert await starts(http, room) == ["09:00", "09:30", "10:00", "10:30", "11:30"]

    async def test_a_move_keeps_the_rooms_rules(self, http: httpx.AsyncClient, is_booking: bool) -> None:
        room, owner = await open_room(http), user()
        made = await self.held(http, room, owner, is_booking)
        assert faults(await move(http, made, owner, **PAST)) == {"start_time"}
        assert faults(await move(http, made, owner, end_time=at(8))) == {"end_time"}
        for who in (owner, admin()):
            error(await move(http, made, who, start_time=at(12), end_time=at(12.5)), 409, "ROOM_CLOSED")
        await booked(http, (await free_slots(http, room))[0]["id"], user())
        error(await move(http, made, owner, start_time=at(9.5), end_time=at(10)), 409, "TIME_CONFLICT")
        assert await starts(http, room) == ["10:00", "10:30", "11:00", "11:30"]

    async def test_a_move_that_changes_nothing_is_always_possible(
        self, http: httpx.AsyncClient, is_booking: bool
    ) -> None:
        room, owner = await open_room(http), user()
        made = await self.held(http, room, owner, is_booking)
        await http.post(f"/rooms/{room}/retire", headers=admin())
        assert (await move(http, made, owner)).status_code == 200
        error(await move(http, made, owner, start_time=at(9.5), end_time=at(10)), 409, "ROOM_CLOSED")

    async def test_it_may_move_to_another_managed_room(self, http: httpx.AsyncClient, is_booking: bool) -> None:
        room, other, closed, owner = await open_room(http), await open_room(http), await made_room(http), user()
        made = await self.held(http, room, owner, is_booking)
        error(await move(http, made, owner, room_id=closed), 409, "ROOM_CLOSED")
        moved = await move(http, made, owner, room_id=other)
        assert (moved.status_code, moved.json()["room_id"]) == (200, other)
        assert (len(await starts(http, room)), len(await starts(http, other))) == (6, 5)


async def test_a_moved_booking_tells_the_slot_that_it_holds(http: httpx.AsyncClient) -> None:
    room, other, owner = await open_room(http), await open_room(http), user()
    slots, others = await free_slots(http, room), await free_slots(http, other)
    made = await booked(http, slots[0]["id"], owner, createConferenceLink=True)
    assert (await move(http, made, owner, start_time=at(9.5), end_time=at(10))).status_code == 200
    assert await my_bookings(http, owner) == [made | {"slotId": slots[1]["id"]}]
    assert (await move(http, made, owner, room_id=other)).status_code == 200
    assert await my_bookings(http, owner) == [made | {"slotId": others[1]["id"]}]
    answer = await cancel(http, made, owner)
    assert answer.json()["booking"] == made | {"slotId": others[1]["id"], "status": "cancelled"}
    await booked(http, slots[0]["id"], user())


@pytest.mark.parametrize(
    "change",
    [
        {"end_time": at(9.75)},
        {"start_time": at(9.25), "end_time": at(9.75)},
        {"start_time": at(10), "end_time": at(11)},
        {"start_time": at(10), "end_time": at(10.25)},
        {"room_id": "blue"},
        {"room_id": NOBODYS_ID},
    ],
    ids=["longer", "between two slots", "over two slots", "half a slot", "no managed room", "an unknown room"],
)
async def test_a_booking_moves_only_onto_a_slot(http: httpx.AsyncClient, change: dict[str, Any]) -> None:
    room, owner = await open_room(http), user()
    made = await booked(http, (await free_slots(http, room))[0]["id"], owner)
    error(await move(http, made, owner, **change), 409, "ROOM_CLOSED")
    assert await my_bookings(http, owner) == [made]


async def test_a_booking_cancelled_as_a_reservation_is_cancelled(http: httpx.AsyncClient) -> None:
    room, owner = await open_room(http), user()
    made = await booked(http, (await free_slots(http, room))[0]["id"], owner)
    await http.delete(f"/reservations/{made['id']}", headers=owner)
    assert await my_bookings(http, owner) == [made | {"status": "cancelled"}]


async def test_a_range_may_leave_for_a_room_without_rules_and_come_back(http: httpx.AsyncClient) -> None:
    room, free, owner = await open_room(http), some_room(), user()
    made = (await ask(http, stretch(room, 9, 10), owner)).json()
    assert (await move(http, made, owner, room_id=free)).json()["room_id"] == free
    error(await move(http, made, user(), room_id=room), 403, "FORBIDDEN")
    assert (await move(http, made, owner, room_id=room)).json()["room_id"] == room


async def test_nobodys_reservation_may_not_come_into_a_managed_room(http: httpx.AsyncClient) -> None:
    room = await open_room(http)
    made = await reserve(http, some_room(), 9, 10)
    error(await move(http, made, {}, room_id=room), 401, "UNAUTHORIZED")
    for who in (user(), admin()):
        error(await move(http, made, who, room_id=room), 403, "FORBIDDEN")


async def test_an_admins_own_reservation_may_not_come_into_a_managed_room(http: httpx.AsyncClient) -> None:
    room, chief = await open_room(http), admin()
    made = await reserve(http, some_room(), 9, 10, headers=chief)
    error(await move(http, made, chief, room_id=room), 403, "FORBIDDEN")


async def test_an_admin_may_bring_a_users_reservation_into_a_managed_room(http: httpx.AsyncClient) -> None:
    room = await open_room(http)
    made = await reserve(http, some_room(), 9, 10, headers=user())
    assert (await move(http, made, admin(), room_id=room)).status_code == 200


async def test_a_reservation_under_way_may_end_earlier(
    http: httpx.AsyncClient,
) -> None:
    """Only a start that is new must not be in the past: see the tests with a clock for the past itself."""
    room, owner = await open_room(http), user()
    made = (await ask(http, stretch(room, 9, 10), owner)).json()
    assert (await move(http, made, owner, end_time=at(9.5))).status_code == 200
