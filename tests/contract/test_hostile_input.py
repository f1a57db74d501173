"""Whatever is sent, it is answered with a refusal, never with a failure of ours."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from answers import error, faults, listed, reserve
from rooms import body, some_room

JSON = {"Content-Type": "application/json"}
BODY_BYTES_MAX = 65_536


@pytest.fixture(autouse=True)
async def alive(http: httpx.AsyncClient) -> AsyncIterator[None]:
    """After each of these tests the service still takes reservations."""
    yield
    await reserve(http, some_room(), 10, 11)


async def post(http: httpx.AsyncClient, raw: Any, **headers: str) -> httpx.Response:
    return await http.post("/reservations", content=raw, headers=JSON | headers)


def padded(size: int) -> bytes:
    """A good request of exactly this many bytes."""
    content = body(some_room(), 10, 11) | {"note": ""}
    content["note"] = "x" * (size - len(json.dumps(content)))
    return json.dumps(content).encode()


@pytest.mark.parametrize("field", ["room_id", "start_time", "end_time"])
@pytest.mark.parametrize(
    "value",
    [None, True, 0, -1, 1.5, 10**30, [], [[]], {}, {"$gt": ""}, "\0", "x" * 5_000],
    ids=lambda value: repr(value)[:20],
)
async def test_a_field_of_another_type_is_named(http: httpx.AsyncClient, field: str, value: Any) -> None:
    answer = await http.post("/reservations", json=body(some_room(), 10, 11) | {field: value})
    assert faults(answer) == {field}


@pytest.mark.parametrize(
    "number", ["1e999999", "-1e400", "1" * 5_000, "1" * 5_000 + ".5", "0." + "1" * 5_000, "1e-999999"], ids=len
)
@pytest.mark.parametrize("field", ["room_id", "start_time"])
async def test_a_huge_number_is_refused(http: httpx.AsyncClient, field: str, number: str) -> None:
    content = body(some_room(), 10, 11)
    raw = json.dumps(content | {field: 12345}).replace("12345", number)
    error(await post(http, raw), 400, "INVALID_REQUEST")


@pytest.mark.parametrize("number", ["1e999999", "1" * 5_000, "1" * 5_000 + ".5"], ids=len)
async def test_a_huge_number_beside_a_fault_is_refused(http: httpx.AsyncClient, number: str) -> None:
    error(await post(http, f'{{"room_id": 7, "other": {number}}}'), 400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b"}",
        b"{}}",
        b"{'room_id': 1}",
        b"{room_id: 1}",
        b'{"room_id": }',
        b'{"room_id": "a",}',
        b'{"room_id": NaN}',
        b'{"room_id": Infinity}',
        b'{"room_id": 01}',
        b'{"room_id": "\n"}',
        b'{"room_id": "\\x"}',
        b'{"room_id": "\\ud800"}',
        b'{"room_id": "\xff"}',
        b'{"room_id": "\xed\xa0\x80"}',
        b'{"room_id": "\xc0\x80"}',
        b'{"other": "\xff", "room_id": 7}',
        b"\xef\xbb\xbf{}",
        b"\x00",
        b"\x00" * 1_000,
        '{"room_id": "a"}'.encode("utf-16"),
        b"null",
        b"true",
        b"7",
        b'"room"',
        b"[]",
        b'[{"room_id": "a"}]',
        b"room_id=a&start_time=b",
        b"<room/>",
    ],
    ids=repr,
)
async def test_what_is_no_json_object_is_refused(http: httpx.AsyncClient, raw: bytes) -> None:
    error(await post(http, raw), 400, "INVALID_REQUEST")


@pytest.mark.parametrize("bracket", ["[", '{"a":'], ids=["arrays", "objects"])
@pytest.mark.parametrize(("depth", "status"), [(500, 201), (10_000, None), (100_000, 413)])
async def test_an_unknown_field_may_be_nested_as_deep_as_it_likes(
    http: httpx.AsyncClient, bracket: str, depth: int, status: int | None
) -> None:
    known = json.dumps(body(some_room(), 10, 11))[1:-1]
    closing = "]" if bracket == "[" else "}"
    answer = await post(http, f'{{"deep": {bracket * depth}1{closing * depth}, {known}}}')
    # Between the two it is for the parser to say: read or refused, but answered.
    assert answer.status_code == status or (status is None and answer.status_code in (201, 400))


@pytest.mark.parametrize("depth", [500, 30_000, 65_000, 100_000])
@pytest.mark.parametrize("pattern", ["{}", '{{"room_id": {}}}', '{{"room_id": 7, "deep": {}}}'])
async def test_nothing_nested_takes_the_place_of_a_body_or_a_field(
    http: httpx.AsyncClient, pattern: str, depth: int
) -> None:
    answer = await post(http, pattern.format("[" * depth + "]" * depth))
    assert answer.status_code in (400, 413)


async def test_the_last_of_two_fields_of_one_name_counts(http: httpx.AsyncClient) -> None:
    first, last = some_room(), some_room()
    known = json.dumps(body(last, 10, 11))[1:-1]
    answer = await post(http, f'{{"room_id": "{first}", {known}}}')
    assert (answer.status_code, answer.json()["room_id"]) == (201, last)


@pytest.mark.parametrize(("query", "status"), [("limit=x&limit=2", 200), ("limit=2&limit=x", 400)])
async def test_the_last_of_two_parameters_of_one_name_counts(http: httpx.AsyncClient, query: str, status: int) -> None:
    assert (await http.get(f"/reservations?{query}")).status_code == status


async def test_a_parameter_does_not_stand_in_for_a_field(http: httpx.AsyncClient) -> None:
    content = {name: value for name, value in body("x", 10, 11).items() if name != "room_id"}
    answer = await http.post("/reservations", params={"room_id": some_room()}, json=content)
    assert faults(answer) == {"room_id"}


async def test_a_hundred_thousand_fields_are_too_many_bytes(http: httpx.AsyncClient) -> None:
    error(await post(http, json.dumps({f"f{number}": 1 for number in range(100_000)})), 413, "BODY_TOO_LARGE")


async def test_names_of_a_prototype_are_fields_like_others(http: httpx.AsyncClient) -> None:
    content = body(some_room(), 10, 11) | {"__proto__": {"a": 1}, "__class__": "x", "constructor": None}
    assert (await http.post("/reservations", json=content)).status_code == 201


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/json;"])
async def test_json_may_be_named_with_parameters_and_in_any_case(http: httpx.AsyncClient, kind: str) -> None:
    answer = await http.post(
        "/reservations", content=json.dumps(body(some_room(), 10, 11)), headers={"Content-Type": kind}
    )
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "text/json",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "application/jsonx",
        "application/msgpack",
        "application/x-msgpack",
        "json",
        "*/*",
        "; charset=utf-8",
        "",
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_another_media_type_is_refused(http: httpx.AsyncClient, method: str, kind: str) -> None:
    made = await reserve(http, some_room(), 10, 11)
    path = "/reservations" if method == "POST" else f"/reservations/{made['id']}"
    content = json.dumps(body(some_room(), 10, 11))
    answer = await http.request(method, path, content=content, headers={"Content-Type": kind})
    error(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


async def test_without_a_media_type_a_body_is_taken_for_json(http: httpx.AsyncClient) -> None:
    answer = await http.post("/reservations", content=json.dumps(body(some_room(), 10, 11)))
    assert "content-type" not in answer.request.headers
    assert answer.status_code == 201


@pytest.mark.parametrize("path", ["/reservations", "/reservations/", "/api/events"])
async def test_a_page_in_a_browser_must_name_it(http: httpx.AsyncClient, path: str) -> None:
    # Without a type a browser would send it to any site, unasked.
    content = json.dumps(body(some_room(), 10, 11))
    answer = await http.post(path, content=content, headers={"Origin": "https://stranger.example"})
    error(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


async def test_the_largest_body_is_taken(http: httpx.AsyncClient) -> None:
    assert (await post(http, padded(BODY_BYTES_MAX))).status_code == 201


@pytest.mark.parametrize("size", [BODY_BYTES_MAX + 1, 1_000_000, 10_000_000])
async def test_a_larger_body_is_refused_and_its_sender_reads_why(http: httpx.AsyncClient, size: int) -> None:
    error(await post(http, padded(size)), 413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("count", [2, 150])
async def test_a_body_in_chunks_that_is_too_large_is_refused(http: httpx.AsyncClient, count: int) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(count):
            yield b"x" * BODY_BYTES_MAX

    error(await post(http, chunks()), 413, "BODY_TOO_LARGE")


async def test_a_body_in_chunks_is_taken(http: httpx.AsyncClient) -> None:
    raw = json.dumps(body(some_room(), 10, 11)).encode()

    async def chunks() -> AsyncIterator[bytes]:
        for byte in raw:
            yield bytes([byte])

    assert (await post(http, chunks())).status_code == 201


@pytest.mark.parametrize("path", ["/reservations", "/places", "/health", "/nowhere"])
async def test_a_body_too_large_is_refused_wherever_it_goes(http: httpx.AsyncClient, path: str) -> None:
    error(await http.request("GET", path, content=padded(BODY_BYTES_MAX + 1)), 413, "BODY_TOO_LARGE")


async def test_a_refused_body_leaves_the_room_free(http: httpx.AsyncClient) -> None:
    room = some_room()
    content = body(room, 10, 11) | {"note": "x" * BODY_BYTES_MAX}
    await http.post("/reservations", json=content)
    assert await listed(http, room) == []
