"""Compresses large JSON answers of the framework's application.

The web app's answers are compressed here and not only in nginx, as many installations have no proxy. Small answers,
streams and everything that is not JSON pass through as they are.
"""

import asyncio
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from holdfast.http.compression import BYTES_MIN, VARY, accepts_gzip, pack, weakened
from holdfast.http.hot import Headers

THREAD_BYTES_MIN = 64 * 1024
"""A larger answer would hold up the event loop for milliseconds; zlib works without the interpreter's lock."""


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
            kept = tuple(header for header in weakened(headers) if header[0].lower() != b"content-length")
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
