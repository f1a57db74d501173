"""Requests that are slow, endless or no HTTP at all: refused in time, and nobody else notices."""

import asyncio
import json
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from answers import reserve
from rooms import body, some_room
from service import Service
from tokens import bearer
from wire import answer as read_answer
from wire import connected, exchange, head

MEGABYTE = 1_000_000


@pytest.fixture(autouse=True)
async def alive(http: httpx.AsyncClient) -> AsyncIterator[None]:
    """After each of these tests the service still takes reservations."""
    yield
    await reserve(http, some_room(), 10, 11)


def post_head(length: int, *more: bytes) -> bytes:
    return head(
        b"/reservations", b"Content-Type: application/json", b"Content-Length: %d" % length, *more, method=b"POST"
    )


async def test_a_body_that_does_not_come_is_not_waited_for(guarded_service: Service) -> None:
    answer = await exchange(guarded_service, post_head(100))
    assert (answer.status, answer.code) == (408, "REQUEST_TIMEOUT")


async def test_a_body_that_stops_half_way_is_not_waited_for(guarded_service: Service) -> None:
    answer = await exchange(guarded_service, post_head(100) + b'{"room_id": ')
    assert (answer.status, answer.code) == (408, "REQUEST_TIMEOUT")


async def test_a_chunked_body_that_stops_half_way_is_not_waited_for(guarded_service: Service) -> None:
    start = head(b"/reservations", b"Transfer-Encoding: chunked", method=b"POST")
    answer = await exchange(guarded_service, start + b"5\r\nhello\r\n")
    assert (answer.status, answer.code) == (408, "REQUEST_TIMEOUT")


async def test_a_body_that_drips_is_not_waited_for(guarded_service: Service) -> None:
    async with connected(guarded_service) as (reader, writer):
        writer.write(post_head(100_000))
        answering = asyncio.create_task(read_answer(reader))
        while not answering.done():
            writer.write(b" ")
            await asyncio.wait([answering], timeout=0.02)
    assert (await answering).status == 408


async def test_a_body_that_is_not_sent_in_full_reserves_nothing(service: Service, http: httpx.AsyncClient) -> None:
    room = some_room()
    raw = json.dumps(body(room, 10, 11)).encode()
    async with connected(service) as (_, writer):
        writer.write(post_head(len(raw) + 1) + raw)
        await writer.drain()
    assert (await http.get(f"/reservations/{room}")).json() == []


@pytest.mark.parametrize("sent", [b"", b"GET /health", head(b"/health")[:-2]], ids=["nothing", "a line", "no end"])
async def test_a_head_that_does_not_come_is_not_waited_for(guarded_service: Service, sent: bytes) -> None:
    started = time.monotonic()
    await exchange(guarded_service, sent)
    assert time.monotonic() - started < 5


async def test_a_head_that_drips_is_not_waited_for(guarded_service: Service) -> None:
    async with connected(guarded_service) as (reader, writer):
        writer.write(b"GET /health HTTP/1.1\r\nX-Slow: ")
        answering = asyncio.create_task(read_answer(reader))
        while not answering.done():
            writer.write(b"x")
            await asyncio.wait([answering], timeout=0.02)
    assert (await answering).status in (0, 400)


async def test_slow_requests_hold_nobody_else_up(guarded_service: Service, guarded: httpx.AsyncClient) -> None:
    slow = [asyncio.create_task(exchange(guarded_service, post_head(100))) for _ in range(50)]
    assert (await guarded.get("/places", headers=bearer())).status_code == 200
    assert {answer.status for answer in await asyncio.gather(*slow)} == {408}


@pytest.mark.parametrize(
    "large",
    [
        pytest.param(head(b"/health", b"X-Large: " + b"x" * 70_000), id="a header"),
        pytest.param(head(b"/health", *(b"X-%d: x" % number for number in range(20_000))), id="many headers"),
        pytest.param(head(b"/" + b"x" * 70_000), id="a path"),
        pytest.param(head(b"/health?" + b"x" * 70_000), id="a query"),
    ],
)
async def test_a_large_head_is_refused(service: Service, large: bytes) -> None:
    answer = await exchange(service, large)
    assert (answer.status, answer.code) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("beginning", [b"GET /health HTTP/1.1\r\nX-Large: ", b"GET /"], ids=["a header", "a path"])
