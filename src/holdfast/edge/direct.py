"""Hot requests that the protocol hands to the edge itself: without ASGI's scope for everybody, cycle and messages.

Only what arrives whole in one piece, and is written in the usual way, is answered so. Everything else goes through
ASGI, and ends in the same functions. To the server an exchange looks like its own, so it waits for one that is not
answered yet, when it stops, when a connection is idle, and when a client sends its next request too early.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Protocol

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from holdfast.http.hot import Found, Response

BODY_BYTES_MAX = 16 * 1024
BODYLESS = frozenset({204, 304})
CLOSE = (b"connection", b"close")


class Connection(Protocol):
    """The server's side of a connection, as far as an exchange needs it."""

    flow: FlowControl
    server_state: Any
    transport: Any

    def on_response_complete(self) -> None:
        """Go on with the connection's next request."""


class DirectExchange:
    """A request on its way, with what the server asks of it: whether it is answered, and to close afterwards."""

    __slots__ = ("body", "connection", "disconnected", "found", "keep_alive", "more_body", "response_complete", "scope")

    def __init__(self, connection: Connection, found: Found, scope: Any, body: bytes, *, keep_alive: bool) -> None:
        self.connection = connection
        self.found = found
        self.scope = scope
        self.body = body
        self.more_body = False
        self.keep_alive = keep_alive
        self.disconnected = False
        self.response_complete = False

    @property
    def message_event(self) -> "DirectExchange":
        """What the server wakes when something has come: nobody waits here."""
        return self

    @property
    def transport(self) -> Any:
        """The connection's transport."""
        return self.connection.transport

    def set(self) -> None:
        """Wake nobody."""

    async def send(self, response: Response[Any], lines: bytes) -> None:
        """Send an answer with these header lines besides its own. Raises what reading its parts raises."""
        status, body, headers = response
        closes = CLOSE in headers
        head = [STATUS_LINE[status], self._date(), lines_of(headers), lines]
        if not self.keep_alive and not closes:
            head.append(lines_of([CLOSE]))
        if not isinstance(body, bytes):
            await self._write(b"".join([*head, b"transfer-encoding: chunked\r\n\r\n"]))
            async for part in body:
                if self.disconnected:
                    raise ConnectionAbortedError
                await self._write(b"%x\r\n%b\r\n" % (len(part), part))
            await self._write(b"0\r\n\r\n")
        elif status in BODYLESS:
            await self._write(b"".join([*head, b"\r\n"]))
        else:
            await self._write(b"".join([*head, b"content-length: %d\r\n\r\n" % len(body), body]))
        self._end(closes=closes)

    async def _write(self, data: bytes) -> None:
        if self.connection.flow.write_paused and not self.disconnected:
            await self.connection.flow.drain()
        if not self.disconnected:
            self.connection.transport.write(data)

    def _end(self, *, closes: bool) -> None:
        if self.disconnected:
            return
        self.response_complete = True
        if closes or not self.keep_alive:
            self.connection.transport.close()
        self.connection.on_response_complete()

    def _date(self) -> bytes:
        """The date line, which changes once a second."""
        return _ready_lines(tuple(self.connection.server_state.default_headers))


def lines_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Headers as they are sent."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])


_ready_lines = lru_cache(2)(lines_of)
