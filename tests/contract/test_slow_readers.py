"""Clients that ask for a lot and read nothing: they are cut, whichever list it is, and hold nothing up."""

import asyncio
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import asyncpg
import httpx
import psutil
import pytest

from rooms import body, some_room
from service import Service
from tokens import SECRET

CUT_SECONDS_MAX = 30.0
ROWS = 60_000
FILL = """
INSERT INTO reservations (id, place, room_id, start_time, end_time, created_at)
SELECT gen_random_uuid(), 'room:' || $1, $1, s, s + interval '1 minute', now()
FROM generate_series(timestamptz '2031-01-01', timestamptz '2031-01-01' + $2 * interval '1 minute', '1 minute') s
"""


@pytest.fixture(scope="module")
def impatient(database_url: str) -> Iterator[Service]:
    """A service that waits for readers for a second."""
    settings = {
        "DATABASE_URL": database_url, "JWT_SECRET": SECRET, "RATE_LIMIT_MAX": 0, "ANSWER_SECONDS_MAX": 1,
    }  # fmt: skip
    with Service(settings) as service:
        yield service


@pytest.fixture(scope="module")
async def long_room(database_url: str) -> str:
    """A room with more reservations than all buffers between us hold."""
    room = some_room()
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO places (place, kind, id, revision) VALUES ('room:' || $1, 'room', $1, 1)", room
    )
    await connection.execute(FILL, room, ROWS)
    await connection.close()
    return room


def deaf(service: Service, target: str, headers: str = "") -> socket.socket:
    """A client that has asked for something, and reads no more than its kernel does."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
    found.connect(("127.0.0.1", service.port))
    found.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode())
    return found


def connections(service: Service, client: socket.socket) -> int:
    """Of this client's connections those that a worker still holds."""
    port = client.getsockname()[1]
    return sum(
        each.raddr != () and each.raddr.port == port
        for worker in service.workers()
        for each in worker.net_connections("tcp")
    )


def until(condition: Callable[[], bool]) -> None:
    """Returns when it holds. That a connection was cut is seen on the other side only: here nothing is read."""
    deadline = time.monotonic() + CUT_SECONDS_MAX
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def cut(service: Service, client: socket.socket) -> None:
    """Returns when a worker has had the client's connection, and has it no more."""
    until(lambda: connections(service, client) > 0)
    until(lambda: connections(service, client) == 0)


@pytest.mark.parametrize(
    "target",
    [
        "/reservations/{room}",
        "/reservations/{room}?from=2020-01-01T00:00:00Z",
        "/reservations/{room}?limit=50000",
    ],
)
def test_who_reads_nothing_of_a_list_is_cut(impatient: Service, long_room: str, target: str) -> None:
    with deaf(impatient, target.format(room=long_room)) as client:
        cut(impatient, client)
    with httpx.Client(base_url=impatient.url, timeout=30, verify=False) as http:
        # It is not read to its end for nobody either: the exchange has ended, and is counted as that of one who left.
        until(lambda: re.search(r'reservations.*status="(499|200)"', http.get("/metrics").text) is not None)
        assert http.post("/reservations", json=body(some_room(), 1, 2)).status_code == 201


@pytest.mark.parametrize("target", ["/openapi.json", "/docs/assets/swagger-ui-bundle.js"])
def test_who_asks_on_and_reads_nothing_is_cut(impatient: Service, target: str) -> None:
    """Answers that are whole: each may fit into the buffers, many on one connection do not."""
    request = f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    with deaf(impatient, target) as client:
        until(lambda: connections(impatient, client) > 0)
        client.setblocking(False)

        def is_cut() -> bool:
            with suppress(OSError):
                client.send(request * 10)
            return connections(impatient, client) == 0

        until(is_cut)


async def test_who_reads_slowly_gets_all_of_it(impatient: Service, long_room: str) -> None:
    """Slower than the list is made, but not still: longer in all than a part may lie unread."""
    reader, writer = await asyncio.open_connection("127.0.0.1", impatient.port, limit=65_536)
    writer.write(f"GET /reservations/{long_room}?limit=20000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    read, began = 0, asyncio.get_running_loop().time()
    while part := await reader.read(65_536):
        read += len(part)
        await asyncio.sleep(0.03)
        end = part
    assert end.endswith(b"0\r\n\r\n")
    assert read > 3_000_000
    assert asyncio.get_running_loop().time() - began > 1
    writer.close()


def test_connections_are_seen() -> None:
    """The look at a process's sockets works here; else the other tests would see nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert any(each.laddr.port == server.getsockname()[1] for each in psutil.Process().net_connections("tcp"))
