"""`holdfast doctor` on an installation that is well, and on some that are not."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from databases import empty_database
from holdfast.clock import utc_now
from holdfast.database import migrate
from holdfast.settings import load
from holdfast.upkeep import doctor
from holdfast.upkeep.doctor import Finding, Level
from races.postgres import Postgres
from redis_server import RedisServer
from roles import role_with
from service import free_port
from terminal import holdfast

MESSAGE = """
INSERT INTO outbox (place, revision, id, type, occurred_at, data)
VALUES ('room:1', 1, gen_random_uuid(), 'place.checked', $1, '{}')
"""

WEBHOOK = """
INSERT INTO webhooks (id, url, types, secret, created_at, queued_until, disabled_at, disabled_why, failing_since)
VALUES (gen_random_uuid(), '', '{}', '', now(), now(), CASE WHEN $1::text IS NULL THEN NULL ELSE now() END, $1, $2)
"""


FSYNC = "fsync is off: a crash loses bookings that were acknowledged"
"""True of the server that the tests share, and said so first."""


async def findings(url: str | None, hours: int = 0, **settings: str) -> list[Finding]:
    """What is found of an installation whose clock is so many hours late."""
    configured = load(settings, env_file=None)

    def late() -> datetime:
        return utc_now() - timedelta(hours=hours)

    found = [each async for each in doctor.findings(url, configured, late)]
    return [each for each in found if each.text != FSYNC]


def bad(found: list[Finding]) -> list[tuple[Level, str]]:
    """What is not as it should be."""
    assert all(bool(each.advice) == (each.level is not Level.FINE) for each in found)
    return [(each.level, each.text) for each in found if each.level is not Level.FINE]


@pytest.fixture(scope="module")
async def kept_url() -> AsyncIterator[str]:
    """A database on a server that waits for its disk, which the one that the tests share does not."""
    with Postgres() as postgres:
        await migrate.upgrade(postgres.url)
        yield postgres.url


async def test_who_is_well_is_told_so(kept_url: str) -> None:
    with RedisServer() as redis:
        done = await asyncio.to_thread(holdfast, "doctor", DATABASE_URL=kept_url, REDIS_URL=redis.url)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert len(lines) == 8
    assert all(line.split()[0] == "ok" for line in lines)


async def test_a_database_that_does_not_answer(tmp_path: Path) -> None:
    url = f"postgresql://nobody:secret@127.0.0.1:{free_port()}/nothing"
    done = await asyncio.to_thread(holdfast, "doctor", DATABASE_URL=url)
    assert done.returncode == 1
    assert "The database does not answer" in done.stdout
    assert "secret" not in done.stdout + done.stderr


async def test_tables_that_are_not_there_are_not_made() -> None:
    async with empty_database() as url:
        done = await asyncio.to_thread(holdfast, "doctor", DATABASE_URL=url)
        assert done.returncode == 1
        assert "Run `holdfast migrate`" in done.stdout
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
        await connection.close()


async def test_tables_of_a_newer_version(fresh_database_url: str, own: "asyncpg.Connection") -> None:
    await own.execute("UPDATE alembic_version SET version_num = '9999_later'")
    [(level, text)] = bad(await findings(fresh_database_url))
    assert (level, text) == (Level.DOUBTFUL, "The tables are at revision 9999_later, which this version does not know")


@pytest.fixture
async def own(fresh_database_url: str) -> "asyncpg.Connection":
    """A connection to the test's own database."""
    connection = await asyncpg.connect(fresh_database_url)
    yield connection
    await connection.close()


async def test_a_server_that_does_not_wait_for_its_disk(database_url: str, connection: "asyncpg.Connection") -> None:
    is_kept = await connection.fetchval("SHOW fsync") == "on"
    found = [each async for each in doctor.findings(database_url, load({}, env_file=None), utc_now)]
    assert ((Level.WRONG, FSYNC) in bad(found)) is not is_kept


async def test_commits_that_are_not_kept(fresh_database_url: str, own: "asyncpg.Connection") -> None:
    name = await own.fetchval("SELECT current_database()")
    await own.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    [(level, text)] = bad(await findings(fresh_database_url))
    assert (level, text) == (
        Level.WRONG,
        "synchronous_commit is off: a crash loses bookings that were acknowledged",
    )