async def test_a_head_without_end_is_cut_off(service: Service, beginning: bytes) -> None:
    sent = 0
    async with connected(service) as (_, writer):
        writer.write(beginning)
        try:
            while sent < 50 * MEGABYTE:
                writer.write(b"x" * 100_000)
                await writer.drain()
                sent += 100_000
        except ConnectionError:
            pass
    assert sent < 50 * MEGABYTE


async def test_a_head_that_arrives_in_pieces_is_read(service: Service) -> None:
    whole = head(b"/health", b"X-Some: " + b"x" * 3_000)
    answer = await exchange(service, *(whole[start : start + 100] for start in range(0, len(whole), 100)))
    assert answer.status == 200


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"hello\r\n\r\n", id="a word"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500, id="TLS"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", id="HTTP/2"),
        pytest.param(b"GET /health HTTP/9.9\r\n\r\n", id="a future version"),
        pytest.param(b"BREW /reservations HTTP/1.1\r\nHost: x\r\n\r\n", id="a method that is none"),
        pytest.param(b"GET /health HTTP/1.1\r\nno colon\r\n\r\n", id="a header without colon"),
        pytest.param(b"GET /health HTTP/1.1\r\nX: a\0b\r\n\r\n", id="NUL in a header"),
        pytest.param(b"GET /reservations/\xff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", id="bytes in a path"),
        pytest.param(post_head(5, b"Content-Length: 6") + b"hello", id="two lengths"),
        pytest.param(post_head(5, b"Transfer-Encoding: chunked") + b"0\r\n\r\n", id="a length and chunks"),
        pytest.param(head(b"/reservations", b"Content-Length: -1", method=b"POST"), id="a negative length"),
        pytest.param(head(b"/reservations", b"Content-Length: " + b"9" * 30, method=b"POST"), id="a huge length"),
        pytest.param(
            head(b"/reservations", b"Transfer-Encoding: chunked", method=b"POST") + b"zz\r\n", id="a chunk of no size"
        ),
    ],
)
async def test_what_is_no_http_is_refused_in_the_shape_of_all_errors(service: Service, sent: bytes) -> None:
    answer = await exchange(service, sent)
    assert (answer.status, answer.code) == (400, "INVALID_REQUEST")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_length_of_gigabytes_is_refused_at_once(service: Service) -> None:
    answer = await exchange(service, post_head(10**12))
    assert (answer.status, answer.code) == (413, "BODY_TOO_LARGE")


async def test_who_asks_first_is_told_that_the_body_is_too_large(service: Service) -> None:
    answer = await exchange(service, post_head(MEGABYTE, b"Expect: 100-continue"))
    assert (answer.status, answer.code) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
async def test_a_host_may_be_missing(service: Service, version: bytes) -> None:
    answer = await exchange(service, b"GET /health HTTP/" + version + b"\r\nConnection: close\r\n\r\n")
    assert answer.status == 200


@pytest.mark.parametrize(
    "host", [b"::1", b"a:b", b"a:99999", b"a:-1", b"[::1", b"a b", b"user@a", b"a/b", b"\xff", b"a:1:2", b"[x]"]
)
async def test_a_host_that_is_none_is_refused(service: Service, host: bytes) -> None:
    """One that the framework cannot read made it fail over a fault elsewhere in the request: here `to` is missing."""
    request = b"GET /board HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n"
    answer = await exchange(service, request)
    assert (answer.status, answer.code) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("host", [b"a", b"a.example:8080", b"[::1]:80", b"127.0.0.1:", b"xn--e1afmkfd.example", b""])
