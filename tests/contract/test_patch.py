"""Every PATCH: known fields take effect or are refused, unchanged ones may be repeated, unknown ones are ignored."""

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from answers import NOBODYS_ID, error, faults, reserve
from offices import admin, at, booked, free_slots, open_room, stretch, user
from rooms import hour, overlaps, some_room

UNCHANGED = {"unknown": 1, "user_id": "x", "status": None, "ID": 7, "seats": []}
"""Names that no reservation's PATCH knows."""


async def table(http: httpx.AsyncClient, seats: int = 4) -> int:
    answer = await http.post("/tables", json={"name": "By the window", "seats": seats, "location": "Hall"})
    return int(answer.json()["id"])


async def evening(http: httpx.AsyncClient, seats: int = 4, **fields: Any) -> dict[str, Any]:
    """A reservation of a new table, from 19:00 for ninety minutes, for Anna and one more."""
    content = {
        "table_id": await table(http, seats),
        "customer_name": "Anna",
        "reservation_time": hour(19).isoformat(),
        "duration_minutes": 90,
        "party_size": 2,
    }
    answer = await http.post("/reservations", json=content | fields)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def patch(http: httpx.AsyncClient, made: dict[str, Any], **change: Any) -> httpx.Response:
    return await http.patch(f"/reservations/{made['id']}", json=change)


async def now(http: httpx.AsyncClient, made: dict[str, Any]) -> dict[str, Any]:
    return dict((await http.get(f"/reservations/by-id/{made['id']}")).json())


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ({"customer_name": "Борис"}, {"customer_name": "Борис"}),
        ({"party_size": 4}, {"party_size": 4}),
        ({"party_size": None}, {"party_size": None}),
        ({"duration_minutes": 1}, {"duration_minutes": 1, "end_time": "2030-05-01T19:01:00Z"}),
        ({"duration_minutes": 1_440}, {"duration_minutes": 1_440, "end_time": "2030-05-02T19:00:00Z"}),
        (
            {"reservation_time": "2030-05-01T21:00:00+01:00"},
            {"reservation_time": "2030-05-01T20:00:00Z", "end_time": "2030-05-01T21:30:00Z"},
        ),
        (
            {"reservation_time": "2030-05-01T18:00:00Z", "duration_minutes": 30},
            {
                "reservation_time": "2030-05-01T18:00:00Z",
                "duration_minutes": 30,
                "end_time": "2030-05-01T18:30:00Z",
            },
        ),
        ({"start_time": "2030-05-01T19:30:00Z"}, {"reservation_time": "2030-05-01T19:30:00Z", "duration_minutes": 60}),
        ({"end_time": "2030-05-01T20:00:00Z"}, {"duration_minutes": 60, "end_time": "2030-05-01T20:00:00Z"}),
        (
            {"reservation_time": "2030-05-01T19:30:00Z", "end_time": "2030-05-01T20:00:00Z"},
            {
                "reservation_time": "2030-05-01T19:30:00Z",
                "duration_minutes": 30,
                "end_time": "2030-05-01T20:00:00Z",
            },
        ),
        (
            {"customer_name": "B", "party_size": 3, "reservation_time": "2030-05-01T20:00:00Z", "duration_minutes": 60},
            {
                "customer_name": "B",
                "party_size": 3,
                "reservation_time": "2030-05-01T20:00:00Z",
                "duration_minutes": 60,
                "end_time": "2030-05-01T21:00:00Z",
            },
        ),
    ],
    ids=",".join,
)
async def test_a_tables_reservation_takes_every_field_that_it_has(
    http: httpx.AsyncClient, change: dict[str, Any], after: dict[str, Any]
) -> None:
    made = await evening(http)
    answer = await patch(http, made, **change)
    assert (answer.status_code, answer.json()) == (200, made | after)
    assert await now(http, made) == made | after


@pytest.mark.parametrize("name", ["customer_name", "party_size", "reservation_time", "duration_minutes"])
async def test_a_whole_answer_with_one_field_changed_changes_that_field(http: httpx.AsyncClient, name: str) -> None:
    """Read, changed, and sent back: what is repeated is no contradiction."""
    made = await evening(http)
    value = {
        "customer_name": "Vera",
        "party_size": 1,
        "reservation_time": "2030-05-01T20:00:00Z",
        "duration_minutes": 30,
    }[name]
    answer = await patch(http, made, **(made | {name: value}))
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    assert changed[name] == value
    rest = {key: changed[key] for key in made if key not in (name, "end_time")}
    assert rest == {key: made[key] for key in rest}


async def test_a_new_end_in_a_whole_answer_is_a_new_length(http: httpx.AsyncClient) -> None:
    made = await evening(http)
    changed = (await patch(http, made, **(made | {"end_time": "2030-05-01T20:00:00Z"}))).json()
    assert changed == made | {"end_time": "2030-05-01T20:00:00Z", "duration_minutes": 60}


