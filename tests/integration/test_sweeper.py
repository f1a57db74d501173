"""The sweeper ends holds that have expired, some at a time, and tells of each; without it nothing is wrong."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import asyncpg
import pytest

from batches import RULES, confirm, grant, hold, messages, name, reserve, room, settle
from holdfast.clock import utc_now
from holdfast.database.connections import Database
from holdfast.engine.claims import Place, Reservation
from holdfast.engine.committer import Bounds, Committer
from holdfast.engine.settler import Settler
from holdfast.kinds import KINDS
from holdfast.reservations import sweeper
from holdfast.reservations.sweeper import Sweeper
from messages import opened
from moved_time import later, move_time
from relays import RelayProcess
from rooms import some_room
from service import Service

BOUNDS = Bounds(lanes=2, batch_claims_max=64, lane_claims_max=999, place_claims_max=999, claim_seconds_max=5.0)
STATE = "SELECT state, cancelled_at IS NULL FROM reservations WHERE id = $1"
TOLD = "SELECT EXISTS (SELECT FROM outbox WHERE place = $1 AND type = 'reservation.expired')"
SECONDS_MAX = 60.0
"""A relay in a process of its own takes some seconds to start."""
ENDED = [(1, "reservation.held"), (2, "reservation.expired")]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        yield database


@pytest.fixture
def sweeps(database: Database) -> Sweeper:
    """A sweeper with a committer of its own."""
    committer = Committer(database, BOUNDS, Settler(utc_now, RULES), stop=lambda: pytest.fail("a lane has died"))
    return Sweeper(database, committer, 1, KINDS.names)


async def held(connection: "asyncpg.Connection", seconds: int = 60) -> Reservation:
    """A hold of a new room."""
    place = room(some_room())
    await name(connection, place)
    return await grant(connection, hold(place, 10, 11, seconds))


async def state(connection: "asyncpg.Connection", reservation: Reservation) -> tuple[str, bool]:
    """A reservation's state, and whether it takes its place."""
    found, takes = await connection.fetchrow(STATE, reservation.id)
    return found, takes


async def test_what_was_typed_for_no_place_there_is_stops_nobody(
    connection: "asyncpg.Connection", sweeps: Sweeper
) -> None:
    made = await held(connection)
    typed = "UPDATE reservations SET place = 'hall:1' WHERE id = $1"
    await connection.execute(typed, (await held(connection)).id)
    async with later(connection, 61):
        await sweeps.sweep()
    assert await state(connection, made) == ("expired", False)
    await connection.execute("DELETE FROM reservations WHERE place = 'hall:1'")


async def test_what_has_expired_is_ended_and_told(connection: "asyncpg.Connection", sweeps: Sweeper) -> None:
    made = await held(connection)
    async with later(connection, 61):
        assert not await sweeps.sweep()
    assert await state(connection, made) == ("expired", False)
    assert await messages(connection, made.place) == ENDED


async def test_what_lives_or_was_confirmed_is_left_alone(connection: "asyncpg.Connection", sweeps: Sweeper) -> None:
    lives, confirmed, ordinary = await held(connection, 600), await held(connection), room(some_room())
    await settle(connection, confirm(confirmed))
    await name(connection, ordinary)
    made = await grant(connection, reserve(ordinary, 10, 11))
    async with later(connection, 61):
        await sweeps.sweep()
    assert await state(connection, lives) == ("held", True)
    assert await state(connection, confirmed) == ("confirmed", True)
    assert await state(connection, made) == ("confirmed", True)


async def test_some_are_ended_at_a_time(
    connection: "asyncpg.Connection", sweeps: Sweeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeper, "AT_ONCE", 2)
    made = [await held(connection, seconds) for seconds in (30, 10, 20)]
    async with later(connection, 61):
        assert await sweeps.sweep()
        assert [(await state(connection, each))[0] for each in made] == ["held", "expired", "expired"]
        assert not await sweeps.sweep()
    assert await state(connection, made[0]) == ("expired", False)


async def test_two_that_sweep_at_once_tell_once(connection: "asyncpg.Connection", database: Database) -> None:
    committers = [
        Committer(database, BOUNDS, Settler(utc_now, RULES), stop=lambda: pytest.fail("a lane has died"))
        for _ in range(2)
    ]
    made = [await held(connection) for _ in range(20)]
    async with later(connection, 61):
        await asyncio.gather(*(Sweeper(database, each, 1, KINDS.names).sweep() for each in committers))
    for each in made:
        assert await messages(connection, each.place) == ENDED


async def told(connection: "asyncpg.Connection", place: Place) -> None:
    """Returns when it was told that the hold of a place has expired."""
    deadline = time.monotonic() + SECONDS_MAX
    while not await connection.fetchval(TOLD, place.key):
        assert time.monotonic() < deadline, "nobody has swept"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


async def test_a_service_sweeps(fresh_database_url: str, stack: ExitStack) -> None:
    stack.enter_context(Service({"DATABASE_URL": fresh_database_url, "SWEEP_SECONDS": 0.05}))
    await check_swept(fresh_database_url)


async def test_a_relay_alone_sweeps_where_services_do_not_publish(fresh_database_url: str, stack: ExitStack) -> None:
    stack.enter_context(Service({"DATABASE_URL": fresh_database_url, "RELAY": "false", "SWEEP_SECONDS": 0.05}))
    stack.enter_context(RelayProcess({"DATABASE_URL": fresh_database_url, "SWEEP_SECONDS": 0.05}))
    await check_swept(fresh_database_url)


async def check_swept(url: str) -> None:
    """A hold that expires is swept by some process."""
    connection = await asyncpg.connect(url)
    made = await held(connection)
    await move_time(connection, 61)
    await told(connection, made.place)
    assert await state(connection, made) == ("expired", False)
    await connection.close()
