"""The outermost layer: bounds what comes in, and puts on every answer what all answers have."""

import asyncio
import itertools
import re
import secrets
import time
from typing import Any

import structlog
from litestar.config.cors import CORSConfig
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from holdfast import metrics
from holdfast.edge import heads
from holdfast.edge.direct import DirectExchange
from holdfast.edge.exchange import Direct, Exchange
from holdfast.edge.limits import PATHS
from holdfast.edge.writes import Limits
from holdfast.errors import (
    BodyTooLarge,
    HoldfastError,
    InternalError,
    RequestTimeout,
)
from holdfast.http import audit, errors
from holdfast.http.hot import (
    Found,
    Headers,
    HotRoute,
    HotRoutes,
    Request,
    Response,
    arrived_body,
    forget_exchange,
)
from holdfast.http.languages import preferred
from holdfast.settings import Settings

REQUEST_ID = re.compile(rb"[A-Za-z0-9._~-]{1,128}")
DRAIN_BYTES_MAX = 16 * 1024 * 1024
"""How much of a body that is too large is read and dropped, so that its sender gets to read the answer."""
CLIENT_GONE = 499
"""Counted and logged for a client that left: nobody is there to answer."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
logger = structlog.stdlib.get_logger("holdfast.http")


class Edge:
    """Wraps the application. An answer may bring its own value of a common header, and keeps it."""

    def __init__(
        self, app: ASGIApp, settings: Settings, hot: HotRoutes, cors: CORSConfig | None, limits: Limits
    ) -> None:
        self._app = app
        self._hot = hot
        self._cors = cors
        self._limits = limits
        self._settings = settings
        self._proxies = settings.proxies
        # Unique among all workers and starts, and much cheaper than a random one for each request.
        self._process = secrets.token_hex(8)
        self._numbers = itertools.count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; other kinds of scope (the application's start and end) pass through."""
        if scope["type"] == ScopeType.HTTP:
            await self._answer(scope, receive, Exchange(send, self._begin(scope), scope))
        else:
            await self._app(scope, receive, send)

    def find_direct(self, scope: Any) -> Found | None:
        """The hot route of a request that may be answered directly: see `direct.py`."""
        found = self._hot.find(scope)
        return None if found is None or found[0].endless else found

    async def answer_directly(self, request: DirectExchange) -> None:
        """Answer a hot request that has arrived whole."""
        scope = request.scope
        try:
            await self._answer(scope, _nothing_more, Direct(request, self._begin(scope), scope), request.found)
        except Exception:  # noqa: BLE001  it is logged, and the answer has begun
            request.transport.close()

    def _begin(self, scope: HTTPScope) -> audit.Asking:
        return audit.begin(scope, self._request_id(scope), self._proxies)

    async def _answer(self, scope: HTTPScope, receive: Receive, exchange: Exchange, found: Found | None = None) -> None:
        # A copy, asked for as GET: the server itself keeps the body of an answer to HEAD back.
        method = scope["method"]
        inner: HTTPScope = scope if method != "HEAD" else {**scope, "method": "GET"}
        started = time.perf_counter()
        hot: HotRoute | None = None
        try:
            heads.check_target(scope)
            heads.check_headers(scope)
            if self._limits.rate is not None and scope["path"].startswith(PATHS):
                exchange.more = await self._limits.rate.spend(scope)
            if self._limits.writes is not None:
                await self._limits.writes.spend(scope)
            found = found or self._hot.find(inner)
            if found is None:
                await self._app(inner, _again(await self._body(scope, receive), receive), exchange.send)
            else:
                body = arrived_body(scope)
                if body is None or len(body) > self._settings.body_bytes_max:
                    body = await self._body(scope, receive) or b""
                hot, rest = found
                response = await hot.answer(Request(scope, body, rest))
                await exchange.answer(response, self._origin_headers(scope))
        except HoldfastError as error:
            # Outside the hot calls some of the request may still be on its way.
            await self._refuse(exchange, error, scope, close=hot is None)
        except ConnectionAbortedError:
            exchange.status = CLIENT_GONE
        except Exception:
            logger.exception("request failed", request_id=exchange.request_id, route=_route(inner, hot))
            if exchange.status:
                raise  # the answer has begun: closing the connection is all that is left to say
            await self._refuse(exchange, InternalError(), scope, close=True)
        finally:
            forget_exchange(scope)
            self._record(scope, _route(inner, hot), exchange, time.perf_counter() - started)

    async def _body(self, scope: HTTPScope, receive: Receive) -> bytes | None:
        """The request's body within its bounds, or `None` when it has none. Raises `BodyTooLarge`, `RequestTimeout`."""
        length, expects, chunked = 0, False, False
        for name, value in scope["headers"]:
            if name == b"content-length":
                length = int(value)
            elif name == b"expect":
                expects = True
            elif name == b"transfer-encoding":
                chunked = True
        if not length and not chunked:
            return None
        try:
            async with asyncio.timeout(self._settings.body_seconds_max):
                return await self._read(receive, length, expects=expects)
        except TimeoutError:
            raise RequestTimeout from None

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

    def _request_id(self, scope: HTTPScope) -> bytes:
        """The caller's own name for the request, if it has one that is safe to repeat in logs; else one of ours."""
        for name, value in scope["headers"]:
            if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
                return value
        return f"{self._process}-{next(self._numbers):x}".encode()

    async def _refuse(self, exchange: Exchange, error: HoldfastError, scope: HTTPScope, *, close: bool) -> None:
        """Answer with an error that no handler of the framework has seen."""
        accept = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
        language = preferred(accept.decode("latin-1"), self._settings.default_language)
        headers = [(name.lower().encode(), value.encode()) for name, value in errors.headers_of(error).items()]
        if close:
            headers.append((b"connection", b"close"))
        response = Response(errors.status_of(error), errors.render(error, language), tuple(headers))
        await exchange.answer(response, self._origin_headers(scope))

    def _origin_headers(self, scope: HTTPScope) -> Headers:
        """What lets a page of an allowed origin read an answer from here; Litestar sees to those of its own."""
        if self._cors is None:
            return ()
        origin = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"), None)
        if origin is None or not self._cors.is_origin_allowed(origin):
            return ()
        headers = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"} | self._cors.simple_headers
        return tuple((name.lower().encode(), value.encode()) for name, value in headers.items())

    def _record(self, scope: HTTPScope, route: str, exchange: Exchange, seconds: float) -> None:
        # A template, never the path itself: the number of series must not grow with what clients think of.
        method = scope["method"] if scope["method"] in METHODS else "(other)"
        metrics.requests(method, route, str(exchange.status)).inc()
        metrics.seconds(method, route).observe(seconds)
        audit.refusals.log(exchange.asking, method, route, exchange.status)
        if self._settings.log_requests:
            logger.info(
                "request",
                request_id=exchange.request_id,
                method=method,
                route=route,
                status=exchange.status,
                milliseconds=round(seconds * 1000, 2),
            )


def _route(scope: HTTPScope, hot: HotRoute | None) -> str:
    """The template of the path that was asked for: the path itself may have somebody's name in it."""
    return hot.template if hot is not None else str(scope.get("path_template") or "(none)")


async def _nothing_more() -> Any:
    return {"type": "http.disconnect"}


def _again(body: bytes | None, receive: Receive) -> Receive:
    """A body that has been read, as something that can be received."""
    if body is None:
        return receive
    first: list[Any] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Any:
        return first.pop() if first else await receive()

    return receive_again