async def test_a_whole_answer_may_be_sent_back(http: httpx.AsyncClient) -> None:
    for made in (await evening(http), await reserve(http, some_room(), 1, 2)):
        answer = await patch(http, made, **made, **UNCHANGED)
        assert (answer.status_code, answer.json()) == (200, made)


async def test_a_repeated_field_may_be_written_otherwise(http: httpx.AsyncClient) -> None:
    made = await evening(http)
    repeated = {"id": made["id"].upper().replace("-", ""), "created_at": made["created_at"].replace("Z", "+00:00")}
    assert (await patch(http, made, **repeated, reservation_time=hour(19).isoformat())).json() == made


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"duration_minutes": 0}, {"duration_minutes"}),
        ({"duration_minutes": 1_441}, {"duration_minutes"}),
        ({"duration_minutes": 60.5}, {"duration_minutes"}),
        ({"duration_minutes": "60"}, {"duration_minutes"}),
        ({"duration_minutes": None}, {"duration_minutes"}),
        ({"duration_minutes": True}, {"duration_minutes"}),
        ({"reservation_time": "19:00"}, {"reservation_time"}),
        ({"reservation_time": None}, {"reservation_time"}),
        ({"reservation_time": "2200-12-31T23:30:00Z"}, {"reservation_time"}),
        ({"reservation_time": "2201-01-01T00:00:00Z"}, {"reservation_time"}),
        ({"customer_name": ""}, {"customer_name"}),
        ({"customer_name": None}, {"customer_name"}),
        ({"customer_name": 7}, {"customer_name"}),
        ({"customer_name": "a\0"}, {"customer_name"}),
        ({"party_size": 5}, {"party_size"}),
        ({"party_size": 0}, {"party_size"}),
        ({"party_size": "2"}, {"party_size"}),
        ({"party_size": 1_001}, {"party_size"}),
        ({"end_time": "2030-05-01T20:00:01Z"}, {"end_time"}),
        ({"end_time": "2030-05-01T20:00:00.000001Z"}, {"end_time"}),
        ({"end_time": "2030-05-02T19:01:00Z"}, {"end_time"}),
        ({"end_time": "2030-05-01T19:00:00Z"}, {"end_time"}),
        ({"start_time": "2030-05-01T19:00:30Z"}, {"start_time"}),
        ({"start_time": "2030-04-30T20:00:00Z"}, {"start_time"}),
        ({"start_time": "2030-05-01T22:00:00Z"}, {"end_time"}),
        ({"duration_minutes": 60, "end_time": "2030-05-01T21:00:00Z"}, {"duration_minutes", "end_time"}),
        (
            {"start_time": "2030-05-01T18:00:00Z", "reservation_time": "2030-05-01T18:30:00Z"},
            {"start_time", "reservation_time"},
        ),
        ({"room_id": "blue"}, {"room_id"}),
        ({"id": NOBODYS_ID}, {"id"}),
        ({"id": 7}, {"id"}),
        ({"id": None}, {"id"}),
        ({"created_at": "2030-05-01T19:00:00Z"}, {"created_at"}),
        ({"created_at": 7}, {"created_at"}),
        ({"created_at": None}, {"created_at"}),
        ({"id": NOBODYS_ID, "created_at": "2030-05-01T19:00:00Z", "room_id": "a"}, {"id", "created_at", "room_id"}),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else ",".join(sorted(value)),
)
async def test_a_field_that_cannot_be_is_named_and_nothing_is_changed(
    http: httpx.AsyncClient, change: dict[str, Any], named: set[str]
) -> None:
    made = await evening(http)
    assert faults(await patch(http, made, **change)) == named
    assert faults(await patch(http, made, **({"customer_name": "Vera", "party_size": 1} | change))) == named
    assert await now(http, made) == made


@pytest.mark.parametrize(
    "field",
    [
        {"table_id": 1},
        {"customer_name": "Anna"},
        {"reservation_time": hour(1).isoformat()},
        {"duration_minutes": 60},
        {"party_size": 2},
        {"party_size": None},
        {"id": NOBODYS_ID},
        {"created_at": hour(1).isoformat()},
    ],
    ids=lambda field: next(iter(field)),
)
async def test_a_room_has_no_fields_of_a_table(http: httpx.AsyncClient, field: dict[str, Any]) -> None:
    made = await reserve(http, some_room(), 1, 2)
    assert faults(await patch(http, made, **field)) == set(field)
    assert faults(await patch(http, made, **field, end_time=hour(3).isoformat())) == set(field)
    assert await now(http, made) == made


