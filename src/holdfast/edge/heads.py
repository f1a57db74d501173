"""Checks of a request's head that hold on every route: it can be read in one way only."""

import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from litestar.types import HTTPScope

from holdfast.errors import InvalidRequest, UnsupportedMediaType

HOST = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\]\\\x00-\x1f\x7f-\xff]*)(:(?P<port>[0-9]{0,5}))?")
PORT_MAX = 65_535
PLAIN = re.compile(rb"[ \t,]*(identity[ \t,]*)*", re.IGNORECASE)
"""A `Content-Encoding` that says nothing has been done to the body."""
ONCE = frozenset(
    {b"authorization", b"content-length", b"content-type", b"hold-secret", b"host"}
    | {b"idempotency-key", b"last-event-id", b"origin", b"transfer-encoding"}
)
"""Headers that a request has once or not at all."""
LENGTH_AND_CHUNKS = frozenset({b"content-length", b"transfer-encoding"})


def check_target(scope: HTTPScope) -> None:
    """Refuse a path or a query that is not UTF-8: decoding puts replacement characters where it is not."""
    query = scope["query_string"]
    try:
        if "\ufffd" in scope["path"]:
            unquote_to_bytes(scope["raw_path"]).decode()
        if b"%" in query or not query.isascii():
            unquote_to_bytes(query).decode()
    except UnicodeDecodeError:
        raise InvalidRequest(rule="target") from None


def check_headers(scope: HTTPScope) -> None:
    """Refuse a header twice that has one value, a length with chunks, a compressed body, and a `Host` that is none.

    Of two values the hot calls, the framework and a proxy each take another (RFC 9110, 5.3 and 7.2; RFC 9112, 6.1). No
    body is ever unpacked here (RFC 9110, 8.4).
    """
    seen: set[bytes] = set()
    for name, value in scope["headers"]:
        if name == b"content-encoding" and not PLAIN.fullmatch(value):
            raise UnsupportedMediaType
        if name not in ONCE:
            continue
        if name in seen:
            raise InvalidRequest(rule="header_twice")
        seen.add(name)
        if name == b"host" and not _is_host(value):
            raise InvalidRequest(rule="host")
    if seen >= LENGTH_AND_CHUNKS:
        raise InvalidRequest(rule="http")


@lru_cache(1_000)
def _is_host(value: bytes) -> bool:
    found = HOST.fullmatch(value)
    return found is not None and int(found["port"] or 0) <= PORT_MAX
