"""Holds of rooms and tables: taken for some seconds, then confirmed, or free again by themselves; swept or not."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from answers import error, faults, listed, reserve
from moved_time import later
from offices import at, made_room, open_room, starts, stretch
from rooms import body, hour, some_room
from service import Service
from tokens import SECRET, bearer

ROOM_FIELDS = ["id", "room_id", "start_time", "end_time", "created_at"]
TABLE_FIELDS = [
    "id", "table_id", "customer_name", "reservation_time", "duration_minutes", "end_time", "party_size", "created_at",
]  # fmt: skip
HELD = ["state", "expires_at", "server_time"]
PLACE_HOLDS_MAX, USER_HOLDS_MAX = 4, 3
Want = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module", params=[0, 0.05], ids=["unswept", "swept"])
def service(database_url: str, request: pytest.FixtureRequest) -> Iterator[Service]:
    """A service that never sweeps, and one that sweeps all the time: nobody can tell the two apart."""
    settings = {"SWEEP_SECONDS": request.param, "PLACE_HOLDS_MAX": PLACE_HOLDS_MAX, "USER_HOLDS_MAX": USER_HOLDS_MAX}
    with Service({"DATABASE_URL": database_url, "JWT_SECRET": SECRET, "PASSWORD_COST": 4} | settings) as service:
        yield service


async def a_table(http: httpx.AsyncClient) -> int:
    """The id of a new table."""
    made = await http.post("/tables", json={"name": "By the window", "seats": 4, "location": "Hall"})
    return int(made.json()["id"])


@pytest.fixture(params=["room", "table"])
async def want(request: pytest.FixtureRequest, http: httpx.AsyncClient) -> Want:
    """Makes requests for a new room, or a new table, from hour to hour."""
    if request.param == "room":
        room = some_room()
        return lambda start=10.0, end=11.0, **more: body(room, start, end) | more
    table = await a_table(http)

    def evening(start: float = 10, end: float = 11, **more: Any) -> dict[str, Any]:
        times = {"reservation_time": hour(start).isoformat(), "duration_minutes": int((end - start) * 60)}
        return {"table_id": table, "customer_name": "Anna"} | times | more

    return evening


async def hold(http: httpx.AsyncClient, content: dict[str, Any], seconds: int = 60, **more: Any) -> dict[str, Any]:
    """A hold that was made."""
    answer = await http.post("/reservations", json=content | {"hold_seconds": seconds}, **more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def secret(held: dict[str, Any]) -> dict[str, str]:
    """The header of whoever made a hold without a token."""
    return {"Hold-Secret": held["hold_secret"]}


async def confirm(
    http: httpx.AsyncClient, held: dict[str, Any], headers: dict[str, str] | None = None, **fields: Any
) -> httpx.Response:
    """The answer to whoever confirms a hold; without headers, whoever made it."""
    path = f"/reservations/{held['id']}/confirm"
    return await http.post(path, json=fields, headers=secret(held) if headers is None else headers)


async def extend(
    http: httpx.AsyncClient, held: dict[str, Any], seconds: int, headers: dict[str, str] | None = None
) -> httpx.Response:
    """The answer to whoever has a hold last longer."""
    path = f"/reservations/{held['id']}/extend"
    return await http.post(path, json={"seconds": seconds}, headers=secret(held) if headers is None else headers)


async def release(
    http: httpx.AsyncClient, held: dict[str, Any], headers: dict[str, str] | None = None
) -> httpx.Response:
    """The answer to whoever releases a hold."""
    return await http.delete(f"/reservations/{held['id']}", headers=secret(held) if headers is None else headers)


async def move(
    http: httpx.AsyncClient, held: dict[str, Any], headers: dict[str, str] | None = None, **fields: Any
) -> httpx.Response:
    """The answer to whoever moves a hold: by an hour, unless told otherwise."""
    content = fields or {"start_time": hour(11).isoformat(), "end_time": hour(12).isoformat()}
    path = f"/reservations/{held['id']}"
    return await http.patch(path, json=content, headers=secret(held) if headers is None else headers)


async def by_id(http: httpx.AsyncClient, held: dict[str, Any]) -> httpx.Response:
    """The answer to whoever looks for it."""
    return await http.get(f"/reservations/by-id/{held['id']}")


def moment(text: str) -> datetime:
    """A time of an answer."""
    return datetime.fromisoformat(text)


CHANGES: list[Callable[..., Awaitable[httpx.Response]]] = [
    confirm,
    lambda http, held, headers=None: extend(http, held, 90, headers),
    move,
    release,
]
NAMES = ["confirm", "extend", "move", "release"]


class TestMaking:
    """`hold_seconds` on `POST /reservations`."""

    async def test_it_says_until_when_and_what_time_it_is(self, http: httpx.AsyncClient, want: Want) -> None:
        held = await hold(http, want(), 75)
        assert list(held) == [*(ROOM_FIELDS if "room_id" in held else TABLE_FIELDS), *HELD, "hold_secret"]
        assert held["state"] == "held"
        assert moment(held["expires_at"]) - moment(held["server_time"]) == timedelta(seconds=75)

    async def test_whoever_has_a_token_gets_no_secret(self, http: httpx.AsyncClient, want: Want) -> None:
        held = await hold(http, want(), headers=bearer())
        assert list(held) == [*(ROOM_FIELDS if "room_id" in held else TABLE_FIELDS), *HELD]

    @pytest.mark.parametrize("more", [{}, {"hold_seconds": None}])
    async def test_what_is_no_hold_is_answered_as_ever(
        self, http: httpx.AsyncClient, want: Want, more: dict[str, Any]
    ) -> None:
        made = (await http.post("/reservations", json=want() | more)).json()
        assert list(made) == (ROOM_FIELDS if "room_id" in made else TABLE_FIELDS)
        assert list((await by_id(http, made)).json()) == list(made)
        assert list((await move(http, made, {})).json()) == list(made)

    @pytest.mark.parametrize("seconds", [10, 900])
    async def test_it_may_last_from_ten_seconds_to_a_quarter_of_an_hour(
        self, http: httpx.AsyncClient, want: Want, seconds: int
    ) -> None:
        await hold(http, want(), seconds)

    @pytest.mark.parametrize("seconds", [9, 901, 0, -10, 60.5, "60", True, []])
    async def test_other_seconds_are_refused(self, http: httpx.AsyncClient, want: Want, seconds: Any) -> None:
        assert faults(await http.post("/reservations", json=want(hold_seconds=seconds))) == {"hold_seconds"}

    async def test_a_retry_gets_the_same_bytes(self, http: httpx.AsyncClient, connection: Any, want: Want) -> None:
        headers, content = {"Idempotency-Key": str(uuid4())}, want(hold_seconds=60)
        first = await http.post("/reservations", json=content, headers=headers)
        again = await http.post("/reservations", json=content, headers=headers)
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["Idempotency-Replayed"] == "true"
        await confirm(http, first.json(), external_ref="paid")
        async with later(connection, 3_600):
            assert (await http.post("/reservations", json=content, headers=headers)).content == first.content

    async def test_another_number_of_seconds_is_another_body(self, http: httpx.AsyncClient, want: Want) -> None:
        headers = {"Idempotency-Key": str(uuid4())}
        await hold(http, want(), 60, headers=headers)
        answer = await http.post("/reservations", json=want(hold_seconds=61), headers=headers)
        error(answer, 422, "IDEMPOTENCY_KEY_REUSED")


class TestTheBounds:
    """`HOLD_LIMIT`."""

    async def test_a_place_has_no_more_holds_than_it_may_have(
        self, http: httpx.AsyncClient, connection: Any, want: Want
    ) -> None:
        held = [await hold(http, want(start, start + 1)) for start in range(PLACE_HOLDS_MAX)]
        error(await http.post("/reservations", json=want(20, 21, hold_seconds=60)), 409, "HOLD_LIMIT")
        assert (await http.post("/reservations", json=want(20, 21))).status_code == 201, "no hold is no hold too many"
        await confirm(http, held.pop())
        held.append(await hold(http, want(21, 22)))
        await release(http, held.pop())
        await hold(http, want(22, 23))
        error(await http.post("/reservations", json=want(10, 11, hold_seconds=60)), 409, "HOLD_LIMIT")
        async with later(connection, 61):
            await hold(http, want(10, 11))

    async def test_a_user_has_no_more_holds_than_they_may_have(self, http: httpx.AsyncClient, connection: Any) -> None:
        me = bearer()
        for _ in range(USER_HOLDS_MAX):
            await hold(http, body(some_room(), 10, 11), headers=me)
        more = body(some_room(), 10, 11) | {"hold_seconds": 60}
        error(await http.post("/reservations", json=more, headers=me), 409, "HOLD_LIMIT")
        await hold(http, more, headers=bearer())
        async with later(connection, 61):
            assert (await http.post("/reservations", json=body(some_room(), 1, 2) | more, headers=me)).is_success


class TestItIsTaken:
    """For everybody, through every door."""

    async def test_nobody_else_gets_it(self, http: httpx.AsyncClient, want: Want) -> None:
        held = await hold(http, want(10, 11))
        details = error(await http.post("/reservations", json=want(10.5, 12)), 409, "TIME_CONFLICT")
        assert moment(details["start_time"]) == hour(10)
        assert moment(details["end_time"]) == hour(11)
        error(await http.post("/reservations", json=want(10, 11, hold_seconds=60)), 409, "TIME_CONFLICT")
        beside = (await http.post("/reservations", json=want(11, 12))).json()
        into = {"start_time": hour(10).isoformat()}
        error(await http.patch(f"/reservations/{beside['id']}", json=into), 409, "TIME_CONFLICT")
        assert (await by_id(http, held)).status_code == 200

    async def test_lists_show_how_it_stands(self, http: httpx.AsyncClient, want: Want) -> None:
        held = await hold(http, want())
        shown = {name: value for name, value in held.items() if name not in ("server_time", "hold_secret")}
        assert (await by_id(http, held)).json() == shown
        place = {name: held[name] for name in ("room_id", "table_id") if name in held}
        assert (await http.get("/reservations", params=place)).json()["items"] == [shown]
        if "room_id" in held:
            assert await listed(http, held["room_id"]) == [shown]
            assert await listed(http, held["room_id"], limit=5) == [shown]

    async def test_a_held_table_is_not_free(self, http: httpx.AsyncClient, connection: Any) -> None:
        table = await a_table(http)
        evening = {"table_id": table, "customer_name": "Anna", "duration_minutes": 60}
        await hold(http, evening | {"reservation_time": hour(19).isoformat()})
        asked = {"at": hour(19.5).isoformat(), "duration_minutes": 30}

        async def free() -> bool:
            return table in {each["id"] for each in (await http.get("/tables", params=asked)).json()}

        assert not await free()
        error(await http.delete(f"/tables/{table}"), 409, "TABLE_HAS_RESERVATIONS")
        async with later(connection, 61):
            assert await free()
            assert (await http.delete(f"/tables/{table}")).status_code == 204

    async def test_a_held_slot_is_not_free(self, http: httpx.AsyncClient, connection: Any) -> None:
        room = await open_room(http)
        await hold(http, stretch(room, 9, 11.5), headers=bearer())
        assert await starts(http, room) == ["11:30"]
        async with later(connection, 61):
            assert len(await starts(http, room)) == 6

    async def test_the_board_and_the_floor_show_it(self, http: httpx.AsyncClient, want: Want, connection: Any) -> None:
        me, them = UUID(int=uuid4().int), bearer()
        held, kept = [await hold(http, want(start, start + 1), headers=bearer(me)) for start in (10, 12)]
        day = {"from": hour(0).isoformat(), "to": hour(24).isoformat()}

        async def shown(one: dict[str, Any], headers: dict[str, str]) -> list[dict[str, Any]]:
            path = "/board" if "room_id" in one else "/board/floor"
            answer = await http.get(path, params=day, headers=headers)
            return [each for each in answer.json()["reservations"] if each["id"] == one["id"]]

        for headers in (bearer(me), them):
            [there] = await shown(held, headers)
            assert (there["state"], there["expiresAt"]) == ("held", held["expires_at"])
        assert (await shown(held, them))[0].get("mayChange") in (None, False)
        await confirm(http, kept, bearer(me))
        # From here on the one that was not confirmed may be swept for good.
        async with later(connection, 61):
            assert await shown(held, them) == []
            [there] = await shown(kept, them)
        assert (there["state"], "expiresAt" in there) == ("confirmed", False)


class TestConfirming:
    """`POST /reservations/{id}/confirm`."""

    async def test_it_is_a_reservation_for_good(self, http: httpx.AsyncClient, connection: Any, want: Want) -> None:
        held = await hold(http, want())
        answer = await confirm(http, held, external_ref="payment-1")
        assert answer.status_code == 200
        usual = {name: held[name] for name in held if name not in (*HELD, "hold_secret")}
        assert answer.json() == usual | {"state": "confirmed", "external_ref": "payment-1"}
        async with later(connection, 3_600):
            assert (await by_id(http, held)).json() == answer.json()
            error(await http.post("/reservations", json=want()), 409, "TIME_CONFLICT")

    async def test_twice_it_is_answered_the_same(self, http: httpx.AsyncClient, connection: Any, want: Want) -> None:
        held = await hold(http, want())
        first = await confirm(http, held, external_ref="one")
        assert (await confirm(http, held, external_ref="another")).content == first.content
        async with later(connection, 3_600):
            assert (await confirm(http, held, if_expired="revive")).content == first.content

    @pytest.mark.parametrize("content", [b"", b"{}", b'{"external_ref": null}'])
    async def test_nothing_need_be_said(self, http: httpx.AsyncClient, want: Want, content: bytes) -> None:
        held = await hold(http, want())
        kind = {"Content-Type": "application/json"} if content else {}
        path = f"/reservations/{held['id']}/confirm"
        for query in ("", "?through=the-framework"):
            answer = await http.post(path + query, content=content, headers=secret(held) | kind)
            assert answer.status_code == 200
            assert (answer.json()["state"], "external_ref" in answer.json()) == ("confirmed", False)

    @pytest.mark.parametrize(
        ("name", "value"),
        [("external_ref", ""), ("external_ref", "a" * 256), ("external_ref", 7), ("external_ref", "a\nb"),
         ("if_expired", "perhaps"), ("if_expired", None)],
    )  # fmt: skip
    async def test_other_values_are_refused(self, http: httpx.AsyncClient, name: str, value: Any) -> None:
        held = await hold(http, body(some_room(), 10, 11))
        assert faults(await confirm(http, held, **{name: value})) == {name}

    async def test_a_name_elsewhere_may_have_255_characters(self, http: httpx.AsyncClient) -> None:
        held = await hold(http, body(some_room(), 10, 11))
        assert (await confirm(http, held, external_ref="ы" * 255)).json()["external_ref"] == "ы" * 255

    async def test_no_rule_is_asked_again(self, http: httpx.AsyncClient, connection: Any) -> None:
        room, me = await open_room(http), bearer()
        held = await hold(http, stretch(room, 9, 10), headers=me)
        assert (await http.post(f"/rooms/{room}/retire", headers=bearer(role="admin"))).is_success
        assert (await confirm(http, held, me)).status_code == 200

    async def test_a_managed_room_asks_its_rules_when_it_is_held(self, http: httpx.AsyncClient) -> None:
        room = await open_room(http)
        wanted = stretch(room, 12, 13) | {"hold_seconds": 60}
        error(await http.post("/reservations", json=wanted), 401, "UNAUTHORIZED")
        error(await http.post("/reservations", json=wanted, headers=bearer(role="admin")), 403, "FORBIDDEN")
        error(await http.post("/reservations", json=wanted, headers=bearer()), 409, "ROOM_CLOSED")
        closed = await made_room(http)
        wanted = {"room_id": closed, "start_time": at(9), "end_time": at(10), "hold_seconds": 60}
        error(await http.post("/reservations", json=wanted, headers=bearer()), 409, "ROOM_CLOSED")


class TestExpiry:
    """A hold lives in `[created, expires_at)` by the database's clock."""

    async def test_its_place_is_free_for_the_next(self, http: httpx.AsyncClient, connection: Any, want: Want) -> None:
        held = await hold(http, want())
        async with later(connection, 61):
            error(await by_id(http, held), 404, "RESERVATION_NOT_FOUND")
            assert (await http.post("/reservations", json=want(10.5, 12))).status_code == 201

    async def test_until_then_it_is_not(self, http: httpx.AsyncClient, connection: Any, want: Want) -> None:
        held = await hold(http, want(), 600)
        async with later(connection, 540):
            assert (await by_id(http, held)).status_code == 200
            error(await http.post("/reservations", json=want()), 409, "TIME_CONFLICT")

    @pytest.mark.parametrize("change", CHANGES[:3], ids=NAMES[:3])
    async def test_it_can_be_changed_no_more(
        self, http: httpx.AsyncClient, connection: Any, want: Want, change: Callable[..., Awaitable[httpx.Response]]
    ) -> None:
        held = await hold(http, want())
        async with later(connection, 61):
            error(await change(http, held), 409, "HOLD_EXPIRED")
            await reserve(http, some_room(), 1, 2)
            made = await http.post("/reservations", json=want())
            assert made.status_code == 201
            error(await change(http, held), 409, "HOLD_EXPIRED")
        assert (await by_id(http, made.json())).status_code == 200

    async def test_there_is_nothing_to_release(self, http: httpx.AsyncClient, connection: Any, want: Want) -> None:
        held = await hold(http, want())
        async with later(connection, 61):
            error(await release(http, held), 404, "RESERVATION_NOT_FOUND")
            error(await release(http, held, {}), 404, "RESERVATION_NOT_FOUND")

    async def test_it_is_revived_where_it_is_free(self, http: httpx.AsyncClient, connection: Any, want: Want) -> None:
        held = await hold(http, want())
        async with later(connection, 61):
            answer = await confirm(http, held, if_expired="revive", external_ref="late")
            usual = {name: held[name] for name in held if name not in (*HELD, "hold_secret")}
            assert answer.json() == usual | {"state": "confirmed", "external_ref": "late", "revived": True}
            assert (await by_id(http, held)).json() == answer.json()
            assert (await confirm(http, held)).content == answer.content
            error(await http.post("/reservations", json=want()), 409, "TIME_CONFLICT")

    async def test_it_is_not_revived_where_somebody_is(
        self, http: httpx.AsyncClient, connection: Any, want: Want
    ) -> None:
        held = await hold(http, want(10, 11))
        async with later(connection, 61):
            rival = (await http.post("/reservations", json=want(10.5, 11))).json()
            details = error(await confirm(http, held, if_expired="revive"), 409, "TIME_CONFLICT")
            assert moment(details["start_time"]) == hour(10.5)
            await http.delete(f"/reservations/{rival['id']}")
            assert (await confirm(http, held, if_expired="revive")).json()["revived"] is True

    async def test_it_is_not_revived_where_nobody_may_reserve_any_more(
        self, http: httpx.AsyncClient, connection: Any
    ) -> None:
        table, room, me = await a_table(http), await open_room(http), bearer()
        evening = {"table_id": table, "customer_name": "Anna", "duration_minutes": 60}
        dinner = await hold(http, evening | {"reservation_time": hour(19).isoformat()})
        meeting = await hold(http, stretch(room, 9, 10), headers=me)
        async with later(connection, 61):
            assert (await http.delete(f"/tables/{table}")).status_code == 204
            assert (await http.post(f"/rooms/{room}/retire", headers=bearer(role="admin"))).is_success
            error(await confirm(http, dinner, if_expired="revive"), 404, "TABLE_NOT_FOUND")
            error(await confirm(http, meeting, me, if_expired="revive"), 409, "ROOM_CLOSED")

    async def test_one_that_lives_is_not_revived_but_confirmed(self, http: httpx.AsyncClient, want: Want) -> None:
        assert "revived" not in (await confirm(http, await hold(http, want()), if_expired="revive")).json()

    async def test_lists_change_without_any_write(self, http: httpx.AsyncClient, connection: Any) -> None:
        room = some_room()
        first, second = await hold(http, body(room, 10, 11), 60), await hold(http, body(room, 11, 12), 600)
        path = f"/reservations/{room}"
        before = await http.get(path)
        known = {"If-None-Match": before.headers["ETag"]}
        assert (await http.get(path, headers=known)).status_code == 304
        async with later(connection, 61):
            after = await http.get(path, headers=known)
            assert (after.status_code, [each["id"] for each in after.json()]) == (200, [second["id"]])
            assert after.headers["ETag"] != before.headers["ETag"]
            assert await listed(http, room, limit=5) == after.json()
            assert (await http.get("/reservations", params={"room_id": room})).json()["items"] == after.json()
        assert first["id"] in {each["id"] for each in before.json()}

    async def test_the_list_of_ones_own_is_exact(self, http: httpx.AsyncClient, connection: Any) -> None:
        me = bearer()
        held = await hold(http, body(some_room(), 10, 11), headers=me)
        mine = {"mine": "true"}
        assert [each["id"] for each in (await http.get("/reservations", params=mine, headers=me)).json()["items"]] == [
            held["id"]
        ]
        async with later(connection, 61):
            assert (await http.get("/reservations", params=mine, headers=me)).json()["items"] == []