@pytest.mark.parametrize(
    ("setting", "value", "level", "text"),
    [
        ("default_transaction_isolation", "serializable", Level.DOUBTFUL, "is serializable: the service uses read"),
        ("default_transaction_isolation", "repeatable read", Level.DOUBTFUL, "is repeatable read: the service uses"),
        ("default_transaction_read_only", "on", Level.WRONG, "is on: no bookings can be taken"),
        ("session_replication_role", "replica", Level.WRONG, "is replica: foreign keys are not looked at"),
        ("enable_indexscan", "off", Level.DOUBTFUL, "is off: statements may read whole tables"),
        ("search_path", "public, pg_catalog", Level.DOUBTFUL, "is public, pg_catalog: the tables are looked for"),
    ],
)
async def test_settings_of_the_role(fresh_database_url: str, setting: str, value: str, level: Level, text: str) -> None:
    async with role_with(fresh_database_url) as url:
        name = urlsplit(url).username
        own = await asyncpg.connect(fresh_database_url)
        told = value if setting == "search_path" else f"'{value}'"
        await own.execute(f"ALTER ROLE {name} SET {setting} = {told}")
        await own.close()
        found = bad(await findings(url, DATABASE_URL=url))
        assert [each for each, _ in found] == [level]
        assert f"{setting} {text}" in found[0][1]


async def test_a_clock_that_is_late(fresh_database_url: str) -> None:
    [(level, text)] = bad(await findings(fresh_database_url, hours=2))
    assert (level, text[:40]) == (Level.WRONG, "The clock here and PostgreSQL's are 7,20")


async def test_messages_that_nobody_publishes(fresh_database_url: str, own: "asyncpg.Connection") -> None:
    await own.execute("INSERT INTO places (place, kind, id, revision) VALUES ('room:1', 'room', '1', 1)")
    await own.execute(MESSAGE, utc_now() - timedelta(hours=1))
    [(level, text)] = bad(await findings(fresh_database_url))
    assert (level, text[:40]) == (Level.DOUBTFUL, "1 messages wait, the oldest for 3,600 s")


async def test_webhooks_that_fail(fresh_database_url: str, own: "asyncpg.Connection") -> None:
    for disabled_why, failing in ((None, False), ("admin", False), ("gone", True), (None, True)):
        await own.execute(WEBHOOK, disabled_why, utc_now() if failing else None)
    [(level, text)] = bad(await findings(fresh_database_url))
    assert (level, text) == (Level.DOUBTFUL, "Webhooks: 1 switched off because of failures, 1 failed last")


async def test_what_must_not_be(fresh_database_url: str, own: "asyncpg.Connection") -> None:
    await own.execute("INSERT INTO places (place, kind, id) VALUES ('room:1', 'room', '2')")
    assert bad(await findings(fresh_database_url)) == [(Level.WRONG, "Not so: Every place is called what it is")]


async def test_more_connections_than_there_may_be(fresh_database_url: str) -> None:
    [(level, text)] = bad(await findings(fresh_database_url, WORKERS="64"))
    assert level is Level.DOUBTFUL
    assert text.startswith("64 workers may open 1,728 connections".replace(",", ""))


async def test_a_redis_that_does_not_answer() -> None:
    found = bad(await findings(None, REDIS_URL=f"redis://127.0.0.1:{free_port()}/0"))
    assert [level for level, _ in found] == [Level.DOUBTFUL, Level.WRONG]
    assert found[1][1].startswith("Redis does not answer")


async def test_a_redis_that_may_forget_the_stream() -> None:
    with RedisServer() as redis:
        with redis.client() as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
        found = bad(await findings(None, REDIS_URL=redis.url))
    assert found[1] == (
        Level.DOUBTFUL,
        "Redis may throw the stream away when memory is short (maxmemory-policy allkeys-lru)",
    )


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (
            {"HOST": "0.0.0.0", "ACCESS": "token"},
            "HOST=0.0.0.0 is reached from other machines, and PRODUCTION is false",
        ),
        (
            {"HOST": "::", "PRODUCTION": "true", "ACCESS": "open", "JWT_SECRET": "s" * 32},
            "Whoever reaches the service may book without a token",
        ),
        ({"PASSWORD_COST": "4"}, "PASSWORD_COST=4 makes stolen passwords cheap to guess"),
        ({"TRUSTED_PROXIES": "0.0.0.0/0"}, "TRUSTED_PROXIES names everybody, so anybody may say where they come from"),
    ],
    ids=["not for the public", "open", "cheap", "any proxy"],
)
def test_settings_that_few_can_want(settings: dict[str, str], text: str) -> None:
    assert bad(doctor.of_settings(load(settings, env_file=None))) == [(Level.DOUBTFUL, text)]


def test_a_private_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    done = holdfast("doctor", DATA_DIR=str(tmp_path / "data"))
    assert done.returncode == 0
    assert "There is no database in DATA_DIR" in done.stdout
    assert not (tmp_path / "data").exists()


async def test_the_version_of_postgresql_is_told_as_postgresql_tells_it(kept_url: str) -> None:
    connection = await asyncpg.connect(kept_url)
    told = str(await connection.fetchval("SHOW server_version")).split()[0]
    await connection.close()
    assert f"PostgreSQL {told}" in [each.text for each in await findings(kept_url)]
