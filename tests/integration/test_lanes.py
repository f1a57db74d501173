"""How a lane makes batches of what comes together, and on how many connections."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from batches import RULES, reserve, room
from holdfast.clock import utc_now
from holdfast.database.connections import Database
from holdfast.engine.claims import Granted, Verdict
from holdfast.engine.committer import Bounds, Committer
from holdfast.engine.settler import Settler
from holdfast.settings import load
from rooms import some_room

BOUNDS = Bounds(
    lanes=1, batch_claims_max=256, lane_claims_max=1_000, place_claims_max=1_000, claim_seconds_max=10.0
)  # fmt: skip


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, load({"DATABASE_URL": database_url, "LANES": "1"}, env_file=None))
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def committer(database: Database) -> Committer:
    return Committer(database, BOUNDS, Settler(utc_now, RULES), stop=lambda: pytest.fail("a lane has died"))


async def batches_of(verdicts: Sequence[Verdict]) -> list[int]:
    """The sizes of the batches, in order: all that is granted in one batch is made at one moment."""
    moments = [verdict.reservation.created_at for verdict in verdicts if isinstance(verdict, Granted)]
    return [moments.count(moment) for moment in sorted(set(moments))]


async def test_who_asks_again_is_in_the_next_batch_but_one(committer: Committer) -> None:
    place = room(some_room())

    async def ask(hour: int, times: int) -> list[Verdict]:
        return [await committer.submit(reserve(place, hour + day * 24, hour + day * 24 + 1)) for day in range(times)]

    async def later(hour: int) -> list[Verdict]:
        # Taken on when the first batch has been taken.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return await ask(hour, 2)

    answers = await asyncio.gather(*(ask(hour, 2) for hour in range(4)), *(later(hour) for hour in range(4, 8)))
    assert await batches_of([verdict for each in answers for verdict in each]) == [4, 4, 4, 4]


async def test_a_lane_keeps_its_connection_while_there_is_work(database: Database, committer: Committer) -> None:
    place = room(some_room())
    await asyncio.gather(*(committer.submit(reserve(place, hour, hour + 1)) for hour in range(20)))
    await committer.drain()
    assert (database.pool.get_size(), database.pool.get_idle_size()) == (1, 1)
