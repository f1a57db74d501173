"""The office that `holdfast seed` makes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import bcrypt
import pytest

from databases import create_database, drop_database
from holdfast.database import migrate
from holdfast.rooms.slots import of_day
from holdfast.seeding import office
from holdfast.seeding.seed import seed
from races.ledger import check_promise

NOW = datetime(2030, 5, 1, 15, tzinfo=UTC)


def nothing(*_: object) -> None:
    """Tells nobody how far it is."""


@pytest.fixture(scope="module")
async def url() -> AsyncIterator[str]:
    """A database with the office."""
    url = await create_database()
    await migrate.upgrade(url)
    assert await seed(url, NOW, 4, nothing)
    yield url
    await drop_database(url)


async def test_there_is_as_much_as_is_promised(url: str) -> None:
    connection = await asyncpg.connect(url)
    count = connection.fetchval
    assert await count("SELECT count(*) FROM rooms") == 50
    assert await count("SELECT count(*) FROM users WHERE email LIKE '%@holdfast.example'") == 10_000
    assert await count("SELECT count(*) FROM reservations") == 100_000
    assert await count("SELECT count(*) FROM reservations WHERE cancelled_at IS NOT NULL") == 10_000
    assert await count("SELECT count(*) FROM reservations WHERE start_time < $1", NOW) > 20_000
    assert await count("SELECT count(*) FROM reservations WHERE start_time > $1", NOW) > 20_000
    assert await count("SELECT count(*) FROM reservations WHERE created_at > $1 OR created_at > start_time", NOW) == 0
    await connection.close()


async def test_nothing_is_given_twice_and_every_revision_has_its_message(url: str) -> None:
    await check_promise(url)


async def test_bookings_are_on_slots(url: str) -> None:
    connection = await asyncpg.connect(url)
    without = """
    SELECT count(*) FROM reservations r
    WHERE NOT EXISTS (SELECT FROM slots s WHERE s.room_id::text = r.room_id AND s.start_time = r.start_time)
    """
    assert await connection.fetchval(without) == 0
    slots = {row["id"] for row in await connection.fetch("SELECT id FROM slots")}
    room = office.rooms()[0]
    days = (NOW.date() + timedelta(days=number) for number in range(-office.DAYS_BEFORE, office.DAYS_AFTER))
    assert slots & {slot.id for day in days for slot in of_day(room.id, room.schedule, day)}
    await connection.close()


async def test_a_second_time_changes_nothing(url: str) -> None:
    assert not await seed(url, NOW + timedelta(days=40), 4, nothing)


async def test_everybody_has_the_known_password(url: str) -> None:
    connection = await asyncpg.connect(url)
    hashed = await connection.fetchval("SELECT password_hash FROM users WHERE email = $1", office.email(1))
    assert bcrypt.checkpw(office.PASSWORD.encode(), hashed.encode())
    await connection.close()


async def test_what_was_cancelled_was_made_before(url: str) -> None:
    connection = await asyncpg.connect(url)
    query = "SELECT count(*) FROM reservations WHERE cancelled_at <= created_at OR cancelled_at > $1"
    assert await connection.fetchval(query, NOW) == 0
    await connection.close()
