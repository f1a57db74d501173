"""Migrations: up, down, and by several processes at once."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from databases import empty_database
from holdfast.database import migrate
from holdfast.engine import writing
from holdfast.outbox import queries as outbox
from schemas import import_all

TABLES = (
    "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public' AND table_name <> 'alembic_version'"
)


@pytest.fixture
async def empty_url() -> AsyncIterator[str]:
    async with empty_database() as url:
        yield url


async def tables(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(TABLES)
    finally:
        await connection.close()


async def test_the_tables_are_what_the_code_says(empty_url: str) -> None:
    import_all()
    await migrate.upgrade(empty_url)
    await migrate.check(empty_url)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("write_changes_1", writing.WRITE_FUNCTION),
        ("number_messages_1", outbox.NUMBER_FUNCTION),
    ],
    ids=["write", "number"],
)
async def test_a_function_of_the_database_is_what_the_code_says(empty_url: str, name: str, code: str) -> None:
    await migrate.upgrade(empty_url)
    connection = await asyncpg.connect(empty_url)
    source = await connection.fetchval("SELECT prosrc FROM pg_proc WHERE proname = $1", name)
    await connection.close()
    assert source == code.split("$$")[1]


async def test_down_removes_every_table_and_up_brings_them_back(empty_url: str) -> None:
    await migrate.upgrade(empty_url)
    there = await tables(empty_url)
    await migrate.downgrade(empty_url, "base")
    assert await tables(empty_url) == 0
    assert await migrate.revision(empty_url) is None
    await migrate.upgrade(empty_url)
    assert await tables(empty_url) == there


def test_the_revisions_are_those_that_alembic_knows() -> None:
    scripts = ScriptDirectory.from_config(migrate.config(None))
    assert migrate.head() == scripts.get_current_head()
    assert all(migrate.is_known(script.revision) for script in scripts.walk_revisions())
    assert not migrate.is_known("9999")


def test_a_start_that_finds_everything_done_loads_no_alembic(fresh_database_url: str) -> None:
    program = (
        "import asyncio, sys; from holdfast import server; from holdfast.database import migrate;"
        "asyncio.run(migrate.prepare(sys.argv[1], migrate=True, seconds_max=10, tell=print));"
        "print('alembic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, fresh_database_url], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


async def test_processes_that_start_at_once_migrate_once(empty_url: str) -> None:
    await asyncio.gather(*(migrate.upgrade(empty_url) for _ in range(8)))
    assert await migrate.revision(empty_url) == migrate.head()


async def test_a_start_that_must_not_migrate_waits_until_somebody_has(empty_url: str) -> None:
    told: list[str] = []
    waiting = asyncio.Event()

    def tell(line: str) -> None:
        told.append(line)
        waiting.set()

    start = asyncio.create_task(migrate.prepare(empty_url, migrate=False, seconds_max=30, tell=tell))
    await asyncio.wait_for(waiting.wait(), 10)
    await migrate.upgrade(empty_url)
    await asyncio.wait_for(start, 10)
    assert len(told) == 1
    assert "holdfast migrate" in told[0]


async def test_a_database_that_never_answers_is_given_up_with_a_reason() -> None:
    nowhere = "postgresql://postgres@127.0.0.1:1/none"
    with pytest.raises(migrate.NotReady, match="does not answer"):
        await migrate.prepare(nowhere, migrate=True, seconds_max=0.1, tell=lambda _: None)


OLD_WRITES = (
    "SELECT write_batch_1($1, '[]', '{}', '{}', now(), '[]', '[]', NULL)",
    "SELECT write_seats_1($1, '[]', '{}', now(), '[]', '[]', NULL)",
)
HOLD = """
INSERT INTO reservations (id, place, start_time, end_time, created_at, state, expires_at, held_at)
VALUES (gen_random_uuid(), 'room:1', '2030-01-01Z', '2030-01-02Z', now(), 'held', now() + interval '1 minute', now())
"""


async def test_the_version_before_cannot_write_and_is_told_why(empty_url: str) -> None:
    """As that version calls what it writes by. Taken back a step, its tables and functions are as they were."""
    await migrate.upgrade(empty_url)
    connection = await asyncpg.connect(empty_url)
    for write in OLD_WRITES:
        with pytest.raises(asyncpg.FeatureNotSupportedError, match="belongs to a newer version of Holdfast"):
            await connection.execute(write, [])
    await migrate.downgrade(empty_url, "0008")
    for write in OLD_WRITES:
        await connection.execute(write, [])
    await connection.close()


async def test_there_is_no_way_back_while_there_are_holds(empty_url: str) -> None:
    await migrate.upgrade(empty_url)
    connection = await asyncpg.connect(empty_url)
    await connection.execute(HOLD)
    with pytest.raises(RuntimeError, match="let them expire, or release them"):
        await migrate.downgrade(empty_url, "0008")
    await connection.execute("UPDATE reservations SET cancelled_at = now(), state = 'expired', expires_at = NULL")
    await migrate.downgrade(empty_url, "0008")
    await migrate.upgrade(empty_url)
    assert await connection.fetchval("SELECT state FROM reservations") == "cancelled"
    await connection.close()
