"""Who may do what: without a token, with one that holds, with one that does not."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from answers import NOBODYS_ID, error, listed, pages, reserve
from rooms import body, some_room
from tokens import SECRET, bearer, token

HOUR = timedelta(hours=1)
ONE, OTHER = token().split("."), token().split(".")
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/reservations", {"json": body("some-room", 10, 11)}),
    ("GET", "/reservations", {}),
    ("GET", "/reservations/some-room", {}),
    ("GET", "/reservations/by-id", {}),
    ("GET", f"/reservations/by-id/{NOBODYS_ID}", {}),
    ("PATCH", f"/reservations/{NOBODYS_ID}", {"json": {}}),
    ("DELETE", f"/reservations/{NOBODYS_ID}", {}),
    ("GET", "/places", {}),
]
every_call = pytest.mark.parametrize(
    ("method", "path", "more"), CALLS, ids=[f"{method} {path.replace(NOBODYS_ID, 'id')}" for method, path, _ in CALLS]
)
BROKEN = {
    "expired": token(exp=datetime.now(UTC) - HOUR),
    "not valid yet": token(nbf=datetime.now(UTC) + HOUR),
    "signed with another key": token(secret="x" * 32),
    "not signed": token(secret=None, algorithm="none"),
    "signed by another algorithm": token(secret=SECRET * 2, algorithm="HS512"),
    "with another's content": ".".join([ONE[0], OTHER[1], ONE[2]]),
    "without user": token(user_id=None),
    "without role": token(role=None),
    "without end": token(exp=None),
    "of no known role": token(role="root"),
    "of a user that is no UUID": token(user_id="7"),
    "of a user that is a number": token(user_id=7),
    "made out to another service": token(aud="another"),
    "cut off": token()[:-5],
    "a word": "hello",
    "very long": "x" * 20_000,
}
every_broken_token = pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())


async def change(http: httpx.AsyncClient, reservation: dict[str, Any], headers: dict[str, str]) -> tuple[int, int]:
    """The statuses of a move that changes nothing, and then of a cancellation."""
    path = f"/reservations/{reservation['id']}"
    moved = await http.patch(path, json={}, headers=headers)
    cancelled = await http.delete(path, headers=headers)
    for answer in (moved, cancelled):
        if answer.status_code == 403:
            error(answer, 403, "FORBIDDEN")
    return moved.status_code, cancelled.status_code


@every_call
async def test_where_tokens_are_needed_no_call_goes_without(
    guarded: httpx.AsyncClient, method: str, path: str, more: dict[str, Any]
) -> None:
    answer = await guarded.request(method, path, **more)
    error(answer, 401, "UNAUTHORIZED")
    assert answer.headers["www-authenticate"] == "Bearer"


@every_call
async def test_where_tokens_are_needed_one_that_holds_opens_every_call(
    guarded: httpx.AsyncClient, method: str, path: str, more: dict[str, Any]
) -> None:
    answer = await guarded.request(method, path, headers=bearer(), **more)
    assert answer.status_code in (200, 201, 404, 409)


@every_call
async def test_where_none_is_needed_one_that_does_not_hold_is_refused_all_the_same(
    http: httpx.AsyncClient, method: str, path: str, more: dict[str, Any]
) -> None:
    headers = {"Authorization": f"Bearer {BROKEN['expired']}"}
    error(await http.request(method, path, headers=headers, **more), 401, "UNAUTHORIZED")


@every_broken_token
async def test_a_token_that_does_not_hold_opens_nothing(guarded: httpx.AsyncClient, broken: str) -> None:
    headers = {"Authorization": f"Bearer {broken}"}
    error(await guarded.get("/places", headers=headers), 401, "UNAUTHORIZED")


@pytest.mark.parametrize("header", [b"Basic dXNlcjpwYXNz", b"Bearer", b"", b"\xff\xfe", "Bearer ключ".encode()])
async def test_a_header_that_is_no_token_opens_nothing(guarded: httpx.AsyncClient, header: bytes) -> None:
    answer = await guarded.get("/places", headers=[(b"Authorization", header)])
    error(answer, 401, "UNAUTHORIZED")


@pytest.mark.parametrize("prefix", ["Bearer ", "bearer ", "BEARER ", ""], ids=["usual", "lower", "upper", "bare"])
async def test_a_token_may_be_introduced_in_any_case_or_not_at_all(guarded: httpx.AsyncClient, prefix: str) -> None:
    answer = await guarded.get("/places", headers={"Authorization": prefix + token()})
    assert answer.status_code == 200


async def test_a_faulty_body_is_named_before_a_missing_token(guarded: httpx.AsyncClient) -> None:
    error(await guarded.post("/reservations", json={}), 400, "INVALID_REQUEST")


@pytest.mark.parametrize("path", ["/health", "/_info", "/metrics", "/openapi.json", "/docs"])
async def test_the_state_and_the_docs_need_no_token(guarded: httpx.AsyncClient, path: str) -> None:
    assert (await guarded.get(path)).status_code == 200


async def test_a_reservation_belongs_to_the_user_of_the_token(
    http: httpx.AsyncClient, connection: "asyncpg.Connection"
) -> None:
    owner = uuid4()
    made = await reserve(http, some_room(), 10, 11, headers=bearer(owner))
    assert await connection.fetchval("SELECT user_id FROM reservations WHERE id = $1", made["id"]) == owner


async def test_a_reservation_without_a_token_is_ownerless(
    http: httpx.AsyncClient, connection: "asyncpg.Connection"
) -> None:
    made = await reserve(http, some_room(), 10, 11)
    assert await connection.fetchval("SELECT user_id FROM reservations WHERE id = $1", made["id"]) is None


class TestWhereNoTokenIsNeeded:
    """Who may move and cancel under `ACCESS=open`."""

    async def test_anybody_may_change_what_is_ownerless(self, http: httpx.AsyncClient) -> None:
        assert await change(http, await reserve(http, some_room(), 10, 11), {}) == (200, 204)

    async def test_a_user_may_change_what_is_ownerless(self, http: httpx.AsyncClient) -> None:
        assert await change(http, await reserve(http, some_room(), 10, 11), bearer()) == (200, 204)

    async def test_an_owner_may_change_their_own(self, http: httpx.AsyncClient) -> None:
        owner = bearer(uuid4())
        assert await change(http, await reserve(http, some_room(), 10, 11, headers=owner), owner) == (200, 204)

    async def test_another_user_may_not_change_it(self, http: httpx.AsyncClient) -> None:
        made = await reserve(http, some_room(), 10, 11, headers=bearer())
        assert await change(http, made, bearer()) == (403, 403)

    async def test_an_admin_may_change_it(self, http: httpx.AsyncClient) -> None:
        made = await reserve(http, some_room(), 10, 11, headers=bearer())
        assert await change(http, made, bearer(role="admin")) == (200, 204)

    async def test_somebody_without_a_token_may_change_it(self, http: httpx.AsyncClient) -> None:
        made = await reserve(http, some_room(), 10, 11, headers=bearer())
        assert await change(http, made, {}) == (200, 204)


class TestWhereATokenIsNeeded:
    """Who may move and cancel under `ACCESS=token`; ownerless reservations come from an earlier, open time."""

    async def test_an_owner_may_change_their_own(self, guarded: httpx.AsyncClient) -> None:
        owner = bearer(uuid4())
        assert await change(guarded, await reserve(guarded, some_room(), 10, 11, headers=owner), owner) == (200, 204)

    async def test_another_user_may_not_change_it(self, guarded: httpx.AsyncClient) -> None:
        made = await reserve(guarded, some_room(), 10, 11, headers=bearer())
        assert await change(guarded, made, bearer()) == (403, 403)

    async def test_an_admin_may_change_it(self, guarded: httpx.AsyncClient) -> None:
        made = await reserve(guarded, some_room(), 10, 11, headers=bearer())
        assert await change(guarded, made, bearer(role="admin")) == (200, 204)

    async def test_a_user_may_not_change_what_is_ownerless(
        self, guarded: httpx.AsyncClient, http: httpx.AsyncClient
    ) -> None:
        assert await change(guarded, await reserve(http, some_room(), 10, 11), bearer()) == (403, 403)

    async def test_an_admin_may_change_what_is_ownerless(
        self, guarded: httpx.AsyncClient, http: httpx.AsyncClient
    ) -> None:
        made = await reserve(http, some_room(), 10, 11)
        assert await change(guarded, made, bearer(role="admin")) == (200, 204)


async def test_a_forbidden_change_leaves_the_reservation(http: httpx.AsyncClient) -> None:
    room = some_room()
    made = await reserve(http, room, 10, 11, headers=bearer())
    await http.patch(f"/reservations/{made['id']}", json={"room_id": some_room()}, headers=bearer())
    await http.delete(f"/reservations/{made['id']}", headers=bearer())
    assert await listed(http, room) == [made]


async def test_an_owner_keeps_a_reservation_that_an_admin_moved(
    http: httpx.AsyncClient, connection: "asyncpg.Connection"
) -> None:
    owner = uuid4()
    made = await reserve(http, some_room(), 10, 11, headers=bearer(owner))
    change = {"room_id": some_room()}
    await http.patch(f"/reservations/{made['id']}", json=change, headers=bearer(role="admin"))
    query = "SELECT user_id FROM reservations WHERE id = $1 AND cancelled_at IS NULL"
    assert await connection.fetchval(query, made["id"]) == owner


async def test_mine_shows_the_callers_own_in_every_room(http: httpx.AsyncClient) -> None:
    me = bearer(uuid4())
    room, other = some_room(), some_room()
    mine = [await reserve(http, room, 10, 11, headers=me), await reserve(http, other, 12, 13, headers=me)]
    await reserve(http, room, 11, 12)
    await reserve(http, other, 10, 11, headers=bearer())
    answer = await http.get("/reservations", params={"mine": "true"}, headers=me)
    assert answer.json() == {"items": mine, "next_cursor": None}


async def test_mine_goes_together_with_a_room(http: httpx.AsyncClient) -> None:
    me, room = bearer(uuid4()), some_room()
    mine = await reserve(http, room, 10, 11, headers=me)
    await reserve(http, some_room(), 10, 11, headers=me)
    await reserve(http, room, 11, 12, headers=bearer())
    answer = await http.get("/reservations", params={"mine": "true", "room_id": room}, headers=me)
    assert answer.json()["items"] == [mine]


async def test_mine_has_pages(http: httpx.AsyncClient) -> None:
    http.headers.update(bearer(uuid4()))
    mine = [await reserve(http, some_room(), hour, hour + 1) for hour in range(5)]
    assert await pages(http, "/reservations", mine="true", limit=2) == [mine[:2], mine[2:4], mine[4:]]


async def test_mine_needs_a_token(http: httpx.AsyncClient) -> None:
    error(await http.get("/reservations", params={"mine": "true"}), 401, "UNAUTHORIZED")


async def test_not_only_mine_needs_none(http: httpx.AsyncClient) -> None:
    assert (await http.get("/reservations", params={"mine": "false"})).status_code == 200


async def test_no_answer_tells_who_owns_a_reservation(http: httpx.AsyncClient) -> None:
    owner, room = uuid4(), some_room()
    made = await http.post("/reservations", json=body(room, 10, 11), headers=bearer(owner))
    one = await http.get(made.headers["location"])
    everything = await http.get(f"/reservations/{room}")
    page = await http.get("/reservations", params={"room_id": room})
    for answer in (made, one, everything, page):
        assert str(owner) not in answer.text