class TestExtending:
    """`POST /reservations/{id}/extend`."""

    async def test_it_lasts_so_long_from_now(self, http: httpx.AsyncClient, connection: Any, want: Want) -> None:
        held = await hold(http, want(), 60)
        answer = await extend(http, held, 300)
        assert answer.status_code == 200
        end = moment(answer.json()["expires_at"])
        assert timedelta(seconds=300) <= end - moment(held["server_time"]) < timedelta(seconds=330)
        unchanged = {name: held[name] for name in held if name not in ("expires_at", "server_time", "hold_secret")}
        assert answer.json() == unchanged | {"expires_at": answer.json()["expires_at"]}
        async with later(connection, 200):
            assert (await by_id(http, held)).json() == answer.json()

    async def test_it_never_becomes_shorter(self, http: httpx.AsyncClient, want: Want) -> None:
        held = await hold(http, want(), 900)
        assert (await extend(http, held, 10)).json()["expires_at"] == held["expires_at"]

    async def test_it_ends_two_hours_after_it_began_at_most(
        self, http: httpx.AsyncClient, connection: Any, want: Want
    ) -> None:
        held = await hold(http, want(), 900)
        for minutes in range(10, 120, 10):
            async with later(connection, 60 * minutes):
                end = moment((await extend(http, held, 900)).json()["expires_at"])
        assert end == moment(held["server_time"]) + timedelta(hours=2)
        async with later(connection, 7_190):
            assert moment((await extend(http, held, 900)).json()["expires_at"]) == end
        async with later(connection, 7_201):
            error(await extend(http, held, 900), 409, "HOLD_EXPIRED")

    @pytest.mark.parametrize("content", [{}, {"seconds": 9}, {"seconds": 901}, {"seconds": None}])
    async def test_it_says_for_how_long(self, http: httpx.AsyncClient, content: dict[str, Any]) -> None:
        held = await hold(http, body(some_room(), 10, 11))
        for query in ("", "?through=the-framework"):
            path = f"/reservations/{held['id']}/extend{query}"
            assert faults(await http.post(path, json=content, headers=secret(held))) == {"seconds"}


