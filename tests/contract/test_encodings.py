"""How a body may be written: JSON in UTF-8, with a byte order mark or without, and never compressed."""

import codecs
import gzip
import json
import zlib

import httpx
import pytest

from answers import error
from offices import admin, free_slots, open_room, user
from rooms import body, some_room

JSON = {"Content-Type": "application/json"}
BODIES = {
    "/reservations": ("POST", body("packed", 1, 2)),
    "/reservations/": ("POST", body("packed", 2, 3)),
    "/reservations/00000000-0000-4000-8000-000000000000": ("PATCH", {}),
    "/tables": ("POST", {"name": "a", "seats": 1, "location": "a"}),
    "/api/events": ("POST", {"name": "a", "total_seats": 1}),
    "/api/bookings/reserve": ("POST", {"event_id": 1, "user_id": "packed"}),
    "/api/events/1": ("PATCH", {"name": "a"}),
    "/register": ("POST", {"email": "packed@example.com", "password": "correct horse", "role": "user"}),
    "/login": ("POST", {"email": "packed@example.com", "password": "correct horse"}),
    "/dummyLogin": ("POST", {"role": "user"}),
    "/rooms/create": ("POST", {"name": "a"}),
    "/bookings/create": ("POST", {"slotId": "00000000-0000-4000-8000-000000000000"}),
    "/users/00000000-0000-4000-8000-000000000000": ("PATCH", {}),
    "/webhooks": ("POST", {"url": "https://example.com"}),
    "/health": ("GET", {}),
    "/nowhere": ("POST", {}),
}


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip", "deflate", "br", "zstd", "identity, gzip", "nonsense"])
async def test_a_compressed_body_is_refused_on_every_route(http: httpx.AsyncClient, path: str, encoding: str) -> None:
    method, content = BODIES[path]
    raw = json.dumps(content).encode()
    packed = gzip.compress(raw) if "gzip" in encoding.lower() else zlib.compress(raw)
    headers = JSON | admin() | {"Content-Encoding": encoding}
    error(await http.request(method, path, content=packed, headers=headers), 415, "UNSUPPORTED_MEDIA_TYPE")
    # Neither one that only says so: who believes it would read something else than we do.
    error(await http.request(method, path, content=raw, headers=headers), 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("encoding", ["identity", "Identity", "", "identity, identity"])
async def test_a_body_that_is_as_it_is_is_read(http: httpx.AsyncClient, encoding: str) -> None:
    answer = await http.post("/reservations", json=body(some_room(), 1, 2), headers={"Content-Encoding": encoding})
    assert answer.status_code == 201


async def test_a_byte_order_mark_is_passed_over(http: httpx.AsyncClient) -> None:
    """On calls with the framework and without, in bodies of every shape."""
    slot = (await free_slots(http, await open_room(http)))[0]["id"]
    reserved = (await http.post("/reservations", json=body(some_room(), 5, 6))).json()
    calls = [
        ("POST", "/reservations", body(some_room(), 1, 2), 201),
        ("POST", "/reservations/", body(some_room(), 1, 2), 201),
        ("POST", "/tables", {"name": "a", "seats": 1, "location": "a"}, 201),
        ("POST", "/api/events", {"name": "a", "total_seats": 1}, 201),
        ("POST", "/dummyLogin", {"role": "user"}, 200),
        ("PATCH", f"/reservations/{reserved['id']}", {"end_time": reserved["start_time"][:11] + "05:30:00Z"}, 200),
    ]
    for method, path, content, status in calls:
        raw = codecs.BOM_UTF8 + json.dumps(content).encode()
        answer = await http.request(method, path, content=raw, headers=JSON)
        assert answer.status_code == status, answer.text
    made = await http.post(
        "/bookings/create", content=codecs.BOM_UTF8 + json.dumps({"slotId": slot}).encode(), headers=JSON | user()
    )
    assert made.status_code == 201, made.text


@pytest.mark.parametrize("path", ["/reservations", "/reservations/", "/tables"])
@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "latin-1"])
async def test_another_encoding_of_text_is_refused(http: httpx.AsyncClient, path: str, charset: str) -> None:
    method, content = BODIES.get(path, BODIES["/reservations"])
    text = json.dumps(content | {"note": "é"}, ensure_ascii=False)
    raw = text.encode(charset)
    for kind in ("application/json", f"application/json; charset={charset}"):
        error(await http.request(method, path, content=raw, headers={"Content-Type": kind}), 400, "INVALID_REQUEST")


@pytest.mark.parametrize("raw", [codecs.BOM_UTF8, codecs.BOM_UTF8 * 2 + b"{}", b"{}" + codecs.BOM_UTF8], ids=repr)
async def test_a_byte_order_mark_stands_once_and_first(http: httpx.AsyncClient, raw: bytes) -> None:
    error(await http.post("/reservations", content=raw, headers=JSON), 400, "INVALID_REQUEST")
