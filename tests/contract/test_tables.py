"""The tables contract: a restaurant's floor, and its evenings."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from answers import NOBODYS_ID, error, faults, pages, reserve
from rooms import hour, overlaps, some_room
from tokens import bearer

ME, THEM = UUID(int=0x7AB1E1), UUID(int=0x7AB1E2)


async def made(http: httpx.AsyncClient, seats: int = 4, **more: Any) -> int:
    """The id of a new table."""
    answer = await http.post("/tables", json={"name": "By the window", "seats": seats, "location": "Hall"}, **more)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def evening(table: int, start: float, minutes: int = 90, **more: Any) -> dict[str, Any]:
    """A request for a table."""
    time = hour(start).isoformat()
    return {"table_id": table, "customer_name": "Анна", "reservation_time": time, "duration_minutes": minutes} | more


async def book(http: httpx.AsyncClient, *wanted: Any, headers: dict[str, str] | None = None, **more: Any) -> Any:
    """The answer to a request for a table."""
    return await http.post("/reservations", json=evening(*wanted, **more), headers=headers)


async def free(http: httpx.AsyncClient, **query: Any) -> set[int]:
    """The tables that are listed."""
    answer = await http.get("/tables", params=query)
    assert answer.status_code == 200, answer.text
    return {each["id"] for each in answer.json()}


class TestTheFloor:
    """`/tables`."""

    async def test_a_table_is_made_and_listed(self, http: httpx.AsyncClient) -> None:
        answer = await http.post("/tables", json={"name": "Two", "seats": 2, "location": "Terrace"})
        assert answer.status_code == 201
        table = answer.json()
        assert table == {"id": table["id"], "name": "Two", "seats": 2, "location": "Terrace"}
        assert isinstance(table["id"], int)
        assert table in (await http.get("/tables")).json()

    async def test_tables_are_listed_by_id_and_by_seats(self, http: httpx.AsyncClient) -> None:
        two, four, eight = [await made(http, seats) for seats in (2, 4, 8)]
        listed = [each["id"] for each in (await http.get("/tables")).json()]
        assert listed == sorted(listed)
        found = await free(http, seats_min=4)
        assert two not in found
        assert {four, eight} <= found

    async def test_only_tables_that_are_free_then_are_listed(self, http: httpx.AsyncClient) -> None:
        table = await made(http)
        await book(http, table, 10, 60)
        for start, minutes, is_free in (
            (9, 60, True),
            (11, 60, True),
            (9, 61, False),
            (10.5, 10, False),
            (9, 240, False),
            (10, 60, False),
        ):
            query = {"at": hour(start).isoformat(), "duration_minutes": minutes}
            assert (table in await free(http, **query)) is is_free

    async def test_a_cancelled_evening_is_free_at_once(self, http: httpx.AsyncClient) -> None:
        table = await made(http)
        booked = (await book(http, table, 10)).json()
        assert (await http.delete(f"/reservations/{booked['id']}")).status_code == 204
        assert table in await free(http, at=hour(10).isoformat(), duration_minutes=90)

    @pytest.mark.parametrize(
        ("query", "named"),
        [
            ({"seats_min": 0}, {"seats_min"}),
            ({"seats_min": 1_001}, {"seats_min"}),
            ({"seats_min": "x"}, {"seats_min"}),
            ({"at": "2030-05-01T10:00:00Z"}, {"duration_minutes"}),
            ({"duration_minutes": 5}, {"at"}),
            ({"at": "then", "duration_minutes": 5}, {"at"}),
            ({"at": "2030-05-01T10:00:00Z", "duration_minutes": 1_441}, {"duration_minutes"}),
        ],
    )
    async def test_a_wrong_filter_is_named(
        self, http: httpx.AsyncClient, query: dict[str, Any], named: set[str]
    ) -> None:
        assert faults(await http.get("/tables", params=query)) == named

    @pytest.mark.parametrize(
        ("body", "named"),
        [
            ({}, {"name", "seats", "location"}),
            ({"name": "", "seats": 0, "location": ""}, {"name", "seats", "location"}),
            ({"name": "a", "seats": 1_001, "location": "a"}, {"seats"}),
            ({"name": "a", "seats": "4", "location": 1}, {"seats", "location"}),
            ({"name": "a" * 256, "seats": 4, "location": "a"}, {"name"}),
        ],
    )
    async def test_every_wrong_field_is_named(
        self, http: httpx.AsyncClient, body: dict[str, Any], named: set[str]
    ) -> None:
        assert faults(await http.post("/tables", json=body)) == named

    async def test_a_repeated_request_makes_one_table(self, http: httpx.AsyncClient) -> None:
        key, body = {"Idempotency-Key": str(uuid4())}, {"name": "Two", "seats": 2, "location": "Hall"}
        answers = await asyncio.gather(*(http.post("/tables", json=body, headers=key) for _ in range(10)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1

    async def test_a_table_without_coming_reservations_is_deleted(
        self, http: httpx.AsyncClient, connection: "asyncpg.Connection"
    ) -> None:
        table = await made(http)
        await http.post("/reservations", json=evening(table, 0) | {"reservation_time": "2020-01-01T10:00:00Z"})
        assert (await http.delete(f"/tables/{table}")).status_code == 204
        assert table not in await free(http)
        error(await http.delete(f"/tables/{table}"), 404, "TABLE_NOT_FOUND")
        error(await book(http, table, 10), 404, "TABLE_NOT_FOUND")
        rows = await connection.fetch("SELECT type FROM outbox WHERE place = $1 ORDER BY revision", f"table:{table}")
        assert [row["type"] for row in rows] == ["table.created", "reservation.created", "table.deleted"]

    async def test_a_table_with_coming_reservations_stays(self, http: httpx.AsyncClient) -> None:
        table = await made(http)
        booked = (await book(http, table, 10)).json()
        error(await http.delete(f"/tables/{table}"), 409, "TABLE_HAS_RESERVATIONS")
        await http.delete(f"/reservations/{booked['id']}")
        assert (await http.delete(f"/tables/{table}")).status_code == 204

    @pytest.mark.parametrize("number", ["0", "x", "9223372036854775808"])
    async def test_an_id_is_a_whole_number(self, http: httpx.AsyncClient, number: str) -> None:
        assert faults(await http.delete(f"/tables/{number}")) == {"id"}

    async def test_a_table_typed_into_psql_is_a_table(
        self, http: httpx.AsyncClient, connection: "asyncpg.Connection"
    ) -> None:
        row = "INSERT INTO tables (name, seats, location) VALUES ('Three', 3, 'Bar') RETURNING id"
        table = await connection.fetchval(row)
        assert table in await free(http)
        assert (await http.delete(f"/tables/{table}")).status_code == 204
        error(await book(http, table, 10), 404, "TABLE_NOT_FOUND")


class TestEvenings:
    """The table half of `/reservations`."""

    async def test_a_table_is_reserved(self, http: httpx.AsyncClient) -> None:
        table = await made(http)
        answer = await book(http, table, 10, 90, party_size=3)
        assert answer.status_code == 201
        content = answer.json()
        assert content == {
            "id": content["id"],
            "table_id": table,
            "customer_name": "Анна",
            "reservation_time": "2030-05-01T10:00:00Z",
            "duration_minutes": 90,
            "end_time": "2030-05-01T11:30:00Z",
            "party_size": 3,
            "created_at": content["created_at"],
        }
        assert answer.headers["location"] == f"/reservations/by-id/{content['id']}"
        assert (await http.get(answer.headers["location"])).json() == content

    @pytest.mark.parametrize(
        ("start", "minutes", "status"),
        [
            (10, 60, 409),
            (10.25, 30, 409),
            (9.5, 120, 409),
            (9.5, 60, 409),
            (10.5, 60, 409),
            (9, 60, 201),
            (11, 60, 201),
        ],
        ids=["the same", "inside", "around", "across the start", "across the end", "before", "after"],
    )
    async def test_overlaps_are_told_apart(
        self, http: httpx.AsyncClient, start: float, minutes: int, status: int
    ) -> None:
        table = await made(http)
        assert (await book(http, table, 10, 60)).status_code == 201
        answer = await book(http, table, start, minutes)
        assert answer.status_code == status
        if status == 409:
            taken = error(answer, 409, "TIME_CONFLICT")
            assert taken == {"start_time": "2030-05-01T10:00:00Z", "end_time": "2030-05-01T11:00:00Z"}

    async def test_a_table_that_nobody_made_is_not_found(self, http: httpx.AsyncClient) -> None:
        error(await book(http, 9_000_000_003, 10), 404, "TABLE_NOT_FOUND")

    async def test_more_guests_than_seats_do_not_fit(self, http: httpx.AsyncClient) -> None:
        table = await made(http, 4)
        assert faults(await book(http, table, 10, party_size=5)) == {"party_size"}
        assert (await book(http, table, 10, party_size=4)).status_code == 201

    @pytest.mark.parametrize(
        ("change", "named"),
        [
            ({"table_id": "1"}, {"table_id"}),
            ({"table_id": None}, {"table_id"}),
            ({"customer_name": ""}, {"customer_name"}),
            ({"customer_name": "a" * 256}, {"customer_name"}),
            ({"duration_minutes": 0}, {"duration_minutes"}),
            ({"duration_minutes": 1_441}, {"duration_minutes"}),
            ({"duration_minutes": 1.5}, {"duration_minutes"}),
            ({"party_size": 0}, {"party_size"}),
            ({"reservation_time": "tonight"}, {"reservation_time"}),
            ({"reservation_time": "2200-12-31T23:30:00Z"}, {"reservation_time"}),
            ({"room_id": "blue"}, {"room_id", "table_id"}),
        ],
    )
    async def test_every_wrong_field_is_named(
        self, http: httpx.AsyncClient, change: dict[str, Any], named: set[str]
    ) -> None:
        table = await made(http)
        assert faults(await http.post("/reservations", json=evening(table, 10) | change)) == named

    async def test_what_is_missing_is_named(self, http: httpx.AsyncClient) -> None:
        answer = await http.post("/reservations", json={"table_id": 1})
        assert faults(answer) == {"customer_name", "reservation_time", "duration_minutes"}

    async def test_a_room_may_be_called_like_a_table(self, http: httpx.AsyncClient) -> None:
        table = await made(http)
        await book(http, table, 10)
        for name in (f"table:{table}", str(table)):
            room = {"room_id": name, "start_time": hour(10).isoformat(), "end_time": hour(11).isoformat()}
            assert (await http.post("/reservations", json=room)).status_code == 201

    async def test_a_repeated_request_gets_the_first_answer(self, http: httpx.AsyncClient) -> None:
        table, key = await made(http), {"Idempotency-Key": str(uuid4())}
        first, again = [await book(http, table, 10, headers=key) for _ in range(2)]
        assert first.content == again.content
        assert again.headers["idempotency-replayed"] == "true"
        error(await book(http, table, 12, headers=key), 422, "IDEMPOTENCY_KEY_REUSED")

    async def test_evenings_and_meetings_are_listed_together(self, http: httpx.AsyncClient) -> None:
        table, room = await made(http), some_room()
        ours = (await book(http, table, 10)).json()
        theirs = await reserve(http, room, 10, 11)
        listed = [each for part in await pages(http, "/reservations", limit=500) for each in part]
        assert ours in listed
        assert theirs in listed
        assert (await http.get("/reservations", params={"table_id": table})).json()["items"] == [ours]
        assert (await http.get("/reservations", params={"room_id": str(table)})).json()["items"] == []
        both = await http.get("/reservations", params={"table_id": table, "room_id": room})
        assert faults(both) == {"table_id", "room_id"}
        assert faults(await http.get("/reservations", params={"table_id": "x"})) == {"table_id"}

    async def test_an_evening_moves_to_another_table_and_time(self, http: httpx.AsyncClient) -> None:
        small, large = await made(http, 2), await made(http, 8)
        booked = (await book(http, small, 10, party_size=2)).json()
        path = f"/reservations/{booked['id']}"
        moved = await http.patch(path, json={"table_id": large, "end_time": hour(12).isoformat()})
        assert moved.status_code == 200
        assert moved.json() == booked | {
            "table_id": large,
            "end_time": "2030-05-01T12:00:00Z",
            "duration_minutes": 120,
        }
        assert small in await free(http, at=hour(10).isoformat(), duration_minutes=30)
        assert large not in await free(http, at=hour(10).isoformat(), duration_minutes=30)

    async def test_a_move_is_refused_where_it_cannot_be(self, http: httpx.AsyncClient) -> None:
        small, large, gone = await made(http, 2), await made(http, 8), await made(http)
        await http.delete(f"/tables/{gone}")
        booked = (await book(http, large, 10, party_size=5)).json()
        await book(http, small, 10)
        path = f"/reservations/{booked['id']}"
        assert faults(await http.patch(path, json={"table_id": small})) == {"party_size"}
        error(await http.patch(path, json={"table_id": gone}), 404, "TABLE_NOT_FOUND")
        assert faults(await http.patch(path, json={"room_id": "blue"})) == {"room_id"}
        assert faults(await http.patch(path, json={"room_id": "a", "table_id": 1})) == {"room_id", "table_id"}
        room = await reserve(http, some_room(), 10, 11)
        assert faults(await http.patch(f"/reservations/{room['id']}", json={"table_id": large})) == {"table_id"}
        alone = (await book(http, large, 15)).json()
        error(
            await http.patch(
                f"/reservations/{alone['id']}", json={"table_id": small, "start_time": hour(10).isoformat()}
            ),
            409,
            "TIME_CONFLICT",
        )
        assert (await http.get(f"/reservations/by-id/{booked['id']}")).json() == booked

    async def test_places_tell_what_tables_are_called(self, http: httpx.AsyncClient) -> None:
        table = await made(http)
        listed = [each for part in await pages(http, "/places", limit=500) for each in part]
        assert {"kind": "table", "id": str(table), "name": "By the window", "revision": 1} in listed


def among(ours: list[int], items: list[dict[str, Any]]) -> list[int]:
    """The ids of a list that are ours: other tests have tables, too."""
    return [each["id"] for each in items if each["id"] in ours]


class TestPages:
    """`GET /tables` with more tables than fit in one answer."""

    async def test_pages_hold_every_table_once_and_by_id(self, http: httpx.AsyncClient) -> None:
        ours = [await made(http, 977) for _ in range(5)]
        parts = await pages(http, "/tables", limit=2, seats_min=977)
        found = [each for part in parts for each in part]
        assert {len(part) for part in parts[:-1]} == {2}
        assert among(ours, found) == ours
        whole = (await http.get("/tables", params={"seats_min": 977})).json()
        assert found == whole

    async def test_a_page_is_narrowed_as_an_array_is(self, http: httpx.AsyncClient) -> None:
        ours = [await made(http, 978) for _ in range(3)]
        await book(http, ours[1], 10)
        query = {"seats_min": 978, "at": hour(10).isoformat(), "duration_minutes": 30}
        parts = await pages(http, "/tables", limit=1, **query)
        assert {len(part) for part in parts} == {1}
        assert among(ours, [each for part in parts for each in part]) == [ours[0], ours[2]]

    async def test_a_cursor_alone_asks_for_a_page(self, http: httpx.AsyncClient) -> None:
        ours = [await made(http, 979) for _ in range(3)]
        first = (await http.get("/tables", params={"seats_min": 979, "limit": 1})).json()
        rest = (await http.get("/tables", params={"seats_min": 979, "cursor": first["next_cursor"]})).json()
        assert among(ours, first["items"] + rest["items"]) == ours
        assert (len(first["items"]), rest["next_cursor"]) == (1, None)

    @pytest.mark.parametrize(
        ("name", "value"),
        [("limit", 0), ("limit", 501), ("limit", "x"), ("limit", 2**63), ("cursor", "x"), ("cursor", "")],
    )
    async def test_what_is_no_page_is_refused(self, http: httpx.AsyncClient, name: str, value: Any) -> None:
        assert faults(await http.get("/tables", params={name: value})) == {name}

    async def test_an_array_has_a_thousand_tables_at_most_and_says_where_to_go_on(
        self, http: httpx.AsyncClient, connection: "asyncpg.Connection"
    ) -> None:
        await connection.execute(
            "INSERT INTO tables (name, seats, location) SELECT 'T', 980, 'Hall' FROM generate_series(1, 1001)"
        )
        try:
            answer = await http.get("/tables", params={"seats_min": 980})
            assert len(answer.json()) == 1_000
            link = answer.headers["link"]
            assert link.endswith('; rel="next"')
            rest = (await http.get(link[1 : link.index(">")])).json()
            assert (len(rest["items"]), rest["next_cursor"]) == (1, None)
            assert rest["items"][0]["id"] > answer.json()[-1]["id"]
            floor = await http.get(
                "/board/floor", params={"from": hour(0).isoformat(), "to": hour(1).isoformat()}, headers=bearer()
            )
            assert sum(each["seats"] == 980 for each in floor.json()["tables"]) == 1_001
        finally:
            await connection.execute("DELETE FROM tables WHERE seats = 980")

    async def test_an_array_that_is_whole_has_no_link(self, http: httpx.AsyncClient) -> None:
        assert "link" not in (await http.get("/tables", params={"seats_min": 990})).headers


class TestAccess:
    """Who may do what, and see whom a table is for."""

    async def test_tables_are_made_and_deleted_by_admins(self, guarded: httpx.AsyncClient) -> None:
        admin = bearer(role="admin")
        table = await made(guarded, headers=admin)
        for headers, status, code in ((None, 401, "UNAUTHORIZED"), (bearer(), 403, "FORBIDDEN")):
            body = {"name": "a", "seats": 1, "location": "a"}
            error(await guarded.post("/tables", json=body, headers=headers), status, code)
            error(await guarded.delete(f"/tables/{table}", headers=headers), status, code)
        assert (await guarded.delete(f"/tables/{table}", headers=admin)).status_code == 204

    async def test_whom_a_table_is_for_is_shown_to_its_owner_and_admins(self, guarded: httpx.AsyncClient) -> None:
        admin = bearer(role="admin")
        table = await made(guarded, headers=admin)
        booked = (await book(guarded, table, 10, party_size=2, headers=bearer(ME))).json()
        path, query = f"/reservations/by-id/{booked['id']}", {"table_id": table}
        for headers, name, size in ((bearer(ME), "Анна", 2), (admin, "Анна", 2), (bearer(THEM), None, None)):
            one = (await guarded.get(path, headers=headers)).json()
            [listed] = (await guarded.get("/reservations", params=query, headers=headers)).json()["items"]
            assert one == listed == booked | {"customer_name": name, "party_size": size}

    async def test_an_evening_is_cancelled_by_its_owner_and_admins(self, guarded: httpx.AsyncClient) -> None:
        table = await made(guarded, headers=bearer(role="admin"))
        booked = (await book(guarded, table, 10, headers=bearer(ME))).json()
        path = f"/reservations/{booked['id']}"
        error(await guarded.delete(path, headers=bearer(THEM)), 403, "FORBIDDEN")
        assert (await guarded.delete(path, headers=bearer(ME))).status_code == 204


async def test_of_fifty_that_want_one_evening_one_gets_it(
    http: httpx.AsyncClient, connection: "asyncpg.Connection"
) -> None:
    table = await made(http)
    answers = await asyncio.gather(*(book(http, table, 10 + number / 60) for number in range(50)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 49
    assert not await overlaps(connection)


async def test_nobodys_evening_is_not_found(http: httpx.AsyncClient) -> None:
    error(await http.delete(f"/reservations/{NOBODYS_ID}"), 404, "RESERVATION_NOT_FOUND")