class TestNoHold:
    """What never was a hold, is one no more, or is not there."""

    async def test_what_was_never_held_is_not_held(self, http: httpx.AsyncClient, want: Want) -> None:
        made = (await http.post("/reservations", json=want())).json()
        error(await confirm(http, made, {}), 409, "NOT_HELD")
        error(await extend(http, made, 60, {}), 409, "NOT_HELD")

    async def test_what_was_confirmed_cannot_be_extended(self, http: httpx.AsyncClient, want: Want) -> None:
        held = await hold(http, want())
        await confirm(http, held)
        error(await extend(http, held, 60), 409, "NOT_HELD")

    @pytest.mark.parametrize("change", CHANGES, ids=NAMES)
    async def test_what_was_released_or_cancelled_is_not_there(
        self, http: httpx.AsyncClient, want: Want, change: Callable[..., Awaitable[httpx.Response]]
    ) -> None:
        held, other = await hold(http, want(10, 11)), await hold(http, want(12, 13))
        await confirm(http, other)
        for each in (held, other):
            assert (await release(http, each)).status_code == 204
            error(await change(http, each), 404, "RESERVATION_NOT_FOUND")

    @pytest.mark.parametrize("name", [str(UUID(int=7)), "none"])
    async def test_what_is_nobodys_id_is_not_there(self, http: httpx.AsyncClient, name: str) -> None:
        for query in ("", "?through=the-framework"):
            error(await http.post(f"/reservations/{name}/confirm{query}"), 404, "RESERVATION_NOT_FOUND")


