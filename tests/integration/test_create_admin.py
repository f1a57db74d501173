"""The first admin, made at the terminal."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from tempfile import TemporaryDirectory

import asyncpg
import pytest

from databases import empty_database
from people import PASSWORD

EMAIL = "boss@example.com"


def create_admin(given: bytes, *more: str, email: str = EMAIL, **environment: str) -> "tuple[int, str, str]":
    """Exit status, output and errors of the command; `given` is what is written to it."""
    with TemporaryDirectory(prefix="hf-", ignore_cleanup_errors=True) as directory:
        inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        settings = {"LC_ALL": "C.UTF-8", "PASSWORD_COST": "4", "DATA_DIR": f"{directory}/data"}
        done = subprocess.run(
            [sys.executable, "-m", "holdfast", "create-admin", "--email", email, *more],
            env=inherited | settings | environment,
            cwd=directory,
            input=given,
            capture_output=True,
            check=False,
            timeout=60,
        )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture
async def empty_url() -> AsyncIterator[str]:
    """A database that no service has ever used."""
    async with empty_database() as url:
        yield url


async def test_it_is_made_before_the_service_was_ever_started(empty_url: str) -> None:
    status, output, errors = create_admin(PASSWORD.encode(), email=EMAIL.upper(), DATABASE_URL=empty_url)
    assert (status, output, errors) == (0, f"{EMAIL} is an admin\n", "")
    connection = await asyncpg.connect(empty_url)
    assert await connection.fetchval("SELECT role FROM users WHERE email = $1", EMAIL) == "admin"
    await connection.close()


def test_it_is_made_in_the_private_database() -> None:
    assert create_admin(PASSWORD.encode() + b"\r\n")[0] == 0


def test_an_address_that_has_an_account_is_promoted_when_asked_for(database_url: str) -> None:
    assert create_admin(PASSWORD.encode(), DATABASE_URL=database_url)[0] == 0
    status, _, errors = create_admin(PASSWORD.encode(), DATABASE_URL=database_url)
    assert (status, errors) == (1, f"holdfast: {EMAIL} has an account already; --promote makes it an admin's\n")
    assert create_admin(b"", "--promote", DATABASE_URL=database_url)[:2] == (0, f"{EMAIL} is an admin\n")


@pytest.mark.parametrize("given", [b"", b"\n", b"short\n", b"x" * 201, b"with a \0 in it\n", b"\xff\xfe is no UTF-8\n"])
def test_a_bad_password_is_refused_with_one_line_that_does_not_show_it(database_url: str, given: bytes) -> None:
    status, output, errors = create_admin(given, email="other@example.com", DATABASE_URL=database_url)
    assert (status, output) == (1, "")
    assert errors.startswith("holdfast: ")
    assert len(errors.splitlines()) == 1
    assert given.strip().decode(errors="replace") not in errors or not given.strip()


def test_a_database_that_is_away_is_told_in_one_line() -> None:
    away = "postgresql://postgres@127.0.0.1:1/none"
    status, _, errors = create_admin(PASSWORD.encode(), DATABASE_URL=away, DATABASE_WAIT_SECONDS_MAX="0.1")
    assert status == 1
    assert errors.startswith("holdfast: gave up on the database after 0.1 s: it does not answer")
    assert len(errors.splitlines()) == 1
