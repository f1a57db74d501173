"""A service that answers as Holdfast's slots list does, and behaves as a test wants."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import msgspec

ROOM = "00000000-0000-4000-8000-000000000001"
Answer = tuple[int, bytes]
FREE: Answer = (200, b'{"slots":[]}')


class Server(ThreadingHTTPServer):
    """Lets as many connect at once as a test has."""

    request_queue_size = 128


class Stub:
    """As a context, it answers: `slots` is asked for each slots list, and may wait; `login` and `rooms` are fixed."""

    def __init__(self, slots: Callable[[int], Answer | None] = lambda _: FREE) -> None:
        self.slots = slots
        self.login: Answer = (200, msgspec.json.encode({"token": "a-token"}))
        self.rooms: Answer = (200, msgspec.json.encode({"rooms": [{"id": ROOM}]}))
        self.asked: list[str] = []
        self.tokens: set[str | None] = set()
        self.lock = threading.Lock()
        self._server = Server(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, token: str | None) -> Answer | None:
        """What to answer; `None` to drop the connection."""
        if path == "/dummyLogin":
            return self.login
        if path == "/rooms/list":
            return self.rooms
        if "/slots/list" not in path:
            return 200, b"{}"
        with self.lock:
            self.asked.append(path)
            self.tokens.add(token)
            number = len(self.asked)
        return self.slots(number)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("content-length") or 0))
                answer = stub.answer(self.path, self.headers.get("authorization"))
                if answer is None:
                    self.close_connection = True
                    return
                status, body = answer
                head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                self.wfile.write(head + body)

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        return Handler
