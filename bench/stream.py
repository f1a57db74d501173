"""`make bench ARGS=--stream`: how fast messages are published, how soon, and what that costs bookings."""

import asyncio
import json
import socket
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from statistics import median
from uuid import uuid4

import msgspec
import redis.asyncio as redis
from msgspec import Struct

import holdfast
import machine
import postgres
import wrk
from holdfast.database.connections import Database
from holdfast.outbox.publishing import Publishing, shipped
from holdfast.settings import Settings
from slots import Slots
from targets import Target
from tested import RedisServer, Service
from workloads import CONNECTIONS, Load

BACKLOG = 100_000
RATE = 1_000
LISTENERS = 1_000
ROOMS = Load("rooms", "Creations on 1,000 rooms")
FILL = """
INSERT INTO outbox (place, revision, id, type, occurred_at, data)
SELECT 'room:' || n % 1000, n / 1000 + 1, gen_random_uuid(), 'reservation.created', now(), jsonb_build_object(
    'id', gen_random_uuid(), 'kind', 'room', 'room_id', (n % 1000)::text, 'start_time', '2030-05-01T10:00:00Z',
    'end_time', '2030-05-01T11:00:00Z', 'user_id', gen_random_uuid()
) FROM generate_series(0, $1::int - 1) n
"""
CLEAN = "TRUNCATE outbox, relays"


class Delay(Struct, frozen=True):
    """Milliseconds from the decision, before the commit, until a reader of the stream has the message."""

    count: int
    p50_ms: float
    p99_ms: float
    max_ms: float


class Done(Struct, frozen=True):
    """What was measured. The ratios are of neighbouring measurements, the rest are medians."""

    machine: dict[str, object]
    drained_per_second: list[float]
    delay: Delay
    creations_off: list[float]
    creations_on: list[float]
    on_to_off: float
    listener_kb: float
    creations_without_listeners: list[float]
    creations_with_listeners: list[float]
    listeners_to_none: float
    targets: list[Target]


def run(rounds: int, seconds: int, tell: Callable[[str], None]) -> Done:
    """Measure on a PostgreSQL and a Redis of its own."""
    before = machine.describe(Path(tempfile.gettempdir()))
    with postgres.running() as url, RedisServer() as server:
        drained = [asyncio.run(_drain(url, server)) for _ in range(rounds)]
        tell(f"drained {median(drained):,.0f} messages/s")
        _clean(url, server)
        delay = asyncio.run(_delay(url, server, max(seconds, 5)))
        tell(f"from decision to a reader of the stream: p50 {delay.p50_ms:.0f} ms, p99 {delay.p99_ms:.0f} ms")
        off, on = _interleaved(url, server, rounds, seconds, tell)
        listener_kb, alone, watched = _listeners(url, server, rounds, seconds)
        tell(f"a listener: {listener_kb:.1f} kB")
    ratio, listened = _ratio(on, off), _ratio(watched, alone)
    tell(f"creations with the stream on to off: {ratio:.2f}; with {LISTENERS:,} idle listeners to none: {listened:.2f}")
    judged = [
        Target("messages drained a second", median(drained), True, 10_000),
        Target("ms from commit to stream at 1,000 bookings/s, p99", delay.p99_ms, False, 100),
        Target("creations with the stream on : off", ratio, True, 0.9),
        Target("creations with 1,000 idle listeners : none", listened, True, 0.9),
    ]
    return Done(before, drained, delay, off, on, ratio, listener_kb, alone, watched, listened, judged)


def write(done: Done, out: Path) -> Path:
    """Keep the results."""
    path = out / "stream.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(done), indent=2) + b"\n")
    return path


def _ratio(ones: list[float], others: list[float]) -> float:
    return median(one / other for one, other in zip(ones, others, strict=True))


def _clean(url: str, server: RedisServer) -> None:
    """Forget all messages, there and here."""
    server.client().flushall()
    postgres.ask(url, lambda connection: connection.execute(CLEAN))


async def _drain(url: str, server: RedisServer) -> float:
    """Messages a second that one relay, alone, publishes of a backlog."""
    server.client().flushall()
    settings = Settings(redis_url=server.url, stream_maxlen=10 * BACKLOG)
    database = Database(url, settings)
    await database.open()
    async with database.pool.acquire() as connection:
        await connection.execute(CLEAN)
        await connection.execute(FILL, BACKLOG)
        await connection.execute("CHECKPOINT")
    publishing = Publishing(database, settings, shipped(settings))
    async with redis.Redis.from_url(server.url) as client:
        began = time.perf_counter()
        async with publishing.relaying():
            while await client.xlen(settings.stream) < BACKLOG:  # noqa: ASYNC110  Redis tells nobody
                await asyncio.sleep(0.01)
            took = time.perf_counter() - began
    await publishing.close()
    await database.close()
    return BACKLOG / took


