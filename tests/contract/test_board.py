"""What the web app shows at once: rooms with their hours, who holds what, and only to those who may know."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from people import dummy, signed_in
from rooms import body, hour, some_room

DAY = {"from": "2030-05-01T00:00:00Z", "to": "2030-05-02T00:00:00Z"}


async def office(http: httpx.AsyncClient) -> dict[str, Any]:
    """A new managed room that is open from nine to five, every day."""
    admin = await dummy(http, "admin")
    room = (await http.post("/rooms/create", json={"name": f"Blue {uuid4()}"}, headers=admin)).json()["room"]
    hours = {"daysOfWeek": [1, 2, 3, 4, 5, 6, 7], "startTime": "09:00", "endTime": "17:00"}
    await http.post(f"/rooms/{room['id']}/schedule/create", json=hours, headers=admin)
    return dict(room)


async def book(http: httpx.AsyncClient, room: dict[str, Any], user: dict[str, str], **more: Any) -> dict[str, Any]:
    """A booking of the room's first free slot of that day."""
    listed = await http.get(f"/rooms/{room['id']}/slots/list", params={"date": "2030-05-01"}, headers=user)
    answer = await http.post("/bookings/create", json={"slotId": listed.json()["slots"][0]["id"], **more}, headers=user)
    return dict(answer.json()["booking"])


async def board(http: httpx.AsyncClient, headers: dict[str, str], **params: Any) -> dict[str, Any]:
    answer = await http.get("/board", params=DAY | params, headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def held(board: dict[str, Any], reservation_id: str) -> dict[str, Any]:
    return next(each for each in board["reservations"] if each["id"] == reservation_id)


async def test_the_board_needs_a_token(http: httpx.AsyncClient) -> None:
    assert (await http.get("/board", params=DAY)).status_code == 401


async def test_a_managed_room_has_its_name_and_hours(http: httpx.AsyncClient) -> None:
    room = await office(http)
    _, user = await signed_in(http)
    shown = next(each for each in (await board(http, user))["rooms"] if each["id"] == room["id"])
    assert (shown["name"], shown["isManaged"], shown["isRetired"]) == (room["name"], True, False)
    assert shown["hours"] == {"daysOfWeek": [1, 2, 3, 4, 5, 6, 7], "startTime": "09:00", "endTime": "17:00"}


async def test_a_retired_room_is_shown_only_where_it_is_still_held(http: httpx.AsyncClient) -> None:
    room = await office(http)
    _, user = await signed_in(http)
    await book(http, room, user)
    await http.post(f"/rooms/{room['id']}/retire", headers=await dummy(http, "admin"))
    there = {each["id"]: each for each in (await board(http, user))["rooms"]}
    assert there[room["id"]]["isRetired"] is True
    other_day = {"from": "2030-05-03T00:00:00Z", "to": "2030-05-04T00:00:00Z"}
    assert room["id"] not in {each["id"] for each in (await board(http, user, **other_day))["rooms"]}


async def test_a_room_that_was_only_named_is_shown_when_it_is_held(http: httpx.AsyncClient) -> None:
    room = some_room()
    made = (await http.post("/reservations", json=body(room, 1, 2))).json()
    _, user = await signed_in(http)
    found = await board(http, user)
    shown = next(each for each in found["rooms"] if each["id"] == room)
    assert (shown["name"], shown["isManaged"], shown["hours"]) == (room, False, None)
    there = held(found, made["id"])
    assert (there["roomId"], there["start"], there["end"]) == (room, "2030-05-01T01:00:00Z", "2030-05-01T02:00:00Z")


async def test_one_sees_whose_ones_own_are(http: httpx.AsyncClient) -> None:
    room = await office(http)
    me, user = await signed_in(http)
    booking = await book(http, room, user, createConferenceLink=True)
    there = held(await board(http, user), booking["id"])
    assert (there["isMine"], there["isBooking"], there["userId"]) == (True, True, me["id"])
    assert (there["userEmail"], there["conferenceLink"]) == (me["email"], booking["conferenceLink"])


async def test_one_is_not_told_whose_the_others_are(http: httpx.AsyncClient) -> None:
    room = await office(http)
    _, user = await signed_in(http)
    booking = await book(http, room, user, createConferenceLink=True)
    _, other = await signed_in(http)
    there = held(await board(http, other), booking["id"])
    assert [there[name] for name in ("isMine", "userId", "userEmail", "conferenceLink")] == [False, None, None, None]


async def test_an_admin_sees_whose_each_is(http: httpx.AsyncClient) -> None:
    room = await office(http)
    me, user = await signed_in(http)
    booking = await book(http, room, user)
    there = held(await board(http, await dummy(http, "admin")), booking["id"])
    assert (there["isMine"], there["userEmail"]) == (False, me["email"])


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"from": "x"}, "from"),
        ({"to": "2030-04-30T00:00:00Z"}, "to"),
        ({"to": "2030-05-09T00:00:01Z"}, "to"),
    ],
)
async def test_a_stretch_that_makes_no_sense_is_refused(
    http: httpx.AsyncClient, params: dict[str, str], field: str
) -> None:
    answer = await http.get("/board", params=DAY | params, headers=await dummy(http, "user"))
    assert (answer.status_code, list(answer.json()["error"]["details"]["fields"])) == (400, [field])


async def test_a_stretch_must_be_named(http: httpx.AsyncClient) -> None:
    answer = await http.get("/board", headers=await dummy(http, "user"))
    assert answer.status_code == 400


async def test_ones_own_come_by_start_in_pages(http: httpx.AsyncClient) -> None:
    me, user = await signed_in(http)
    room = some_room()
    for start in (5, 1, 3):
        await http.post("/reservations", json=body(room, start, start + 1), headers=user)
    first = (await http.get("/board/mine", params={"limit": 2}, headers=user)).json()
    rest = (await http.get("/board/mine", params={"cursor": first["nextCursor"]}, headers=user)).json()
    found = first["reservations"] + rest["reservations"]
    assert [each["start"] for each in found] == [hour(n).isoformat().replace("+00:00", "Z") for n in (1, 3, 5)]
    assert {(each["userId"], each["roomName"]) for each in found} == {(me["id"], room)}
    assert rest["nextCursor"] is None


async def test_all_bookings_have_rooms_and_people(http: httpx.AsyncClient) -> None:
    room = await office(http)
    me, user = await signed_in(http)
    booking = await book(http, room, user)
    await http.post(f"/bookings/{booking['id']}/cancel", headers=user)
    answer = (await http.get("/board/bookings", headers=await dummy(http, "admin"))).json()
    there = next(each for each in answer["bookings"] if each["id"] == booking["id"])
    assert (there["roomName"], there["userEmail"], there["status"]) == (room["name"], me["email"], "cancelled")
    assert answer["pagination"]["page"] == 1


async def test_all_bookings_are_for_admins(http: httpx.AsyncClient) -> None:
    assert (await http.get("/board/bookings", headers=await dummy(http, "user"))).status_code == 403


async def test_a_token_tells_who_one_is(http: httpx.AsyncClient) -> None:
    user, headers = await signed_in(http)
    answer = await http.get("/me", headers=headers)
    assert answer.json() == {"user": {"id": user["id"], "email": user["email"], "role": "user"}}


async def test_who_has_no_token_is_nobody(http: httpx.AsyncClient) -> None:
    assert (await http.get("/me")).status_code == 401
