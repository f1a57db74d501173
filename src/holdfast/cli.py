"""The command line. No logic of its own."""

import asyncio
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from holdfast import __version__
from holdfast import settings as settings_module
from holdfast.console import (
    console,
    direct_url,
    keep_from_unused,
    prepared_url,
    read_settings,
    stop,
    told,
    told_place,
)
from holdfast.first_process import step_aside
from holdfast.settings import HINTS, Settings
from holdfast.upkeep import commands as upkeep
from holdfast.webhooks.commands import webhooks

cli = typer.Typer(
    name="holdfast",
    help="Books rooms, tables and seats, and never gives a place twice.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.add_typer(webhooks, name="webhooks")
cli.command()(upkeep.doctor)
cli.command()(upkeep.check)
cli.command()(upkeep.repair)
cli.command(context_settings={"ignore_unknown_options": True})(upkeep.psql)


def main() -> None:
    """What the command `holdfast` runs."""
    step_aside()
    cli()


@cli.command()
def serve() -> None:
    """Serve the API; with no DATABASE_URL, on a private PostgreSQL in DATA_DIR."""
    from holdfast import server

    with told(1, server.StartFailed):
        status = server.run(read_settings(), lambda line: console.print(line, highlight=False))
    raise typer.Exit(status)


@cli.command()
def migrate(
    to: Annotated[str, typer.Option(help="Revision to go to; `base` removes every table")] = "head",
    down: Annotated[bool, typer.Option("--down", help="Go down to the revision, not up")] = False,
) -> None:
    """Bring the database's tables up to date."""
    from holdfast.database import embedded
    from holdfast.database import migrate as migrations

    settings = read_settings()
    with told(), ExitStack() as stack:
        url = settings.direct_url or stack.enter_context(embedded.running(Path(settings.data_dir)))
        asyncio.run((migrations.downgrade if down else migrations.upgrade)(url, to))
        now = asyncio.run(migrations.revision(url))
    console.print(f"The database is at revision {now or 'base'}")


@cli.command()
def relay() -> None:
    """Publish messages, beside services with RELAY=false or as one more that can take over."""
    from holdfast import relaying

    settings = read_settings()
    with told(), ExitStack() as stack:
        url = prepared_url(settings, stack)
        asyncio.run(relaying.run(settings, url, lambda line: console.print(line, highlight=False)))


@cli.command("create-admin")
def create_admin(
    email: Annotated[str, typer.Option(prompt="E-mail address", help="Address of the account")],
    promote: Annotated[bool, typer.Option("--promote", help="Make an account that exists an admin's")] = False,
) -> None:
    """Make an admin. The password is asked for, or read from standard input."""
    from holdfast.accounts import operator
    from holdfast.errors import CommandRefused

    settings = read_settings()
    keep_from_unused(settings)
    password = "" if promote else _password()
    with told(1, CommandRefused), ExitStack() as stack:
        # The first admin of a server may well be made before it has ever been started.
        url = prepared_url(settings, stack)
        if promote:
            asyncio.run(operator.promote(url, settings, email))
        else:
            asyncio.run(operator.create_admin(url, settings, email, password))
    console.print(f"{email.lower()} is an admin", highlight=False, markup=False)


@cli.command()
def seed(
    yes: Annotated[bool, typer.Option("--yes", help="Do it although PRODUCTION=true")] = False,
) -> None:
    """Add an office to try things on: 50 rooms, 10,000 users, 100,000 bookings. Done twice, it is done once."""
    from rich.progress import Progress

    from holdfast.clock import utc_now
    from holdfast.seeding import service as seeding

    settings = read_settings()
    if settings.production and not yes:
        stop("PRODUCTION=true: everybody knows the password of the users that would be added; --yes adds them")
    keep_from_unused(settings)
    console.print(f"Seeding {told_place(settings)}", highlight=False, markup=False, soft_wrap=True)
    with told(1, seeding.Overlap), ExitStack() as stack:
        url = direct_url(settings, stack)
        with Progress(console=console, transient=True) as progress:
            bar = progress.add_task("Seeding", total=seeding.TOTAL)
            tell = partial(progress.advance, bar)
            added = asyncio.run(seeding.seed(url, utc_now(), settings.password_cost, tell))
    console.print(seeding.words(added), highlight=False, soft_wrap=True)


@cli.command("load-test")
def load_test(  # noqa: PLR0913  each is an option of the command
    *,
    url: Annotated[str | None, typer.Option(help="Address of the service; without it, PORT here")] = None,
    rate: Annotated[float, typer.Option(help="Requests a second", min=0.1, max=10_000)] = 100,
    duration: Annotated[str, typer.Option(help="For how long: 30s, 2m")] = "10s",
    p95: Annotated[str, typer.Option(help="95 of 100 answers must come within this time")] = "200ms",
    max_err: Annotated[float, typer.Option(help="Share of requests that may fail", min=0, max=1)] = 0.01,
    token: Annotated[str | None, typer.Option(help="Token of a user; without it, /dummyLogin gives one")] = None,
    out: Annotated[Path, typer.Option(help="Directory of metrics.json and report.html")] = Path("load"),
) -> None:
    """Ask a running service for free slots at a constant rate. 1: a limit was broken. 2: nothing could be measured."""
    from rich.progress import Progress

    from holdfast.load import trial
    from holdfast.load.measurement import Thresholds
    from holdfast.load.orders import Count

    try:
        seconds, limits = _seconds(duration, "--duration"), Thresholds(_seconds(p95, "--p95") * 1000, max_err)
        url = url or f"http://127.0.0.1:{read_settings().port}"
        orders = trial.prepare(url.rstrip("/"), token, rate, seconds)
        with Progress(console=console, transient=True) as progress:
            bar = progress.add_task("Sending", total=orders.count)

            def tell(now: Count) -> None:
                failed = f", {now.errors:,} failed" if now.errors else ""
                progress.update(bar, completed=now.answered, description=f"{now.answered:,} answered{failed}")

            metrics = trial.run(orders, limits, out, tell)
    except trial.NotMeasured as error:
        stop(str(error), 2)
    console.print(trial.words(metrics, out), highlight=False, soft_wrap=True)
    if not metrics.is_kept:
        stop("; ".join(metrics.broken))


@cli.command()
def settings() -> None:
    """Show every setting: its value, where secrets are masked, and its meaning."""
    current = read_settings()
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


def _password() -> str:
    """From a person, unseen and twice, or the first line of what another program writes."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password (8 to 72 bytes)", hide_input=True, confirmation_prompt=True))
    try:
        return sys.stdin.readline().rstrip("\r\n")
    except UnicodeDecodeError:
        stop("the password is not UTF-8")


def _shown(current: Settings, name: str) -> str:
    value = getattr(current, name)
    if value is None:
        return "(not set)"
    if settings_module.is_secret(name):
        return "***"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _seconds(text: str, option: str) -> float:
    from holdfast.load import measurement

    try:
        return measurement.seconds(text)
    except ValueError:
        stop(f"{option}={text} is not allowed: a length of time such as 200ms, 10s or 2m", 2)