async def test_a_party_fits_where_it_moves(http: httpx.AsyncClient) -> None:
    made, small = await evening(http, 8, party_size=5), await table(http, 2)
    assert faults(await patch(http, made, table_id=small)) == {"party_size"}
    assert faults(await patch(http, made, table_id=small, party_size=3)) == {"party_size"}
    moved = (await patch(http, made, table_id=small, party_size=2, customer_name="Vera")).json()
    assert moved == made | {"table_id": small, "party_size": 2, "customer_name": "Vera"}
    assert await now(http, made) == moved


async def test_a_conflict_changes_nothing_of_it(http: httpx.AsyncClient) -> None:
    made = await evening(http)
    other = {"table_id": made["table_id"], "customer_name": "B", "duration_minutes": 60}
    await http.post("/reservations", json=other | {"reservation_time": hour(21).isoformat()})
    refused = await patch(http, made, customer_name="Vera", duration_minutes=121)
    error(refused, 409, "TIME_CONFLICT")
    assert await now(http, made) == made
    assert (await patch(http, made, duration_minutes=120)).status_code == 200


async def test_a_message_tells_of_details_that_changed(
    http: httpx.AsyncClient, connection: "asyncpg.Connection"
) -> None:
    made = await evening(http)
    for change in ({"customer_name": "Vera"}, {"customer_name": "Vera"}, {"party_size": 1, "duration_minutes": 60}):
        await patch(http, made, **change)
    rows = await connection.fetch(
        "SELECT type, revision, data FROM outbox WHERE place = $1 AND type LIKE 'reservation%' ORDER BY revision",
        f"table:{made['table_id']}",
    )
    assert [row["type"] for row in rows] == ["reservation.created", "reservation.changed", "reservation.moved"]
    assert [row["revision"] for row in rows] == [2, 3, 4]
    assert not any("Vera" in row["data"] for row in rows)


async def test_an_owner_stays_whatever_is_changed(http: httpx.AsyncClient, connection: "asyncpg.Connection") -> None:
    owner = UUID(int=0xFA7C4)
    made = await evening(http)
    await connection.execute("UPDATE reservations SET user_id = $1 WHERE id = $2", owner, UUID(made["id"]))
    await patch(http, made, customer_name="Vera")
    assert await connection.fetchval("SELECT user_id FROM reservations WHERE id = $1", UUID(made["id"])) == owner


async def test_a_table_that_was_taken_away_is_not_found(http: httpx.AsyncClient) -> None:
    made = await evening(http, reservation_time="2020-05-01T19:00:00Z")
    assert (await http.delete(f"/tables/{made['table_id']}")).status_code == 204
    for change in (
        {"duration_minutes": 120},
        {"duration_minutes": 60},
        {"customer_name": "Vera"},
        {"party_size": 1},
        {"reservation_time": "2030-05-01T19:00:00Z"},
        {"start_time": "2020-05-01T18:00:00Z"},
        {"end_time": "2020-05-01T22:00:00Z"},
    ):
        error(await patch(http, made, **change), 404, "TABLE_NOT_FOUND")
    assert (await patch(http, made, **UNCHANGED)).json() == made
    elsewhere = await table(http)
    assert (await patch(http, made, table_id=elsewhere)).json() == made | {"table_id": elsewhere}


async def test_of_many_that_change_one_evening_each_is_whole(
    http: httpx.AsyncClient, connection: "asyncpg.Connection"
) -> None:
    """Moves and changes of details at the same moment leave one that somebody asked for, and no overlap."""
    made, other = await evening(http), await table(http)
    changes: list[dict[str, Any]] = [
        {"table_id": other if number % 2 else made["table_id"], "customer_name": f"Guest {number}", "party_size": 1}
        for number in range(20)
    ]
    answers = await asyncio.gather(*(patch(http, made, **change) for change in changes))
    for answer, change in zip(answers, changes, strict=True):
        assert answer.status_code in (200, 404), answer.text
        assert answer.status_code == 404 or answer.json() == made | change
    assert await now(http, made) in [made | change for change in changes]
    assert not await overlaps(connection)


