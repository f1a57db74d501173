"""Booking a slot, cancelling, one's own bookings."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from answers import NOBODYS_ID, error, faults
from offices import (
    DATE,
    admin,
    book,
    booked,
    cancel,
    forget_key,
    free_slots,
    my_bookings,
    open_room,
    starts,
    stretch,
    user,
)

REPLAYED = "idempotency-replayed"


async def some_slot(http: httpx.AsyncClient, number: int = 0) -> str:
    """A free slot of a room of its own."""
    return str((await free_slots(http, await open_room(http)))[number]["id"])


async def test_a_booking_is_what_was_asked_for(http: httpx.AsyncClient) -> None:
    owner, slot = uuid4(), await some_slot(http)
    booking = await booked(http, slot, user(owner))
    assert booking.keys() == {"id", "slotId", "userId", "status", "conferenceLink", "createdAt"}
    assert UUID(booking["id"])
    assert (booking["slotId"], booking["userId"], booking["status"]) == (slot, str(owner), "active")
    assert booking["conferenceLink"] is None
    assert booking["createdAt"].endswith("Z")


async def test_a_booking_is_a_reservation_with_the_same_id(
    http: httpx.AsyncClient, connection: "asyncpg.Connection"
) -> None:
    owner, room = uuid4(), await open_room(http)
    booking = await booked(http, (await free_slots(http, room))[1]["id"], user(owner))
    found = (await http.get(f"/reservations/by-id/{booking['id']}")).json()
    assert found == {
        "id": booking["id"],
        "room_id": room,
        "start_time": f"{DATE}T09:30:00Z",
        "end_time": f"{DATE}T10:00:00Z",
        "created_at": booking["createdAt"],
    }
    assert await connection.fetchval("SELECT user_id FROM reservations WHERE id = $1", UUID(booking["id"])) == owner


async def test_the_user_is_the_tokens_never_the_bodys(http: httpx.AsyncClient) -> None:
    owner = uuid4()
    booking = await booked(http, await some_slot(http), user(owner), userId=str(uuid4()), status="cancelled")
    assert (booking["userId"], booking["status"]) == (str(owner), "active")


async def test_a_link_comes_when_it_is_asked_for(http: httpx.AsyncClient) -> None:
    booking = await booked(http, await some_slot(http), user(), createConferenceLink=True)
    assert booking["conferenceLink"] == f"https://meet.example.com/{booking['id']}"


@pytest.mark.parametrize("wish", [{}, {"createConferenceLink": False}, {"createConferenceLink": None}])
async def test_no_link_comes_unasked(http: httpx.AsyncClient, wish: dict[str, Any]) -> None:
    assert (await booked(http, await some_slot(http), user(), **wish))["conferenceLink"] is None


async def test_a_taken_slot_is_refused(http: httpx.AsyncClient) -> None:
    slot, owner = await some_slot(http), user()
    await booked(http, slot, owner)
    for who in (owner, user()):
        for wish in ({}, {"createConferenceLink": True}):
            assert error(await book(http, slot, who, **wish), 409, "SLOT_ALREADY_BOOKED") == {}


async def test_slots_side_by_side_can_be_booked(http: httpx.AsyncClient) -> None:
    room = await open_room(http)
    for each in await free_slots(http, room):
        await booked(http, each["id"], user())
    assert await starts(http, room) == []


async def test_an_unknown_slot_is_not_found(http: httpx.AsyncClient) -> None:
    room = await open_room(http)
    for slot in (NOBODYS_ID, str(uuid4()), room):
        error(await book(http, slot, user()), 404, "SLOT_NOT_FOUND")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({}, {"slotId"}),
        ({"slotId": None}, {"slotId"}),
        ({"slotId": 7}, {"slotId"}),
        ({"slotId": "7"}, {"slotId"}),
        ({"slotId": NOBODYS_ID + "0"}, {"slotId"}),
        ({"slotId": NOBODYS_ID, "createConferenceLink": "yes"}, {"createConferenceLink"}),
        ({"slotId": NOBODYS_ID, "createConferenceLink": 1}, {"createConferenceLink"}),
        ({"slotId": "", "createConferenceLink": 1}, {"slotId", "createConferenceLink"}),
    ],
)
@pytest.mark.parametrize("path", ["/bookings/create", "/bookings/create/", "/bookings/create?x=1"])
async def test_an_impossible_wish_is_refused(
    http: httpx.AsyncClient, content: dict[str, Any], named: set[str], path: str
) -> None:
    assert faults(await http.post(path, json=content, headers=user())) == named


@pytest.mark.parametrize("path", ["/bookings/create", "/bookings/create?x=1"])
async def test_a_body_must_be_json(http: httpx.AsyncClient, path: str) -> None:
    headers = user() | {"Content-Type": "text/plain"}
    error(await http.post(path, content=b"{}", headers=headers), 415, "UNSUPPORTED_MEDIA_TYPE")
    headers = user() | {"Content-Type": "application/json"}
    for content in (b"", b"{", b"[]", b"\xff"):
        error(await http.post(path, content=content, headers=headers), 400, "INVALID_REQUEST")


async def test_a_slots_id_may_be_written_in_any_way(http: httpx.AsyncClient) -> None:
    slot = await some_slot(http)
    assert (await booked(http, slot.upper(), user()))["slotId"] == slot


async def test_a_cancelled_booking_says_so(http: httpx.AsyncClient) -> None:
    owner = user()
    booking = await booked(http, await some_slot(http), owner, createConferenceLink=True)
    answer = await cancel(http, booking, owner)
    assert (answer.status_code, answer.json()) == (200, {"booking": booking | {"status": "cancelled"}})


async def test_a_booking_may_be_cancelled_again_and_again(http: httpx.AsyncClient) -> None:
    owner = user()
    booking = await booked(http, await some_slot(http), owner)
    answers = [await cancel(http, booking, owner) for _ in range(3)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}


async def test_cancellations_at_once_are_all_answered_alike(http: httpx.AsyncClient) -> None:
    owner = user()
    booking = await booked(http, await some_slot(http), owner)
    answers = await asyncio.gather(*(cancel(http, booking, owner) for _ in range(10)))
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}


async def test_a_cancelled_slot_is_free_at_once_for_anybody(http: httpx.AsyncClient) -> None:
    slot, owner = await some_slot(http), user()
    first = await booked(http, slot, owner)
    await cancel(http, first, owner)
    second = await booked(http, slot, user())
    assert second["id"] != first["id"]
    # What was cancelled stays so, though somebody holds the slot again.
    assert (await cancel(http, first, owner)).json()["booking"]["status"] == "cancelled"
    error(await book(http, slot, owner), 409, "SLOT_ALREADY_BOOKED")


async def test_another_users_booking_cannot_be_cancelled(http: httpx.AsyncClient) -> None:
    owner = user()
    booking = await booked(http, await some_slot(http), owner)
    error(await cancel(http, booking, user()), 403, "FORBIDDEN")
    error(await cancel(http, booking, admin()), 403, "FORBIDDEN")
    await cancel(http, booking, owner)
    error(await cancel(http, booking, user()), 403, "FORBIDDEN")


async def test_a_booking_that_is_not_there_is_not_found(http: httpx.AsyncClient) -> None:
    error(await cancel(http, {"id": NOBODYS_ID}, user()), 404, "BOOKING_NOT_FOUND")


async def test_a_reservation_that_is_no_booking_is_not_found(http: httpx.AsyncClient) -> None:
    owner, room = user(), await open_room(http)
    for place in (room, "blue-" + room):
        made = await http.post("/reservations", json=stretch(place, 9, 10), headers=owner)
        error(await cancel(http, made.json(), owner), 404, "BOOKING_NOT_FOUND")
    assert await my_bookings(http, owner) == []


@pytest.mark.parametrize("booking", ["7", "x", "%20", NOBODYS_ID[:-1]])
async def test_an_id_that_is_no_uuid_is_refused(http: httpx.AsyncClient, booking: str) -> None:
    assert faults(await http.post(f"/bookings/{booking}/cancel", headers=user())) == {"bookingId"}


async def test_ones_own_bookings_are_listed_by_start_and_cancelled_ones_too(http: httpx.AsyncClient) -> None:
    owner, room = user(), await open_room(http)
    slots = [each["id"] for each in await free_slots(http, room)]
    made = {number: await booked(http, slots[number], owner) for number in (3, 0, 2)}
    await booked(http, slots[1], user())
    await cancel(http, made[2], owner)
    expected = [made[0], made[2] | {"status": "cancelled"}, made[3]]
    assert await my_bookings(http, owner) == expected


async def test_who_has_no_bookings_has_an_empty_list(http: httpx.AsyncClient) -> None:
    answer = await http.get("/bookings/my", headers=user())
    assert (answer.status_code, answer.json()) == (200, {"bookings": []})


class TestRepeated:
    """Requests that are sent again with an `Idempotency-Key`."""

    def sender(self, owner: UUID | None = None) -> dict[str, str]:
        return user(owner) | {"Idempotency-Key": str(uuid4())}

    async def test_a_retry_gets_the_first_answer_again(self, http: httpx.AsyncClient) -> None:
        slot, sender = await some_slot(http), self.sender()
        first = await book(http, slot, sender, createConferenceLink=True)
        second = await book(http, slot, sender, createConferenceLink=True)
        assert (second.status_code, second.json()) == (201, first.json())
        assert (first.headers.get(REPLAYED), second.headers.get(REPLAYED)) == (None, "true")

    async def test_a_retry_by_another_way_gets_it_too(self, http: httpx.AsyncClient) -> None:
        slot, sender = await some_slot(http), self.sender()
        first = await book(http, slot, sender)
        for path in ("/bookings/create/", "/bookings/create?x=1"):
            second = await http.post(path, json={"slotId": slot}, headers=sender)
            assert (second.json(), second.headers[REPLAYED]) == (first.json(), "true")

    async def test_twenty_at_once_have_one_effect(self, http: httpx.AsyncClient) -> None:
        slot, owner = await some_slot(http), uuid4()
        sender = self.sender(owner)
        answers = await asyncio.gather(*(book(http, slot, sender, createConferenceLink=True) for _ in range(20)))
        assert {(answer.status_code, answer.text) for answer in answers} == {(201, answers[0].text)}
        assert sum(REPLAYED not in answer.headers for answer in answers) == 1
        assert len(await my_bookings(http, user(owner))) == 1

    async def test_a_refusal_is_answered_again_when_the_slot_is_free(self, http: httpx.AsyncClient) -> None:
        slot, owner, sender = await some_slot(http), user(), self.sender()
        taken = await booked(http, slot, owner)
        error(await book(http, slot, sender), 409, "SLOT_ALREADY_BOOKED")
        await cancel(http, taken, owner)
        answer = await book(http, slot, sender)
        error(answer, 409, "SLOT_ALREADY_BOOKED")
        assert answer.headers[REPLAYED] == "true"

    async def test_a_retry_after_cancelling_books_nothing(self, http: httpx.AsyncClient) -> None:
        slot, sender = await some_slot(http), self.sender()
        first = await book(http, slot, sender)
        await cancel(http, first.json()["booking"], sender)
        assert (await book(http, slot, sender)).json() == first.json()
        await booked(http, slot, user())

    async def test_a_retry_is_answered_though_the_room_was_retired(self, http: httpx.AsyncClient) -> None:
        room, sender = await open_room(http), self.sender()
        slot = (await free_slots(http, room))[0]["id"]
        first = await book(http, slot, sender)
        await http.post(f"/rooms/{room}/retire", headers=admin())
        second = await book(http, slot, sender)
        assert (second.status_code, second.json()) == (201, first.json())

    async def test_another_slot_with_the_same_key_is_refused(self, http: httpx.AsyncClient) -> None:
        sender = self.sender()
        await book(http, await some_slot(http), sender)
        # Many, for rooms are spread over lanes.
        for _ in range(5):
            error(await book(http, await some_slot(http), sender), 422, "IDEMPOTENCY_KEY_REUSED")

    async def test_an_unknown_slot_is_not_remembered(self, http: httpx.AsyncClient) -> None:
        sender = self.sender()
        error(await book(http, NOBODYS_ID, sender), 404, "SLOT_NOT_FOUND")
        assert (await book(http, await some_slot(http), sender)).status_code == 201

    async def test_a_key_that_was_forgotten_makes_another_booking(
        self, http: httpx.AsyncClient, connection: "asyncpg.Connection"
    ) -> None:
        """After a day the key is gone and the booking is not; twice, for the next id may be in use as well."""
        sender, slot = self.sender(), await some_slot(http)
        ids = set()
        for _ in range(3):
            booking = (await book(http, slot, sender)).json()["booking"]
            ids.add(booking["id"])
            await cancel(http, booking, sender)
            await forget_key(connection, booking)
        assert len(ids) == 3

    async def test_a_forgotten_key_does_not_take_a_slot_twice(
        self, http: httpx.AsyncClient, connection: "asyncpg.Connection"
    ) -> None:
        sender, slot = self.sender(), await some_slot(http)
        booking = (await book(http, slot, sender)).json()["booking"]
        await forget_key(connection, booking)
        error(await book(http, slot, sender), 409, "SLOT_ALREADY_BOOKED")

    @pytest.mark.parametrize("key", ["", "x" * 256])
    async def test_a_key_is_1_to_255_characters(self, http: httpx.AsyncClient, key: str) -> None:
        headers = user() | {"Idempotency-Key": key}
        for path in ("/bookings/create", "/bookings/create?x=1"):
            answer = await http.post(path, json={"slotId": NOBODYS_ID}, headers=headers)
            assert faults(answer) == {"Idempotency-Key"}
