"""`Idempotency-Key`: a request that is sent again has one effect and one answer."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from answers import error, faults, listed, reserve
from rooms import body, hour, overlaps, some_room
from service import Service
from tokens import SECRET, bearer

REPLAYED = "idempotency-replayed"


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


async def post(http: httpx.AsyncClient, content: dict[str, Any], *headers: dict[str, Any]) -> httpx.Response:
    merged: dict[str, Any] = {}
    for each in headers:
        merged |= each
    return await http.post("/reservations", json=content, headers=merged)


async def test_a_first_answer_is_not_marked(http: httpx.AsyncClient) -> None:
    answer = await post(http, body(some_room(), 10, 11), key())
    assert answer.status_code == 201
    assert REPLAYED not in answer.headers


async def test_a_retry_gets_the_first_answer_again(http: httpx.AsyncClient) -> None:
    sent, same = body(some_room(), 10, 11), key()
    first = await post(http, sent, same)
    second = await post(http, sent, same)
    assert (second.status_code, second.json()) == (201, first.json())
    assert second.headers["location"] == first.headers["location"]
    assert second.headers[REPLAYED] == "true"


async def test_a_retry_has_no_second_effect(http: httpx.AsyncClient) -> None:
    room, same = some_room(), key()
    for _ in range(3):
        assert (await post(http, body(room, 10, 11), same)).status_code == 201
    assert len(await listed(http, room)) == 1


async def test_without_a_key_a_retry_clashes(http: httpx.AsyncClient) -> None:
    room = some_room()
    await reserve(http, room, 10, 11)
    error(await post(http, body(room, 10, 11)), 409, "TIME_CONFLICT")


async def test_another_key_is_another_request(http: httpx.AsyncClient) -> None:
    room = some_room()
    await post(http, body(room, 10, 11), key())
    error(await post(http, body(room, 10, 11), key()), 409, "TIME_CONFLICT")


async def test_a_retry_with_a_trailing_slash_is_the_same_request(http: httpx.AsyncClient) -> None:
    sent, same = body(some_room(), 10, 11), key()
    first = await post(http, sent, same)
    second = await http.post("/reservations/", json=sent, headers=same)
    assert (second.status_code, second.json()) == (201, first.json())


async def test_a_conflict_is_answered_again_when_the_room_is_free(http: httpx.AsyncClient) -> None:
    room, same = some_room(), key()
    taken = await reserve(http, room, 10, 11)
    first = await post(http, body(room, 10, 11), same)
    assert REPLAYED not in first.headers
    await http.delete(f"/reservations/{taken['id']}")
    second = await post(http, body(room, 10, 11), same)
    assert error(second, 409, "TIME_CONFLICT") == error(first, 409, "TIME_CONFLICT")
    assert second.headers[REPLAYED] == "true"
    assert await listed(http, room) == []


async def test_a_retry_after_a_cancellation_reserves_nothing(http: httpx.AsyncClient) -> None:
    room, same = some_room(), key()
    first = await post(http, body(room, 10, 11), same)
    await http.delete(first.headers["location"].replace("by-id/", ""))
    second = await post(http, body(room, 10, 11), same)
    assert (second.status_code, second.json()) == (201, first.json())
    assert await listed(http, room) == []


async def test_a_retry_after_a_move_gets_the_first_answer(http: httpx.AsyncClient) -> None:
    sent, same = body(some_room(), 10, 11), key()
    first = await post(http, sent, same)
    await http.patch(f"/reservations/{first.json()['id']}", json={"room_id": some_room()})
    assert (await post(http, sent, same)).json() == first.json()


@pytest.mark.parametrize("start", [10, 14], ids=["that would clash", "that would be free"])
async def test_another_body_is_refused(http: httpx.AsyncClient, start: float) -> None:
    room, same = some_room(), key()
    await post(http, body(room, 10, 11), same)
    error(await post(http, body(room, start, start + 2), same), 422, "IDEMPOTENCY_KEY_REUSED")
    assert len(await listed(http, room)) == 1


async def test_another_body_that_names_another_room_is_refused(http: httpx.AsyncClient) -> None:
    same = key()
    await post(http, body(some_room(), 10, 11), same)
    # Many, for rooms are spread over lanes.
    for _ in range(10):
        other = some_room()
        error(await post(http, body(other, 10, 11), same), 422, "IDEMPOTENCY_KEY_REUSED")
        assert await listed(http, other) == []


async def test_the_body_is_compared_byte_by_byte(http: httpx.AsyncClient) -> None:
    sent, same = body(some_room(), 10, 11), key()
    await post(http, sent, same)
    error(await post(http, dict(reversed(sent.items())), same), 422, "IDEMPOTENCY_KEY_REUSED")


async def test_a_retry_after_a_refused_body_still_gets_the_first_answer(http: httpx.AsyncClient) -> None:
    room, same = some_room(), key()
    first = await post(http, body(room, 10, 11), same)
    await post(http, body(room, 14, 15), same)
    assert (await post(http, body(room, 10, 11), same)).json() == first.json()


@pytest.mark.parametrize(
    "given",
    [b"", b"x" * 256, b"x" * 10_000, "ключ".encode(), b"\xff", b"a\tb"],
    ids=["empty", "256 long", "10,000 long", "Cyrillic", "no UTF-8", "tab"],
)
async def test_a_key_is_1_to_255_printable_ascii_characters(http: httpx.AsyncClient, given: bytes) -> None:
    answer = await post(http, body(some_room(), 10, 11), {b"Idempotency-Key": given})  # type: ignore[dict-item]
    assert faults(answer) == {"Idempotency-Key"}


@pytest.mark.parametrize("length", [1, 255])
async def test_the_shortest_and_the_longest_key_are_taken(http: httpx.AsyncClient, length: int) -> None:
    sent = body(some_room(), 10, 11)
    # A bearer of its own: one letter is not unique among all who have no token.
    headers = bearer() | {"Idempotency-Key": "~" * length}
    assert (await post(http, sent, headers)).status_code == 201
    assert (await post(http, sent, headers)).headers[REPLAYED] == "true"


async def test_keys_that_differ_in_their_last_character_are_two(http: httpx.AsyncClient) -> None:
    beginning = "k" * 218 + str(uuid4())
    for ending in "ab":
        answer = await post(http, body(some_room(), 10, 11), {"Idempotency-Key": beginning + ending})
        assert (answer.status_code, REPLAYED in answer.headers) == (201, False)


@pytest.mark.parametrize(
    "wrong",
    [{"room_id": 7}, {"start_time": "noon"}, {"end_time": hour(9).isoformat()}, {"end_time": hour(900).isoformat()}],
    ids=["type", "time", "end before start", "too long"],
)
async def test_an_invalid_request_is_not_remembered(http: httpx.AsyncClient, wrong: dict[str, Any]) -> None:
    room, same = some_room(), key()
    for _ in range(2):
        answer = await post(http, body(room, 10, 11) | wrong, same)
        error(answer, 400, "INVALID_REQUEST")
        assert REPLAYED not in answer.headers
    assert (await post(http, body(room, 10, 11), same)).status_code == 201


async def test_a_wrong_media_type_is_not_remembered(http: httpx.AsyncClient) -> None:
    sent, same = body(some_room(), 10, 11), key()
    error(await post(http, sent, same, {"Content-Type": "text/plain"}), 415, "UNSUPPORTED_MEDIA_TYPE")
    assert (await post(http, sent, same)).status_code == 201


async def test_a_reused_key_is_refused_without_a_mark(http: httpx.AsyncClient) -> None:
    same = key()
    await post(http, body(some_room(), 10, 11), same)
    assert REPLAYED not in (await post(http, body(some_room(), 10, 11), same)).headers


async def test_a_key_belongs_to_its_caller(http: httpx.AsyncClient) -> None:
    same = key()
    callers: list[dict[str, str]] = [{}, bearer(), bearer(), bearer(role="admin")]
    answers = [await post(http, body(some_room(), 10, 11), same, caller) for caller in callers]
    assert [(answer.status_code, REPLAYED in answer.headers) for answer in answers] == [(201, False)] * 4


async def test_a_caller_keeps_their_keys_with_a_new_token(http: httpx.AsyncClient) -> None:
    sent, same, user = body(some_room(), 10, 11), key(), uuid4()
    first = await post(http, sent, same, bearer(user))
    second = await post(http, sent, same, bearer(user, jti="another"))
    assert (second.json(), second.headers[REPLAYED]) == (first.json(), "true")


async def test_twenty_at_once_have_one_effect(http: httpx.AsyncClient, connection: "asyncpg.Connection") -> None:
    room, same = some_room(), key()
    answers = await asyncio.gather(*(post(http, body(room, 10, 11), same) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum(REPLAYED not in answer.headers for answer in answers) == 1
    assert await connection.fetchval("SELECT count(*) FROM reservations WHERE room_id = $1", room) == 1


async def test_twenty_at_once_with_two_bodies_have_one_effect(
    http: httpx.AsyncClient, connection: "asyncpg.Connection"
) -> None:
    rooms, same = [some_room(), some_room()], key()
    answers = await asyncio.gather(*(post(http, body(rooms[number % 2], 10, 11), same) for number in range(20)))
    made = {answer.json()["room_id"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    assert sorted(answer.status_code for answer in answers) == [201] * 10 + [422] * 10
    count = "SELECT count(*) FROM reservations WHERE room_id = ANY($1)"
    assert await connection.fetchval(count, rooms) == 1


async def test_twenty_refused_at_once_are_refused_alike(
    http: httpx.AsyncClient, connection: "asyncpg.Connection"
) -> None:
    room, same = some_room(), key()
    await reserve(http, room, 10, 11)
    answers = await asyncio.gather(*(post(http, body(room, 10, 11), same) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {409}
    assert sum(REPLAYED not in answer.headers for answer in answers) == 1
    assert await overlaps(connection) == []


async def test_keys_outlive_the_process_that_took_them(
    http: httpx.AsyncClient, start: Callable[..., Service], database_url: str
) -> None:
    granted, refused, room = key(), key(), some_room()
    first = await post(http, body(room, 10, 11), granted)
    await post(http, body(room, 10, 11), refused)
    restarted = start(DATABASE_URL=database_url, JWT_SECRET=SECRET)
    async with httpx.AsyncClient(base_url=restarted.url, verify=False, timeout=30) as other:
        again = await post(other, body(room, 10, 11), granted)
        assert (again.status_code, again.json(), again.headers[REPLAYED]) == (201, first.json(), "true")
        assert (await post(other, body(room, 10, 11), refused)).headers[REPLAYED] == "true"
        error(await post(other, body(room, 14, 15), granted), 422, "IDEMPOTENCY_KEY_REUSED")
