"""Compresses large JSON answers with gzip for clients that accept it (RFC 9110, 8.4 and 12.5.3).

The web app's answers are compressed here and not only in nginx, as many installations have no proxy. Small answers,
streams and everything that is not JSON pass through as they are. An answer that has an `ETag` gets a weak one when it
is compressed: a strong one would promise the same bytes to clients that do not accept gzip.
"""

import asyncio
import re
import zlib
from functools import lru_cache
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from holdfast.http.hot import Headers

BYTES_MIN = 1024
"""A smaller answer fits in one packet anyway."""
KEPT_BYTES_MAX = 16 * 1024
THREAD_BYTES_MIN = 64 * 1024
"""A larger answer would hold up the event loop for milliseconds; zlib works without the interpreter's lock."""
LEVEL = 5
GZIP = 16 + zlib.MAX_WBITS
VARY = b"Accept-Encoding"
CODING = re.compile(rb"\s*([\w*.!#$%&'+^`|~-]+)\s*(?:;\s*q\s*=\s*([0-9.]+)\s*)?", re.IGNORECASE)


def accepts_gzip(accept_encoding: bytes) -> bool:
    """Whether a client's `Accept-Encoding` names gzip, or everything, with a weight above zero."""
    weights: dict[bytes, float] = {}
    for part in accept_encoding.lower().split(b","):
        found = CODING.fullmatch(part)
        if found is not None:
            weights[found[1]] = _weight(found[2])
    named = weights.get(b"gzip", weights.get(b"x-gzip"))
    return (weights.get(b"*", 0.0) if named is None else named) > 0


def _weight(text: bytes | None) -> float:
    try:
        return 1.0 if text is None else float(text)
    except ValueError:
        return 0.0


def pack(body: bytes) -> bytes:
    """The bytes in gzip."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
    return packer.compress(body) + packer.flush()


# Hot answers are the same kept object again and again, whose hash Python remembers.
_pack_kept = lru_cache(maxsize=256)(pack)


def packed(body: bytes, headers: Headers, accept_encoding: bytes) -> tuple[bytes, Headers]:
    """A kept JSON body and its headers, as this client gets them."""
    if len(body) < BYTES_MIN:
        return body, headers
    varied = (*headers, (b"vary", VARY))
    if not accepts_gzip(accept_encoding):
        return body, varied
    small = _pack_kept(body) if len(body) <= KEPT_BYTES_MAX else pack(body)
    return small, (*_weakened(varied), (b"content-encoding", b"gzip"))


def _weakened(headers: Headers) -> Headers:
    return tuple(
        (name, b"W/" + value if name.lower() == b"etag" and not value.startswith(b"W/") else value)
        for name, value in headers
    )


class Compression:
    """Wraps the framework's application: compresses each whole JSON answer that is large enough."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; other kinds of scope pass through."""
        if scope["type"] == ScopeType.HTTP:
            await self._app(scope, receive, _Answer(scope, send).send)
        else:
            await self._app(scope, receive, send)


class _Answer:
    """One answer on its way out. Its start waits for the first part of its body, which says whether there are more."""

    def __init__(self, scope: HTTPScope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._start: Any = None

    async def send(self, message: Message) -> None:
        """Pass a message on, compressed if it is worth it."""
        if message["type"] == "http.response.start" and _is_json(message):
            self._start = message
            return
        start, self._start = self._start, None
        if start is not None and message["type"] == "http.response.body":
            body = message["body"]
            if not message["more_body"] and len(body) >= BYTES_MIN:
                start, message = await self._whole(start, body)
        if start is not None:
            await self._send(start)
        await self._send(message)

    async def _whole(self, start: Any, body: bytes) -> tuple[Any, Any]:
        headers = _varied(tuple(start["headers"]))
        if accepts_gzip(b",".join(value for name, value in self._scope["headers"] if name == b"accept-encoding")):
            body = await asyncio.to_thread(pack, body) if len(body) >= THREAD_BYTES_MIN else pack(body)
            kept = tuple(header for header in _weakened(headers) if header[0].lower() != b"content-length")
            length = (b"content-length", b"%d" % len(body))
            headers = (*kept, (b"content-encoding", b"gzip"), length)
        start = {**start, "headers": list(headers)}
        return start, {"type": "http.response.body", "body": body, "more_body": False}


def _is_json(start: Any) -> bool:
    headers = {name.lower(): value for name, value in start["headers"]}
    return b"content-encoding" not in headers and headers.get(b"content-type", b"").startswith(b"application/json")


def _varied(headers: Headers) -> Headers:
    """The headers with `Accept-Encoding` among what the answer depends on."""
    before = b", ".join(value for name, value in headers if name.lower() == b"vary")
    others = tuple(header for header in headers if header[0].lower() != b"vary")
    return (*others, (b"vary", b", ".join(filter(None, (before, VARY)))))
