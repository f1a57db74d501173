"""What an operator does while people book: take a backup, put another version in the place of the one that runs."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import httpx
import pytest

from holdfast.database import embedded, migrate
from holdfast.upkeep import invariants
from people import signed_in
from races.ledger import check_promise
from rooms import body, some_room
from seats import make_event
from service import Service

CLIENTS = 6
NEWER = """
ALTER TABLE reservations ADD COLUMN later_wish text;
CREATE TABLE later_things (id bigint PRIMARY KEY);
UPDATE alembic_version SET version_num = '9999_later'
"""


class Crowd:
    """People who reserve rooms without a pause; each goes to the next address when one does not answer."""

    def __init__(self, *urls: str) -> None:
        self.urls = urls
        self.made: list[dict[str, str]] = []
        self.refused: list[str] = []
        self._is_over = False
        self._news = asyncio.Event()

    @asynccontextmanager
    async def booking(self) -> AsyncIterator[None]:
        """They book as long as the block runs."""
        people = [asyncio.create_task(self._book(number)) for number in range(CLIENTS)]
        try:
            yield
        finally:
            self._is_over = True
            await asyncio.gather(*people)

    async def more(self, count: int) -> None:
        """Wait until they have made so many more."""
        wanted = len(self.made) + count
        while len(self.made) < wanted:
            self._news.clear()
            await self._news.wait()

    async def _book(self, number: int) -> None:
        room, hour = some_room(), 0
        async with httpx.AsyncClient(timeout=20) as http:
            while not self._is_over:
                hour += 1
                answer = await self._ask(http, number, body(room, hour, hour + 1), f"{room}-{hour}")
                if answer.status_code == 201:
                    self.made.append(answer.json())
                    self._news.set()
                else:
                    self.refused.append(answer.text)

    async def _ask(self, http: httpx.AsyncClient, number: int, content: object, key: str) -> httpx.Response:
        while True:
            for turn in range(len(self.urls)):
                url = self.urls[(number + turn) % len(self.urls)]
                # With a key, so that asking again elsewhere cannot book twice.
                with suppress(httpx.TransportError):
                    return await http.post(f"{url}/reservations", json=content, headers={"Idempotency-Key": key})


async def sound(url: str) -> None:
    """Everything that must be true of a database is."""
    connection = await asyncpg.connect(url)
    assert await invariants.broken(connection, lambda _: None) == []
    await connection.close()


async def make_everything(service: Service, url: str) -> dict[str, str]:
    """One of each: an account, an event with a seat taken, a reservation; answers the reservation."""
    connection = await asyncpg.connect(url)
    event = await make_event(connection, 2)
    await connection.close()
    async with httpx.AsyncClient(base_url=service.url, timeout=30) as http:
        await signed_in(http)
        seat = await http.post("/api/bookings/reserve", json={"event_id": event, "user_id": "anna"})
        assert seat.status_code == 201, seat.text
        made = await http.post("/reservations", json=body("first", 1, 2))
        assert made.status_code == 201, made.text
        return dict(made.json())


def program(name: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs."""
    done = subprocess.run([embedded.binary(name), *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.timeout(240)
async def test_a_backup_taken_while_people_book_is_whole(tmp_path: Path) -> None:
    """docs/operations.md, step by step: pg_dump from one server, pg_restore into another, check, serve."""
    dump = str(tmp_path / "holdfast.dump")
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    settings = {"PASSWORD_COST": 4, "RATE_LIMIT_MAX": 0, "JWT_SECRET": "s" * 32}
    with embedded.running(tmp_path / "a") as first:
        with Service({"DATABASE_URL": first, **settings}) as service:
            kept = await make_everything(service, first)
            crowd = Crowd(service.url)
            async with crowd.booking():
                await crowd.more(50)
                before = list(crowd.made)
                await asyncio.to_thread(program, "pg_dump", "--format=custom", f"--file={dump}", first)
                await crowd.more(50)
        assert crowd.refused == []
    with embedded.running(tmp_path / "b") as second:
        await asyncio.to_thread(program, "pg_restore", "--exit-on-error", f"--dbname={second}", dump)
        await sound(second)
        with Service({"DATABASE_URL": second, **settings}) as service:
            async with httpx.AsyncClient(base_url=service.url, timeout=30) as http:
                again = await http.post("/reservations", json=body("first", 1, 2))
                assert (again.status_code, again.json()["error"]["code"]) == (409, "TIME_CONFLICT")
                assert (await http.delete(f"/reservations/{kept['id']}")).status_code in {200, 204}
                assert (await http.post("/reservations", json=body("first", 1, 2))).status_code == 201
        connection = await asyncpg.connect(second)
        ids = {str(row["id"]) for row in await connection.fetch("SELECT id FROM reservations")}
        await connection.close()
        assert {made["id"] for made in before} <= ids
        await sound(second)


@pytest.mark.timeout(240)
async def test_one_service_after_the_other_is_replaced_and_nobody_is_refused(fresh_database_url: str) -> None:
    """A newer version migrates while the older runs; the older may even be started again, as after a crash."""
    settings = {"DATABASE_URL": fresh_database_url, "RATE_LIMIT_MAX": 0, "WORKERS": 2, "JWT_SECRET": "s" * 32}
    with Service(settings) as one, Service(settings) as two:
        crowd = Crowd(one.url, two.url)
        async with crowd.booking():
            await crowd.more(20)
            connection = await asyncpg.connect(fresh_database_url)
            await connection.execute(NEWER)
            await connection.close()
            await crowd.more(20)
            for service in (one, two):
                assert await asyncio.to_thread(service.stop) == 0
                await crowd.more(20)
                await asyncio.to_thread(service.start)
                await crowd.more(20)
        said = "A newer version has brought the tables to revision 9999_later"
        assert await asyncio.to_thread(one.logged, said)
    assert crowd.refused == []
    assert len({made["id"] for made in crowd.made}) == len(crowd.made)
    await check_promise(fresh_database_url)
    connection = await asyncpg.connect(fresh_database_url)
    broken = [each.lines for each in await invariants.broken(connection, lambda _: None)]
    await connection.close()
    assert broken == [[f"the tables are said to be at revision 9999_later; this version is at {migrate.head()}"]]


async def test_tables_of_an_older_version_are_waited_for(fresh_database_url: str) -> None:
    """With MIGRATE_ON_START=false, a start waits until somebody has run `holdfast migrate`."""
    await migrate.downgrade(fresh_database_url, "-1")
    lines: list[str] = []
    with pytest.raises(migrate.NotReady, match="run `holdfast migrate`"):
        await migrate.prepare(fresh_database_url, migrate=False, seconds_max=0.1, tell=lines.append)
    assert lines == ["Waiting for the database: its tables are not up to date: run `holdfast migrate`"]
