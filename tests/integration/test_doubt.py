"""An error with which the database says nothing of a commit is doubt: it is looked up, and told once and truly."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from batches import RULES, reserve, room
from holdfast.clock import utc_now
from holdfast.database.connections import Database
from holdfast.engine import transaction, writing
from holdfast.engine.claims import Granted, Seated
from holdfast.engine.committer import Bounds, Committer
from holdfast.engine.settler import Settler
from holdfast.settings import load
from rooms import some_room
from seats import book, make_event

BOUNDS = Bounds(lanes=1, batch_claims_max=64, lane_claims_max=99, place_claims_max=99, claim_seconds_max=5.0)
STATES = ["XX000", "XX001", "XX002", "XX999", "08000", "08006", "08P01", "57P01", "57P02", "57P03", "57P05", "58000",
          "58030", "40003", "ZZ123"]  # fmt: skip
COUNT = "SELECT count(*) FROM reservations WHERE place = $1 AND cancelled_at IS NULL"


def said(sqlstate: str) -> asyncpg.PostgresError:
    """What the driver raises when the server says this."""
    return asyncpg.PostgresError.new({"C": sqlstate, "M": "a node was lost", "S": "ERROR"})


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, load({"DATABASE_URL": database_url}, env_file=None))
    await database.open()
    yield database
    await database.close()


def fails(monkeypatch: pytest.MonkeyPatch, module: Any, sqlstate: str, *, after: bool, times: int = 1) -> None:
    """Have the next writes of a module fail so, before or after they are committed."""
    write, left = module.write, [times]

    async def failing(connection: Any, changes: Any) -> None:
        if changes.messages[0].type == "place.checked" or not left[0]:
            return await write(connection, changes)
        left[0] -= 1
        if after:
            await write(connection, changes)
        raise said(sqlstate)

    monkeypatch.setattr(module, "write", failing)


@pytest.mark.parametrize("after", [True, False], ids=["committed", "not committed"])
@pytest.mark.parametrize("sqlstate", STATES)
async def test_a_reservation_is_made_once(
    database: Database, connection: "asyncpg.Connection", monkeypatch: pytest.MonkeyPatch, sqlstate: str, after: bool
) -> None:
    committer = Committer(database, BOUNDS, Settler(utc_now, RULES), stop=lambda: pytest.fail("a lane has died"))
    place = room(some_room())
    fails(monkeypatch, writing, sqlstate, after=after)
    # Two, so that what is nobody's fault is not one's.
    claims = [committer.submit(reserve(place, hour, hour + 1)) for hour in (1, 3)]
    answers = await asyncio.gather(*claims)
    assert all(isinstance(each, Granted) for each in answers)
    assert await connection.fetchval(COUNT, place.key) == 2


@pytest.mark.parametrize("after", [True, False], ids=["committed", "not committed"])
@pytest.mark.parametrize("sqlstate", ["XX000", "57P01", "08006", "ZZ123"])
async def test_a_seat_is_booked_once(
    database: Database, connection: "asyncpg.Connection", monkeypatch: pytest.MonkeyPatch, sqlstate: str, after: bool
) -> None:
    committer = Committer(database, BOUNDS, Settler(utc_now, RULES), stop=lambda: pytest.fail("a lane has died"))
    event = await make_event(connection, 5)
    fails(monkeypatch, writing, sqlstate, after=after)
    answers = await asyncio.gather(*(committer.submit(book(event, name)) for name in ("anna", "boris")))
    assert all(isinstance(each, Seated) for each in answers)
    assert await connection.fetchval("SELECT count(*) FROM bookings WHERE event_id = $1", event) == 2


@pytest.mark.parametrize("sqlstate", ["XX000", "XX002"])
async def test_one_that_always_fails_is_told_so_and_nothing_is_made(
    database: Database, connection: "asyncpg.Connection", monkeypatch: pytest.MonkeyPatch, sqlstate: str
) -> None:
    committer = Committer(database, BOUNDS, Settler(utc_now, RULES), stop=lambda: pytest.fail("a lane has died"))
    place = room(some_room())
    fails(monkeypatch, writing, sqlstate, after=False, times=9)
    with pytest.raises(asyncpg.InternalServerError):
        await committer.submit(reserve(place, 1, 2))
    assert await connection.fetchval(COUNT, place.key) == 0


@pytest.mark.parametrize("sqlstate", ["HF001", "23505", "22003", "42P01", "53100", "57014", "40001", "40P01", "P0001"])
def test_what_the_server_knows_is_no_doubt(sqlstate: str) -> None:
    assert not transaction.tells_nothing(said(sqlstate))
