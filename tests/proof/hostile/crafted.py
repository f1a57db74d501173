"""Values that can be decoded and still are wrong: cursors, tokens, positions, keys, tags, dates, shapes of JSON."""

import base64
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import jwt
import msgspec

from tokens import SECRET

NOBODY = UUID(int=9)
NOW = datetime(2030, 5, 1, 10, tzinfo=UTC)
NUMBERS: tuple[Any, ...] = (
    0, 1, -1, 7, 2**31, 2**53, 2**63 - 1, 2**63, 2**64 - 1, -(2**63), 0.5, 1.0, 9.3e18, 1e308, -0.0, float("nan"),
    float("inf"), True, False, None,
)  # fmt: skip
STRINGS = (
    "", "a", "\0", "a\0b", "a" * 255, "a" * 301, "\U0001fa91" * 300, "room:a", "table:1", "event:", "zone:1", ":",
    "x:\0", str(NOBODY), str(NOBODY).upper(), NOBODY.hex, "00000000-0000-0000-0000-00000000000g", "user123", "\u202e",
    "\ufeffa",
)  # fmt: skip
MOMENTS: tuple[Any, ...] = (
    NOW, NOW.isoformat(), "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999-14:00", "9999-12-31T23:59:59-23:59",
    "2030-05-01T10:00:00", "2030-05-01", "1969-12-31T23:59:59Z", "2201-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), "-4713-01-01T00:00:00Z", "infinity", "epoch", "now",
)  # fmt: skip
RAW = (
    b"", b"\xc1", b"\xa3\xed\xa0\x80", b"\xa2\xc0\x80", b"\xd9\xff", b"\xdf\xff\xff\xff\xff", b"\x91" * 1_000 + b"\xc0",
    b"\xc7\x0c\xff\x00\x00\x00\x00\x7f\xff\xff\xff\xff\xff\xff\xff", b"\xd6\xff\xff\xff\xff\xff", b"\xc7\x00\x05",
    b"\x92\xd7\xff\xff\xff\xff\xff\xff\xff\xff\xff\xa1x", b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", b"\x05\x05",
)  # fmt: skip
EVENT_IDS = (
    "0-0", "1-1", "0", "99999999999999-999", "9999999999999-0", "1767225600000-1000", "-1-0", "1-", "\u0661-1", "1e3-0",
    "18446744073709551615-18446744073709551615", " 1-1 ", "1767225600000-123", "00000000000000-000", "$", "*", "+",
)  # fmt: skip
TAGS = ('"0"', '"1"', 'W/"1"', "*", '"1", "2"', '"-1"', '"9223372036854775808"', '"\\""', '"a", W/"b"', "1", '""', '"1')
KEYS = ("", " ", "a", "~" * 255, "~" * 256, "\t", "a b", '"quoted"', "a,b", "%00", "é")
DATES = (
    "2030-05-01", "0001-01-01", "9999-12-31", "0000-01-01", "2030-02-29", "2032-02-29", "2040-04-28", "2020-05-04",
    "20300501", "2030-W18-3", "2030-5-1", "+2030-05-01", "2030-05-01T00:00:00Z", "\u0662\u0660\u0663\u0660-05-01",
)  # fmt: skip
QUERIES: dict[str, tuple[Any, ...]] = {
    "page": (0, 1, 2, -1, 10**9, 10**9 + 1, 2**63, "1.0", "1e3", "", "0x1", " 1"),
    "pageSize": (0, 1, 100, 101, 2**63, -1, "1.5"),
    "limit": (0, 1, 500, 501, 1_000, 2**31, 2**63, 10**30, -1, "1.0"),
    "date": DATES,
    "from": MOMENTS,
    "to": MOMENTS,
    "at": MOMENTS,
    "duration_minutes": (0, 1, 1_440, 1_441, 2**63, -1),
    "seats_min": (0, 1, 1_000, 1_001, 2**31, 2**63),
    "table_id": (*NUMBERS, "01", "+1"),
    "event_id": (*NUMBERS, "01", "+1"),
    "room_id": STRINGS,
    "user_id": STRINGS,
    "search": STRINGS,
    "place": STRINGS,
    "type": ("a.b", "", "reservation.created", "A.B", "a" * 41 + ".b"),
    "mine": ("true", "True", "1", "yes", "", "null"),
}


class Crafted:
    """Draws such values."""

    def __init__(self, draws: random.Random) -> None:
        self._random = draws

    def cursor(self) -> bytes:
        """A cursor: of a position of some list's kind, with something wrong in it, or of any shape."""
        some = self._random.choice
        shapes: tuple[Callable[[], Any], ...] = (
            lambda: some(NUMBERS),
            lambda: some(STRINGS),
            lambda: [some(MOMENTS), some((NOBODY, *STRINGS))],
            lambda: [some(MOMENTS), some((NOBODY, *NUMBERS)), some(NUMBERS)],
            lambda: [some(NUMBERS), some(STRINGS)],
            lambda: {"start": some(MOMENTS), "id": some(STRINGS)},
            lambda: self.shape(3),
        )
        raw = some(RAW) if self._random.random() < 0.15 else msgspec.msgpack.encode(some(shapes)())
        text = base64.urlsafe_b64encode(raw)
        return text if self._random.random() < 0.1 else text.rstrip(b"=")

    def token(self) -> bytes:
        """A token with the right signature, and claims that no sign-in writes."""
        some = self._random.choice
        claims = {"user_id": str(NOBODY), "role": "user", "exp": 2_000_000_000}
        for name in self._random.sample(("user_id", "role", "exp", "nbf", "iat", "epoch", "aud", "iss", "jti"), k=2):
            claims[name] = self.shape(2) if self._random.random() < 0.3 else some((*NUMBERS[:14], *STRINGS, "admin"))
        if self._random.random() < 0.2:
            claims.pop(some(tuple(claims)))
        try:
            return jwt.encode(claims, SECRET, algorithm="HS256").encode()
        except (TypeError, ValueError, OverflowError):
            return b"a.b.c"

    def header(self) -> tuple[bytes, bytes]:
        """A header and a value of its kind."""
        name, values = self._random.choice(
            (
                (b"Last-Event-ID", EVENT_IDS),
                (b"If-None-Match", TAGS),
                (b"If-Match", TAGS),
                (b"Idempotency-Key", KEYS),
                (b"If-Modified-Since", DATES),
                (b"Content-Encoding", ("gzip", "identity", "", "identity, br", "x" * 999)),
            )
        )
        return name, self._random.choice(values).encode()

    def parameter(self) -> tuple[str, str]:
        """A parameter of some query, with a value that is near the edge of its kind."""
        name = self._random.choice(tuple(QUERIES))
        value = self._random.choice(QUERIES[name])
        return name, str(value)

    def shape(self, depth: int) -> Any:
        """Some JSON: nested so deep at most, of values at the edges."""
        if depth == 0 or self._random.random() < 0.4:
            found = self._random.choice((*NUMBERS, *STRINGS, *MOMENTS[1:10]))
            return found.isoformat() if isinstance(found, datetime) else found
        parts = [self.shape(depth - 1) for _ in range(self._random.choice((0, 1, 2, 5)))]
        if self._random.random() < 0.5:
            return parts
        return {self._random.choice(STRINGS[1:]): part for part in parts}
