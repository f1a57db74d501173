"""Volleys: many HTTP requests on connections opened beforehand, sent in one instant, by one process or by several.

An ordinary client spreads its requests over milliseconds and so misses the races that these show.
"""

import json
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

SECONDS_MAX = 60.0
READY = "ready\n"


class Shot(NamedTuple):
    """One request and the port it goes to."""

    port: int
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = {}

    def encoded(self) -> bytes:
        """The request as it goes over the wire."""
        body = b"" if self.body is None else json.dumps(self.body).encode()
        headers = {"Host": "127.0.0.1", "Accept-Language": "en", "Connection": "close", **self.headers}
        if body:
            headers |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode() + body


class Answer(NamedTuple):
    """What came back. Status 0: the connection ended, or time was up, before there was an answer."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The answer's body."""
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """The code of an error."""
        return str(self.json["error"]["code"])


def volley(shots: Sequence[Shot], seconds_max: float = SECONDS_MAX) -> list[Answer]:
    """Send all requests in one instant from this process; the answers are in the order of the shots."""
    with Loaded(shots) as loaded:
        return loaded.fire(seconds_max)


def volley_from_processes(shots: Sequence[Shot], processes: int = 4) -> list[Answer]:
    """Deal the requests out to several processes, which all send theirs in one instant."""
    hands = [shots[number::processes] for number in range(processes)]
    with ExitStack() as stack:
        guns = [stack.enter_context(_gun()) for _ in hands]
        for gun, hand in zip(guns, hands, strict=True):
            _write(gun, json.dumps(hand))
        for gun in guns:
            assert gun.stdout is not None
            assert gun.stdout.readline() == READY
        for gun in guns:
            _write(gun, "fire")
        answers: list[Answer] = [Answer(0, {}, "")] * len(shots)
        for number, gun in enumerate(guns):
            output, _ = gun.communicate(timeout=2 * SECONDS_MAX)
            answers[number::processes] = [Answer(*each) for each in json.loads(output)]
    return answers


class Loaded:
    """Open connections, each with a request that has not been sent yet."""

    def __init__(self, shots: Sequence[Shot]) -> None:
        self._requests = [shot.encoded() for shot in shots]
        self._sockets = [socket.create_connection(("127.0.0.1", shot.port), timeout=10) for shot in shots]

    def __enter__(self) -> "Loaded":
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._sockets:
            each.close()

    def fire(self, seconds_max: float = SECONDS_MAX) -> list[Answer]:
        """Send them all, then wait for every answer."""
        self.send()
        return self.answers(seconds_max)

    def send(self) -> None:
        """Send them all."""
        for each, request in zip(self._sockets, self._requests, strict=True):
            each.sendall(request)

    def answers(self, seconds_max: float = SECONDS_MAX) -> list[Answer]:
        """Wait until every connection has been closed by the other side."""
        received = [bytearray() for _ in self._sockets]
        deadline = time.monotonic() + seconds_max
        with selectors.DefaultSelector() as selector:
            for number, each in enumerate(self._sockets):
                each.setblocking(False)
                selector.register(each, selectors.EVENT_READ, number)
            while selector.get_map() and (left := deadline - time.monotonic()) > 0:
                for key, _ in selector.select(left):
                    if not _receive(self._sockets[key.data], received[key.data]):
                        selector.unregister(key.fileobj)
        return [parse(bytes(each)) for each in received]


def parse(raw: bytes) -> Answer:
    """An answer from what came over the wire; of one that is not whole, nothing counts."""
    head, separator, body = raw.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    if not separator or len(body) < int(headers.get("content-length", "0")):
        return Answer(0, {}, "")
    return Answer(int(lines[0].split()[1]), headers, body.decode())


def _receive(source: socket.socket, into: bytearray) -> bool:
    """Take what has arrived; false at the end."""
    try:
        part = source.recv(65_536)
    except ConnectionError:
        return False
    into += part
    return bool(part)


def _gun() -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _write(gun: "subprocess.Popen[str]", line: str) -> None:
    assert gun.stdin is not None
    gun.stdin.write(line + "\n")
    gun.stdin.flush()


def _main() -> None:
    """One of several processes: takes its shots from the first line, says it is ready, fires at the second."""
    with Loaded([Shot(*each) for each in json.loads(sys.stdin.readline())]) as loaded:
        sys.stdout.write(READY)
        sys.stdout.flush()
        if sys.stdin.readline():
            sys.stdout.write(json.dumps(loaded.fire()))


if __name__ == "__main__":
    _main()
