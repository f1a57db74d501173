"""What a run came to: one table and a verdict for each target at the terminal, everything in `results.json`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.table import Table

import chart
from probe import Cost
from rounds import Promise
from targets import Median, Target, total
from workloads import Measurement, Row, Yardstick

BAR_CELLS = 24


class Report(Struct, frozen=True):
    """Everything that is known after a run."""

    settings: dict[str, Any]
    machine: dict[str, Any]
    versions: dict[str, str]
    medians: dict[str, Median]
    targets: list[Target]
    promise: Promise
    probe: list[Cost]
    measurements: list[Measurement]


def write(report: Report, rows: Sequence[Row], directory: Path) -> list[Path]:
    """Write `results.json` and `results.svg`; answers where."""
    directory.mkdir(parents=True, exist_ok=True)
    verdicts = [msgspec.structs.asdict(target) | {"is_met": target.is_met} for target in report.targets]
    told = msgspec.to_builtins(report) | {"targets": verdicts, "promise_is_kept": report.promise.is_kept}
    files = {
        directory / "results.json": msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n",
        directory / "results.svg": chart.draw(rows, report.medians),
    }
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    return list(files)


def show(console: Console, report: Report, rows: Sequence[Row]) -> None:
    """Print the table, the targets, and whether the promise was kept."""
    console.print(_table(report, rows))
    console.print(_costs(report, rows))
    for cost in report.probe:
        console.print(
            f"look for conflicts in a room of {cost.reservations:,}: {cost.single_us:,.0f} µs for 1 claim, "
            f"{cost.batch_us:,.0f} µs for a batch"
        )
    show_targets(console, report.targets)
    show_promise(console, report.promise)


def show_targets(console: Console, judged: Sequence[Target]) -> None:
    """Print one line a target."""
    for target in judged:
        mark = "[green]met   [/]" if target.is_met else "[red]missed[/]"
        sign = "≥" if target.at_least else "≤"
        console.print(f"{mark} {target.value:>8.2f} {sign} {target.bound:<6g} {target.title}", highlight=False)


def show_promise(console: Console, promise: Promise) -> None:
    """Print what SQL says."""
    mark = "[green]kept  [/]" if promise.is_kept else "[bold red]BROKEN[/]"
    answered, held = sum(load.created for load in promise.loads), sum(load.held for load in promise.loads)
    console.print(f"{mark} {promise.overlaps} overlaps; {answered:,} answers 201, {held:,} reservations in the table")
    console.print(
        "       (more may be in the table than was answered: wrk leaves without what is under way, one a connection)"
    )
    for load in promise.loads:
        if not load.is_kept:
            console.print(f"       {load.row}: {load.created} answers 201, {load.held} reservations in the table")


def _table(report: Report, rows: Sequence[Row]) -> Table:
    most = max((each.rate for each in report.medians.values()), default=0) or 1
    table = Table(title="Operations a second")
    table.add_column("")
    rounds = sorted({each.round for each in report.measurements})
    for heading in (*(f"round {number}" for number in rounds), "median", "p50 ms", "p99 ms"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", min_width=BAR_CELLS, no_wrap=True)
    for row in rows:
        if row.name not in report.medians:
            continue
        of_row = report.medians[row.name]
        by_round = {each.round: each.rate for each in report.measurements if each.row == row.name}
        numbers = [_short(by_round.get(number)) for number in rounds]
        bar = "█" * round(BAR_CELLS * of_row.rate / most)
        style = "dim" if isinstance(row, Yardstick) else None
        latency = _short(of_row.p50_ms), _short(of_row.p99_ms)
        table.add_row(row.title, *numbers, f"[bold]{_short(of_row.rate)}[/]", *latency, bar, style=style)
    return table


def _costs(report: Report, rows: Sequence[Row]) -> Table:
    """Where an operation's processor time goes. Parts are medians by themselves, so they need not add up."""
    table = Table(title="Processor time of an operation, µs")
    table.add_column("")
    headings = ("service", "lanes", "relay", "other sessions", "background", "all", ": bare", "load generator")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    bare = total(report.medians["bare"]) if "bare" in report.medians else None
    for row in rows:
        cost = report.medians[row.name].cost if row.name in report.medians else None
        if cost is None:
            continue
        whole = total(report.medians[row.name])
        ratio = "" if not bare or whole is None else f"{whole / bare:.2f}"
        parts = (cost.service, cost.lanes, cost.relay, cost.others, cost.background, whole)
        style = "dim" if isinstance(row, Yardstick) else None
        table.add_row(row.title, *map(_short, parts), f"[bold]{ratio}[/]", _short(cost.load), style=style)
    return table


def _short(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
