"""One answer on its way out, with the headers that all answers have: through ASGI, or directly."""

from collections.abc import Collection, Set
from typing import Any

from litestar.types import HTTPScope, Message, Send

from holdfast.edge.direct import DirectExchange, lines_of
from holdfast.http import audit
from holdfast.http.hot import Headers, Response, has_left, send_with_next

COMMON_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"content-security-policy": b"default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; "
    b"frame-ancestors 'none'",
    b"cache-control": b"no-store",
}
JSON = (b"content-type", b"application/json")
COMMON_LINES = lines_of(COMMON_HEADERS.items())
JSON_LINE = lines_of([JSON])


class Exchange:
    """One answer on its way out."""

    def __init__(self, send: Send, asking: audit.Asking, scope: HTTPScope) -> None:
        self._send = send
        self._scope = scope
        self.asking = asking
        self.status = 0
        self.more: Headers = ()
        """Headers that this answer has besides, whoever makes it."""

    @property
    def request_id(self) -> str:
        """The request's name."""
        return self.asking.request_id.decode()

    async def send(self, message: Message) -> None:
        """Pass the application's own answer on, with the common headers."""
        if message["type"] == "http.response.start":
            send_with_next(self._scope)
            await self._start(message["status"], list(message.get("headers", ())))
        else:
            await self._send(message)

    async def answer(self, response: Response[Any], more: Headers = ()) -> None:
        """Send an answer of our own making, with `more` headers."""
        status, body, headers = response
        if isinstance(body, bytes):
            whole = [*_kind(headers), (b"content-length", b"%d" % len(body))] if body else []
            send_with_next(self._scope)
            await self._start(status, [*headers, *more, *whole])
            await self._send({"type": "http.response.body", "body": body, "more_body": False})
            return
        await self._start(status, [*headers, *more, *_kind(headers)])
        async for part in body:
            if has_left(self._scope):
                # Else a long list would be read to its end for nobody.
                raise ConnectionAbortedError
            await self._send({"type": "http.response.body", "body": part, "more_body": True})
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self.status = status
        headers += _common_beside({name.lower() for name, _ in headers})
        headers.append((b"x-request-id", self.asking.request_id))
        headers += self.more
        await self._send({"type": "http.response.start", "status": status, "headers": headers})


class Direct(Exchange):
    """The same without ASGI: its head is put together from ready lines."""

    def __init__(self, request: DirectExchange, asking: audit.Asking, scope: HTTPScope) -> None:
        super().__init__(_nowhere, asking, scope)
        self._request = request

    async def answer(self, response: Response[Any], more: Headers = ()) -> None:
        """Send an answer of our own making, with `more` headers."""
        self.status = response.status
        headers = response.headers
        present = {name for name, _ in headers}
        common = COMMON_LINES if present.isdisjoint(COMMON_HEADERS) else lines_of(_common_beside(present))
        kind = JSON_LINE if response.body and b"content-type" not in present else b""
        own = lines_of(((b"x-request-id", self.asking.request_id), *more, *self.more))
        await self._request.send(response, own + common + kind)


async def _nowhere(_: Message) -> None:
    raise AssertionError("a direct exchange has no messages")


def _common_beside(present: Set[bytes]) -> Collection[tuple[bytes, bytes]]:
    """The common headers of an answer, but for those that it brings itself."""
    if present.isdisjoint(COMMON_HEADERS):
        return COMMON_HEADERS.items()
    return [header for header in COMMON_HEADERS.items() if header[0] not in present]


def _kind(headers: Headers) -> Headers:
    """What says that an answer is JSON, unless it says itself what it is."""
    return () if any(name == b"content-type" for name, _ in headers) else (JSON,)
