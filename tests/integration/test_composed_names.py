"""What was named before names had one form is found by it afterwards."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from databases import create_database, drop_database
from holdfast.database import migrate
from rooms import OVERLAPS

DECOMPOSED, COMPOSED, NOWHERE_ELSE = "Cafe\u0301", "Café", "Soire\u0301e"
RESERVE = """
INSERT INTO reservations (id, place, room_id, start_time, end_time, created_at, cancelled_at)
SELECT gen_random_uuid(), 'room:' || $1::text, $1, hour, hour + interval '1 hour', now(), CASE WHEN $3 THEN now() END
FROM (SELECT '2030-05-01 00:00Z'::timestamptz + $2::int * interval '1 hour' AS hour) AS hours
"""
SEAT = "INSERT INTO bookings (event_id, user_id) VALUES ($1, $2)"
CHANGED = """
INSERT INTO seat_changes (user_id, event_id, revision, booking_id, change, occurred_at)
VALUES ($2, $1, $3, 1, 'created', now())
"""
USER = "INSERT INTO users (id, email, role, created_at) VALUES (gen_random_uuid(), $1, 'user', now())"


@pytest.fixture
async def old() -> AsyncIterator[Any]:
    """A database as it was before, with a connection to it and its address."""
    url = await create_database()
    await migrate.upgrade(url)
    await migrate.downgrade(url, "0007")
    connection = await asyncpg.connect(url)
    yield connection, url
    await connection.close()
    await drop_database(url)


async def test_two_ways_to_write_a_room_become_one(old: Any) -> None:
    connection, url = old
    for name, known in ((DECOMPOSED, 7), (COMPOSED, 3), (NOWHERE_ELSE, 5), ("plain", 1)):
        await connection.execute(
            "INSERT INTO places (place, kind, id, revision) VALUES ('room:' || $1::text, 'room', $1, $2)", name, known
        )
    for name, hour, is_cancelled in (
        (DECOMPOSED, 1, False),
        (DECOMPOSED, 2, True),
        (COMPOSED, 3, False),
        (NOWHERE_ELSE, 4, False),
        ("plain", 5, False),
    ):
        await connection.execute(RESERVE, name, hour, is_cancelled)
    await migrate.upgrade(url)
    places = await connection.fetch("SELECT place, id, revision FROM places ORDER BY place")
    assert [tuple(each) for each in places] == [
        ("room:Café", "Café", 9),
        ("room:Soirée", "Soirée", 6),
        ("room:plain", "plain", 1),
    ]
    held = await connection.fetch("SELECT place, room_id FROM reservations ORDER BY start_time")
    assert [tuple(each) for each in held] == [
        *[("room:Café", "Café")] * 3,
        ("room:Soirée", "Soirée"),
        ("room:plain", "plain"),
    ]
    assert await connection.fetch(OVERLAPS) == []


async def test_people_keep_their_seats_and_accounts_under_their_one_name(old: Any) -> None:
    connection, url = old
    event = await connection.fetchval("INSERT INTO events (name, total_seats) VALUES ('Concert', 9) RETURNING id")
    for number, person in enumerate(("Zoe\u0308", "ann", "Ame\u0301lie", "Amélie")):
        await connection.execute(SEAT, event, person)
        await connection.execute(CHANGED, event, person, number)
    for email in ("zoe\u0308@example.com", "ame\u0301lie@example.com", "amélie@example.com"):
        await connection.execute(USER, email)
    await migrate.upgrade(url)
    seats = await connection.fetch("SELECT user_id FROM bookings ORDER BY id")
    # Two who had a seat each under two names of one person keep them.
    assert [each["user_id"] for each in seats] == ["Zoë", "ann", "Ame\u0301lie", "Amélie"]
    changes = await connection.fetch("SELECT user_id FROM seat_changes ORDER BY revision")
    assert [each["user_id"] for each in changes] == ["Zoë", "ann", "Amélie", "Amélie"]
    emails = await connection.fetch("SELECT email FROM users WHERE email LIKE '%example.com' ORDER BY email")
    assert {each["email"] for each in emails} == {"zoë@example.com", "ame\u0301lie@example.com", "amélie@example.com"}
