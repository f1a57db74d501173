"""Commands for whoever looks after the data: find what is wrong, mend it, type SQL."""

import asyncio
import subprocess
from contextlib import ExitStack
from typing import Annotated

import typer

from holdfast.console import console, direct_url, read_settings, stop


def check() -> None:
    """Find events whose counts do not fit their bookings. 1: there are some."""
    from holdfast.database import embedded
    from holdfast.database import migrate as migrations
    from holdfast.database.connections import AWAY
    from holdfast.events import operator

    settings = read_settings()
    with ExitStack() as stack:
        try:
            found = asyncio.run(operator.check(direct_url(settings, stack), settings))
        except (*AWAY, embedded.EmbeddedFailed, migrations.NotReady) as error:
            stop(str(error), 2)
    for wrong in found:
        seats = f"{wrong.bookings} bookings, {wrong.booked_seats} counted, {wrong.total_seats} seats"
        console.print(f"event {wrong.id}, {wrong.name}: {seats}", highlight=False, markup=False, soft_wrap=True)
    if found:
        stop(f"{len(found)} wrong; `holdfast repair` counts anew")
    console.print("Every event counts its bookings rightly, and has seats for them", highlight=False)


def repair() -> None:
    """Count the bookings anew of events that `check` finds, while bookings go on."""
    from holdfast.clock import utc_now
    from holdfast.database import embedded
    from holdfast.database import migrate as migrations
    from holdfast.database.connections import AWAY
    from holdfast.events import operator

    settings = read_settings()
    with ExitStack() as stack:
        try:
            mended = asyncio.run(operator.repair(direct_url(settings, stack), settings, utc_now))
        except (*AWAY, embedded.EmbeddedFailed, migrations.NotReady) as error:
            stop(str(error), 2)
    for each in mended:
        console.print(f"event {each.id}: {each.before} became {each.after}", highlight=False)
    console.print(f"{len(mended)} mended", highlight=False)


def psql(
    arguments: Annotated[list[str] | None, typer.Argument(help="What psql is given: -c 'SELECT …', -f file")] = None,
) -> None:
    """Type SQL into the service's database, the private one too."""
    from holdfast.database import embedded
    from holdfast.database import migrate as migrations
    from holdfast.database.connections import AWAY

    settings = read_settings()
    with ExitStack() as stack:
        try:
            url = direct_url(settings, stack)
        except (*AWAY, embedded.EmbeddedFailed, migrations.NotReady) as error:
            stop(str(error), 2)
        done = subprocess.run([embedded.binary("psql"), url, *(arguments or [])], check=False)
    raise typer.Exit(done.returncode)
