"""What the server itself does not have: bounds on a request's head, and answers that are sent in one piece."""

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from holdfast.errors import InvalidRequest
from holdfast.http import audit, errors
from holdfast.http.edge import COMMON_HEADERS
from holdfast.http.hot import ENDING
from holdfast.settings import Settings

HEAD_BYTES_MAX = 64 * 1024


class Joined(asyncio.Transport):
    """A connection that can keep a piece back and send it with the next one: an answer's head with its body.

    A piece by itself costs a system call, a packet, and the client's waking up for it.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._is_to_keep = False
        self._kept = b""

    def keep_next(self) -> None:
        """Keep the next piece back until the one after it, `flush`, or the end."""
        self._is_to_keep = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send a piece, or keep it back."""
        if self._is_to_keep:
            self._is_to_keep = False
            self._kept = bytes(data)
        elif self._kept:
            kept, self._kept = self._kept, b""
            self._transport.write(kept + data)
        else:
            self._transport.write(data)

    def flush(self) -> None:
        """Send what was kept back."""
        self._is_to_keep = False
        if self._kept:
            self.write(b"")

    def is_closing(self) -> bool:
        """Whether it is closed or about to be."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Close it when all is sent."""
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        """Close it at once."""
        self._transport.abort()


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose request heads may have 64 KiB and must arrive within `BODY_SECONDS_MAX`."""

    settings: ClassVar[Settings] = Settings()
    """Those of this process; the server makes the protocols, so they cannot be handed over."""

    _in_head = True
    _head_bytes = 0
    _chunk_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Start to wait for the first head."""
        super().connection_made(transport)
        self.transport = self._joined = Joined(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_timer()
        super().connection_lost(exc)
        self._end_answer()

    def shutdown(self) -> None:
        """The server stops: an answer without end is to end, even when its client does not read it."""
        super().shutdown()
        if self._end_answer() and self.flow.write_paused:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Bound a head that comes in several pieces; most come in one, and cost next to nothing here."""
        self._chunk_bytes = len(data)
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            # Of a header without end the parser tells nobody, so the bytes themselves are counted.
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self.send_400_response("")
            elif self._head_timer is None:
                self._start_timer()

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        """The head is there."""
        if self._head_bytes + self._chunk_bytes > HEAD_BYTES_MAX:
            size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if size > HEAD_BYTES_MAX:
                # What a parser's callback raises is answered 400 and closes the connection.
                raise ValueError("the request's head is too large")
        self._in_head = False
        self._stop_timer()
        super().on_headers_complete()
        # For whoever wants to know at a glance, not by waiting, what has arrived and whether the client is still there.
        self.scope["holdfast.exchange"] = self.cycle  # type: ignore[typeddict-unknown-key]

    def on_response_complete(self) -> None:
        """An answer has been sent; to HEAD its head was all of it."""
        self._joined.flush()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  the server's own words
        """Answer what is no HTTP in the shape that all errors have."""
        audit.refusals.log_no_http(self.client)
        body = errors.render(InvalidRequest(rule="http"), self.settings.default_language)
        headers = COMMON_HEADERS | {
            b"content-type": b"application/json",
            b"content-length": str(len(body)).encode(),
            b"connection": b"close",
        }
        lines = [b"HTTP/1.1 400 Bad Request", *(name + b": " + value for name, value in headers.items())]
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        self.transport.close()

    def _end_answer(self) -> bool:
        """Tell whoever makes an endless answer to end it; whether there is one."""
        # Before the first request there is neither.
        scope: Any = self.scope
        cycle: Any = self.cycle
        call = scope.get(ENDING) if scope else None
        if call is None or cycle is None or cycle.response_complete:
            return False
        call()
        return True

    def _start_timer(self) -> None:
        self._head_timer = self.loop.call_later(self.settings.body_seconds_max, self.transport.close)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
