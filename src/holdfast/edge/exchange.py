"""One answer on its way out, with the headers that all answers have: through ASGI, or directly."""

from typing import Any

from litestar.types import HTTPScope, Message, Send

from holdfast.edge.direct import DirectExchange
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
COMMON_LINES = b"".join(b"%b: %b\r\n" % header for header in COMMON_HEADERS.items())
JSON_LINE = b"%b: %b\r\n" % JSON


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
        present = {name.lower() for name, _ in headers}
        if present.isdisjoint(COMMON_HEADERS):
            headers += COMMON_HEADERS.items()
        else:
            headers += [header for header in COMMON_HEADERS.items() if header[0] not in present]
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
        lines = [b"x-request-id: %b\r\n" % self.asking.request_id]
        if present.isdisjoint(COMMON_HEADERS):
            lines.append(COMMON_LINES)
        else:
            lines += [b"%b: %b\r\n" % header for header in COMMON_HEADERS.items() if header[0] not in present]
        if response.body and b"content-type" not in present:
            lines.append(JSON_LINE)
        lines += [b"%b: %b\r\n" % header for header in (*more, *self.more)]
        await self._request.send(response, b"".join(lines))


async def _nowhere(_: Message) -> None:
    raise AssertionError("a direct exchange has no messages")


def _kind(headers: Headers) -> Headers:
    """What says that an answer is JSON, unless it says itself what it is."""
    return () if any(name == b"content-type" for name, _ in headers) else (JSON,)
