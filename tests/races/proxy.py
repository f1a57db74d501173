"""A TCP proxy before PostgreSQL that can lose the engine's commit, or the answer to it."""

import socket
import struct
import threading
from contextlib import suppress
from enum import Enum
from urllib.parse import parse_qs, unquote, urlsplit

COMMITS = (b"COMMIT\0", b"COMMIT;\0")
"""The engine's own, and that of asyncpg's and SQLAlchemy's transactions."""
WRITES = (b"SELECT write_changes_",)
"""Outside a transaction these commit by themselves, when the message that ends a request, Sync, has arrived."""
BEGIN, ENDS = b"BEGIN", (b"COMMIT", b"ROLLBACK")
SECONDS_MAX = 60.0


class Fate(Enum):
    """What becomes of the next commit. The connection it came on is reset in every case."""

    ANSWER_LOST = "PostgreSQL commits, and its answer is thrown away"
    COMMIT_LOST = "PostgreSQL never hears of it"
    COMMIT_LATE = "PostgreSQL hears of it when `deliver` says so, long after the service saw its connection go"
    WRITE_LATE = "the same, and what is to be committed is late too, so nothing is locked meanwhile"
    COMMIT_CUT = "PostgreSQL gets its first half"
    ANSWER_CUT = "PostgreSQL commits, and the first half of its answer arrives"