async def _delay(url: str, server: RedisServer, seconds: int) -> Delay:
    """At a constant rate of bookings, whatever the answers take."""
    delays: list[float] = []
    with _service(url, RELAY="true", REDIS_URL=server.url) as service:
        reader = asyncio.create_task(_read(server, delays, RATE * seconds))
        await _book_steadily(service, seconds)
        await asyncio.wait_for(reader, 30)
    delays.sort()
    at = [delays[int(len(delays) * share)] for share in (0.5, 0.99)]
    return Delay(len(delays), at[0] * 1000, at[1] * 1000, delays[-1] * 1000)


async def _read(server: RedisServer, delays: list[float], count: int) -> None:
    """Note for each message how long it took."""
    last = "0"
    async with redis.Redis.from_url(server.url, protocol=2) as client:
        while len(delays) < count:
            found = await client.xread({"holdfast": last}, block=1000)
            now = time.time()
            for entry_id, fields in found[0][1] if found else ():
                last = entry_id.decode()
                decided = msgspec.json.decode(fields[b"message"], type=_Decided).occurred_at
                delays.append(now - decided.timestamp())


class _Decided(Struct):
    occurred_at: datetime


async def _book_steadily(service: Service, seconds: int) -> None:
    """`RATE` bookings a second, on connections of their own, each sent when it is due."""
    connections = [await asyncio.open_connection("127.0.0.1", service.port) for _ in range(CONNECTIONS)]
    began = time.perf_counter()

    async def work(number: int) -> None:
        reader, writer = connections[number]
        for turn in range(number, RATE * seconds, CONNECTIONS):
            await asyncio.sleep(max(0.0, began + turn / RATE - time.perf_counter()))
            writer.write(_booking(turn))
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(length)
            assert b" 201 " in head[:16], head

    await asyncio.gather(*(work(number) for number in range(CONNECTIONS)))
    for _, writer in connections:
        writer.close()


def _booking(number: int) -> bytes:
    day, minute = divmod(number // 1000, 24 * 60)
    start = f"2031-01-{day + 1:02}T{minute // 60:02}:{minute % 60:02}:00Z"
    end = f"2031-01-{day + 1:02}T{minute // 60:02}:{minute % 60:02}:30Z"
    body = json.dumps({"room_id": f"steady-{number % 1000}", "start_time": start, "end_time": end}).encode()
    head = (
        f"POST /reservations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    )
    return head.encode() + b"\r\n" + body


def _interleaved(
    url: str, server: RedisServer, rounds: int, seconds: int, tell: Callable[[str], None]
) -> tuple[list[float], list[float]]:
    """Creations a second without a relay and with one, in turns and each first as often as second."""
    slots, found = Slots(), {"false": list[float](), "true": list[float]()}
    for number in range(2 * rounds):
        for relay in ("false", "true") if number % 2 else ("true", "false"):
            _clean(url, server)
            with _service(url, RELAY=relay, REDIS_URL=server.url) as service:
                found[relay].append(_create(service, url, slots, seconds))
        tell(f"round {number + 1}: off {found['false'][-1]:,.0f}/s, on {found['true'][-1]:,.0f}/s")
    return found["false"], found["true"]


def _listeners(url: str, server: RedisServer, rounds: int, seconds: int) -> tuple[float, list[float], list[float]]:
    """The kilobytes of a listener, and creations a second without and with a thousand who hear nothing."""
    slots, alone, watched, sizes = Slots(), list[float](), list[float](), list[float]()
    for _ in range(rounds):
        _clean(url, server)
        with _service(url, REDIS_URL=server.url) as service:
            alone.append(_create(service, url, slots, seconds))
            [worker] = service.workers()
            before = worker.memory_info().rss
            with ExitStack() as stack:
                for _ in range(LISTENERS):
                    stack.enter_context(_listener(service.port))
                sizes.append((worker.memory_info().rss - before) / LISTENERS / 1024)
                watched.append(_create(service, url, slots, seconds))
    return median(sizes), alone, watched


def _listener(port: int) -> socket.socket:
    """Somebody who listens to a place where nothing happens, and has been greeted."""
    listener = socket.create_connection(("127.0.0.1", port))
    listener.sendall(f"GET /stream?place=room:quiet-{uuid4()} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    heard = b""
    while b"listening" not in heard:
        heard += listener.recv(4096)
    return listener


def _create(service: Service, url: str, slots: Slots, seconds: int) -> float:
    """Creations a second, after a second of warm-up."""
    wrk.book(ROOMS, service.url, rooms=slots.rooms("many"), span=slots.new_span(), seconds=1)
    postgres.ask(url, postgres.checkpoint)
    counted = wrk.book(ROOMS, service.url, rooms=slots.rooms("many"), span=slots.new_span(), seconds=seconds)
    return counted.created / counted.seconds


def _service(url: str, **settings: object) -> Service:
    source = Path(holdfast.__file__).parents[1]
    return Service({"DATABASE_URL": url, "PYTHONPATH": source, "LOG_LEVEL": "warning"} | settings)
