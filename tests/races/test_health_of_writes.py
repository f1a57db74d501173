"""`/health` knows what the last writes became, and that they go on again."""

import os
import time
from collections.abc import Callable

import asyncpg
import httpx
import pytest

from holdfast.database.writes import Writes
from races.postgres import Postgres
from rooms import body, some_room
from service import Service

SECONDS_MAX = 40.0


def health(service: Service) -> tuple[int, str]:
    """The status, and what is said of the database."""
    answer = httpx.get(f"{service.url}/health", timeout=30)
    return answer.status_code, answer.json()["dependencies"]["database"]["status"]


def becomes(service: Service, wanted: tuple[int, str]) -> None:
    """Ask until it is so."""
    deadline = time.monotonic() + SECONDS_MAX
    while (found := health(service)) != wanted:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)


def book(service: Service) -> int:
    """Book something."""
    return httpx.post(f"{service.url}/reservations", json=body(some_room(), 1, 2), timeout=30).status_code


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a disk that is small enough to fill")
async def test_a_full_disk(start: Callable[..., Service]) -> None:
    with Postgres(disk_mb=400) as postgres:
        service = start(DATABASE_URL=postgres.url, RATE_LIMIT_MAX=0, CLAIM_SECONDS_MAX=1)
        assert (book(service), health(service)) == (201, (200, "ok"))
        postgres.fill_disk()
        becomes(service, (503, "disk_full"))
        postgres.free_disk()
        postgres.start()
        becomes(service, (200, "ok"))
        assert book(service) == 201
        service.stop()


@pytest.mark.parametrize(
    ("planted", "mended", "state"),
    [
        ("ALTER TABLE outbox RENAME TO elsewhere", "ALTER TABLE elsewhere RENAME TO outbox", "failing"),
        ("ALTER FUNCTION write_changes_1 RENAME TO w", "ALTER FUNCTION w RENAME TO write_changes_1", "failing"),
        (
            (
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
                "$$BEGIN RAISE 'could not extend file' USING ERRCODE = '53100'; END$$; CREATE TRIGGER t BEFORE INSERT "
                "ON reservations FOR EACH ROW EXECUTE FUNCTION full_disk()"
            ),
            "DROP TRIGGER t ON reservations",
            "disk_full",
        ),
    ],
    ids=["table", "function", "disk"],
)
async def test_writes_that_fail_and_go_on_again(
    fresh_database_url: str, start: Callable[..., Service], planted: str, mended: str, state: str
) -> None:
    service = start(DATABASE_URL=fresh_database_url, RATE_LIMIT_MAX=0, CLAIM_SECONDS_MAX=1, RELAY="false")
    connection = await asyncpg.connect(fresh_database_url)
    assert health(service) == (200, "ok")
    await connection.execute(planted)
    assert book(service) >= 500
    assert book(service) >= 500
    becomes(service, (503, state))
    await connection.execute(mended)
    # By itself: whoever balances load sends it nothing meanwhile.
    becomes(service, (200, "ok"))
    # What was tried was taken back.
    assert await connection.fetchval("SELECT count(*) FROM places WHERE id LIKE 'probe%'") == 0
    await connection.close()


def test_one_failure_says_nothing() -> None:
    writes = Writes()
    writes.failed(asyncpg.DiskFullError("full"))
    assert writes.state is None
    writes.succeeded()
    writes.failed(asyncpg.DiskFullError("full"))
    writes.failed(asyncpg.DiskFullError("full"))
    assert writes.state == "disk_full"
    writes.succeeded()
    assert writes.state is None


def test_what_a_request_can_bring_about_says_nothing() -> None:
    writes = Writes()
    for error in (
        asyncpg.UniqueViolationError, asyncpg.QueryCanceledError, asyncpg.DataError, asyncpg.SerializationError,
        asyncpg.TooManyConnectionsError, asyncpg.LockNotAvailableError, TimeoutError, asyncpg.RaiseError,
    ):  # fmt: skip
        for _ in range(3):
            writes.failed(error("no"))
    assert writes.state is None
