"""The command line. No logic of its own."""

import asyncio
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, NoReturn

import asyncpg
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from holdfast import __version__
from holdfast import settings as settings_module
from holdfast.settings import HINTS, Settings, WrongSetting

cli = typer.Typer(
    name="holdfast",
    help="Books rooms, tables and seats, and never gives a place twice.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console()


def main() -> None:
    """What the command `holdfast` runs."""
    cli()


@cli.command()
def serve() -> None:
    """Serve the API; with no DATABASE_URL, on a private PostgreSQL in DATA_DIR."""
    from holdfast import server
    from holdfast.database.embedded import EmbeddedFailed
    from holdfast.database.migrate import NotReady

    try:
        status = server.run(_settings(), lambda line: console.print(line, highlight=False))
    except (server.StartFailed, EmbeddedFailed, NotReady) as error:
        _stop(str(error))
    raise typer.Exit(status)


@cli.command()
def migrate(
    to: Annotated[str, typer.Option(help="Revision to go to; `base` removes every table")] = "head",
    down: Annotated[bool, typer.Option("--down", help="Go down to the revision, not up")] = False,
) -> None:
    """Bring the database's tables up to date."""
    from holdfast.database import embedded
    from holdfast.database import migrate as migrations

    settings = _settings()
    with ExitStack() as stack:
        try:
            url = settings.database_direct_url or settings.postgres_url
            url = url or stack.enter_context(embedded.running(Path(settings.data_dir)))
            asyncio.run((migrations.downgrade if down else migrations.upgrade)(url, to))
            now = asyncio.run(migrations.revision(url))
        except (OSError, embedded.EmbeddedFailed) as error:
            _stop(str(error))
    console.print(f"The database is at revision {now or 'base'}")


@cli.command("create-admin")
def create_admin(
    email: Annotated[str, typer.Option(prompt="E-mail address", help="Address of the account")],
    promote: Annotated[bool, typer.Option("--promote", help="Make an account that exists an admin's")] = False,
) -> None:
    """Make an admin. The password is asked for, or read from standard input."""
    from holdfast.accounts import operator
    from holdfast.database import embedded
    from holdfast.database import migrate as migrations

    settings = _settings()
    password = "" if promote else _password()
    with ExitStack() as stack:
        try:
            url = settings.postgres_url or stack.enter_context(embedded.running(Path(settings.data_dir)))
            # The first admin of a server may well be made before it has ever been started.
            asyncio.run(
                migrations.prepare(
                    settings.database_direct_url or url,
                    migrate=settings.migrate_on_start,
                    seconds_max=settings.database_wait_seconds_max,
                    tell=lambda line: console.print(line, highlight=False),
                )
            )
            if promote:
                asyncio.run(operator.promote(url, settings, email))
            else:
                asyncio.run(operator.create_admin(url, settings, email, password))
        except (OSError, embedded.EmbeddedFailed, migrations.NotReady, operator.Refused) as error:
            _stop(str(error))
    console.print(f"{email.lower()} is an admin", highlight=False, markup=False)


@cli.command()
def seed(
    yes: Annotated[bool, typer.Option("--yes", help="Even under PRODUCTION=true, where its password is known")] = False,
) -> None:
    """Fill the database with an office to try things out on: 50 rooms, 10,000 users, 100,000 bookings."""
    from holdfast.clock import utc_now
    from holdfast.database import embedded
    from holdfast.database import migrate as migrations
    from holdfast.seeding import office
    from holdfast.seeding.seed import seed as write

    settings = _settings()
    if settings.production and not yes:
        _stop(f"everybody knows the seeded users' password, {office.PASSWORD!r}: with PRODUCTION=true say --yes")
    with ExitStack() as stack:
        try:
            url = settings.postgres_url or stack.enter_context(embedded.running(Path(settings.data_dir)))
            asyncio.run(migrations.upgrade(settings.database_direct_url or url, "head"))
            with Steps(console) as steps:
                is_new = asyncio.run(write(url, utc_now(), settings.password_cost, steps.advance))
        except (OSError, asyncpg.PostgresError, embedded.EmbeddedFailed) as error:
            _stop(str(error))
    if is_new:
        console.print(f"Sign in as {office.email(1)} with the password {office.PASSWORD!r}", highlight=False)
    else:
        console.print("The office is there already; nothing was changed")


@cli.command("load-test")
def load_test(  # noqa: PLR0913, PLR0917  each is an option
    url: Annotated[str, typer.Option(help="Address of the service")] = "http://127.0.0.1:8080",
    rate: Annotated[float, typer.Option(min=0.1, max=10_000, help="Requests a second")] = 100,
    duration: Annotated[str, typer.Option(help="For how long, such as 10s or 1m")] = "10s",
    p95: Annotated[str, typer.Option(help="Longest 95th percentile, such as 200ms")] = "200ms",
    max_err: Annotated[float, typer.Option(min=0, max=1, help="Largest share of requests that fail")] = 0.01,
    token: Annotated[str | None, typer.Option(help="Bearer token; without it, /dummyLogin gives one")] = None,
    out: Annotated[Path, typer.Option(help="Directory for metrics.json and report.html")] = Path("load"),
) -> None:
    """Ask for free slots of all rooms, the next 7 days, at a constant rate; fail when a limit is broken."""
    from holdfast.clock import utc_now
    from holdfast.loadtest import run
    from holdfast.loadtest.results import Limits

    try:
        load = run.Load(rate, run.duration(duration), token, utc_now().date())
        limits = Limits(run.duration(p95), max_err)
        with Steps(console) as steps:
            found = run.test(url, load, limits, out, lambda done, total: steps.reach("answers", total, done))
    except (run.CannotTest, ValueError, OSError) as error:
        _stop(str(error), status=2)
    console.print(
        f"{found.rate:.1f} a second, {found.success_rate:.2%} answered well\n"
        f"p50 {found.p50:.2f} ms   p95 {found.p95:.2f} ms   p99 {found.p99:.2f} ms\n"
        f"written: {out / 'metrics.json'}, {out / 'report.html'}",
        highlight=False,
    )
    if found.broken:
        _stop("; ".join(found.broken))


@cli.command()
def settings() -> None:
    """Show every setting: its value, where secrets are masked, and its meaning."""
    current = _settings()
    table = Table(row_styles=["", "dim"])
    for heading in ("Setting", "Value", "Allowed", "Meaning"):
        table.add_column(heading, overflow="fold")
    for name in HINTS:
        table.add_row(name.upper(), _shown(current, name), settings_module.allowed(name), settings_module.meaning(name))
    console.print(table)


@cli.command()
def version() -> None:
    """Show the version."""
    console.print(__version__, highlight=False)


class Steps:
    """Bars that show how far some steps are."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description:>10}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "Steps":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def advance(self, what: str, total: int, more: int) -> None:
        """Show that more of something is done."""
        self._progress.advance(self._task(what, total), more)

    def reach(self, what: str, total: int, done: int) -> None:
        """Show how much of something is done."""
        self._progress.update(self._task(what, total), completed=done)

    def _task(self, what: str, total: int) -> TaskID:
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total)
        return self._tasks[what]


def _password() -> str:
    """From a person, unseen and twice, or the first line of what another program writes."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password (8 to 72 bytes)", hide_input=True, confirmation_prompt=True))
    try:
        return sys.stdin.readline().rstrip("\r\n")
    except UnicodeDecodeError:
        _stop("the password is not UTF-8")


def _settings() -> Settings:
    try:
        return settings_module.load()
    except WrongSetting as error:
        _stop(str(error))


def _shown(current: Settings, name: str) -> str:
    value = getattr(current, name)
    if value is None:
        return "(not set)"
    if settings_module.is_secret(name):
        return "***"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _stop(line: str, status: int = 1) -> NoReturn:
    """End with one line for the person at the terminal."""
    Console(stderr=True).print(f"holdfast: {line}", highlight=False, markup=False, soft_wrap=True)
    raise SystemExit(status)
