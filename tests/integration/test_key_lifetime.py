"""Idempotency keys live for 24 hours: not a minute less, and little longer."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from holdfast.clock import utc_now
from holdfast.engine import housekeeping, statements
from messages import opened
from offices import admin, free_slots, made_room, open_room, user
from rooms import body, some_room
from seats import make_event

DAY, MINUTE = timedelta(hours=24), timedelta(minutes=1)
INSERT = "INSERT INTO idempotency_keys (id, body, claim_id, answer, created_at) VALUES ($1, '', $1, '', $2)"
AGE = "UPDATE idempotency_keys SET created_at = $2 WHERE id = $1"
LATER = datetime(2030, 1, 1, tzinfo=UTC)


async def forget(url: str) -> None:
    """Throw away what has served, once."""
    async with opened(url) as database:
        await housekeeping.forget_old_keys(database.pool, utc_now)


async def known(connection: "asyncpg.Connection") -> set[UUID]:
    """The keys that are remembered."""
    return {row["id"] for row in await connection.fetch("SELECT id FROM idempotency_keys")}


async def test_a_key_is_forgotten_after_a_day_and_not_a_microsecond_sooner(fresh_database_url: str) -> None:
    connection = await asyncpg.connect(fresh_database_url)
    ages = {age: uuid4() for age in (timedelta(), DAY - MINUTE, DAY, DAY + timedelta(microseconds=1), 3 * DAY)}
    for age, key in ages.items():
        await connection.execute(INSERT, key, LATER - age)
    async with opened(fresh_database_url) as database:
        await housekeeping.forget_old_keys(database.pool, lambda: LATER)
    assert await known(connection) == {key for age, key in ages.items() if age <= DAY}
    await connection.close()


async def test_all_old_keys_are_forgotten_however_many(fresh_database_url: str) -> None:
    connection = await asyncpg.connect(fresh_database_url)
    many = 2 * statements.KEYS_FORGOTTEN_AT_ONCE + 1
    await connection.executemany(INSERT, [(uuid4(), utc_now() - DAY - MINUTE) for _ in range(many)])
    await connection.execute(INSERT, young := uuid4(), utc_now() - DAY + MINUTE)
    await forget(fresh_database_url)
    assert await known(connection) == {young}
    await connection.close()


def test_the_house_is_kept_often_enough_that_a_key_lives_hardly_longer() -> None:
    assert timedelta(seconds=1.5 * housekeeping.PAUSE_SECONDS) <= timedelta(minutes=15)


async def test_the_house_is_kept_again_and_again_though_the_database_was_away(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = await asyncpg.connect(fresh_database_url)
    monkeypatch.setattr(housekeeping, "PAUSE_SECONDS", 0.01)
    really, calls = housekeeping.forget_old_keys, 0
    done = asyncio.Event()

    async def once_away(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise OSError
        await really(*arguments)
        done.set()

    monkeypatch.setattr(housekeeping, "forget_old_keys", once_away)
    async with opened(fresh_database_url) as database:
        keeping = asyncio.create_task(housekeeping.keep_house(database.pool, utc_now))
        for _ in range(2):
            await connection.execute(INSERT, uuid4(), utc_now() - DAY - MINUTE)
            done.clear()
            # The first may have begun before the key was there, the second has not.
            for _ in range(2):
                await asyncio.wait_for(done.wait(), 30)
                done.clear()
            assert await known(connection) == set()
        keeping.cancel()
    await connection.close()


async def asked(
    http: httpx.AsyncClient, connection: "asyncpg.Connection", door: str
) -> tuple[str, Any, dict[str, str]]:
    """A request that makes something through a door: path, body, headers."""
    table = {"name": "a", "seats": 2, "location": "b"}
    wanted: tuple[str, Any, dict[str, str]] = ("/tables", table, admin())
    match door:
        case "range":
            wanted = "/reservations", body(some_room(), 1, 2), user()
        case "evening":
            table_id = (await http.post("/tables", json=table, headers=admin())).json()["id"]
            evening = {"table_id": table_id, "customer_name": "A", "reservation_time": "2030-05-01T19:00:00Z"}
            wanted = "/reservations", evening | {"duration_minutes": 30}, user()
        case "slot":
            slot = (await free_slots(http, await open_room(http)))[0]["id"]
            wanted = "/bookings/create", {"slotId": slot}, user()
        case "seat":
            event = await make_event(connection, 5)
            wanted = "/api/bookings/reserve", {"event_id": event, "user_id": "anna"}, user()
        case "room":
            wanted = "/rooms/create", {"name": "Blue"}, admin()
        case "schedule":
            hours = {"daysOfWeek": [1], "startTime": "09:00", "endTime": "10:00"}
            wanted = f"/rooms/{await made_room(http)}/schedule/create", hours, admin()
        case "event":
            wanted = "/api/events", {"name": "Jazz", "total_seats": 5}, admin()
    return wanted


@pytest.mark.parametrize("door", ["range", "evening", "slot", "seat", "room", "schedule", "event", "table"])
async def test_a_request_is_repeated_for_a_day_through_every_door(
    http: httpx.AsyncClient, connection: "asyncpg.Connection", database_url: str, door: str
) -> None:
    path, content, headers = await asked(http, connection, door)
    headers |= {"Idempotency-Key": str(uuid4())}
    before = await known(connection)
    first = await http.post(path, json=content, headers=headers)
    assert first.status_code == 201, first.text
    [key] = await known(connection) - before
    for age, is_repeated in ((DAY - MINUTE, True), (DAY + MINUTE, False)):
        await connection.execute(AGE, key, utc_now() - age)
        await forget(database_url)
        again = await http.post(path, json=content, headers=headers)
        assert ("idempotency-replayed" in again.headers) == is_repeated, again.text
        assert (again.text == first.text) == is_repeated
