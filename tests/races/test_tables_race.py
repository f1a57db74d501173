"""A table is taken away while it is being reserved: one of the two wins, cleanly."""

from collections.abc import Iterator

import asyncpg
import pytest

from races.ledger import check_promise, statuses
from races.volley import Shot, volley_from_processes
from rooms import hour
from service import Service

MAKE = "INSERT INTO tables (name, seats, location) VALUES ('a', 4, 'b') RETURNING id"
ORPHANS = """
SELECT r.id FROM reservations r WHERE r.place LIKE 'table:%' AND r.cancelled_at IS NULL
    AND NOT EXISTS (SELECT FROM tables t WHERE r.place = 'table:' || t.id)
"""


@pytest.fixture(scope="module")
def ports(database_url: str) -> Iterator[list[int]]:
    """Two services on one database, the first with two workers."""
    with Service({"DATABASE_URL": database_url, "WORKERS": 2}) as one, Service({"DATABASE_URL": database_url}) as other:
        yield [one.port, other.port]


def evening(port: int, table: int, start: float) -> Shot:
    """Somebody wants the table for an hour."""
    body = {"table_id": table, "customer_name": "Anna", "reservation_time": hour(start).isoformat()}
    return Shot(port, "POST", "/reservations", body | {"duration_minutes": 60})


@pytest.mark.parametrize("turn", range(6))
async def test_a_table_is_never_gone_while_somebody_has_it(database_url: str, ports: list[int], turn: int) -> None:
    connection = await asyncpg.connect(database_url)
    table = await connection.fetchval(MAKE)
    shots = [evening(ports[number % 2], table, number) for number in range(10)]
    shots[turn:turn] = [Shot(ports[number % 2], "DELETE", f"/tables/{table}") for number in range(4)]
    answers = volley_from_processes(shots)
    found = statuses(answers)
    there = await connection.fetchval("SELECT count(*) FROM tables WHERE id = $1", table)
    if there:
        assert (found.get(201), found.get(204)) == (10, None)
    else:
        assert (found.get(201), found.get(204)) == (None, 1)
    assert {answer.code for answer in answers if answer.status >= 400} <= {"TABLE_NOT_FOUND", "TABLE_HAS_RESERVATIONS"}
    assert await connection.fetch(ORPHANS) == []
    await connection.close()
    await check_promise(database_url)


async def test_a_closed_place_is_refused_by_the_engine_itself(database_url: str, ports: list[int]) -> None:
    """What is closed under the lock is refused to whoever looked before."""
    connection = await asyncpg.connect(database_url)
    table = await connection.fetchval(MAKE)
    volley_from_processes([evening(ports[0], table, 0)])
    close = "UPDATE places SET closed_at = now(), revision = revision + 1 WHERE place = $1"
    await connection.execute(close, f"table:{table}")
    await connection.execute(
        "INSERT INTO outbox (place, revision, id, type, occurred_at, data) "
        "SELECT place, revision, gen_random_uuid(), 'table.deleted', now(), '{}' FROM places WHERE place = $1",
        f"table:{table}",
    )
    answers = volley_from_processes([evening(ports[number % 2], table, 5 + number) for number in range(8)])
    assert statuses(answers) == {404: 8}
    await connection.close()
    await check_promise(database_url)
