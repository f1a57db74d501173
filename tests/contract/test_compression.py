"""Large JSON answers come in gzip to who accepts it, and are the same answers."""

import gzip
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from offices import ask_slots, open_room
from people import dummy, signed_in

STRETCH = {"from": "2030-05-01T00:00:00Z", "to": "2030-05-02T00:00:00Z"}
PLAIN = {"Accept-Encoding": "identity"}


@pytest.fixture
async def token(http: httpx.AsyncClient) -> dict[str, str]:
    """The header of a user, on a board that is large enough."""
    admin = await dummy(http, "admin")
    for _ in range(8):
        fields = {"name": f"Room {uuid4().hex}", "description": "By the window. " * 5}
        assert (await http.post("/rooms/create", json=fields, headers=admin)).status_code == 201
    return (await signed_in(http))[1]


async def raw(http: httpx.AsyncClient, path: str, headers: dict[str, str], method: str = "GET", **options: Any) -> Any:
    """An answer, and its body as it was sent."""
    async with http.stream(method, path, headers=headers, **options) as answer:
        return answer, b"".join([part async for part in answer.aiter_raw()])


async def test_the_board_is_smaller_in_gzip_and_says_the_same(http: httpx.AsyncClient, token: dict[str, str]) -> None:
    plain, whole = await raw(http, "/board", token | PLAIN, params=STRETCH)
    packed, small = await raw(http, "/board", token | {"Accept-Encoding": "gzip"}, params=STRETCH)
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) == len(small) < len(whole) / 2
    assert [room["name"] for room in json.loads(gzip.decompress(small))["rooms"]] == [
        room["name"] for room in json.loads(whole)["rooms"]
    ]
    assert {answer.headers["vary"] for answer in (plain, packed)} == {"Accept-Encoding"}


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("br, gzip;q=0.5", True),
        ("*", True),
        ("identity, *;q=0.1", True),
        ("gzip;q=1.0, identity; q=0.5", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("*, gzip;q=0", False),
        ("*;q=0", False),
        ("notgzip", False),
        ("gzip;q=x", False),
    ],
)
async def test_only_who_accepts_gzip_gets_it(
    http: httpx.AsyncClient, token: dict[str, str], accepted: str, is_packed: bool
) -> None:
    answer, _ = await raw(http, "/board", token | {"Accept-Encoding": accepted}, params=STRETCH)
    assert ("content-encoding" in answer.headers) is is_packed


@pytest.mark.parametrize("path", ["/me", "/board", "/nowhere"])
async def test_small_answers_and_errors_are_sent_as_they_are(
    http: httpx.AsyncClient, token: dict[str, str], path: str
) -> None:
    answer, body = await raw(http, path, token | {"Accept-Encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert int(answer.headers["content-length"]) == len(body)
    json.loads(body)


async def test_head_tells_what_get_would(http: httpx.AsyncClient, token: dict[str, str]) -> None:
    headers = token | {"Accept-Encoding": "gzip"}
    head, nothing = await raw(http, "/board", headers, "HEAD", params=STRETCH)
    assert (head.status_code, nothing) == (200, b"")
    assert head.headers["content-encoding"] == "gzip"
    assert head.headers["vary"] == "Accept-Encoding"
    assert int(head.headers["content-length"]) > 0


async def test_the_description_and_pages_of_other_lists_are_packed_too(http: httpx.AsyncClient) -> None:
    admin = await dummy(http, "admin")
    for _ in range(12):
        await signed_in(http)
    for path in ("/openapi.json", "/users", "/board/events", "/docs/assets/swagger-ui.css"):
        answer, body = await raw(http, path, admin | {"Accept-Encoding": "gzip"})
        is_json = answer.headers["content-type"].startswith("application/json")
        is_large = int(answer.headers.get("content-length", 0)) >= 1024 or "content-encoding" in answer.headers
        assert ("content-encoding" in answer.headers) is (is_json and is_large), path
        assert answer.status_code == 200
        assert body


async def test_a_day_of_slots_is_packed_and_still_known_by_its_tag(
    http: httpx.AsyncClient, token: dict[str, str]
) -> None:
    room = await open_room(http, "00:00", "23:59")
    path = str((await ask_slots(http, room)).request.url)
    plain, whole = await raw(http, path, token | PLAIN)
    packed, small = await raw(http, path, token | {"Accept-Encoding": "gzip"})
    assert gzip.decompress(small) == whole
    # The same list in other bytes: a strong tag would say that they are the same bytes.
    assert packed.headers["etag"] == f"W/{plain.headers['etag']}"
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    for known, accepted in ((packed, "gzip"), (plain, "identity"), (packed, "identity"), (plain, "gzip")):
        headers = token | {"Accept-Encoding": accepted, "If-None-Match": known.headers["etag"]}
        answer, nothing = await raw(http, path, headers)
        assert (answer.status_code, nothing) == (304, b"")
        assert "content-encoding" not in answer.headers
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["etag"] == (packed if accepted == "gzip" else plain).headers["etag"]


async def test_a_stream_is_not_packed(http: httpx.AsyncClient, token: dict[str, str]) -> None:
    async with http.stream("GET", "/stream", headers=token | {"Accept-Encoding": "gzip"}) as answer:
        assert answer.status_code == 200
        assert "content-encoding" not in answer.headers
