"""Fixtures of all tests: one throw-away PostgreSQL for the run, a database and a service for each file of tests."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from databases import SERVER, TEMPLATE, forget_when_the_machine_stops, migrated_database, template
from holdfast.database import embedded
from redis_server import RedisServer
from service import Service

_run = ExitStack()
LONG_FIRST = ("proof", "races", "browser", "stack", "delivery", "integration")


def pytest_configure(config: pytest.Config) -> None:
    """In the process that leads the run: start the server that all test processes share, and make the template."""
    if hasattr(config, "workerinput"):
        return
    if SERVER not in os.environ:
        directory = _run.enter_context(tempfile.TemporaryDirectory(prefix="hf-", ignore_cleanup_errors=True))
        _lead(SERVER, _run.enter_context(embedded.running(Path(directory))))
        asyncio.run(forget_when_the_machine_stops())
    runner = _run.enter_context(asyncio.Runner())
    made = template()
    _lead(TEMPLATE, runner.run(made.__aenter__()))
    _run.callback(lambda: runner.run(made.__aexit__(None, None, None)))


def pytest_unconfigure() -> None:
    """Drop the template, and stop the server."""
    _run.close()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None, None, None]:
    """Put the folders whose files take long first, so that no process is left alone with one at the end.

    Around the shuffling of pytest-randomly: within them, files stay in the order that it has drawn.
    """
    yield
    items.sort(key=lambda item: LONG_FIRST.index(folder) if (folder := item.path.parent.name) in LONG_FIRST else 9)


def _lead(variable: str, value: str) -> None:
    """Tell the test processes, which inherit the environment."""
    os.environ[variable] = value
    _run.callback(os.environ.pop, variable, None)


@pytest.fixture(scope="module")
async def database_url() -> AsyncIterator[str]:
    """A migrated database of one file's tests, which share it."""
    async with migrated_database() as url:
        yield url


@pytest.fixture
async def fresh_database_url() -> AsyncIterator[str]:
    """A migrated database of one test."""
    async with migrated_database() as url:
        yield url


@pytest.fixture
async def connection(database_url: str) -> "AsyncIterator[asyncpg.Connection]":
    """A connection to this file's database, to look with SQL at what is there."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
def service(database_url: str) -> Iterator[Service]:
    """A running service of one file's tests, with one worker and default settings."""
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
