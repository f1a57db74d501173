"""A database that cannot be had is told in one line without the secret, by every command."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from databases import SERVER, address_of
from holdfast.settings import load
from holdfast.settings_rules import WrongSetting
from races.postgres import Postgres
from roles import as_role
from service import free_port
from terminal import holdfast

COMMANDS = {
    "serve": (), "migrate": (), "check": (), "repair": (), "doctor": (), "psql": ("-c", "SELECT 1"), "relay": (),
    "seed": (), "create-admin": ("--email", "a@example.org", "--promote"), "webhooks": ("list",),
}  # fmt: skip
SECRET = "tell-tale"
ADDRESSES = {
    "port": f"postgresql://u:{SECRET}@127.0.0.1:port/d",
    "port too high": f"postgresql://u:{SECRET}@127.0.0.1:70000/d",
    "scheme": f"mysql://u:{SECRET}@127.0.0.1/d",
    "no scheme": f"u:{SECRET}@127.0.0.1/d",
    "hash": f"postgresql://u:{SECRET}#1@127.0.0.1/d",
    "slash": f"postgresql://u:{SECRET}/1@127.0.0.1/d",
    "question": f"postgresql://u:{SECRET}?1@127.0.0.1/d",
    "percent": f"postgresql://u:{SECRET}%zz@127.0.0.1/d",
    "not UTF-8": f"postgresql://u:{SECRET}%ff@127.0.0.1/d",
    "bracket": f"postgresql://u:{SECRET}@[::1/d",
    "space": f"postgresql://u:{SECRET} 1@127.0.0.1/d",
    "invisible": f"postgresql://u:{SECRET}\u200b@127.0.0.1/d",
    "parameter": f"postgresql://u:{SECRET}@127.0.0.1/d?sslmode=perhaps",
}
HOSTS = {
    "unreachable": f"postgresql://u:{SECRET}@127.0.0.1:1/d",
    "unknown": f"postgresql://u:{SECRET}@no.such.host.invalid/d",
    "label": f"postgresql://u:{SECRET}@{'x' * 70}.example/d",
    "unicode": f"postgresql://u:{SECRET}@\u043f\u0440\u0438\u043c\u0435\u0440.invalid/d",
}


async def told(command: str, url: str) -> str:
    """What a command says, which is one line of errors, and then ends as it does when it could not be done."""
    done = await asyncio.to_thread(
        holdfast, command, *COMMANDS[command], DATABASE_URL=url, PORT=str(free_port()), DATABASE_WAIT_SECONDS_MAX="0.1"
    )
    assert done.returncode in {1, 2}, done
    assert SECRET not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("holdfast: ")
    return done.stdout + done.stderr


@pytest.mark.parametrize("command", COMMANDS)
async def test_every_command_refuses_an_address_that_cannot_be_understood(command: str) -> None:
    assert "DATABASE_URL=*** is not allowed" in await told(command, ADDRESSES["port"])


@pytest.mark.parametrize("url", ADDRESSES.values(), ids=ADDRESSES)
async def test_every_address_that_cannot_be_understood_is_refused(url: str) -> None:
    await told("check", url)


@pytest.mark.parametrize("url", HOSTS.values(), ids=HOSTS)
@pytest.mark.parametrize("command", ["serve", "check", "doctor"])
async def test_a_host_that_cannot_be_reached(command: str, url: str) -> None:
    await told(command, url)


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_database_that_is_not_there(command: str) -> None:
    assert "does not exist" in await told(command, address_of(f"missing_{uuid4().hex}"))


@pytest.fixture
async def stranger(database_url: str) -> AsyncIterator[str]:
    """The address of a database for a role that may do nothing in it."""
    name = f"stranger_{uuid4().hex}"
    connection = await asyncpg.connect(os.environ[SERVER])
    await connection.execute(f"CREATE ROLE {name} LOGIN")
    yield as_role(database_url, name)
    await connection.execute(f"DROP ROLE {name}")
    await connection.close()


@pytest.mark.parametrize("command", ["migrate", "check", "repair", "seed", "webhooks"])
async def test_a_role_that_may_do_nothing(command: str, stranger: str) -> None:
    done = await asyncio.to_thread(
        holdfast, command, *COMMANDS[command], DATABASE_URL=stranger, DATABASE_WAIT_SECONDS_MAX="0.1"
    )
    assert done.returncode in {1, 2}
    assert len(done.stderr.splitlines()) == 1, done.stderr


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_role_that_is_not_there(command: str, database_url: str) -> None:
    assert "does not exist" in await told(command, as_role(database_url, f"nobody_{uuid4().hex}"))


@pytest.fixture(scope="module")
async def guarded() -> AsyncIterator[str]:
    """The address of a server that asks a role for its password, with a wrong one."""
    with Postgres() as postgres:
        connection = await asyncpg.connect(postgres.url)
        await connection.execute("CREATE ROLE clerk LOGIN PASSWORD 'right'")
        postgres.ask_for_password("clerk")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.close()
        yield as_role(postgres.url, f"clerk:{SECRET}")


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_wrong_password(command: str, guarded: str) -> None:
    assert "password authentication failed" in await told(command, guarded)


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
async def test_a_database_of_another_encoding_is_refused(encoding: str) -> None:
    name = f"latin_{uuid4().hex}"
    connection = await asyncpg.connect(os.environ[SERVER])
    await connection.execute(
        f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0"
    )
    try:
        for command in ("serve", "migrate", "repair", "seed"):
            assert f"the database's encoding is {encoding}" in await told(command, address_of(name))
    finally:
        await connection.execute(f"DROP DATABASE {name}")
        await connection.close()


@pytest.mark.parametrize("url", [
    "postgresql://u@h/d", "postgres://u:p%40%23%2F@h:5432/d?sslmode=require", "postgresql://u@h1:1,h2:2/d",
    "postgresql://u@/d?host=/run/postgresql", "postgresql://u@[::1]:5432/d", "postgresql+asyncpg://u:p@h/d",
    "postgresql://\u0430\u043d\u043d\u0430:\u044f@h/d", "postgresql://u:p@h",
])  # fmt: skip
def test_addresses_that_are_right(url: str) -> None:
    assert load({"DATABASE_URL": url}, env_file=None).database_url == url


@pytest.mark.parametrize(("origins", "word"), [
    ("https://a.example/", "browsers send https://a.example"), ("https://a.example/app", "send https://a.example"),
    ("https://A.example", "send https://a.example"), ("HTTPS://a.example", "send https://a.example"),
    ("https://a.example:443", "send https://a.example"), ("http://a.example:80", "send http://a.example"),
    ("https://a.example?x", "send https://a.example"), ("https://a.example#x", "send https://a.example"),
    ("https://пример.рф", "send https://xn--e1afmkfd.xn--p1ai"), ("null", "origins such as"), ("a.example", "origins"),
    ("https://*.example", "origins such as"), ("*.example", "origins such as"), ("//a.example", "origins such as"),
    ("https://", "origins such as"), ("https://u:p@a.example", "origins such as"), ("https://a.example:0", "a port"),
    ("https://a.example:99999", "a port"), ("https://a.example https://b.example", "send https://a.example"),
    ("https://a.example,https://b.example/", "browsers send https://b.example"), ("file:///", "origins such as"),
])  # fmt: skip
def test_origins_that_no_browser_sends(origins: str, word: str) -> None:
    with pytest.raises(WrongSetting, match="CORS_ORIGINS=") as caught:
        load({"CORS_ORIGINS": origins}, env_file=None)
    assert word in str(caught.value)


@pytest.mark.parametrize("origins", ["", "*", "https://a.example", "http://localhost:3000, https://b.example:8443",
                                     "capacitor://localhost", "http://[::1]:3000"])  # fmt: skip
def test_origins_that_are_right(origins: str) -> None:
    assert load({"CORS_ORIGINS": origins}, env_file=None).cors_origins == origins


@pytest.mark.parametrize("value", ["${HOME}", "$HOME", "${HOME}$x#1", "a${UNSET:-b}", "it's", 'say"so', "a=b", "ü${X}",
                                   "pass$$word", "back\\slash"])  # fmt: skip
def test_a_file_of_settings_is_read_letter_by_letter(tmp_path: Path, value: str) -> None:
    (tmp_path / ".env").write_text(f"DB_PASSWORD={value}\nPORT=9\n", encoding="utf-8")
    found = load({"HOME": "/root"}, env_file=tmp_path / ".env")
    assert (found.db_password, found.port) == (value, 9)


def test_a_mark_before_a_file_of_settings_is_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfPORT=9\r\nHOST=::1\r\n")
    found = load({}, env_file=tmp_path / ".env")
    assert (found.port, found.host) == (9, "::1")


@pytest.mark.parametrize(("content", "word"), [
    (b"PORT=9\xff", "not UTF-8"), (b"P\0RT=9", "not a text file"), ("PORT=9".encode("utf-16"), "not UTF-8"),
    (b"PORT=9\nDB_PASSWORD='a\nHOST=::1\n", "line 2"), (b"= 7\n", "line 1"),
])  # fmt: skip
def test_a_file_of_settings_that_cannot_be_read(tmp_path: Path, content: bytes, word: str) -> None:
    (tmp_path / ".env").write_bytes(content)
    with pytest.raises(WrongSetting, match="cannot be read") as caught:
        load({}, env_file=tmp_path / ".env")
    assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_directory_is_no_file_of_settings(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(WrongSetting, match="Is a directory"):
        load({}, env_file=tmp_path / ".env")