class TestReleasing:
    """`DELETE /reservations/{id}`."""

    async def test_the_place_is_free_at_once(self, http: httpx.AsyncClient, want: Want) -> None:
        held = await hold(http, want())
        assert (await release(http, held)).status_code == 204
        error(await by_id(http, held), 404, "RESERVATION_NOT_FOUND")
        assert (await http.post("/reservations", json=want())).status_code == 201


class TestMoving:
    """`PATCH /reservations/{id}`."""

    async def test_it_keeps_its_end(self, http: httpx.AsyncClient, connection: Any, want: Want) -> None:
        held = await hold(http, want(10, 11))
        moved = (await move(http, held)).json()
        assert (moved["state"], moved["expires_at"]) == ("held", held["expires_at"])
        assert moment(moved["end_time"]) == hour(12)
        assert "hold_secret" not in moved
        assert (await http.post("/reservations", json=want(10, 11))).status_code == 201
        async with later(connection, 61):
            error(await by_id(http, held), 404, "RESERVATION_NOT_FOUND")

    async def test_it_may_go_to_another_room(self, http: httpx.AsyncClient) -> None:
        held, room = await hold(http, body(some_room(), 10, 11)), some_room()
        assert (await move(http, held, room_id=room)).json()["room_id"] == room
        assert (await confirm(http, held)).json()["room_id"] == room