class TestRetiredRooms:
    """Held before the room was retired: it may become less, or nothing."""

    async def retired(self, http: httpx.AsyncClient) -> tuple[dict[str, Any], dict[str, str]]:
        owner = user(uuid4())
        room = await open_room(http)
        made = await http.post("/reservations", json=stretch(room, 9, 11), headers=owner)
        await http.post(f"/rooms/{room}/retire", headers=admin())
        return dict(made.json()), owner

    async def test_it_is_shortened(self, http: httpx.AsyncClient) -> None:
        made, owner = await self.retired(http)
        for change in ({"end_time": at(10.5)}, {"start_time": at(9.5)}, {"start_time": at(9.75), "end_time": at(10)}):
            answer = await http.patch(f"/reservations/{made['id']}", json=change, headers=owner)
            assert answer.status_code == 200, answer.text
        assert answer.json() == made | {"start_time": "2030-05-01T09:45:00Z", "end_time": "2030-05-01T10:00:00Z"}

    async def test_it_is_cancelled(self, http: httpx.AsyncClient) -> None:
        made, owner = await self.retired(http)
        assert (await http.delete(f"/reservations/{made['id']}", headers=owner)).status_code == 204

    @pytest.mark.parametrize(
        "change",
        [
            {"end_time": at(11.5)},
            {"start_time": at(9.5), "end_time": at(11.5)},
            {"start_time": at(11), "end_time": at(12)},
        ],
        ids=["longer", "later", "elsewhen"],
    )
    async def test_it_never_becomes_more(self, http: httpx.AsyncClient, change: dict[str, Any]) -> None:
        made, owner = await self.retired(http)
        error(await http.patch(f"/reservations/{made['id']}", json=change, headers=owner), 409, "ROOM_CLOSED")

    async def test_nothing_comes_into_it(self, http: httpx.AsyncClient) -> None:
        made, owner = await self.retired(http)
        other = await http.post("/reservations", json=stretch(await open_room(http), 9, 10), headers=owner)
        change = {"room_id": made["room_id"], "start_time": at(9), "end_time": at(10)}
        error(await http.patch(f"/reservations/{other.json()['id']}", json=change, headers=owner), 409, "ROOM_CLOSED")

    async def test_a_booking_stays_a_slot(self, http: httpx.AsyncClient) -> None:
        owner = user(uuid4())
        room = await open_room(http)
        made = await booked(http, (await free_slots(http, room))[0]["id"], owner)
        await http.post(f"/rooms/{room}/retire", headers=admin())
        path = f"/reservations/{made['id']}"
        error(await http.patch(path, json={"end_time": at(9.25)}, headers=owner), 409, "ROOM_CLOSED")
        assert (await http.patch(path, json={"end_time": at(9.5)}, headers=owner)).status_code == 200
        assert (await http.post(f"/bookings/{made['id']}/cancel", headers=owner)).status_code == 200


class TestEvents:
    """`PATCH /api/events/{id}`."""

    async def made(self, http: httpx.AsyncClient) -> dict[str, Any]:
        event = (await http.post("/api/events", json={"name": "Jazz", "total_seats": 4})).json()
        await http.post("/api/bookings/reserve", json={"event_id": event["id"], "user_id": "a"})
        return dict((await http.get(f"/api/events/{event['id']}")).json())

    async def test_a_whole_answer_may_be_sent_back(self, http: httpx.AsyncClient) -> None:
        event = await self.made(http)
        path = f"/api/events/{event['id']}"
        assert (await http.patch(path, json=event | UNCHANGED)).json() == event
        changed = (await http.patch(path, json=event | {"total_seats": 9, "name": "Blues"})).json()
        assert changed == event | {"total_seats": 9, "available_seats": 8, "name": "Blues"}

    @pytest.mark.parametrize("name", ["id", "booked_seats", "available_seats"])
    @pytest.mark.parametrize("value", [7_777, "1", None, True, 0.5, []], ids=repr)
    async def test_a_field_that_cannot_be_changed_is_named(
        self, http: httpx.AsyncClient, name: str, value: Any
    ) -> None:
        event = await self.made(http)
        path = f"/api/events/{event['id']}"
        assert faults(await http.patch(path, json={name: value, "name": "Blues"})) == {name}
        assert (await http.get(path)).json() == event


class TestUsers:
    """`PATCH /users/{id}`."""

    async def made(self, http: httpx.AsyncClient) -> dict[str, Any]:
        content = {"email": f"{uuid4()}@example.com", "password": "correct horse", "role": "user"}
        made = (await http.post("/register", json=content)).json()["user"]
        return dict((await http.patch(f"/users/{made['id']}", json={}, headers=admin())).json()["user"])

    async def test_a_whole_answer_may_be_sent_back(self, http: httpx.AsyncClient) -> None:
        one = await self.made(http)
        path = f"/users/{one['id']}"
        assert (await http.patch(path, json=one | UNCHANGED, headers=admin())).json() == {"user": one}
        disabled = one | {"disabled": True}
        assert (await http.patch(path, json=disabled, headers=admin())).json() == {"user": disabled}

    @pytest.mark.parametrize("name", ["id", "email", "createdAt"])
    @pytest.mark.parametrize(
        "value", ["other@example.com", NOBODYS_ID, "2030-05-01T10:00:00Z", 7, None, True], ids=repr
    )
    async def test_a_field_that_cannot_be_changed_is_named(
        self, http: httpx.AsyncClient, name: str, value: Any
    ) -> None:
        one = await self.made(http)
        answer = await http.patch(f"/users/{one['id']}", json={name: value, "disabled": True}, headers=admin())
        assert faults(answer) == {name}
        assert (await http.patch(f"/users/{one['id']}", json={}, headers=admin())).json() == {"user": one}
