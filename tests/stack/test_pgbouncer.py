"""Holdfast through PgBouncer in transaction mode: everything works, the promise holds, and a pooler may die."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import asyncpg
import httpx
import pytest

from races.ledger import acknowledged, active_ids, check_promise, statuses
from races.volley import volley_from_processes
from service import Service
from stack.pgbouncer import PgBouncer, make_role, through
from stack.requests import reservations

HEALTHY_SECONDS_MAX = 60.0


@pytest.fixture(scope="module")
async def pooler(database_url: str) -> AsyncIterator[PgBouncer]:
    """A pooler of these tests, and the role that it lets in."""
    await make_role()
    with PgBouncer() as pooler:
        yield pooler


@pytest.fixture(scope="module")
async def pooled(pooler: PgBouncer, database_url: str) -> AsyncIterator[Service]:
    """A service of two workers behind it."""
    settings = through(pooler.port, {"DATABASE_URL": database_url, "WORKERS": 2, "RATE_LIMIT_MAX": 0})
    with Service(settings) as service:
        yield service


async def test_overlapping_requests_through_a_pooler_are_settled_rightly(pooled: Service, database_url: str) -> None:
    answers = volley_from_processes(reservations(pooled.port, 25))
    assert statuses(answers).keys() == {201, 409}
    assert acknowledged(answers) <= await active_ids(database_url)
    await check_promise(database_url)


async def test_nothing_is_left_in_sessions_that_somebody_else_gets(
    pooled: Service, pooler: PgBouncer, database_url: str
) -> None:
    await asyncio.to_thread(volley_from_processes, reservations(pooled.port, 10))
    pooled_url = str(through(pooler.port, {"DATABASE_URL": database_url})["DATABASE_URL"])
    connection = await asyncpg.connect(pooled_url, statement_cache_size=0)
    try:
        for _ in range(20):
            assert await connection.fetchval("SELECT count(*) FROM pg_prepared_statements") == 0
            assert await connection.fetchval("SHOW lock_timeout") == "5s"
    finally:
        await connection.close()


async def test_a_pooler_that_dies_loses_nothing_that_was_answered(
    pooled: Service, pooler: PgBouncer, database_url: str
) -> None:
    volleys = [reservations(pooled.port, 8) for _ in range(6)]
    running = [asyncio.create_task(asyncio.to_thread(volley_from_processes, each)) for each in volleys]
    await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    pooler.kill()
    pooler.start()
    answers = [answer for each in await asyncio.gather(*running) for answer in each]
    assert statuses(answers).keys() <= {201, 409, 503}
    assert acknowledged(answers) <= await active_ids(database_url)
    await check_promise(database_url)
    again = await asyncio.to_thread(volley_from_processes, reservations(pooled.port, 1))
    assert statuses(again).keys() == {201, 409}


async def test_every_dependency_is_well_behind_a_pooler(pooled: Service) -> None:
    # Asked again, as on a busy machine an answer may come too late to count.
    async with httpx.AsyncClient(base_url=pooled.url, timeout=30) as http, asyncio.timeout(HEALTHY_SECONDS_MAX):
        while (await http.get("/health")).json()["status"] != "ok":
            pass


def test_migrations_and_checks_go_around_the_pooler(
    pooler: PgBouncer, fresh_database_url: str, start: Callable[..., Service]
) -> None:
    service = start(**through(pooler.port, {"DATABASE_URL": fresh_database_url}))
    deadline = time.monotonic() + HEALTHY_SECONDS_MAX
    while httpx.get(f"{service.url}/health", timeout=30).json()["status"] != "ok":
        assert time.monotonic() < deadline
