"""Draws requests: a decent one of some call, with something wrong in one or several places, as raw bytes."""

import json
import random
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid5

from proof.hostile.crafted import Crafted
from rooms import DAY

SPACE = UUID(int=9)
HOST = b"hostile"
DECENT: dict[str, Any] = {
    "room_id": "blue",
    "start_time": "2030-05-01T10:00:00Z",
    "end_time": "2030-05-01T11:00:00Z",
    "table_id": 1,
    "customer_name": "Anna",
    "reservation_time": "2030-05-01T19:00:00Z",
    "duration_minutes": 60,
    "party_size": 2,
    "event_id": 1,
    "user_id": "anna",
    "name": "Blue",
    "seats": 4,
    "location": "Hall",
    "total_seats": 10,
    "description": "quiet",
    "capacity": 8,
    "slotId": str(uuid5(SPACE, "slot")),
    "createConferenceLink": False,
    "daysOfWeek": [1, 2, 3],
    "startTime": "09:00",
    "endTime": "18:00",
    "email": "anna@example.com",
    "password": "correct horse",
    "old_password": "correct horse",
    "new_password": "battery staple",
    "role": "user",
    "is_disabled": False,
    "url": "https://example.com/hook",
    "types": ["reservation.created"],
}
"""Fields of all bodies at once: each call passes over those that it does not know."""
TEXTS = (
    "", " ", "\0", "a\0b", "\ud800", "\udfff\ud800", "\u202e", "\ufeff", "🪑" * 300, "a" * 70_000,
    "'; DROP TABLE x; --", "../../etc/passwd", "%00", "%ff", "-1", "0", "1e309", "NaN", "٣", "²", "null",
    "2030-02-30T10:00:00Z",
    "0000-00-00T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "-0001-01-01T00:00:00Z", "2030-05-01T24:00:00Z",
    "2030-05-01T10:00:60Z", "2030-05-01T10:00:00+99:99", "2030-05-01", "00000000-0000-0000-0000-000000000000",
    "x" * 255, "x" * 256, "é" * 128, "\r\n", "a\r\nb: c", "{}", "[]", "<script>", "${jndi:ldap://x}", "a@b", "@",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**31 - 1, 2**63, 2**63 - 1, -(2**63) - 1, 10**400, 0.5, -0.0, 1e308, [], {},
    [[]], [None], {"a": {"b": []}}, [1] * 2_000, *TEXTS,
)  # fmt: skip
RAW_VALUES = (
    b"NaN",
    b"Infinity",
    b"1e999",
    b"-",
    b"01",
    b"0x10",
    b"'a'",
    b"undefined",
    b'"\\ud800"',
    b'"\xff"',
    b'"\\x"',
)
CONTENT_TYPES = (
    b"application/json", b"application/json; charset=utf-16", b"text/plain", b"application/xml", b"", b"\xff",
    b"application/json" + b";" * 500, b"multipart/form-data", b"multipart/form-data; boundary=\x00",
    b"application/x-www-form-urlencoded",
)  # fmt: skip
HEADERS = (
    b"Authorization", b"Idempotency-Key", b"Accept-Language", b"If-None-Match", b"Range", b"Expect", b"Accept-Encoding",
    b"X-Forwarded-For", b"X-Request-ID", b"Last-Event-ID", b"Content-Encoding", b"Origin", b"Cookie", b"Connection",
    b"Upgrade", b"Host", b"Content-Length", b"Transfer-Encoding", b"Access-Control-Request-Method", b"Accept",
)  # fmt: skip
HEADER_VALUES = (
    b"",
    b" ",
    b"Bearer",
    b"Bearer ",
    b"Bearer a.b.c",
    b"Bearer " + b"A" * 9_000,
    b"Basic YTpi",
    b"\xff\xfe",
    b"a" * 300,
    b"*",
    b'W/"',
    b'"',
    b"bytes=0-",
    b"bytes=5-1",
    b"100-continue",
    b"200-maybe",
    b"gzip, br;q=x",
    b"ru;q=9,en;q=-1",
    b"en-" * 200,
    b"1.2.3.4, 5.6.7.8",
    b"::1",
    b"999.999.999.999",
    b"0-0",
    b"18446744073709551616-0",
    b"-1-1",
    b"gzip",
    b"https://evil.example",
    b"null",
    b"close, keep-alive",
    b"h2c",
    b"websocket",
    b"-1",
    b"+5",
    b"5, 5",
    b"0x5",
    b"99999999999999999999",
    b"chunked",
    b"chunked, chunked",
    b"identity",
    b"Bearer eyJhbGciOiJub25lIn0.e30.",
)
METHODS = (
    b"GET",
    b"POST",
    b"PATCH",
    b"DELETE",
    b"PUT",
    b"HEAD",
    b"OPTIONS",
    b"TRACE",
    b"CONNECT",
    b"get",
    b"\xff",
    b"A" * 99,
)
VERSIONS = (b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/9.9", b"HTTP/1.1 ", b"http/1.1", b"")
SEGMENTS = (
    b"1", b"0", b"-1", b"9223372036854775808", b"blue", b"%00", b"%ff", b"%2e%2e", b"..", b"%", b"%zz", b"a" * 9_000,
    b"00000000-0000-0000-0000-000000000000", b"%F0%9F%AA%91", b"\xc3\xa9", b"%C3%28", b"a;b=c", b"a%2Fb", b"", b"+",
)  # fmt: skip
PARAMETERS = (
    b"room_id", b"table_id", b"from", b"to", b"limit", b"cursor", b"page", b"pageSize", b"date", b"user_id",
    b"event_id", b"at", b"duration_minutes", b"seats_min", b"types", b"place", b"kind", b"start_time", b"end_time",
)  # fmt: skip
FRAMES = (
    b"", b"\r\n", b"\n\n", b"\0" * 50, b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\nHost: a\n\n",
    b"GET  /  HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\nHost a\r\n\r\n", b"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"*1\r\n$4\r\nPING\r\n",
)  # fmt: skip
CHUNKS = (
    b"5\r\nhello\r\n0\r\n\r\n",
    b"z\r\n\r\n",
    b"ffffffffffffffff\r\n",
    b"-1\r\n\r\n",
    b"5\r\nhe",
    b"0\r\nTrailer: x\r\n\r\n",
    b"5;ext=" + b"x" * 5_000 + b"\r\nhello\r\n0\r\n\r\n",
    b"2\r\n{}0\r\n\r\n",
    b"\r\n\r\n",
    b"2\r\n{}\r\n0\r\n\r\n",
)


class Draws:
    """Draws requests to the calls of a description (`paths` of OpenAPI), with these tokens and ids now and then."""

    def __init__(self, seed: str, paths: dict[str, list[str]], tokens: list[str], ids: Sequence[str] = ()) -> None:
        self._random = random.Random(seed)
        self._crafted = Crafted(self._random)
        self._ids = tuple(each.encode() for each in ids)
        self._calls = [(path, method.upper()) for path, methods in paths.items() for method in methods]
        self._tokens = [token.encode() for token in tokens]

    def request(self) -> bytes:
        """One request. Most would be decent but for one thing, so that they come far."""
        lot = self._random.random()
        if lot < 0.03:
            return self._frame()
        path, method = self._random.choice(self._calls)
        target, verb, version = self._target(path), method.encode(), b"HTTP/1.1"
        headers = {b"Host": HOST, b"Connection": b"close"}
        if self._random.random() < 0.7:
            is_odd = self._random.random() < 0.1
            headers[b"Authorization"] = b"Bearer " + (
                self._crafted.token() if is_odd else self._random.choice(self._tokens)
            )
        content = self._body() if method in {"POST", "PATCH"} or lot < 0.06 else b""
        if content:
            headers |= {b"Content-Type": b"application/json", b"Content-Length": str(len(content)).encode()}
        while self._random.random() < 0.35:
            headers[self._random.choice(HEADERS)] = self._random.choice(HEADER_VALUES)
        if self._random.random() < 0.15:
            name, value = self._crafted.header()
            headers[name] = value
        if self._random.random() < 0.06:
            headers[b"Content-Type"] = self._random.choice(CONTENT_TYPES)
        if self._random.random() < 0.04:
            headers.pop(b"Content-Length", None)
            headers[b"Transfer-Encoding"], content = b"chunked", self._random.choice(CHUNKS)
        if self._random.random() < 0.03:
            verb = self._random.choice(METHODS)
        if self._random.random() < 0.02:
            version = self._random.choice(VERSIONS)
        lines = [b" ".join((verb, target, version)), *(name + b": " + value for name, value in headers.items())]
        return b"\r\n".join(lines) + b"\r\n\r\n" + content

    def _frame(self) -> bytes:
        if self._random.random() < 0.5:
            return self._random.choice(FRAMES)
        if self._random.random() < 0.2:
            return b"GET / HTTP/1.1\r\n" + b"X: " + b"a" * self._random.choice((9_000, 70_000, 300_000)) + b"\r\n\r\n"
        return self._random.randbytes(self._random.randrange(1, 400))

    def _target(self, path: str) -> bytes:
        parts = [self._segment() if part.startswith("{") else part.encode() for part in path.split("/")]
        target = b"/".join(parts)
        if self._random.random() < 0.03:
            target = self._random.choice(
                (b"//" + target, target + b"/", b"http://a" + target, b"*", target + b"#x", b"?")
            )
        if self._random.random() < 0.4:
            pairs = [
                self._random.choice(PARAMETERS) + b"=" + self._value().replace(b" ", b"%20")[:9_000]
                for _ in range(self._random.choice((1, 1, 2, 3, 40)))
            ]
            target += b"?" + b"&".join(pairs)
        elif self._random.random() < 0.5:
            query = [self._crafted.parameter() for _ in range(self._random.choice((0, 1, 2)))]
            crafted = urlencode(query, errors="replace").encode()
            target += b"?cursor=" + self._crafted.cursor() + (b"&" + crafted if crafted else b"")
        return target.replace(b"\r", b"").replace(b"\n", b"")

    def _segment(self) -> bytes:
        if self._ids and self._random.random() < 0.4:
            return self._random.choice(self._ids)
        return self._random.choice(SEGMENTS)

    def _value(self) -> bytes:
        if self._random.random() < 0.5:
            return self._random.choice(SEGMENTS)
        text = self._random.choice((*TEXTS, *(str(value) for value in DECENT.values()), DAY.date().isoformat()))
        return text.encode("utf-8", "surrogatepass")

    def _body(self) -> bytes:
        content = dict(DECENT)
        for _ in range(self._random.choice((0, 1, 1, 1, 2, 5))):
            name = self._random.choice(tuple(content))
            content[name] = self._random.choice(VALUES) if self._random.random() < 0.7 else self._crafted.shape(3)
        for _ in range(self._random.choice((0, 0, 0, 1, 3))):
            del content[self._random.choice(tuple(content))]
        ways: tuple[Callable[[bytes], bytes], ...] = (
            self._cut, self._flip, self._raw, self._nest, self._repeat, self._replace,
        )  # fmt: skip
        text = json.dumps(content).encode()
        return self._random.choice(ways)(text) if self._random.random() < 0.35 else text

    def _cut(self, text: bytes) -> bytes:
        return text[: self._random.randrange(len(text))]

    def _flip(self, text: bytes) -> bytes:
        found = bytearray(text)
        for _ in range(self._random.choice((1, 2, 20))):
            found[self._random.randrange(len(found))] = self._random.randrange(256)
        return bytes(found)

    def _raw(self, text: bytes) -> bytes:
        return text.replace(b'"blue"', self._random.choice(RAW_VALUES)).replace(
            b": 60", b": " + self._random.choice(RAW_VALUES)
        )

    def _nest(self, _: bytes) -> bytes:
        depth = self._random.choice((10, 500, 2_000, 20_000))
        return self._random.choice((b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth, b"[" * depth))

    def _repeat(self, text: bytes) -> bytes:
        return text[:-1] + b"," + text[1:-1] + b"," + text[1:]

    def _replace(self, _: bytes) -> bytes:
        return self._random.choice(
            (b"null", b"[]", b'"a"', b"1", b"\xff\xfe{\0}\0", b"\xef\xbb\xbf{}", b" ", b"{}{}", b"{" * 50_000)
        )
