"""A real Chromium before a real service. Each test has browsers of its own, whose consoles must stay free of errors."""

import fcntl
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from browsing import SECONDS_MAX, Visits
from playwright.async_api import Browser, async_playwright, expect

from databases import migrated_database
from service import Service

expect.set_options(timeout=SECONDS_MAX * 1000)

ROOT = Path(__file__).parents[2]
CHROMIUMS = ("chromium-headless-shell", "chromium", "google-chrome")
"""The first that is there is used. The shell has no windows, which cost the others a second for each visitor."""
CLEAR = """
DELETE FROM slots; DELETE FROM schedules; DELETE FROM reservations; DELETE FROM rooms; DELETE FROM tables;
DELETE FROM places
"""
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session", autouse=True)
def built_app() -> None:
    """The web app, built from what is there now; by one test process, while the others wait."""
    sys.path.insert(0, str(ROOT))
    import hatch_build

    with (ROOT / "frontend" / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        hatch_build.build()


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """A browser of this test process."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    assert path, "install Debian's chromium-headless-shell or chromium, or name a Chromium in CHROMIUM"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def visits(chromium: Browser, service: Service) -> AsyncIterator[Visits]:
    """People who visit the service with browsers of their own. At the end no console may have told of an error."""
    visits = Visits(chromium, service.url)
    yield visits
    await visits.close()
    assert [line for line in visits.console if not any(re.search(known, line) for known in visits.expected)] == []


@pytest.fixture(scope="module")
def guarded_app(database_url: str) -> Iterator[str]:
    """The address of a service on the same database that wants tokens."""
    settings = {"DATABASE_URL": database_url, "JWT_SECRET": "s" * 32, "ACCESS": "token", "RATE_LIMIT_MAX": 0}
    with Service(settings) as service:
        yield service.url


@pytest.fixture(scope="module")
async def restaurant_url() -> AsyncIterator[str]:
    """A database of a file's restaurants, one after the other."""
    async with migrated_database() as url:
        yield url


@pytest.fixture(scope="module")
def restaurants(restaurant_url: str) -> Iterator[str]:
    """The address of a service on it."""
    settings = {"DATABASE_URL": restaurant_url, "JWT_SECRET": "s" * 32, "PASSWORD_COST": 4, "RATE_LIMIT_MAX": 0}
    with Service(settings) as service:
        yield service.url


@pytest.fixture
async def restaurant(restaurants: str, restaurant_url: str) -> str:
    """The address of a service with no other tables than those of one test: which are offered depends on all."""
    connection = await asyncpg.connect(restaurant_url)
    await connection.execute(CLEAR)
    await connection.close()
    return restaurants


@pytest.fixture
def own_service(fresh_database_url: str) -> Iterator[Service]:
    """A service of one test, which may be stopped and started again."""
    with Service({"DATABASE_URL": fresh_database_url, "JWT_SECRET": "s" * 32, "PASSWORD_COST": 4}) as service:
        yield service
