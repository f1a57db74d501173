"""Databases of the test server: made for a test or a file of tests, and dropped after it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg

from holdfast.database import migrate

SERVER = "TEST_DATABASE_URL"
"""The environment variable that names the server: given from outside, or set by the process that leads the run."""
TEMPLATE = "TEST_TEMPLATE"
"""The environment variable that names the migrated database others are copied from; set by the leading process."""


@asynccontextmanager
async def empty_database() -> AsyncIterator[str]:
    """A database without tables, for as long as the block runs."""
    url = await create_database()
    try:
        yield url
    finally:
        await drop_database(url)


@asynccontextmanager
async def migrated_database() -> AsyncIterator[str]:
    """A database with all tables and no rows, for as long as the block runs: a copy of the run's template."""
    url = await create_database(os.environ[TEMPLATE])
    try:
        yield url
    finally:
        await drop_database(url)


@asynccontextmanager
async def template() -> AsyncIterator[str]:
    """The name of a migrated database to copy; nobody is connected to it, or copying would fail."""
    async with empty_database() as url:
        await migrate.upgrade(url)
        yield name_of(url)


async def forget_when_the_machine_stops() -> None:
    """Have the test server wait for no disk: it keeps what was committed when it is killed, but not without power.

    Only for a server that ends with the run. Otherwise each commit, and each database that is dropped, waits.
    """
    connection = await asyncpg.connect(os.environ[SERVER])
    try:
        await connection.execute("ALTER SYSTEM SET fsync = off")
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()


async def create_database(template: str | None = None) -> str:
    """The address of a new database of the test server, empty or a copy of another."""
    name = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(os.environ[SERVER])
    try:
        await connection.execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
    finally:
        await connection.close()
    return address_of(name)


async def drop_database(url: str) -> None:
    """Drop a database of the test server, whoever is connected to it."""
    connection = await asyncpg.connect(os.environ[SERVER])
    try:
        await connection.execute(f'DROP DATABASE "{name_of(url)}" WITH (FORCE)')
    finally:
        await connection.close()


def address_of(name: str) -> str:
    """The address of a database of the test server."""
    base, _, query = os.environ[SERVER].partition("?")
    return f"{base.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


def name_of(url: str) -> str:
    """The name of the database at an address."""
    return url.partition("?")[0].rpartition("/")[2]
