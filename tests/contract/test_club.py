"""What the web app shows of events and tables: own seats, who comes, who has which table; to those who may know."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from people import dummy, signed_in

DAY = {"from": "2030-05-01T00:00:00Z", "to": "2030-05-02T00:00:00Z"}


async def make_event(http: httpx.AsyncClient, seats: int = 3, name: str | None = None) -> dict[str, Any]:
    fields = {"name": name or f"Jazz {uuid4().hex}", "total_seats": seats}
    return dict((await http.post("/api/events", json=fields, headers=await dummy(http, "admin"))).json())


async def take(http: httpx.AsyncClient, event: dict[str, Any], person: str, **options: Any) -> int:
    body = {"event_id": event["id"], "user_id": person}
    answer = await http.post("/api/bookings/reserve", json=body, **options)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def make_table(http: httpx.AsyncClient, seats: int = 4) -> dict[str, Any]:
    fields = {"name": f"Table {uuid4().hex}", "seats": seats, "location": "Hall"}
    return dict((await http.post("/tables", json=fields, headers=await dummy(http, "admin"))).json())


async def reserve(http: httpx.AsyncClient, table: dict[str, Any], headers: dict[str, str]) -> str:
    body = {"table_id": table["id"], "customer_name": "Anna", "reservation_time": "2030-05-01T19:00:00Z"}
    body |= {"duration_minutes": 90, "party_size": 2}
    answer = await http.post("/reservations", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def floor(http: httpx.AsyncClient, headers: dict[str, str], reservation_id: str) -> dict[str, Any]:
    """A reservation as the floor shows it."""
    answer = await http.get("/board/floor", params=DAY, headers=headers)
    assert answer.status_code == 200, answer.text
    return next(dict(each) for each in answer.json()["reservations"] if each["id"] == reservation_id)


async def test_an_event_tells_of_ones_own_seat(http: httpx.AsyncClient) -> None:
    event = await make_event(http)
    me, headers = await signed_in(http)
    booking = await take(http, event, me["id"], headers=headers)
    mine = (await http.get(f"/board/events/{event['id']}", headers=headers)).json()
    others = (await http.get(f"/board/events/{event['id']}")).json()
    assert (mine["bookingId"], mine["availableSeats"]) == (booking, 2)
    assert (others["bookingId"], others["availableSeats"]) == (None, 2)


async def test_events_come_newest_first_in_pages_and_are_searched(http: httpx.AsyncClient) -> None:
    mark = uuid4().hex
    for name in (f"Лекция {mark}", f"Jazz {mark} 100%", f"Yoga {mark}"):
        await make_event(http, name=name)
    first = (await http.get("/board/events", params={"search": mark, "limit": 2})).json()
    rest = (await http.get("/board/events", params={"search": mark, "cursor": first["nextCursor"]})).json()
    found = [each["name"].split()[0] for each in first["events"] + rest["events"]]
    assert (found, rest["nextCursor"]) == (["Yoga", "Jazz", "Лекция"], None)
    exact = (await http.get("/board/events", params={"search": f"{mark} 100%".upper()})).json()
    assert [each["name"].split()[0] for each in exact["events"]] == ["Jazz"]


async def test_the_list_tells_of_ones_own_seats(http: httpx.AsyncClient) -> None:
    event = await make_event(http)
    me, headers = await signed_in(http)
    booking = await take(http, event, me["id"], headers=headers)
    found = (await http.get("/board/events", params={"search": event["name"]}, headers=headers)).json()
    assert [each["bookingId"] for each in found["events"]] == [booking]


async def test_an_event_that_is_not_there(http: httpx.AsyncClient) -> None:
    answer = await http.get("/board/events/999999999")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "EVENT_NOT_FOUND")


async def test_where_tokens_are_needed_nobody_looks_without(guarded: httpx.AsyncClient) -> None:
    for path in ("/board/events", "/board/events/1", "/board/floor"):
        assert (await guarded.get(path, params=DAY)).status_code == 401, path


async def test_attendees_are_found_by_their_address_and_by_their_name(http: httpx.AsyncClient) -> None:
    event = await make_event(http, seats=5)
    me, headers = await signed_in(http)
    await take(http, event, me["id"], headers=headers)
    await take(http, event, "Вера Холодная")
    await take(http, event, "boris")
    path, admin = f"/board/events/{event['id']}/attendees", await dummy(http, "admin")

    async def found(search: str) -> list[tuple[str, str | None]]:
        answer = await http.get(path, params={"search": search}, headers=admin)
        return [(each["userId"], each["userEmail"]) for each in answer.json()["attendees"]]

    assert len(await found("")) == 3
    assert await found(me["email"][:12].upper()) == [(me["id"], me["email"])]
    assert await found("холод") == [("Вера Холодная", None)]
    assert await found("_oris") == []


async def test_attendees_come_in_pages(http: httpx.AsyncClient) -> None:
    event = await make_event(http, seats=5)
    for person in ("carl", "anna", "boris"):
        await take(http, event, person)
    path, admin = f"/board/events/{event['id']}/attendees", await dummy(http, "admin")
    first = (await http.get(path, params={"limit": 2}, headers=admin)).json()
    rest = (await http.get(path, params={"cursor": first["nextCursor"]}, headers=admin)).json()
    assert [each["userId"] for each in first["attendees"] + rest["attendees"]] == ["anna", "boris", "carl"]


async def test_attendees_are_for_admins(http: httpx.AsyncClient) -> None:
    event = await make_event(http)
    _, headers = await signed_in(http)
    assert (await http.get(f"/board/events/{event['id']}/attendees", headers=headers)).status_code == 403


@pytest.mark.parametrize("path", ["/board/events", "/board/events/1/attendees"])
async def test_what_no_name_has_is_not_looked_for(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path, params={"search": "a\0b"}, headers=await dummy(http, "admin"))
    assert answer.status_code == 400


async def test_the_floor_has_tables_and_who_has_them(http: httpx.AsyncClient) -> None:
    table = await make_table(http)
    _, headers = await signed_in(http)
    reservation_id = await reserve(http, table, headers)
    shown = await floor(http, headers, reservation_id)
    assert shown == {
        "id": reservation_id, "tableId": table["id"], "start": "2030-05-01T19:00:00Z", "end": "2030-05-01T20:30:00Z",
        "isMine": True, "mayChange": True, "customerName": "Anna", "partySize": 2,
    }  # fmt: skip


async def test_anothers_reservation_is_not_ones_own_to_change(http: httpx.AsyncClient) -> None:
    _, headers = await signed_in(http)
    _, other = await signed_in(http)
    reservation_id = await reserve(http, await make_table(http), headers)
    shown = await floor(http, other, reservation_id)
    # Without tokens being needed, names are everybody's to see: the contract of tables says so.
    assert (shown["isMine"], shown["mayChange"], shown["customerName"]) == (False, False, "Anna")
    admins = await floor(http, await dummy(http, "admin"), reservation_id)
    assert (admins["isMine"], admins["mayChange"]) == (False, True)


async def test_where_tokens_are_needed_guests_are_hidden_from_others(
    http: httpx.AsyncClient, guarded: httpx.AsyncClient
) -> None:
    _, headers = await signed_in(http)
    _, other = await signed_in(http)
    reservation_id = await reserve(http, await make_table(http), headers)
    names = [(await floor(guarded, who, reservation_id))["customerName"] for who in (headers, other)]
    assert names == ["Anna", None]


async def test_rooms_are_not_on_the_floor_and_tables_not_on_the_board(http: httpx.AsyncClient) -> None:
    table = await make_table(http)
    _, headers = await signed_in(http)
    reservation_id = await reserve(http, table, headers)
    board = (await http.get("/board", params=DAY, headers=headers)).json()
    assert reservation_id not in {each["id"] for each in board["reservations"]}


async def test_ones_own_list_names_tables(http: httpx.AsyncClient) -> None:
    table = await make_table(http)
    _, headers = await signed_in(http)
    await reserve(http, table, headers)
    (mine,) = (await http.get("/board/mine", headers=headers)).json()["reservations"]
    assert (mine["kind"], mine["roomName"], mine["isBooking"]) == ("table", table["name"], False)
