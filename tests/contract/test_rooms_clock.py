"""What depends on what time it is: the past, one's coming bookings, ten years."""

from collections.abc import AsyncIterator
from datetime import date, timedelta

import asyncpg
import httpx
import pytest

from answers import error, faults
from inprocess import Clock, running
from offices import (
    admin,
    ask_slots,
    at,
    book,
    booked,
    cancel,
    free_slots,
    my_bookings,
    open_room,
    starts,
    stretch,
    user,
)
from rooms import hour

SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> Clock:
    """Midnight of the day that all tests share."""
    return Clock()


@pytest.fixture
async def http(database_url: str, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service whose clock the test sets."""
    async with running(database_url, clock) as client:
        yield client


async def test_a_slot_can_be_booked_until_it_begins(http: httpx.AsyncClient, clock: Clock) -> None:
    slots = await free_slots(http, await open_room(http))
    clock.now = hour(9)
    await booked(http, slots[0]["id"], user())
    clock.now = hour(9.5) + SECOND
    for wish in ({}, {"createConferenceLink": True}):
        assert faults(await book(http, slots[1]["id"], user(), **wish)) == {"slotId"}
    await booked(http, slots[2]["id"], user())


async def test_the_past_is_told_before_that_the_slot_is_taken_or_the_room_retired(
    http: httpx.AsyncClient, clock: Clock
) -> None:
    room = await open_room(http)
    slot = (await free_slots(http, room))[0]["id"]
    await booked(http, slot, user())
    await http.post(f"/rooms/{room}/retire", headers=admin())
    error(await book(http, slot, user()), 409, "ROOM_CLOSED")
    clock.now = hour(9) + SECOND
    error(await book(http, slot, user()), 400, "INVALID_REQUEST")


async def test_hours_that_have_passed_are_listed(http: httpx.AsyncClient, clock: Clock) -> None:
    room = await open_room(http)
    clock.now = hour(11)
    assert len(await starts(http, room)) == 6


async def test_ones_own_bookings_are_those_that_start_now_or_later(http: httpx.AsyncClient, clock: Clock) -> None:
    owner, room = user(), await open_room(http)
    made = [await booked(http, each["id"], owner) for each in (await free_slots(http, room))[:3]]
    await cancel(http, made[1], owner)
    clock.now = hour(9)
    assert [each["id"] for each in await my_bookings(http, owner)] == [each["id"] for each in made]
    clock.now = hour(9) + SECOND
    assert [each["id"] for each in await my_bookings(http, owner)] == [each["id"] for each in made[1:]]
    clock.now = hour(48)
    assert await my_bookings(http, owner) == []


async def test_a_booking_that_has_passed_can_still_be_cancelled(http: httpx.AsyncClient, clock: Clock) -> None:
    owner, room = user(), await open_room(http)
    made = await booked(http, (await free_slots(http, room))[0]["id"], owner)
    clock.now = hour(48)
    assert (await cancel(http, made, owner)).json()["booking"]["status"] == "cancelled"


async def test_a_retry_gets_its_answer_when_the_slot_has_passed(http: httpx.AsyncClient, clock: Clock) -> None:
    room = await open_room(http)
    slot, sender = (await free_slots(http, room))[0]["id"], user() | {"Idempotency-Key": "once"}
    first = await book(http, slot, sender)
    ranged = await http.post("/reservations", json=stretch(room, 10, 11), headers=sender)
    clock.now = hour(48)
    assert (await book(http, slot, sender)).json() == first.json()
    assert (await http.post("/reservations", json=stretch(room, 10, 11), headers=sender)).json() == ranged.json()


async def test_when_it_was_booked_is_told_by_the_same_clock(http: httpx.AsyncClient, clock: Clock) -> None:
    slot = (await free_slots(http, await open_room(http)))[0]["id"]
    clock.now = hour(1.5)
    assert (await booked(http, slot, user()))["createdAt"] == "2030-05-01T01:30:00Z"


async def test_a_range_may_begin_now_and_not_before(http: httpx.AsyncClient, clock: Clock) -> None:
    room = await open_room(http)
    clock.now = hour(9.5)
    answer = await http.post("/reservations", json=stretch(room, 9.4, 10), headers=user())
    assert faults(answer) == {"start_time"}
    assert (await http.post("/reservations", json=stretch(room, 9.5, 10), headers=user())).status_code == 201


async def test_what_has_begun_may_end_earlier_but_not_begin_anew(http: httpx.AsyncClient, clock: Clock) -> None:
    room, owner = await open_room(http), user()
    made = (await http.post("/reservations", json=stretch(room, 9, 11), headers=owner)).json()
    path = f"/reservations/{made['id']}"
    clock.now = hour(9.5)
    assert (await http.patch(path, json={"end_time": at(10)}, headers=owner)).status_code == 200
    assert faults(await http.patch(path, json={"start_time": at(9.25)}, headers=owner)) == {"start_time"}
    other = await open_room(http)
    assert faults(await http.patch(path, json={"room_id": other}, headers=owner)) == {"start_time"}


async def test_around_midnight_a_slot_belongs_to_the_date_it_starts_on(http: httpx.AsyncClient, clock: Clock) -> None:
    room = await open_room(http, "00:00", "23:59")
    clock.now = hour(0) - SECOND
    assert (await starts(http, room, date(2030, 4, 30)))[-1] == "23:00"
    first = (await free_slots(http, room, date(2030, 5, 1)))[0]
    assert first["start"] == "2030-05-01T00:00:00Z"
    await booked(http, first["id"], user())
    assert (await starts(http, room))[0] == "00:30"
    assert len(await starts(http, room, date(2030, 4, 30))) == 47


async def test_a_date_ten_years_away_has_slots_and_a_later_one_has_none_yet(
    http: httpx.AsyncClient, clock: Clock, connection: "asyncpg.Connection"
) -> None:
    room = await open_room(http)
    edge = date(2030, 5, 1) + timedelta(days=3653)
    assert len(await starts(http, room, edge)) == 6
    beyond = await ask_slots(http, room, edge + timedelta(days=1))
    assert beyond.json() == {"slots": []}
    clock.now += timedelta(days=1)
    poll = user() | {"If-None-Match": beyond.headers["etag"]}
    again = await ask_slots(http, room, edge + timedelta(days=1), poll)
    assert (again.status_code, len(again.json()["slots"])) == (200, 6)
