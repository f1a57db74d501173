"""Commands for whoever looks after the data: find what is wrong, mend it, type SQL."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.console import console, direct_url, found_url, read_settings, stop, told

if TYPE_CHECKING:
    from holdfast.upkeep.findings import Finding, Level
    from holdfast.upkeep.invariants import Broken, Invariant


def doctor() -> None:
    """Look over settings, database, clock, Redis and data, and say what to do. 1: something is wrong."""
    from holdfast.clock import utc_now
    from holdfast.database import embedded
    from holdfast.upkeep import doctor as looking
    from holdfast.upkeep.findings import Level

    settings = read_settings()
    with ExitStack() as stack:
        try:
            # Neither made nor brought up to date: nothing may change because somebody looked.
            url = settings.direct_url
            if url is None and embedded.is_made(Path(settings.data_dir)):
                url = stack.enter_context(embedded.running(Path(settings.data_dir)))
        except embedded.EmbeddedFailed as error:
            stop(str(error))
        levels = asyncio.run(_tell(looking.findings(url, settings, utc_now)))
    if Level.WRONG in levels:
        stop(f"{levels.count(Level.WRONG)} wrong")


async def _tell(findings: "AsyncIterator[Finding]") -> "list[Level]":
    """Print each finding as it comes; answers how bad they are."""
    colors = {"ok": "green", "look at this": "yellow", "wrong": "red"}
    levels = []
    async for found in findings:
        word = found.level.value
        console.print(f"[{colors[word]}]{word:>12}[/]  ", end="", highlight=False)
        console.print(found.text, highlight=False, markup=False, soft_wrap=True)
        if found.advice:
            console.print(f"{'':14}{found.advice}", highlight=False, markup=False, soft_wrap=True)
        levels.append(found.level)
    return levels


def check() -> None:
    """Look through the whole database for what must never be. 1: there is some."""
    from holdfast.upkeep import invariants

    settings = read_settings()
    with told(2), ExitStack() as stack:
        url = found_url(settings, stack)
        with console.status("") as status:
            found = asyncio.run(_broken(url, lambda each: status.update(each.sentence)))
    for each in found:
        console.print(f"Not so: {each.invariant.sentence}", style="red", highlight=False)
        for line in each.lines[: invariants.SHOWN_MAX]:
            console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
        if len(each.lines) > invariants.SHOWN_MAX:
            console.print(f"  and {len(each.lines) - invariants.SHOWN_MAX} more", highlight=False)
        console.print(f"  {each.invariant.advice}", highlight=False, markup=False, soft_wrap=True)
    if found:
        stop(f"{len(found)} of {len(invariants.INVARIANTS)} wrong")
    for invariant in invariants.INVARIANTS:
        console.print(invariant.sentence, highlight=False)


async def _broken(url: str, tell: "Callable[[Invariant], None]") -> "list[Broken]":
    from holdfast.database.connections import alone
    from holdfast.upkeep import invariants

    async with alone(url) as connection:
        return await invariants.broken(connection, tell)


def repair() -> None:
    """Mend what `check` finds and a count can: events' counts, and sequences that are behind. Bookings go on."""
    from holdfast.clock import utc_now
    from holdfast.events import operator
    from holdfast.upkeep import sequences

    settings = read_settings()
    with told(2), ExitStack() as stack:
        url = direct_url(settings, stack)
        mended = asyncio.run(sequences.repair(url)) + asyncio.run(operator.repair(url, utc_now))
    for each in mended:
        console.print(each.words, highlight=False)
    console.print(f"{len(mended)} mended", highlight=False)


def psql(
    arguments: Annotated[list[str] | None, typer.Argument(help="What psql is given: -c 'SELECT …', -f file")] = None,
) -> None:
    """Type SQL into the service's database, the private one too."""
    from holdfast.database import embedded

    settings = read_settings()
    with told(2), ExitStack() as stack:
        url = direct_url(settings, stack)
        done = subprocess.run([embedded.binary("psql"), url, *(arguments or [])], check=False)
    raise typer.Exit(done.returncode)
