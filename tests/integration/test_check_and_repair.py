"""`holdfast check` finds what was typed in wrongly, and `holdfast repair` mends it while bookings go on."""

import asyncio

import asyncpg
import httpx
import pytest

from holdfast.upkeep import invariants
from seats import WRONG_SEATS, make_event, seat
from service import Service
from terminal import holdfast

BY_HAND = "INSERT INTO bookings (event_id, user_id) SELECT $1, 'hand' || n FROM generate_series(1, $2::int) n"


async def test_a_sound_database_is_found_sound(fresh_database_url: str) -> None:
    connection = await asyncpg.connect(fresh_database_url)
    await seat(connection, await make_event(connection, 5), "anna")
    await connection.close()
    done = await asyncio.to_thread(holdfast, "check", DATABASE_URL=fresh_database_url)
    assert (done.returncode, done.stderr) == (0, "")
    assert "rightly" in done.stdout
    assert (await asyncio.to_thread(holdfast, "repair", DATABASE_URL=fresh_database_url)).stdout == "0 mended\n"


async def test_what_was_typed_in_is_found_and_mended(fresh_database_url: str) -> None:
    connection = await asyncpg.connect(fresh_database_url)
    more, fewer = await make_event(connection, 10), await make_event(connection, 10)
    for name in ("anna", "boris"):
        await seat(connection, fewer, name)
    await connection.execute(BY_HAND, more, 3)
    await connection.execute("DELETE FROM bookings WHERE event_id = $1 AND user_id = 'anna'", fewer)
    found = await asyncio.to_thread(holdfast, "check", DATABASE_URL=fresh_database_url)
    assert found.returncode == 1
    assert f"event {more}, Концерт: 3 bookings, 0 counted, 10 seats" in found.stdout
    assert f"event {fewer}, Концерт: 1 bookings, 2 counted, 10 seats" in found.stdout
    mended = await asyncio.to_thread(holdfast, "repair", DATABASE_URL=fresh_database_url)
    assert mended.stdout == f"event {more}: 0 became 3\nevent {fewer}: 2 became 1\n2 mended\n"
    assert not await connection.fetch(WRONG_SEATS)
    # Who keeps an answer by the revision must hear of it.
    assert await connection.fetchval("SELECT revision FROM events WHERE id = $1", more) == 1
    kinds = await connection.fetch("SELECT type FROM outbox WHERE place = $1", f"event:{more}")
    assert [row["type"] for row in kinds] == ["event.repaired"]
    await connection.close()


SOUND = """
INSERT INTO places (place, kind, id, revision) VALUES ('room:1', 'room', '1', 0), ('table:7', 'table', '7', 0);
INSERT INTO reservations (id, place, room_id, start_time, end_time, created_at)
    VALUES (gen_random_uuid(), 'room:1', '1', '2030-05-01 10:00Z', '2030-05-01 12:00Z', now());
INSERT INTO events (name, total_seats, revision) VALUES ('Концерт', 3, 4);
INSERT INTO outbox (place, revision, id, type, occurred_at, data)
    SELECT 'event:' || id, n, gen_random_uuid(), 'test', now(), '{}' FROM events, generate_series(2, 4) n
"""
RESERVE = """
INSERT INTO reservations (id, place, room_id, start_time, end_time, created_at, details, type)
SELECT gen_random_uuid(), r.place, r.room, r.start::timestamptz, r.over::timestamptz, now(), r.details::jsonb,
    CASE WHEN r.details IS NOT NULL THEN 'slot' WHEN r.place LIKE 'table:%%' THEN 'table' ELSE 'range' END
FROM (VALUES (%s, %s, %s, %s, %s)) AS r (place, room, start, over, details)
"""
TWO = "INSERT INTO bookings (event_id, user_id) SELECT id, 'anna' FROM events, generate_series(1, 2)"
DROPPED = "ALTER TABLE bookings DROP CONSTRAINT uq_bookings_event_id_user_id"
GAP = "DELETE FROM outbox WHERE revision = 3"