class TestWhoMay:
    """The token's user, an admin, whoever has the secret; nobody else."""

    @pytest.mark.parametrize("change", CHANGES, ids=NAMES)
    async def test_without_a_token_it_takes_the_secret(
        self, http: httpx.AsyncClient, want: Want, change: Callable[..., Awaitable[httpx.Response]]
    ) -> None:
        held, other = await hold(http, want(10, 11)), await hold(http, want(12, 13))
        wrong = [{}, bearer(), secret(other), {"Hold-Secret": ""}, {"Hold-Secret": held["hold_secret"].upper()}]
        for headers in wrong:
            error(await change(http, held, headers), 403, "FORBIDDEN")
        assert (await change(http, held, secret(held))).is_success

    @pytest.mark.parametrize("change", CHANGES, ids=NAMES)
    async def test_with_a_token_it_takes_the_same_user(
        self, http: httpx.AsyncClient, want: Want, change: Callable[..., Awaitable[httpx.Response]]
    ) -> None:
        me = UUID(int=uuid4().int)
        held = await hold(http, want(), headers=bearer(me))
        for headers in ({}, bearer(), {"Hold-Secret": str(me)}):
            error(await change(http, held, headers), 403, "FORBIDDEN")
        assert (await change(http, held, bearer(me))).is_success

    @pytest.mark.parametrize("change", CHANGES, ids=NAMES)
    async def test_an_admin_may(
        self, http: httpx.AsyncClient, want: Want, change: Callable[..., Awaitable[httpx.Response]]
    ) -> None:
        for headers in ({}, bearer()):
            held = await hold(http, want(), headers=headers)
            answer = await change(http, held, bearer(role="admin"))
            assert answer.is_success
            await http.delete(f"/reservations/{held['id']}", headers=bearer(role="admin"))

    async def test_who_may_not_is_not_told_that_it_has_expired(self, http: httpx.AsyncClient, connection: Any) -> None:
        held = await hold(http, body(some_room(), 10, 11))
        async with later(connection, 61):
            for change in CHANGES[:3]:
                error(await change(http, held, {}), 403, "FORBIDDEN")

    async def test_what_was_confirmed_is_like_any_other(self, http: httpx.AsyncClient, want: Want) -> None:
        held = await hold(http, want())
        await confirm(http, held)
        for change in CHANGES[:2]:
            error(await change(http, held, {}), 403, "FORBIDDEN")
        assert (await move(http, held, {})).status_code == 200
        assert (await release(http, held, {})).status_code == 204

    async def test_the_header_comes_once(self, http: httpx.AsyncClient) -> None:
        held = await hold(http, body(some_room(), 10, 11))
        twice = [("Hold-Secret", "guess"), ("Hold-Secret", held["hold_secret"])]
        assert faults(await http.post(f"/reservations/{held['id']}/confirm", headers=twice)) == set()

    @pytest.mark.parametrize("change", CHANGES, ids=NAMES)
    async def test_where_all_need_a_token_so_does_the_secret(
        self,
        http: httpx.AsyncClient,
        guarded: httpx.AsyncClient,
        want: Want,
        change: Callable[..., Awaitable[httpx.Response]],
    ) -> None:
        held = await hold(http, want())
        error(await change(guarded, held), 401, "UNAUTHORIZED")
        error(await change(guarded, held, bearer()), 403, "FORBIDDEN")
        assert (await change(guarded, held, bearer() | secret(held))).is_success, "it is the same in every process"

    async def test_whom_it_is_for_and_what_for_only_they_see(
        self, guarded: httpx.AsyncClient, http: httpx.AsyncClient
    ) -> None:
        me, room = UUID(int=uuid4().int), some_room()
        held = await hold(guarded, body(room, 10, 11), headers=bearer(me))
        await confirm(guarded, held, bearer(me), external_ref="payment-1")
        path = f"/reservations/by-id/{held['id']}"
        assert (await guarded.get(path, headers=bearer(me))).json()["external_ref"] == "payment-1"
        assert (await guarded.get(path, headers=bearer(role="admin"))).json()["external_ref"] == "payment-1"
        assert "external_ref" not in (await guarded.get(path, headers=bearer())).json()
        for headers in (bearer(), bearer(role="admin")):
            [shown] = (await guarded.get(f"/reservations/{room}", headers=headers)).json()
            assert "external_ref" not in shown, "the list of a room is the same for all"
        assert (await listed(http, room))[0]["external_ref"] == "payment-1", "in the open all is shown"


