"""The office that `holdfast seed` makes, looked at with SQL and through a service."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from holdfast.engine.claims import Interval
from holdfast.rooms import slots
from holdfast.rooms.slots import slot_id
from holdfast.seeding import plan
from holdfast.seeding.service import TOTAL, Overlap, Report, seed, words
from service import Service
from terminal import holdfast
from tokens import SECRET

NOW = datetime.now(UTC)
COST = 4
NOTHING = Report(0, 0, 0)


def nothing(_: int) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
async def office(database_url: str) -> str:
    """A database that was seeded once; nobody changes it."""
    steps: list[int] = []
    assert await seed(database_url, NOW, COST, steps.append) == Report(10_000, 50, 100_000)
    assert sum(steps) == TOTAL
    return database_url


@pytest.fixture
async def sql(office: str) -> "AsyncIterator[asyncpg.Connection]":
    """A connection to look at it."""
    connection = await asyncpg.connect(office)
    yield connection
    await connection.close()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A smaller office."""
    monkeypatch.setattr(plan, "NAMES", plan.NAMES[:3])
    monkeypatch.setattr(plan, "USERS", 10)


async def test_done_twice_it_is_done_once(office: str) -> None:
    assert await seed(office, NOW, COST, nothing) == NOTHING
    assert await seed(office, NOW + timedelta(days=3), COST, nothing) == NOTHING
    assert "nothing was changed" in words(NOTHING)


async def test_past_and_future_are_booked_and_some_bookings_were_cancelled(sql: "asyncpg.Connection") -> None:
    past, future, cancelled = await sql.fetchrow(
        "SELECT count(*) FILTER (WHERE start_time < $1), count(*) FILTER (WHERE start_time >= $1),"
        " count(*) FILTER (WHERE cancelled_at IS NOT NULL) FROM reservations",
        NOW,
    )
    assert past + future == 100_000
    assert past > 50_000
    assert future > 15_000
    assert cancelled == 10_000


async def test_nothing_overlaps_nor_ever_did(sql: "asyncpg.Connection") -> None:
    overlaps = """
        SELECT count(*) FROM reservations a JOIN reservations b
        ON a.place = b.place AND a.id < b.id AND a.start_time < b.end_time AND b.start_time < a.end_time
        AND a.created_at < coalesce(b.cancelled_at, 'infinity') AND b.created_at < coalesce(a.cancelled_at, 'infinity')
    """
    assert await sql.fetchval(overlaps) == 0


async def test_nobody_booked_in_the_future_or_after_the_slot(sql: "asyncpg.Connection") -> None:
    wrong = "SELECT count(*) FROM reservations WHERE created_at > $1 OR created_at > start_time OR cancelled_at > $1"
    assert await sql.fetchval(wrong, NOW) == 0


async def test_every_booking_is_on_a_slot_that_is_stored(sql: "asyncpg.Connection") -> None:
    rooms = {str(room.id): room.schedule for room in plan.rooms(NOW)}
    stored = {row["id"] for row in await sql.fetch("SELECT id FROM slots")}
    for row in await sql.fetch("SELECT room_id, start_time, end_time FROM reservations"):
        room_id, start, end = row
        schedule = rooms[room_id]
        assert schedule is not None
        assert slots.is_slot(schedule, Interval(start, end))
        assert slot_id(UUID(room_id), start) in stored


async def test_every_booking_belongs_to_somebody(sql: "asyncpg.Connection") -> None:
    strays = "SELECT count(*) FROM reservations WHERE user_id NOT IN (SELECT id FROM users) OR details IS NULL"
    assert await sql.fetchval(strays) == 0


async def test_every_room_has_one_message_and_the_revision_that_it_names(sql: "asyncpg.Connection") -> None:
    rows = await sql.fetch(
        "SELECT p.revision, o.revision AS told, o.type, o.data->>'bookings' AS bookings"
        " FROM places p JOIN outbox o USING (place)"
    )
    assert {tuple(row) for row in rows} == {(1, 1, "room.seeded", "2000")}
    assert len(rows) == 50


def test_a_working_day_has_a_thousand_slots() -> None:
    monday = date(2030, 6, 3)
    rooms = [(room.id, room.schedule) for room in plan.rooms(NOW) if room.schedule is not None]
    assert sum(len(slots.of_day(*room, monday)) for room in rooms) == 1_000
    assert sum(bool(slots.of_day(*room, monday + timedelta(days=5))) for room in rooms) == 2


