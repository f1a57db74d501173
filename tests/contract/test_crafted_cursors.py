"""Cursors that can be decoded and that no page has written: each list refuses them, none stumbles."""

import base64
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from answers import faults
from offices import admin, user

NOBODY = UUID(int=0xC0)
LISTS = {
    "reservations": ("/reservations", {}, None),
    "mine": ("/reservations", {"mine": "true"}, user(NOBODY)),
    "of a table": ("/reservations", {"table_id": "1"}, None),
    "of a room": ("/reservations", {"room_id": "a"}, None),
    "places": ("/places", {}, None),
    "events": ("/api/events", {}, None),
    "seats": ("/api/bookings", {}, None),
    "seats of one": ("/api/bookings", {"user_id": "a"}, None),
    "attendees": ("/api/bookings", {"event_id": "1"}, None),
    "board events": ("/board/events", {}, None),
    "board attendees": ("/board/events/1/attendees", {}, admin()),
    "board mine": ("/board/mine", {}, user(NOBODY)),
    "deliveries": (f"/webhooks/{NOBODY}/deliveries", {}, admin()),
    "tables": ("/tables", {}, None),
}
NEVER = datetime(2030, 1, 1, tzinfo=UTC)
POSITIONS: dict[str, Any] = {
    "nothing": None,
    "true": True,
    "zero": 0,
    "negative": -1,
    "2**63": 2**63,
    "2**64-1": 2**64 - 1,
    "-2**63": -(2**63),
    "float": 1.0,
    "huge float": 9.3e18,
    "NaN": float("nan"),
    "infinity": float("inf"),
    "empty": "",
    "NUL": "a\0b",
    "NUL first": "\0",
    "NUL before a line": "a\0\n",
    "long": "a" * 301,
    "long in bytes": "\U0001fa91" * 330,
    "bytes": b"a",
    "list": [],
    "map": {},
    "nested": [[[[]]]],
    "a moment": NEVER,
    "half": [NEVER],
    "text for an id": [NEVER, "x"],
    "number for an id": [NEVER, 7],
    "too much": [NEVER, NOBODY, 1],
    "text for a moment": ["x", NOBODY],
    "number for a moment": [7, NOBODY],
    "naive": ["2030-01-01T00:00:00", str(NOBODY)],
    "offset": ["2030-01-01T00:00:00+03:00", str(NOBODY)],
    "before the calendar": ["0001-01-01T00:00:00+14:00", str(NOBODY)],
    "after the calendar": ["9999-12-31T23:59:59.999999-14:00", str(NOBODY)],
    "far offset": ["0001-01-01T00:00:00+23:59", str(NOBODY)],
    "upper case": [NEVER, str(NOBODY).upper()],
    "fields by name": {"start": NEVER, "id": NOBODY},
}
RAW = {
    "lone surrogate": b"\xa3\xed\xa0\x80",
    "overlong NUL": b"\xa2\xc0\x80",
    "not UTF-8": b"\xa1\xff",
    "moment past all": b"\x92\xc7\x0c\xff\x00\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff"
    b"\xd9\x24" + str(NOBODY).encode(),
    "moment before all": b"\x92\xc7\x0c\xff\x00\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x00"
    b"\xd9\x24" + str(NOBODY).encode(),
    "nanoseconds past a second": b"\x92\xd7\xff\xff\xff\xff\xff\xff\xff\xff\xff" + b"\xd9\x24" + str(NOBODY).encode(),
    "two positions": b"\x05\x05",
    "five in five bytes": b"\xd2\x00\x00\x00\x05",
    "deep": b"\x91" * 1_400 + b"\xc0",
    "nothing at all": b"",
}


def cursor(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


CRAFTED = {name: cursor(msgspec.msgpack.encode(position)) for name, position in POSITIONS.items()} | {
    name: cursor(raw) for name, raw in RAW.items()
}


@pytest.mark.parametrize("listed", LISTS)
async def test_a_cursor_that_no_page_has_written_is_refused(http: httpx.AsyncClient, listed: str) -> None:
    path, query, headers = LISTS[listed]
    answers = {}
    for name, crafted in CRAFTED.items():
        answer = await http.get(path, params=query | {"cursor": crafted}, headers=headers)
        answers[name] = answer.status_code if answer.status_code != 400 else faults(answer)
    assert answers == {key: {"cursor"} for key in CRAFTED}


async def test_a_position_has_one_spelling(http: httpx.AsyncClient) -> None:
    """A cursor is base64 of one position: no padding, no bits to spare, nothing after it."""
    for spelled in ("BQ==", "BR", "BQ=", " BQ", "BQ\n", "B Q"):
        assert faults(await http.get("/api/events", params={"cursor": spelled})) == {"cursor"}
    assert (await http.get("/api/events", params={"cursor": "BQ"})).status_code == 200
