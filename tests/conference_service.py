"""A conference service as others run one: a real HTTP server, whose behaviour each test chooses."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec

Step = str
"""`ok`, `wait` (for `may_answer`), `500`, `400`, `redirect`, `drop`, `never`, `huge`, or the body to answer with."""


class Asked(NamedTuple):
    """One request that the service got."""

    method: str
    path: str
    key: str | None
    token: str | None
    body: Any


class ConferenceService:
    """As a context: answers each request with the next of its steps, the last one for ever."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps) or ["ok"]
        self.asked: list[Asked] = []
        self.comes = threading.Condition()
        self.ends = threading.Event()
        self.has_come = threading.Event()
        self.may_answer = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/links"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ends.set()
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, method: str, booking_id: str, times: int = 1, seconds_max: float = 60.0) -> list[Asked]:
        """The requests with this method about this booking, as soon as there are so many."""

        def found() -> list[Asked]:
            return [each for each in self.asked if (each.method, each.path) == (method, f"/links/{booking_id}")]

        with self.comes:
            assert self.comes.wait_for(lambda: len(found()) >= times, seconds_max), self.asked
            return found()

    def next_step(self) -> Step:
        """What to do with this request."""
        return self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                _answer(service, self)

            def do_DELETE(self) -> None:
                _answer(service, self)

            def do_PUT(self) -> None:
                _answer(service, self)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        return Handler


def _answer(service: ConferenceService, request: BaseHTTPRequestHandler) -> None:
    raw = request.rfile.read(int(request.headers.get("content-length") or 0))
    body = msgspec.json.decode(raw) if raw else None
    headers = request.headers
    with service.comes:
        service.asked.append(
            Asked(request.command, request.path, headers.get("idempotency-key"), headers.get("authorization"), body)
        )
        step = service.next_step()
        service.comes.notify_all()
    if step == "wait":
        service.has_come.set()
        service.may_answer.wait(30)
        step = "ok"
    if step == "never":
        service.ends.wait(30)
    if step in {"never", "drop"}:
        request.close_connection = True
        return
    status = {"500": 500, "400": 400, "redirect": 302}.get(step, 200)
    request.send_response(status)
    if step == "redirect":
        request.send_header("Location", service.url + "/elsewhere")
    if step == "huge":
        request.end_headers()
        _pour(service, request)
        return
    if step == "ok" and body is not None:
        step = msgspec.json.encode({"url": f"https://call.example/{body['bookingId']}"}).decode()
    content = step.encode()
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    request.wfile.write(content)


def _pour(service: ConferenceService, request: BaseHTTPRequestHandler) -> None:
    """An answer without end, until somebody has had enough."""
    deadline = time.monotonic() + 30
    while not service.ends.is_set() and time.monotonic() < deadline:
        try:
            request.wfile.write(b"x" * 65_536)
        except OSError:
            return