class TestMessages:
    """What is told of holds: to those who know of them, and to those who do not."""

    async def told(self, connection: Any, held: dict[str, Any]) -> list[str]:
        """The types of the messages of a reservation, in order."""
        rows = await connection.fetch(
            "SELECT type FROM outbox WHERE data->>'id' = $1 ORDER BY place, revision", held["id"]
        )
        return [row["type"] for row in rows]

    async def test_of_a_hold_that_is_confirmed(self, http: httpx.AsyncClient, connection: Any, want: Want) -> None:
        held = await hold(http, want())
        await extend(http, held, 300)
        await move(http, held)
        await confirm(http, held)
        await confirm(http, held)
        types = await self.told(connection, held)
        assert types == ["reservation.held", "reservation.held", "reservation.held", "reservation.created"]

    async def test_of_one_that_is_released(self, http: httpx.AsyncClient, connection: Any, want: Want) -> None:
        held = await hold(http, want())
        await release(http, held)
        assert await self.told(connection, held) == ["reservation.held", "reservation.released"]

    async def test_of_one_whose_place_another_gets(self, http: httpx.AsyncClient, connection: Any, want: Want) -> None:
        held = await hold(http, want())
        async with later(connection, 61):
            await http.post("/reservations", json=want())
        assert await self.told(connection, held) == ["reservation.held", "reservation.expired"]

    async def test_nothing_secret_is_logged(self, fresh_database_url: str) -> None:
        with Service({"DATABASE_URL": fresh_database_url, "LOG_REQUESTS": "true"}) as service:
            async with httpx.AsyncClient(base_url=service.url, timeout=30, verify=False) as http:
                held = await hold(http, body(some_room(), 10, 11))
                await confirm(http, held, {"Hold-Secret": held["hold_secret"] + "x"})
                await confirm(http, held, secret(held) | {"X-Request-ID": "the-last"}, external_ref="payment-1")
            service.logged("the-last")
            assert held["hold_secret"] not in service.output()
            assert "payment-1" not in service.output()

    async def test_nothing_secret_is_told_or_kept(self, http: httpx.AsyncClient, connection: Any, want: Want) -> None:
        headers = {"Idempotency-Key": str(uuid4())}
        held = await hold(http, want(), headers=headers)
        await confirm(http, held, external_ref="payment-of-somebody")
        for table, word in [
            ("outbox", held["hold_secret"]),
            ("outbox", "payment-of-somebody"),
            ("reservations", held["hold_secret"]),
        ]:
            rows = await connection.fetchval(f"SELECT count(*) FROM {table} t WHERE t::text LIKE $1", f"%{word}%")
            assert rows == 0, (table, word)
        answers = await connection.fetch("SELECT answer FROM idempotency_keys")
        assert all(held["hold_secret"].encode() not in row["answer"] for row in answers)
