"""One recorded run: load and faults against a real service on a real PostgreSQL, then calm, then the check."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import asyncpg

from proof.recorded.answers import stretch
from proof.recorded.checker import check
from proof.recorded.clients import Client, Ground
from proof.recorded.doors import open_places
from proof.recorded.faults import StormyProxy, Troubles
from proof.recorded.history import Call, Held, Row, Violation
from races.ledger import check_promise
from service import Service
from tokens import SECRET

NOTHING: Mapping[str, str] = {}
ROOMS, TABLES, MANAGED = 3, 1, 1
CLIENTS = 12
CALM_SECONDS_MAX = 30.0
BUSY = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'
"""
EVERYTHING = """
SELECT id, coalesce(room_id, place) AS room, start_time, end_time, cancelled_at
FROM reservations WHERE coalesce(room_id, place) = ANY($1)
"""


class Recorded(NamedTuple):
    """What was recorded, and what was found in it."""

    calls: list[Call]
    rows: list[Row]
    faults: Counter[str]
    violations: list[Violation]
    log: str
    """What the service printed."""


async def record(url: str, seconds: float, seed: int, environment: Mapping[str, str] = NOTHING) -> Recorded:
    """Let clients and faults loose on a service with two workers, and check what they were told."""
    with StormyProxy(url, seed) as proxy:
        settings = {
            "DATABASE_URL": proxy.url,
            "WORKERS": 2,
            "CLAIM_SECONDS_MAX": 2,
            "LOG_LEVEL": "error",
            "JWT_SECRET": SECRET,
        }
        with Service({**settings, **environment}) as service:
            places = await asyncio.to_thread(open_places, service.url, ROOMS, TABLES, MANAGED)
            ground = Ground(service.port, places, seed)
            clients = [Client(number, ground) for number in range(CLIENTS)]
            await asyncio.to_thread(_load, clients, Troubles(service, proxy, seed), seconds)
            await asyncio.to_thread(service.wait_until_serving)
            await _calm(url)
            # What is left is what clients are shown.
            await asyncio.to_thread(_look, last := Client(CLIENTS, ground))
            log = service.output()
    calls = sorted((call for client in [*clients, last] for call in client.calls), key=lambda call: call.start)
    rows = await _rows(url, places.all)
    violations = [*check(calls, rows), *await _ledger(url)]
    return Recorded(calls, rows, proxy.counts + ground.counts, violations, log)


def _load(clients: list[Client], troubles: Troubles, seconds: float) -> None:
    for each in (*clients, troubles):
        each.start()
    stopping = clients[0].ground.stopping
    stopping.wait(seconds)
    troubles.stopping.set()
    troubles.join()
    stopping.set()
    for each in clients:
        each.join()


def _look(client: Client) -> None:
    for room in client.ground.rooms:
        client.list(room)
    client.hang_up()


async def _ledger(url: str) -> list[Violation]:
    """What the database says without any history."""
    try:
        await check_promise(url)
    except AssertionError as error:
        return [Violation("ledger", f"rows overlap, or a place's messages are not numbered without gaps: {error}", ())]
    return []


async def _calm(url: str) -> None:
    """Wait until nothing that was begun is under way in the database, whoever began it."""
    connection = await asyncpg.connect(url)
    try:
        deadline = time.monotonic() + CALM_SECONDS_MAX
        while await connection.fetchval(BUSY):
            assert time.monotonic() < deadline, "the database does not come to rest"
            await asyncio.sleep(0.05)
    finally:
        await connection.close()


async def _rows(url: str, rooms: list[str]) -> list[Row]:
    connection = await asyncpg.connect(url)
    try:
        found = await connection.fetch(EVERYTHING, rooms)
    finally:
        await connection.close()
    return [Row(Held(str(row["id"]), row["room"], stretch(row)), row["cancelled_at"] is None) for row in found]
