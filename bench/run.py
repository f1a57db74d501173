"""`make bench`: how many reservations a second, beside what the same PostgreSQL can do at all.

Start it with `make bench`, or `python bench/run.py --help`. What the rows mean: bench/README.md.
"""

import asyncio
import signal
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import concerts
import endurance
import machine
import office
import postgres
import probe
import report
import stream
import targets
import workloads
import wrk
from report import Report
from rounds import Campaign
from workloads import Row

HERE = Path(__file__).parent
PROBE = "probe"
SERVICE = "defaults, but for WORKERS where the row says so, and no rate limit"

Seconds = Annotated[int, typer.Option(min=1, max=60, help="Length of each measurement")]
Rounds = Annotated[int, typer.Option(min=1, max=10, help="How often each row is measured")]
Only = Annotated[list[str], typer.Option(help=f"Only rows whose name holds this word, or '{PROBE}'; may be repeated")]
Long = Annotated[bool, typer.Option("--long", help="Instead: a million creations, and a worker's memory")]
OfficeToo = Annotated[bool, typer.Option("--office", help="Instead: slots and bookings of the seeded office")]
ConcertsToo = Annotated[bool, typer.Option("--concerts", help="Instead: seats at events")]
StreamToo = Annotated[bool, typer.Option("--stream", help="Instead: messages, and what they cost bookings")]
Creations = Annotated[int, typer.Option(min=1, help="How many creations --long makes")]
Out = Annotated[Path, typer.Option(help="Directory that the results are written to")]
Strict = Annotated[bool, typer.Option("--strict", help="Fail when a target is missed, too")]


def main(  # noqa: PLR0913, PLR0917  each is an option
    seconds: Seconds = 5,
    rounds: Rounds = 3,
    only: Only = [],  # noqa: B006  never changed
    long: Long = False,
    office_too: OfficeToo = False,
    concerts_too: ConcertsToo = False,
    stream_too: StreamToo = False,
    creations: Creations = 1_000_000,
    out: Out = HERE,
    strict: Strict = False,
) -> None:
    """Measure creations, conflicts and lists through HTTP, and pgbench on the same PostgreSQL."""
    wrk.program()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    console = Console(width=None if sys.stdout.isatty() else 150)
    if long:
        is_kept, judged = _long(console, creations, out)
    elif office_too:
        is_kept, judged = _office(console, (seconds, rounds), out)
    elif concerts_too:
        is_kept, judged = _concerts(console, (seconds, rounds), out)
    elif stream_too:
        is_kept, judged = _stream(console, (seconds, rounds), out)
    else:
        is_kept, judged = _table(console, (seconds, rounds, only), out)
    if not is_kept or (strict and not all(target.is_met for target in judged)):
        raise typer.Exit(1)


def _long(console: Console, creations: int, out: Path) -> tuple[bool, list[targets.Target]]:
    done = endurance.run(creations, console.print)
    report.show_targets(console, done.targets)
    report.show_promise(console, done.promise)
    console.print(f"written: {endurance.write(done, out)}")
    return done.promise.is_kept, done.targets


def _office(console: Console, chosen: tuple[int, int], out: Path) -> tuple[bool, list[targets.Target]]:
    seconds, rounds = chosen
    done = office.run(rounds, seconds, lambda line: console.print(line, highlight=False))
    report.show_targets(console, done.targets)
    console.print(f"written: {office.write(done, out)}")
    return done.seen_free_after_201 == 0, done.targets


def _concerts(console: Console, chosen: tuple[int, int], out: Path) -> tuple[bool, list[targets.Target]]:
    seconds, rounds = chosen
    done = concerts.run(rounds, seconds, lambda line: console.print(line, highlight=False))
    report.show_targets(console, done.targets)
    console.print(f"written: {concerts.write(done, out)}")
    return done.wrong_events == 0 and done.held >= done.acknowledged, done.targets


def _stream(console: Console, chosen: tuple[int, int], out: Path) -> tuple[bool, list[targets.Target]]:
    seconds, rounds = chosen
    done = stream.run(rounds, seconds, lambda line: console.print(line, highlight=False))
    report.show_targets(console, done.targets)
    console.print(f"written: {stream.write(done, out)}")
    return True, done.targets


def _table(console: Console, chosen: tuple[int, int, list[str]], out: Path) -> tuple[bool, list[targets.Target]]:
    seconds, rounds, only = chosen
    rows = workloads.chosen(only)
    is_probed = not only or any(word in PROBE for word in only)
    if not rows and not is_probed:
        raise typer.BadParameter(f"there is {', '.join(row.name for row in workloads.ROWS)} and {PROBE}")
    before = machine.describe(Path(tempfile.gettempdir()))
    if machine.is_busy():
        console.print("[yellow]other programs are busy on this machine: the numbers will say little[/]")
    with postgres.running() as url:
        campaign = Campaign(url, seconds, console.print)
        costs = asyncio.run(probe.measure(url)) if is_probed else []
        campaign.prepare(rows)
        _run_rounds(console, campaign, rows, rounds)
        promise = campaign.look_for_breaches()
        settings = {"postgresql": postgres.ask(url, postgres.settings), "service": SERVICE}
    done = Report(
        settings=settings | {"seconds": seconds, "rounds": rounds, "only": only},
        machine=before,
        versions=machine.versions(),
        medians=targets.medians(campaign.measurements),
        targets=targets.judge(campaign.measurements, costs),
        promise=promise,
        probe=costs,
        measurements=campaign.measurements,
    )
    report.show(console, done, rows)
    console.print("written: " + ", ".join(str(path) for path in report.write(done, rows, out)))
    return promise.is_kept, done.targets


def _run_rounds(console: Console, campaign: Campaign, rows: list[Row], rounds: int) -> None:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=len(rows) * rounds)
        for number in range(1, rounds + 1):
            campaign.run_round(number, rows, lambda row: progress.update(task, description=row.title, advance=1))


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app()