async def test_the_office_is_open(office: str, start: Callable[..., Service]) -> None:
    service = start(DATABASE_URL=office, JWT_SECRET=SECRET, PASSWORD_COST=COST)
    async with httpx.AsyncClient(base_url=service.url, timeout=30) as http:

        async def get(path: str, token: str) -> Any:
            answer = await http.get(path, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 200, answer.text
            return answer.json()

        admin = (await http.post("/dummyLogin", json={"role": "admin"})).json()["token"]
        assert (await get("/bookings/list?page=5000", admin))["pagination"]["total"] == 100_000
        login = {"email": "user00001@example.com", "password": plan.PASSWORD}
        user = (await http.post("/login", json=login)).json()["token"]
        rooms = (await get("/rooms/list", user))["rooms"]
        assert [room["name"] for room in rooms] == list(plan.NAMES)
        days = [NOW.date() + timedelta(days=number) for number in range(1, 8)]
        listed = [await get(f"/rooms/{rooms[0]['id']}/slots/list?date={day}", user) for day in days]
        free = sum(len(answer["slots"]) for answer in listed)
        assert 0 < free < 5 * 20


@pytest.mark.usefixtures("small")
async def test_two_who_seed_at_once_seed_once(fresh_database_url: str) -> None:
    reports = await asyncio.gather(*(seed(fresh_database_url, NOW, COST, nothing) for _ in range(2)))
    assert sum(report.rooms for report in reports) == 3
    assert sum(report.users for report in reports) == 10
    assert sum(report.bookings for report in reports) == 6_000


@pytest.mark.usefixtures("small")
async def test_what_was_broken_off_is_finished_another_day(
    fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(plan, "NAMES", plan.NAMES[:1])
        patch.setattr(plan, "USERS", 5)
        assert await seed(fresh_database_url, NOW, COST, nothing) == Report(5, 1, 2_000)
    assert await seed(fresh_database_url, NOW + timedelta(days=2), COST, nothing) == Report(5, 2, 4_000)


@pytest.mark.usefixtures("small")
async def test_what_is_reserved_already_stays_reserved(fresh_database_url: str) -> None:
    room = plan.rooms(NOW)[0]
    start, end = NOW, NOW + timedelta(days=30)
    connection = await asyncpg.connect(fresh_database_url)
    await connection.execute("INSERT INTO places VALUES ($1, 'room', $2, 7)", room.place.key, room.place.id)
    await connection.execute(
        "INSERT INTO reservations (id, place, room_id, start_time, end_time, created_at)"
        " VALUES (gen_random_uuid(), $1, $2, $3, $4, $3)",
        room.place.key,
        room.place.id,
        start,
        end,
    )
    assert (await seed(fresh_database_url, NOW, COST, nothing)).rooms == 3
    inside = "SELECT count(*) FROM reservations WHERE place = $1 AND start_time < $3 AND end_time > $2"
    assert await connection.fetchval(inside, room.place.key, start, end) == 1
    assert await connection.fetchval("SELECT revision FROM places WHERE place = $1", room.place.key) == 8
    await connection.close()


@pytest.mark.usefixtures("small")
async def test_an_overlap_is_told_of(fresh_database_url: str) -> None:
    await seed(fresh_database_url, NOW, COST, nothing)
    connection = await asyncpg.connect(fresh_database_url)
    await connection.execute(
        "INSERT INTO reservations (id, place, room_id, start_time, end_time, created_at) SELECT gen_random_uuid(),"
        " place, room_id, start_time, end_time, created_at FROM reservations WHERE cancelled_at IS NULL LIMIT 1"
    )
    await connection.close()
    with pytest.raises(Overlap):
        await seed(fresh_database_url, NOW, COST, nothing)


def test_a_public_server_is_not_seeded_unasked() -> None:
    done = holdfast("seed", PRODUCTION="true", ACCESS="open", JWT_SECRET=SECRET)
    assert done.returncode == 1
    assert "--yes" in done.stderr


async def test_the_command_says_that_nothing_was_changed(office: str) -> None:
    done = await asyncio.to_thread(holdfast, "seed", DATABASE_URL=office)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip().splitlines()[-1] == words(NOTHING)
