"""What the engine's look for conflicts costs in a room of 1,000 and in one of 1,000,000 reservations."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from msgspec import Struct

import postgres
from holdfast.database import migrate
from holdfast.engine import looks
from holdfast.engine.claims import Place

SMALL, LARGE = 1_000, 1_000_000
BATCH = 32
"""Claims a statement: as many as there are connections in the loads. One alone would mostly time the way there."""
STATEMENTS = 200
TURNS = 10
ROOM = "probed"
FIRST = datetime(2030, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Cost(Struct, frozen=True):
    """Microseconds a statement of one claim and of a batch takes, in a room with so many reservations."""

    reservations: int
    single_us: float
    batch_us: float


async def measure(server_url: str) -> list[Cost]:
    """Both costs. Each room lies in a database of its own, so that the small one's index is small, too."""
    urls = {count: await _make(server_url, count) for count in (SMALL, LARGE)}
    connections = {count: await asyncpg.connect(url) for count, url in urls.items()}
    try:
        return [Cost(count, times[1], times[BATCH]) for count, times in (await _time(connections)).items()]
    finally:
        for connection in connections.values():
            await connection.close()
        await _drop(server_url, urls.values())


async def _make(server_url: str, count: int) -> str:
    name = f"bench_probe_{count}"
    connection = await asyncpg.connect(server_url)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    url = urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    await migrate.upgrade(url)
    connection = await asyncpg.connect(url)
    await connection.execute("ALTER TABLE reservations SET (autovacuum_enabled = off)")
    await postgres.fill(connection, ROOM, first=int(FIRST.timestamp()), seconds=60, count=count)
    await connection.execute("ANALYZE reservations")
    await postgres.checkpoint(connection)
    await connection.close()
    return url


async def _drop(server_url: str, urls: Iterable[str]) -> None:
    connection = await asyncpg.connect(server_url)
    for url in urls:
        await connection.execute(f"DROP DATABASE {urlsplit(url).path.lstrip('/')} WITH (FORCE)")
    await connection.close()


async def _time(connections: "dict[int, asyncpg.Connection]") -> dict[int, dict[int, float]]:
    """The median microseconds by room and batch, taken in turns so that a busy moment meets both rooms alike."""
    taken: dict[int, dict[int, list[float]]] = {count: {1: [], BATCH: []} for count in connections}
    order = random.Random(1)
    for _ in range(TURNS):
        for count, connection in connections.items():
            for batch, times in taken[count].items():
                for _ in range(STATEMENTS):
                    ends = [FIRST + (order.randrange(count) + 1) * MINUTE for _ in range(batch)]
                    before = perf_counter()
                    wanted = [looks.LookRow(Place("room", ROOM).key, end) for end in ends]
                    found = (await looks.look(connection, wanted)).nearest
                    times.append((perf_counter() - before) * 1e6)
                    assert all(each is not None for each in found)
    return {count: {batch: median(times) for batch, times in each.items()} for count, each in taken.items()}
