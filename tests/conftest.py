"""What tests stand on: one throw-away PostgreSQL for the run, a database and a service for each test process."""

import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from databases import SERVER, create_database, drop_database
from holdfast.database import embedded, migrate
from redis_server import RedisServer
from service import Service

_run = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """In the process that leads the run: start the server that all test processes share."""
    if hasattr(config, "workerinput") or os.environ.get(SERVER):
        return
    directory = _run.enter_context(tempfile.TemporaryDirectory(prefix="hf-", ignore_cleanup_errors=True))
    os.environ[SERVER] = _run.enter_context(embedded.running(Path(directory)))
    _run.callback(os.environ.pop, SERVER, None)


def pytest_unconfigure() -> None:
    """Stop it."""
    _run.close()


@pytest.fixture(scope="session")
async def database_url() -> AsyncIterator[str]:
    """A migrated database of this test process. Tests share it, so each uses rooms of its own."""
    url = await create_database()
    await migrate.upgrade(url)
    yield url
    await drop_database(url)


@pytest.fixture
async def fresh_database_url() -> AsyncIterator[str]:
    """A migrated database of one test."""
    url = await create_database()
    await migrate.upgrade(url)
    yield url
    await drop_database(url)


@pytest.fixture
async def connection(database_url: str) -> "AsyncIterator[asyncpg.Connection]":
    """A connection to this test process's database, to look with SQL at what is there."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
def service(database_url: str) -> Iterator[Service]:
    """A running service of this test process, with one worker and default settings."""
    settings = {"DATABASE_URL": database_url, "JWT_SECRET": "s" * 32, "PASSWORD_COST": 4, "RATE_LIMIT_MAX": 0}
    with Service(settings) as service:
        yield service


@pytest.fixture
async def http(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service that asks for English."""
    # To load certificates takes longer than most tests, and nothing here is encrypted.
    options: dict[str, Any] = {"timeout": 30, "verify": False}
    async with httpx.AsyncClient(base_url=service.url, headers={"Accept-Language": "en"}, **options) as client:
        yield client


@pytest.fixture
def start() -> Iterator[Callable[..., Service]]:
    """Starts services with a test's own settings; all stop when it ends: `start(DATABASE_URL=…, WORKERS=2)`."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(Service(settings))


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis of this test process. Tests that stop it start one of their own."""
    with RedisServer() as server:
        yield server
