"""How long `holdfast check` takes over a large database: `python bench/whole.py --rows 10000000`.

Nine of ten rows are reservations, one in eight of those a booking of a managed room; the others are seats at events.
"""

from itertools import pairwise
from time import perf_counter
from typing import Annotated

import asyncpg
import typer

import postgres
from holdfast.upkeep import invariants
from holdfast.upkeep.invariants import Invariant

ROOMS, EVENTS = 1_000, 1_000
PLACES = """
INSERT INTO rooms (id, name, created_at)
SELECT lpad(n::text, 32, '0')::uuid, 'room ' || n, now() FROM generate_series(1, $1::int) n
"""
ROOMS_TO_LOCK = """
INSERT INTO places (place, kind, id) SELECT 'room:' || id, 'room', id::text FROM rooms
"""
RESERVATIONS = """
INSERT INTO reservations (
    id, place, room_id, start_time, end_time, created_at, user_id, cancelled_at, details, state, type
)
SELECT gen_random_uuid(), 'room:' || m.id, m.id::text, t, t + interval '30 minutes', now(), gen_random_uuid(),
    CASE WHEN n % 4 = 0 THEN now() END, CASE WHEN n % 8 = 1 THEN '{"conference_link": null}'::jsonb END,
    CASE WHEN n % 4 = 0 THEN 'cancelled' ELSE 'confirmed' END, CASE WHEN n % 8 = 1 THEN 'slot' ELSE 'range' END
FROM rooms m, generate_series(1, $1::int) n, LATERAL (SELECT timestamptz '2030-01-01' + n * interval '30 minutes') x (t)
"""
EVENTS_FULL = """
INSERT INTO events (name, total_seats, booked_seats) SELECT 'event ' || n, $2, $2 FROM generate_series(1, $1::int) n
"""
SEATS = "INSERT INTO bookings (event_id, user_id) SELECT id, 'user-' || n FROM events, generate_series(1, $1::int) n"
MESSAGES = """
INSERT INTO outbox (place, revision, id, type, occurred_at, data)
SELECT place, n, gen_random_uuid(), 'test', now(), '{}' FROM places, generate_series(1, 100) n
"""
RAISED = "UPDATE places SET revision = 100"


def main(rows: Annotated[int, typer.Option(min=10_000, help="Reservations and seats in all")] = 10_000_000) -> None:
    """Fill a database of our own, and time each invariant."""
    with postgres.running() as url:
        print(f"filling {rows:,} rows", flush=True)
        postgres.ask(url, lambda connection: _fill(connection, rows))
        postgres.ask(url, _check)


async def _fill(connection: "asyncpg.Connection", rows: int) -> None:
    await connection.execute(PLACES, ROOMS)
    await connection.execute(ROOMS_TO_LOCK)
    await connection.execute(RESERVATIONS, rows * 9 // 10 // ROOMS)
    await connection.execute(EVENTS_FULL, EVENTS, rows // 10 // EVENTS)
    await connection.execute(SEATS, rows // 10 // EVENTS)
    await connection.execute(MESSAGES)
    await connection.execute(RAISED)
    await connection.execute("VACUUM ANALYZE")
    await postgres.checkpoint(connection)


async def _check(connection: "asyncpg.Connection") -> None:
    begun: list[tuple[float, Invariant | None]] = []
    found = await invariants.broken(connection, lambda each: begun.append((perf_counter(), each)))
    begun.append((perf_counter(), None))
    for (start, invariant), (end, _) in pairwise(begun):
        assert invariant is not None
        print(f"{end - start:7.2f} s  {invariant.sentence}")
    print(f"{begun[-1][0] - begun[0][0]:7.2f} s  in all; {len(found)} broken")


if __name__ == "__main__":
    typer.run(main)
