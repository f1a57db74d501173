"""The outermost layer: bounds what comes in, and puts on every answer what all answers have."""

import asyncio
import re
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

import structlog
from litestar.config.cors import CORSConfig
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from holdfast import metrics
from holdfast.errors import BodyTooLarge, HoldfastError, InternalError, InvalidRequest, RequestTimeout
from holdfast.http import errors
from holdfast.http.languages import Language, preferred
from holdfast.settings import Settings

REQUEST_ID = re.compile(rb"[A-Za-z0-9._~-]{1,128}")
DRAIN_BYTES_MAX = 16 * 1024 * 1024
"""How much of a body that is too large is read and dropped, so that its sender gets to read the answer."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
COMMON_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cache-control": b"no-store",
}
logger = structlog.stdlib.get_logger("holdfast.http")


class Edge:
    """Wraps the application. An answer may bring its own value of a common header, and keeps it."""

    def __init__(self, app: ASGIApp, settings: Settings, cors: CORSConfig | None) -> None:
        self._app = app
        self._settings = settings
        self._cors = cors
        self._language: Language = settings.default_language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; other kinds of scope (the application's start and end) pass through."""
        if scope["type"] == ScopeType.HTTP:
            await self._answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _answer(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        # A copy, asked for as GET: the server itself keeps the body of an answer to HEAD back.
        method = scope["method"]
        inner: HTTPScope = scope if method != "HEAD" else {**scope, "method": "GET"}
        exchange = _Exchange(send, _request_id(scope))
        started = time.perf_counter()
        try:
            _check_target(scope)
            await self._app(inner, await self._bounded(scope, receive), exchange.send)
        except HoldfastError as error:
            await exchange.refuse(error, self._language_of(scope), self._origin_headers(scope))
        except ConnectionAbortedError:
            exchange.status = 499  # the client left; nobody is there to answer
        except Exception:
            logger.exception("request failed", request_id=exchange.request_id, path=scope["path"])
            if exchange.status:
                raise  # the answer has begun: closing the connection is all that is left to say
            await exchange.refuse(InternalError(), self._language_of(scope), self._origin_headers(scope))
        finally:
            self._record(inner, method, exchange, time.perf_counter() - started)

    async def _bounded(self, scope: HTTPScope, receive: Receive) -> Receive:
        """The request's body, read whole within its bounds, as something that can be received."""
        headers = scope["headers"]
        length = next((value for name, value in headers if name == b"content-length"), b"0")
        if length == b"0" and not any(name == b"transfer-encoding" for name, _ in headers):
            return receive
        expects = any(name == b"expect" for name, _ in headers)
        try:
            async with asyncio.timeout(self._settings.body_seconds_max):
                body = await self._read(receive, int(length), expects=expects)
        except TimeoutError:
            raise RequestTimeout from None
        first: list[Any] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive_again() -> Any:
            return first.pop() if first else await receive()

        return receive_again

    async def _read(self, receive: Receive, announced: int, *, expects: bool) -> bytes:
        longest = self._settings.body_bytes_max
        if announced > DRAIN_BYTES_MAX or (expects and announced > longest):
            raise BodyTooLarge
        body = bytearray()
        size = 0
        while True:
            message: Any = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionAbortedError
            size += len(message["body"])
            if size <= longest:
                body += message["body"]
            if size > DRAIN_BYTES_MAX or (size > longest and not message["more_body"]):
                raise BodyTooLarge
            if not message["more_body"]:
                return bytes(body)

    def _language_of(self, scope: HTTPScope) -> Language:
        accept = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
        return preferred(accept.decode("latin-1"), self._language)

    def _origin_headers(self, scope: HTTPScope) -> dict[str, str]:
        """What lets a page of an allowed origin read a refusal from here; Litestar sees to all other answers."""
        origin = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"), None)
        if self._cors is None or origin is None or not self._cors.is_origin_allowed(origin):
            return {}
        return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"} | self._cors.simple_headers

    def _record(self, scope: HTTPScope, method: str, exchange: "_Exchange", seconds: float) -> None:
        # A template, never the path itself: the number of series must not grow with what clients think of.
        route = str(scope.get("path_template") or "(none)")
        method = method if method in METHODS else "(other)"
        metrics.requests(method, route, str(exchange.status)).inc()
        metrics.seconds(method, route).observe(seconds)
        if self._settings.log_requests:
            logger.info(
                "request",
                request_id=exchange.request_id,
                method=method,
                path=scope["path"],
                status=exchange.status,
                milliseconds=round(seconds * 1000, 2),
            )


class _Exchange:
    """One answer on its way out."""

    def __init__(self, send: Send, request_id: bytes) -> None:
        self._send = send
        self._id = request_id
        self.status = 0

    @property
    def request_id(self) -> str:
        return self._id.decode()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message.get("headers", ()))
            present = {name.lower() for name, _ in headers}
            headers += [(name, value) for name, value in COMMON_HEADERS.items() if name not in present]
            headers.append((b"x-request-id", self._id))
            message["headers"] = headers
        await self._send(message)

    async def refuse(self, error: HoldfastError, language: Language, more: Mapping[str, str]) -> None:
        """Answer with an error that arose outside the application's own handlers."""
        body = errors.render(error, language)
        headers = {
            "content-type": "application/json",
            "content-length": str(len(body)),
            # Some of the request may still be on its way, so nothing else can be read from here.
            "connection": "close",
            **errors.headers_of(error),
            **more,
        }
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": errors.status_of(error), "headers": raw})
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


def _request_id(scope: HTTPScope) -> bytes:
    """The caller's own name for the request, if it has one that is safe to repeat in logs."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex.encode()


def _check_target(scope: HTTPScope) -> None:
    """Refuse a path or a query that is not UTF-8: decoding puts replacement characters where it is not."""
    query = scope["query_string"]
    try:
        if "\ufffd" in scope["path"]:
            unquote_to_bytes(scope["raw_path"]).decode()
        if b"%" in query or not query.isascii():
            unquote_to_bytes(query).decode()
    except UnicodeDecodeError:
        raise InvalidRequest(rule="target") from None
