"""Databases of the test server: made for a test or a test process, and dropped after it."""

import os
from uuid import uuid4

import asyncpg

SERVER = "TEST_DATABASE_URL"
"""The environment variable that names the server: given from outside, or set by the process that leads the run."""


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