@pytest.mark.parametrize(
    ("planted", "sentence", "line"),
    [
        (
            RESERVE % ("'room:1'", "'1'", "'2030-05-01 11:00Z'", "'2030-05-01 13:00Z'", "NULL"),
            "No two active reservations of a place overlap",
            "room:1: what begins at 2030-05-01 11:00:00+00 overlaps what ends at 2030-05-01 12:00:00+00",
        ),
        (
            RESERVE % ("'room:1'", "'1'", "'2030-05-02 11:00Z'", "'2030-05-02 11:00Z'", "NULL"),
            "Every reservation fits its place, and ends after it begins",
            "at room:1: ends before it begins",
        ),
        (
            RESERVE % ("'room:2'", "'2'", "'2030-05-02 11:00Z'", "'2030-05-02 12:00Z'", "NULL"),
            "Every reservation fits its place, and ends after it begins",
            "at room:2: the place has no row to lock",
        ),
        (
            RESERVE % ("'room:1'", "'2'", "'2030-05-02 11:00Z'", "'2030-05-02 12:00Z'", "NULL"),
            "Every reservation fits its place, and ends after it begins",
            "at room:1: its room is said to be 2",
        ),
        (
            "UPDATE places SET kind = 'table' WHERE place = 'room:1'; UPDATE reservations SET room_id = NULL",
            "Every place is called what it is",
            "place room:1 says that it is table 1",
        ),
        (
            RESERVE % ("'room:1'", "'1'", "'2030-05-02 11:00Z'", "'2030-05-02 11:30Z'", "'{}'"),
            "Every booking is half an hour of a managed room",
            "in room 1: there is no such room",
        ),
        (
            RESERVE % ("'table:7'", "NULL", "now() + interval '1 hour'", "now() + interval '2 hours'", "NULL"),
            "Every table that is reserved is there",
            "at table:7: there is no such table",
        ),
        (
            f"{DROPPED}; {TWO}; UPDATE events SET booked_seats = 2",
            "Nobody has two seats at one event",
            "anna has 2 seats",
        ),
        (GAP, "Every change has its message, and every message its change", "2 messages from 2 to 4 are kept"),
        (
            "UPDATE events SET revision = 5",
            "Every change has its message, and every message its change",
            "3 messages from 2 to 4 are kept, and its revision is 5",
        ),
    ],
)
async def test_what_must_not_be_is_found(fresh_database_url: str, planted: str, sentence: str, line: str) -> None:
    connection = await asyncpg.connect(fresh_database_url)
    await connection.execute("SET timezone = 'UTC'")
    await connection.execute(SOUND)
    assert await invariants.broken(connection, lambda _: None) == []
    await connection.execute(planted)
    all_found = await invariants.broken(connection, lambda _: None)
    await connection.close()
    [found] = [each for each in all_found if each.invariant.sentence == sentence]
    assert len(all_found) == 1 or "DROP CONSTRAINT" in planted
    assert len(found.lines) == 1
    assert line in found.lines[0]
    told = await asyncio.to_thread(holdfast, "check", DATABASE_URL=fresh_database_url)
    assert (told.returncode, told.stderr) == (1, f"holdfast: {len(all_found)} of {len(invariants.INVARIANTS)} wrong\n")
    assert f"Not so: {sentence}" in told.stdout


async def test_more_bookings_than_seats_are_told_and_stay(fresh_database_url: str) -> None:
    """Whose seat to take away is not for a program to decide."""
    connection = await asyncpg.connect(fresh_database_url)
    event = await make_event(connection, 2)
    await connection.execute(BY_HAND, event, 3)
    assert (await asyncio.to_thread(holdfast, "repair", DATABASE_URL=fresh_database_url)).returncode == 0
    found = await asyncio.to_thread(holdfast, "check", DATABASE_URL=fresh_database_url)
    assert found.returncode == 1
    assert "3 bookings, 3 counted, 2 seats" in found.stdout
    await connection.close()


async def test_a_repair_in_mid_load_loses_no_booking(
    service: Service, http: httpx.AsyncClient, connection: "asyncpg.Connection", database_url: str
) -> None:
    events = [await make_event(connection, 10_000) for _ in range(4)]
    over = asyncio.Event()

    async def load(client: int) -> int:
        number = 0
        while not over.is_set():
            number += 1
            body = {"event_id": events[number % 4], "user_id": f"{client}-{number}"}
            answer = await http.post("/api/bookings/reserve", json=body)
            assert answer.status_code == 201, answer.text
        return number

    clients = [asyncio.create_task(load(each)) for each in range(8)]
    for _ in range(3):
        for event in events:
            await connection.execute("DELETE FROM bookings WHERE event_id = $1 AND user_id LIKE 'hand%'", event)
            await connection.execute(BY_HAND, event, 5)
        done = await asyncio.to_thread(holdfast, "repair", DATABASE_URL=database_url)
        assert done.returncode == 0, done.stderr
    over.set()
    booked = sum(await asyncio.gather(*clients))
    await asyncio.to_thread(holdfast, "repair", DATABASE_URL=database_url)
    wrong = {row["id"] for row in await connection.fetch(WRONG_SEATS)}
    assert not wrong & set(events)
    total = await connection.fetchval("SELECT sum(booked_seats) FROM events WHERE id = ANY($1)", events)
    assert total == booked + 4 * 5


async def test_a_database_that_is_away_is_said_in_one_line() -> None:
    url = "postgresql://postgres@127.0.0.1:1/none"
    for command in ("check", "repair"):
        done = await asyncio.to_thread(
            holdfast, command, DATABASE_URL=url, DATABASE_WAIT_SECONDS_MAX="0.2", MIGRATE_ON_START="false"
        )
        assert done.returncode == 2
        assert done.stderr.startswith("holdfast: ")
        assert done.stderr.count("\n") == 1