async def test_a_host_may_have_a_port(service: Service, host: bytes) -> None:
    answer = await exchange(service, b"GET /_info HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
    assert answer.status == 200


@pytest.mark.parametrize(
    "target",
    [
        b"http://elsewhere.example/health",
        b"//health",
        b"/./health",
        b"/../../etc/passwd",
        b"/docs/assets/../../../../../../etc/passwd",
        b"/docs/assets/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        b"/docs/assets/..%2f..%2f..%2f..%2fetc%2fpasswd",
        b"/docs/assets//etc/passwd",
        b"/docs/assets/%00",
        b"/docs/assets/" + b"x" * 5_000,
        b"/%",
        b"/%zz",
        b"/reservations/%",
        b"/reservations/%f0%9f%9b",
        b"/reservations/%00",
        b"/reservations/%0d%0aSet-Cookie:%20a=b",
        b"/reservations/by-id/%ff",
        b"/reservations/" + b"x" * 20_000,
        b"/reservations/" + b"%2f" * 1_000,
        b"/reservations/" + b"/" * 1_000,
        b"/reservations;a=b",
        b"/reservations?",
        b"/reservations?&&&",
        b"/reservations?=",
        b"/reservations?room_id=%ff",
        b"/reservations?room_id=%00",
        b"/reservations?limit=1&limit=2",
        b"/reservations?limit=1&limit=x",
        b"/reservations?mine=maybe",
        b"/reservations?room_id=a&room_id=b",
        b"/reservations?from=2030-05-01T10:00:00Z&from=x",
        b"/reservations?cursor=" + b"A" * 10_000,
        b"/reservations?" + b"a=b&" * 10_000,
        b"/reservations?limit[]=1&room_id[$ne]=x",
        b"/health#fragment",
        b"*",
    ],
    ids=lambda target: target[:60].decode(),
)
@pytest.mark.parametrize("method", [b"GET", b"POST"])
async def test_no_target_brings_the_service_down(service: Service, method: bytes, target: bytes) -> None:
    answer = await exchange(service, head(target, method=method))
    assert 200 <= answer.status < 500
    assert b"root:" not in answer.body
    assert "set-cookie" not in answer.headers
    if answer.status >= 400:
        assert answer.code


@pytest.mark.parametrize("path", ["/reservations/%ff", "/reservations/by-id/%c0%80", "/%ff", "/docs/%ed%a0%80"])
async def test_a_path_that_is_not_utf_8_is_refused(service: Service, path: str) -> None:
    answer = await exchange(service, head(path.encode()))
    assert (answer.status, answer.code) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("name", ["room_id", "from", "to", "limit", "cursor", "mine"])
async def test_a_query_that_is_not_utf_8_is_refused(service: Service, name: str) -> None:
    answer = await exchange(service, head(f"/reservations?{name}=%ff".encode()))
    assert (answer.status, answer.code) == (400, "INVALID_REQUEST")


TWICE = [
    pytest.param((b"Authorization: Bearer a", b"Authorization: Bearer b"), id="two tokens"),
    pytest.param((b"Authorization: Bearer a",) * 2, id="one token twice"),
    pytest.param((b"AUTHORIZATION: Bearer a", b"authorization: Bearer a"), id="in either case"),
    pytest.param((b"Host: x",), id="two hosts"),
    pytest.param((b"Host: localhost",), id="one host twice"),
    pytest.param((b"Idempotency-Key: a", b"Idempotency-Key: b"), id="two keys"),
    pytest.param((b"Idempotency-Key: a",) * 2, id="one key twice"),
    pytest.param((b"Idempotency-Key: a", b"Idempotency-Key: "), id="a key and none"),
    pytest.param((b"Content-Type: application/json", b"Content-Type: text/plain"), id="two kinds"),
    pytest.param((b"Origin: https://a.example", b"Origin: https://b.example"), id="two origins"),
    pytest.param((b"Content-Length: 2", b"Content-Length: 3"), id="two lengths"),
    pytest.param((b"Content-Length: 2",) * 2, id="one length twice"),
    pytest.param((b"Content-Length: 2", b"Transfer-Encoding: chunked"), id="a length and chunks"),
    pytest.param((b"Transfer-Encoding: chunked", b"Content-Length: 2"), id="chunks and a length"),
]
DOORS = [
    # Hot, and not.
    (b"POST", b"/reservations"),
    (b"GET", b"/reservations/some-room"),
    (b"POST", b"/api/bookings/reserve"),
    (b"GET", b"/stream"),
    (b"POST", b"/bookings/create"),
    (b"GET", b"/reservations"),
    (b"POST", b"/register"),
    (b"DELETE", b"/reservations/00000000-0000-4000-8000-000000000001"),
    (b"GET", b"/health"),
    (b"HEAD", b"/health"),
    (b"OPTIONS", b"/reservations"),
    (b"GET", b"/app/"),
    (b"GET", b"/nowhere"),
]


@pytest.mark.parametrize(("method", "path"), DOORS)
@pytest.mark.parametrize("lines", TWICE)
async def test_a_header_with_one_value_comes_once_through_every_door(
    service: Service, method: bytes, path: bytes, lines: tuple[bytes, ...]
) -> None:
    answer = await exchange(service, head(path, *lines, method=method) + b"{}")
    assert answer.status == 400
    assert method == b"HEAD" or answer.code == "INVALID_REQUEST"


@pytest.mark.parametrize(("method", "path"), DOORS)
async def test_a_host_that_is_none_is_refused_through_every_door(service: Service, method: bytes, path: bytes) -> None:
    request = method + b" " + path + b" HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n"
    assert (await exchange(service, request)).status == 400
