"""What commands have in common: how they read the settings, reach the database, and end."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote, urlsplit

from rich.console import Console

from holdfast import settings as settings_module
from holdfast.settings import Settings
from holdfast.settings_rules import WrongSetting

console = Console()


def read_settings() -> Settings:
    """The settings; a wrong one ends the command."""
    try:
        return settings_module.load()
    except WrongSetting as error:
        stop(str(error))


@contextmanager
def told(status: int = 1, *others: type[Exception]) -> Iterator[None]:
    """Ends the command with one line when the database cannot be had, or says no; after `others`, too."""
    try:
        yield
    # Looked up when something was raised: most commands end well, and need no Alembic.
    except (*_one_line(), *others) as error:
        from holdfast.database.connections import words

        stop(words(error), status)


def _one_line() -> tuple[type[Exception], ...]:
    """The errors that are told in one line: the database cannot be had, or says no."""
    from alembic.util import CommandError
    from asyncpg import PostgresError
    from sqlalchemy.exc import SQLAlchemyError

    from holdfast.database.connections import AWAY, WrongAddress
    from holdfast.database.embedded import EmbeddedFailed
    from holdfast.database.migrate import NotReady

    return (*AWAY, PostgresError, SQLAlchemyError, CommandError, WrongAddress, EmbeddedFailed, NotReady)


def direct_url(settings: Settings, stack: ExitStack) -> str:
    """The address of a database whose tables are up to date, past any pooler; the private one runs inside `stack`."""
    url = prepared_url(settings, stack)
    return settings.direct_url or url


def prepared_url(settings: Settings, stack: ExitStack) -> str:
    """The address of a database whose tables are up to date; the private one runs inside `stack`."""
    from holdfast.database import embedded
    from holdfast.database import migrate as migrations

    url = settings.postgres_url
    if settings.direct_url is None:
        url = stack.enter_context(embedded.running(Path(settings.data_dir)))
    direct = settings.direct_url or url
    assert direct is not None
    asyncio.run(
        migrations.prepare(
            direct,
            migrate=settings.migrate_on_start,
            seconds_max=settings.database_wait_seconds_max,
            tell=_say,
        )
    )
    return url or direct


def told_place(settings: Settings) -> str:
    """Which database a command works on, for the person at the terminal, without secrets."""
    url = settings.direct_url
    if url is None:
        return f"the private PostgreSQL in {settings.data_dir}"
    parts = urlsplit(url)
    name = unquote(parts.path.removeprefix("/"))
    return f"the database {name} at {parts.netloc.rpartition('@')[2] or 'its socket'}"


def keep_from_unused(settings: Settings) -> None:
    """End, rather than fill a private database that nobody serves, while something else serves the port."""
    from holdfast.database import embedded

    if settings.direct_url or embedded.is_used(Path(settings.data_dir)):
        return
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    try:
        socket.create_connection((host, settings.port), 1).close()
    except OSError:
        return
    stop(
        f"something serves port {settings.port}, and not on {told_place(settings)}: "
        "name its database in DATABASE_URL, or run this command beside it (docker compose exec api holdfast …)"
    )


def found_url(settings: Settings, stack: ExitStack) -> str:
    """The address of the database as it is, past any pooler; the private one runs inside `stack`."""
    from holdfast.database import embedded, migrate

    url = settings.direct_url or stack.enter_context(embedded.running(Path(settings.data_dir)))
    seconds_max = settings.database_wait_seconds_max
    asyncio.run(migrate.reach(url, seconds_max=seconds_max, tell=_say))
    return url


def _say(line: str) -> None:
    console.print(line, highlight=False)


def stop(line: str, status: int = 1) -> NoReturn:
    """End with one line for the person at the terminal."""
    Console(stderr=True).print(f"holdfast: {line}", highlight=False, markup=False, soft_wrap=True)
    raise SystemExit(status)
