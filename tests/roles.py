"""Roles of the test server with settings of their own, as some installations have them."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg

from databases import SERVER


@asynccontextmanager
async def role_with(url: str, **settings: str) -> AsyncIterator[str]:
    """The address of a database for a role that has these settings; the role is gone afterwards."""
    name = f"role_{uuid4().hex}"
    connection = await asyncpg.connect(os.environ[SERVER])
    await connection.execute(f"CREATE ROLE {name} SUPERUSER LOGIN")
    for setting, value in settings.items():
        await connection.execute(f"ALTER ROLE {name} SET {setting} = '{value}'")
    try:
        yield as_role(url, name)
    finally:
        await connection.execute(f"DROP ROLE {name}")
        await connection.close()


def as_role(url: str, name: str) -> str:
    """The same address for another role, which needs no password."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{name}@{place}").geturl()
