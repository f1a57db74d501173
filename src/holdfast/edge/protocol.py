"""What the server itself does not have: bounds on a request's head, and answers that are sent in one piece."""

import asyncio
import math
import re
import sys
from typing import Any, ClassVar

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from holdfast.edge.direct import BODY_BYTES_MAX, DirectExchange
from holdfast.edge.edge import Edge
from holdfast.edge.exchange import COMMON_HEADERS
from holdfast.edge.joined import Joined
from holdfast.errors import HoldfastError, InvalidRequest, Unavailable
from holdfast.http import audit, errors
from holdfast.http.hot import ENDING, Found
from holdfast.settings import Settings

HEAD_BYTES_MAX = 64 * 1024
LENGTH_DIGITS_MAX = 9
UNUSUAL = re.compile(rb"[^!$&-;=?-Z_a-z~]")
"""What a URL is decoded or refused for: anything but letters, digits and signs that stand for themselves."""
SURPLUS_MAX = 32
"""Connections beyond the bound whose request is waited for, so that its sender gets to read the refusal."""
SURPLUS_SECONDS = 1.0
TELL_SECONDS = 60.0
logger = structlog.stdlib.get_logger("holdfast.http")


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose request heads may have 64 KiB and must arrive within `BODY_SECONDS_MAX`."""

    settings: ClassVar[Settings] = Settings()
    """Those of this process; the server makes the protocols, so they cannot be handed over."""

    connections_max: ClassVar[int] = sys.maxsize
    """How many connections this process takes at once: see `descriptors`."""
    _told_at: ClassVar[float] = -math.inf

    _edge: Edge | None = None
    _found: Found | None = None
    """The hot route of a request that is answered directly, if the rest of it comes in the same piece."""
    _body = b""
    _is_surplus = False
    _unread_timer: asyncio.TimerHandle | None = None
    _in_head = True
    _head_bytes = 0
    _chunk_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Start to wait for the first head."""
        super().connection_made(transport)
        self._edge = self.app if isinstance(self.app, Edge) else None
        self.transport = self._joined = Joined(transport)
        self._start_timer()
        surplus = len(self.connections) - self.connections_max
        if surplus > 0:
            self._is_surplus = True
            self._tell_of_surplus()
            # So few wait for their request, and the others are answered before it: their sender may not read that.
            wait = SURPLUS_SECONDS if surplus <= SURPLUS_MAX else 0
            self.loop.call_later(wait, self._refuse_surplus)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_timer()
        self._stop_unread_timer()
        super().connection_lost(exc)
        self._end_answer()

    def shutdown(self) -> None:
        """The server stops: an answer without end is to end, even when its client does not read it."""
        super().shutdown()
        if self._end_answer() and self.flow.write_paused:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Bound a head that comes in several pieces; most come in one, and cost next to nothing here."""
        if self._is_surplus:
            self._refuse_surplus()
            return
        self._chunk_bytes = len(data)
        super().data_received(data)
        if self._found is not None and not self.transport.is_closing():
            # Some of its body is still on its way.
            self._begin_cycle()
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
        if self._edge is not None and self._is_plain():
            self._found = self._edge.find_direct(self.scope)
        if self._found is None:
            self._begin_cycle()
        self._body = b""

    def on_body(self, body: bytes) -> None:
        """Some of the body is there."""
        if self._found is not None:
            self._body += body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there. A hot one is answered at once."""
        if self._found is None:
            super().on_message_complete()
            return
        assert self._edge is not None, "it has found the route"
        found, self._found = self._found, None
        exchange = DirectExchange(self, found, self.scope, self._body, keep_alive=self.parser.should_keep_alive())
        self.cycle = exchange  # type: ignore[assignment]
        self.scope["holdfast.exchange"] = exchange  # type: ignore[typeddict-unknown-key]
        task = self.loop.create_task(self._edge.answer_directly(exchange))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def _is_plain(self) -> bool:
        """Tell whether a request is written in the usual way, and none before it waits. Notes what it asks for."""
        url, parser = self.url, self.parser
        if (
            not getattr(self.cycle, "response_complete", True)
            or self.expect_100_continue
            or self.flow.write_paused
            or url[:1] != b"/"
            or url[:2] == b"//"
            or UNUSUAL.search(url)
            or parser.get_http_version() != "1.1"
            or parser.should_upgrade()
        ):
            return False
        length = b"0"
        for name, value in self.headers:
            if name == b"content-length":
                length = value
            elif name == b"transfer-encoding":
                return False
        if len(length) > LENGTH_DIGITS_MAX or int(length) > min(BODY_BYTES_MAX, self.settings.body_bytes_max):
            return False
        path, _, query = url.partition(b"?")
        self.scope["method"] = parser.get_method().decode("ascii")
        self.scope["path"] = path.decode("ascii")
        self.scope["raw_path"] = path
        self.scope["query_string"] = query
        return True

    def _begin_cycle(self) -> None:
        """Have a request answered through ASGI, with what has come of its body."""
        super().on_headers_complete()
        if self._found is not None:
            self._found = None
            super().on_body(self._body)
        # For whoever wants to know at a glance, not by waiting, what has arrived and whether the client is still there.
        self.scope["holdfast.exchange"] = self.cycle  # type: ignore[typeddict-unknown-key]

    def on_response_complete(self) -> None:
        """An answer has been sent; to HEAD its head was all of it."""
        self._joined.flush()
        super().on_response_complete()
        if self.transport.is_closing() and self._joined.has_unsent():
            self._start_unread_timer()

    def pause_writing(self) -> None:
        """More waits for the client than it should: it is cut, unless it reads in time."""
        super().pause_writing()
        self._start_unread_timer()

    def resume_writing(self) -> None:
        """The client has read most of it."""
        super().resume_writing()
        self._stop_unread_timer()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that is idle; one whose client does not read what was sent would never be closed."""
        super().timeout_keep_alive_handler()
        self._start_unread_timer()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  the server's own words
        """Answer what is no HTTP in the shape that all errors have."""
        audit.refusals.log_no_http(self.client)
        self._end_with(b"400 Bad Request", InvalidRequest(rule="http"))

    def _end_with(self, status: bytes, error: HoldfastError) -> None:
        """Answer what no handler sees, and close."""
        body = errors.render(error, self.settings.default_language)
        headers = COMMON_HEADERS | {
            b"content-type": b"application/json",
            b"content-length": str(len(body)).encode(),
            b"connection": b"close",
        }
        headers |= {name.encode(): value.encode() for name, value in errors.headers_of(error).items()}
        lines = [b"HTTP/1.1 " + status, *(name + b": " + value for name, value in headers.items())]
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        self.transport.close()

    def _refuse_surplus(self) -> None:
        if not self.transport.is_closing():
            self._end_with(b"503 Service Unavailable", Unavailable())
            self._start_unread_timer()

    def _tell_of_surplus(self) -> None:
        """One line in a while: whoever opens many connections must not fill the log as well."""
        now = self.loop.time()
        if now - BoundedProtocol._told_at > TELL_SECONDS:
            BoundedProtocol._told_at = now
            logger.warning("too many connections: more are answered 503", connections_max=self.connections_max)

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

    def _start_unread_timer(self) -> None:
        if self._unread_timer is None:
            self._unread_timer = self.loop.call_later(self.settings.answer_seconds_max, self._joined.abort)

    def _stop_unread_timer(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _start_timer(self) -> None:
        self._head_timer = self.loop.call_later(self.settings.body_seconds_max, self.transport.close)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
