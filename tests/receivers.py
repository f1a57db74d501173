"""Receivers of webhooks as others run them: a real HTTP server, whose behaviour each test chooses."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self

Step = int | str
"""A status; or `wait` (for `may_answer`), `drop`, `pour` (a body without end), `drip` (a head without end)."""
SECONDS_MAX = 60.0


class Got(NamedTuple):
    """One request that the receiver got; header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> dict[str, Any]:
        """The message that was sent."""
        return dict(json.loads(self.body))

    @property
    def id(self) -> str:
        """The message's id, as its header says it."""
        return self.headers["webhook-id"]


class Server(ThreadingHTTPServer):
    """Keeps quiet about clients that have gone."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Nothing."""


class Receiver:
    """As a context: answers each request with the next of its steps, the last one for ever."""

    def __init__(self, *steps: Step, tls: ssl.SSLContext | None = None) -> None:
        self.steps: list[Step] = list(steps) or [204]
        self.got: list[Got] = []
        self.connections = 0
        self.has_come = threading.Event()
        self.may_answer = threading.Event()
        self._ends = threading.Event()
        self._server = Server(("127.0.0.1", 0), self._handler())
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{self.port}/hook"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.set()
        self.may_answer.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def ids(self) -> list[str]:
        """The ids of the messages that came, in order."""
        return [each.id for each in self.got]

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Do the next step."""
        body = request.rfile.read(int(request.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in request.headers.items()}
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        self.got.append(Got(request.path, headers, body))
        self.has_come.set()
        if step == "wait":
            self.may_answer.wait(SECONDS_MAX)
            step = 204
        if step == "drop":
            request.close_connection = True
            return
        if step == "drip":
            self._pour(request, b"X-More: x\r\n", b"HTTP/1.1 200 OK\r\n")
            return
        if step == "pour":
            self._pour(request, b"x" * 65_536, b"HTTP/1.1 200 OK\r\n\r\n")
            return
        assert isinstance(step, int)
        request.send_response(step)
        if 300 <= step < 400:
            request.send_header("Location", self.url + "/elsewhere")
        request.send_header("Content-Length", "0")
        request.end_headers()

    def _pour(self, request: BaseHTTPRequestHandler, part: bytes, first: bytes) -> None:
        """An answer without end, until somebody has had enough."""
        try:
            request.wfile.write(first)
            while not self._ends.is_set():
                request.wfile.write(part)
        except OSError:
            return

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def setup(self) -> None:
                receiver.connections += 1
                super().setup()

            def do_POST(self) -> None:
                receiver.answer(self)

            def do_GET(self) -> None:
                receiver.answer(self)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        return Handler
