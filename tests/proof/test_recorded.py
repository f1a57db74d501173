"""Real clients, real servers that are killed: what was told is what is.

How soon it heals is held to its bounds by `python -m proof.recorded` alone: here other tests share the processors.
"""

import random

from holdfast.database import migrate
from proof.recorded.faults import Machines
from proof.recorded.history import Outcome
from proof.recorded.report import report
from proof.recorded.run import record
from proof.recorded.seats import Told
from races.postgres import Postgres
from redis_server import RedisServer

SECONDS = 12.0
GENTLE = {
    "workers killed",
    "workers told to stop",
    "stalls",
    "all connections reset",
    "workers frozen",
    "messages delayed",
    "requests sent and answers read slowly",
}
HARSH = {
    "PostgreSQL stopped at once",
    "PostgreSQL's first process killed",
    "PostgreSQL's session killed",
    "sessions of PostgreSQL ended",
    "Redis killed",
    "Redis frozen",
    "Redis emptied",
}


async def test_a_recorded_history_under_faults_breaks_no_promise(fresh_database_url: str) -> None:
    seed = random.randrange(1_000_000)
    run = await record(fresh_database_url, SECONDS, seed)
    print(text := report(run, seed))
    assert run.violations == [], text
    # Otherwise nothing is shown.
    assert {call.outcome for call in run.calls} >= {Outcome.OK, Outcome.CONFLICT, Outcome.UNKNOWN}, text
    assert {call.outcome for call in run.seat_calls} >= {Outcome.OK, Told.FULL, Told.ALREADY}, text


async def test_nor_does_one_whose_servers_are_killed() -> None:
    seed = random.randrange(1_000_000)
    with Postgres() as postgres, RedisServer() as redis:
        await migrate.upgrade(postgres.url)
        run = await record(postgres.url, 2 * SECONDS, seed, machines=Machines(postgres, redis))
    print(text := report(run, seed))
    assert run.violations == [], text
    assert run.messages, text
    assert len(run.faults.keys() & (GENTLE | HARSH)) >= 6, text
