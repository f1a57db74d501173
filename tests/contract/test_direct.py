"""Hot requests are answered the same, whether they go to the edge directly or, written unusually, through ASGI."""

import asyncio
import json
from collections.abc import Callable

import httpx
import pytest

from rooms import body, some_room
from service import Service
from wire import Answer, connected, next_answer

VARYING = {"date", "x-request-id", "location"}
Wanted = tuple[str, str, bytes, tuple[bytes, ...]]

TAKEN = some_room()
JSON = b"Content-Type: application/json"


def post(room: str, *more: bytes, start: int = 10, end: int = 11) -> Wanted:
    return "POST", "/reservations", json.dumps(body(room, start, end)).encode(), (JSON, *more)


CASES: dict[str, Callable[[str], Wanted]] = {
    "a reservation": post,
    "one that is taken": lambda _: post(TAKEN),
    "a stretch without a length": lambda room: post(room, start=11),
    "a key": lambda room: post(room, b"Idempotency-Key: %b" % room.encode()),
    "a key that is none": lambda room: post(room, b"Idempotency-Key: \xc3\xa4"),
    "no JSON": lambda _: ("POST", "/reservations", b"{", (JSON,)),
    "another media type": lambda room: ("POST", "/reservations", post(room)[2], (b"Content-Type: text/plain",)),
    "a token that is none": lambda room: post(room, b"Authorization: Bearer no"),
    "a header twice": lambda room: post(room, JSON),
    "a slash at the end": lambda room: ("POST", "/reservations/", post(room)[2], (JSON,)),
    "a list": lambda room: ("GET", f"/reservations/{room}", b"", ()),
    "a list with another's ETag": lambda room: ("GET", f"/reservations/{room}", b"", (b'If-None-Match: "x"',)),
    "a list that is known": lambda room: ("GET", f"/reservations/{room}", b"", (b'If-None-Match: "0"',)),
    "no event": lambda _: ("GET", "/api/events/999999999", b"", ()),
    "no number of an event": lambda _: ("GET", "/api/events/one", b"", ()),
    "a seat at no event": lambda _: (
        "POST",
        "/api/bookings/reserve",
        b'{"event_id": 999999999, "user_id": "anna"}',
        (JSON,),
    ),
    "slots without a token": lambda _: ("GET", "/rooms/nowhere/slots/list?date=2030-01-01", b"", ()),
    "a slot without a token": lambda _: ("POST", "/bookings/create", b"{}", (JSON,)),
    "no hold": lambda _: ("POST", "/reservations/00000000-0000-0000-0000-000000000000/confirm", b"{}", (JSON,)),
}


def written(wanted: Wanted, *, target: bytes = b"") -> bytes:
    """A request. With `target`, the address before its path, it is written as to a proxy."""
    method, path, raw, headers = wanted
    lines = [b"%b %b%b HTTP/1.1" % (method.encode(), target, path.encode()), b"Host: here", *headers]
    if raw:
        lines.append(b"Content-Length: %d" % len(raw))
    return b"\r\n".join([*lines, b"", raw])


async def ask(service: Service, raw: bytes) -> Answer:
    async with connected(service) as (reader, writer):
        writer.write(raw)
        return await next_answer(reader)


def told(found: Answer, room: str) -> tuple[int, dict[str, str], object]:
    """An answer without what differs each time."""
    shown = json.loads(found.body.replace(room.encode(), b"here")) if found.body else None
    if isinstance(shown, dict):
        shown = {name: value for name, value in shown.items() if name not in {"id", "created_at"}}
    headers = {name: value for name, value in found.headers.items() if name not in VARYING | {"content-length"}}
    return found.status, headers, shown


@pytest.mark.parametrize("case", CASES)
async def test_both_ways_answer_the_same(service: Service, http: httpx.AsyncClient, case: str) -> None:
    await http.post("/reservations", json=body(TAKEN, 10, 11))
    directly, by_asgi = some_room(), some_room()
    one = await ask(service, written(CASES[case](directly)))
    other = await ask(service, written(CASES[case](by_asgi), target=b"http://here"))
    assert told(one, directly) == told(other, by_asgi)


async def test_a_body_in_pieces_is_waited_for(service: Service) -> None:
    raw = written(post(some_room()))
    async with connected(service) as (reader, writer):
        for piece in (raw[:-20], raw[-20:-1], raw[-1:]):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        assert (await next_answer(reader)).status == 201


async def test_requests_that_come_at_once_are_answered_in_their_order(service: Service) -> None:
    room = some_room()
    wanted = [
        written(post(room)),
        written(("GET", f"/reservations/{room}", b"", ())),
        written(("GET", "/health", b"", ())),
        written(post(room)),
        written(("GET", "/reservations/%41", b"", ())),
    ]
    async with connected(service) as (reader, writer):
        writer.write(b"".join(wanted))
        answers = [await next_answer(reader) for _ in wanted]
    assert [each.status for each in answers] == [201, 200, 200, 409, 200]
    assert len(json.loads(answers[1].body)) == 1


@pytest.mark.parametrize("target", [b"", b"http://here"], ids=["directly", "by ASGI"])
async def test_who_wants_it_is_left_afterwards(service: Service, target: bytes) -> None:
    async with connected(service) as (reader, writer):
        writer.write(written(post(some_room(), b"Connection: close"), target=target))
        found = await next_answer(reader)
        assert (found.status, found.headers["connection"]) == (201, "close")
        assert await reader.read() == b""


async def test_a_connection_is_used_again(service: Service) -> None:
    async with connected(service) as (reader, writer):
        for _ in range(3):
            writer.write(written(post(some_room())))
            assert (await next_answer(reader)).status == 201


async def test_a_long_list_comes_in_parts(service: Service, http: httpx.AsyncClient) -> None:
    room = some_room()
    for start in range(1_001):
        hour, minute = divmod(start, 60)
        moment = f"2031-01-0{1 + hour // 24}T{hour % 24:02}:{minute:02}"
        await http.post(
            "/reservations", json={"room_id": room, "start_time": f"{moment}:00Z", "end_time": f"{moment}:30Z"}
        )
    one = await ask(service, written(("GET", f"/reservations/{room}", b"", ())))
    other = await ask(service, written(("GET", f"/reservations/{room}", b"", ()), target=b"http://here"))
    assert one.headers["transfer-encoding"] == "chunked"
    assert len(json.loads(one.body)) == 1_001
    assert one.body == other.body
