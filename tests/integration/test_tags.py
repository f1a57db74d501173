"""An `ETag` is of one life of the database: after a restore or a failover it is another, and no 304 is untrue."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import asyncpg
import httpx
import pytest

from databases import create_database, drop_database
from holdfast.database import embedded, migrate
from holdfast.database.connections import Database
from holdfast.engine.loaders import TagLoader
from holdfast.events.availability import Availability, ProcessCache
from holdfast.settings import load
from races.postgres import Postgres
from rooms import body
from seats import make_event, seat
from service import Service

ROOM = "tagged"


def program(name: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs."""
    done = subprocess.run([embedded.binary(name), *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def listed(service: Service) -> httpx.Response:
    """The room's list."""
    return httpx.get(f"{service.url}/reservations/{ROOM}", timeout=30)


def reserve(service: Service, hour: int) -> None:
    """Reserve an hour of it."""
    assert httpx.post(f"{service.url}/reservations", json=body(ROOM, hour, hour + 1), timeout=30).status_code == 201


def is_known(service: Service, tag: str) -> bool:
    """Whether a list with this tag is said to be the one that there is."""
    answer = httpx.get(f"{service.url}/reservations/{ROOM}", headers={"If-None-Match": tag}, timeout=30)
    return answer.status_code == 304


@pytest.mark.parametrize("way", [["--clean"], ["--data-only"]], ids=["tables anew", "rows anew"])
def test_a_restore_into_the_same_database(
    fresh_database_url: str, tmp_path: Path, start: Callable[..., Service], way: list[str]
) -> None:
    """The service runs on, and so do its connections."""
    service = start(DATABASE_URL=fresh_database_url, RELAY="false", RATE_LIMIT_MAX=0)
    reserve(service, 1)
    program("pg_dump", "-Fc", "-f", str(tmp_path / "dump"), fresh_database_url)
    reserve(service, 2)
    lost = listed(service)
    if way == ["--data-only"]:
        program("psql", fresh_database_url, "-c", "DELETE FROM reservations; DELETE FROM places; DELETE FROM outbox; "
                "DELETE FROM users; DELETE FROM signing_keys; DELETE FROM alembic_version")  # fmt: skip
    program("pg_restore", *way, "-d", fresh_database_url, str(tmp_path / "dump"))
    reserve(service, 5)
    assert not is_known(service, lost.headers["etag"])
    found = listed(service)
    assert len(found.json()) == 2
    assert found.json() != lost.json()
    assert is_known(service, found.headers["etag"])


async def test_a_restore_into_another_database(
    fresh_database_url: str, tmp_path: Path, start: Callable[..., Service]
) -> None:
    service = start(DATABASE_URL=fresh_database_url, RELAY="false", RATE_LIMIT_MAX=0)
    reserve(service, 1)
    tag = listed(service).headers["etag"]
    assert is_known(service, tag)
    service.stop()
    program("pg_dump", "-Fc", "-f", str(tmp_path / "dump"), fresh_database_url)
    other = await create_database()
    program("pg_restore", "-d", other, str(tmp_path / "dump"))
    service = start(DATABASE_URL=other, RELAY="false", RATE_LIMIT_MAX=0)
    assert not is_known(service, tag)
    service.stop()
    await drop_database(other)


async def test_a_copy_of_the_files_that_is_started_again() -> None:
    """Its transactions are numbered as before: the moment of the start tells it, as it tells a failover."""
    with Postgres() as postgres:
        await migrate.upgrade(postgres.url)
        connection = await asyncpg.connect(postgres.url)
        await connection.execute("INSERT INTO places VALUES ('room:1', 'room', '1', 1)")
        await connection.close()
        settings = load({"DATABASE_URL": postgres.url}, env_file=None)
        tags = []
        for _ in range(2):
            database = Database(postgres.url, settings)
            await database.open()
            tags.append(await TagLoader(database).tag("room:1"))
            await database.close()
            postgres.stop("fast")
            postgres.start()
        assert tags[0] != tags[1]


async def test_what_is_kept_of_an_event_is_of_this_life_too(fresh_database_url: str) -> None:
    connection = await asyncpg.connect(fresh_database_url)
    database = Database(fresh_database_url, load({}, env_file=None))
    await database.open()
    event = await make_event(connection, 5)
    await seat(connection, event, "anna")
    available = Availability(database, ProcessCache(), None)
    before = await available.of(event)
    # As a restore writes it: the same revision, and other seats.
    await connection.execute("UPDATE events SET total_seats = 9 WHERE id = $1", event)
    assert await available.of(event) != before
    await database.close()
    await connection.close()


def test_every_worker_tells_the_same(fresh_database_url: str, start: Callable[..., Service]) -> None:
    one, two = (start(DATABASE_URL=fresh_database_url, RATE_LIMIT_MAX=0) for _ in range(2))
    reserve(one, 1)
    assert listed(one).headers["etag"] == listed(two).headers["etag"]