class Proxy:
    """As a context: listens on a port of its own and forwards to the PostgreSQL at an address."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._fate: Fate | None = None
        self._dies_after = False
        self._dead = False
        self.deliver = threading.Event()
        self.committed = threading.Event()

    def __enter__(self) -> "Proxy":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._cut_all()
        # Closing alone would not wake the thread that waits in accept().
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @property
    def url(self) -> str:
        """The same database by way of this proxy."""
        parts = urlsplit(self._target)
        user = parts.netloc.rpartition("@")[0] or "postgres"
        return f"postgresql://{user}@127.0.0.1:{self._listener.getsockname()[1]}{parts.path}?sslmode=disable"

    def lose(self, fate: Fate, *, and_die: bool = False) -> None:
        """Decide what becomes of the next commit; after it, with `and_die`, nothing gets through until `revive`."""
        self.deliver.clear()
        self.committed.clear()
        self._dies_after = and_die
        self._fate = fate

    def revive(self) -> None:
        """Let everything through again."""
        self._dead = False

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._dead:
                reset(client)
                continue
            try:
                server = connect(self._target)
            except OSError:
                reset(client)
                continue
            self._open += [client, server]
            link = _Link(client, server)
            threading.Thread(target=link.answers, daemon=True).start()
            threading.Thread(target=self._requests, args=(link,), daemon=True).start()

    def _requests(self, link: "_Link") -> None:
        with suppress(OSError):
            link.server.sendall(startup(link.client))
            while message := next_message(link.client):
                fate = self._take(link, message)
                if fate is not None:
                    self._lose(link, message, fate)
                    return
                link.server.sendall(message)
        reset(link.client)
        reset(link.server)

    def _take(self, link: "_Link", message: bytes) -> Fate | None:
        """What is to become of this message."""
        step = link.step(message)
        is_due = step is not None and self._fate is not None and (step is Step.WRITE) == (self._fate is Fate.WRITE_LATE)
        fate, self._fate = (self._fate, None) if is_due else (None, self._fate)
        return fate

    def _lose(self, link: "_Link", message: bytes, fate: Fate) -> None:
        link.silent = True
        if self._dies_after:
            self._dead = True
        if fate is Fate.COMMIT_CUT:
            link.server.sendall(message[: len(message) // 2])
        link.halves = fate is Fate.ANSWER_CUT
        if fate in {Fate.ANSWER_LOST, Fate.ANSWER_CUT}:
            link.server.sendall(message)
            assert link.answered.wait(SECONDS_MAX)
            self.committed.set()
        if fate is Fate.COMMIT_LOST:
            reset(link.server)
        if fate is Fate.WRITE_LATE:
            message += rest_of_request(link.client)
        reset(link.client)
        if fate in {Fate.COMMIT_LATE, Fate.WRITE_LATE}:
            assert self.deliver.wait(SECONDS_MAX)
            link.server.sendall(message)
            assert link.answered.wait(SECONDS_MAX)
            self.committed.set()
        reset(link.server)
        if self._dead:
            self._cut_all()

    def _cut_all(self) -> None:
        while self._open:
            reset(self._open.pop())


class Step(Enum):
    """What a message of the engine does on the way to a commit."""

    WRITE = "it begins a write that commits by itself"
    COMMIT = "it commits"


class _Link:
    """One connection of the service and its counterpart to PostgreSQL."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self._writes: set[bytes] = set()
        self._is_writing = False
        self._in_transaction = False
        self.client = client
        self.server = server
        self.silent = False
        self.halves = False
        """Whether, when silent, the first half of the next answer is passed on all the same."""
        self.answered = threading.Event()

    def step(self, message: bytes) -> Step | None:
        """What this message does. To be told of every message."""
        kind, content = message[:1], message[5:]
        if kind == b"Q":
            self._in_transaction = content.startswith(BEGIN) or (self._in_transaction and not content.startswith(ENDS))
            return Step.COMMIT if content in COMMITS else None
        if kind == b"P":
            name, query = content.split(b"\0", 2)[:2]
            (self._writes.add if query.startswith(WRITES) else self._writes.discard)(name)
        elif kind == b"B":
            self._is_writing = content.split(b"\0", 2)[1] in self._writes and not self._in_transaction
            return Step.WRITE if self._is_writing else None
        elif kind == b"S" and self._is_writing:
            self._is_writing = False
            return Step.COMMIT
        return None

    def answers(self) -> None:
        """Pass on what PostgreSQL says, or, when silent, only note that it said something."""
        with suppress(OSError):
            while part := self.server.recv(65_536):
                if self.silent:
                    if self.halves:
                        self.halves = False
                        with suppress(OSError):
                            self.client.sendall(part[: len(part) // 2])
                    self.answered.set()
                else:
                    self.client.sendall(part)
        if not self.silent:
            reset(self.client)


def connect(address: str) -> socket.socket:
    """A connection to the PostgreSQL at an address, by its Unix socket or by TCP."""
    parts = urlsplit(address)
    directory = parse_qs(parts.query).get("host", [""])[0]
    if not directory.startswith("/"):
        return socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 5432), timeout=SECONDS_MAX)
    unix = socket.socket(socket.AF_UNIX)
    try:
        unix.connect(f"{unquote(directory)}/.s.PGSQL.{parts.port or 5432}")
    except OSError:
        unix.close()
        raise
    return unix


def startup(client: socket.socket) -> bytes:
    """A client's first message, which has no type: its length, then the rest."""
    length = exactly(client, 4)
    return length + exactly(client, struct.unpack("!I", length)[0] - 4) if length else b""


def next_message(client: socket.socket) -> bytes:
    """A message with its type and length; empty at the end."""
    head = exactly(client, 5)
    return head + exactly(client, struct.unpack("!I", head[1:])[0] - 4) if head else b""


def rest_of_request(client: socket.socket) -> bytes:
    """The messages up to the one that ends a request."""
    found = b""
    while message := next_message(client):
        found += message
        if message[:1] == b"S":
            break
    return found


def exactly(source: socket.socket, size: int) -> bytes:
    """So many bytes; none when the connection ends before."""
    found = bytearray()
    while len(found) < size:
        part = source.recv(size - len(found))
        if not part:
            return b""
        found += part
    return bytes(found)


def reset(connection: socket.socket) -> None:
    """Close a connection the rude way."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Another thread may be waiting on it, and would keep it open.
        connection.shutdown(socket.SHUT_RD if connection.family == socket.AF_INET else socket.SHUT_RDWR)
    connection.close()
