"""A load test from beginning to end: look what there is, send, measure, write it down."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import assert_never

import msgspec

from holdfast.load import measurement, report, target
from holdfast.load.measurement import Metrics, Thresholds
from holdfast.load.orders import Count, Finished, Orders, Sample

Tell = Callable[[Count], None]


class NotMeasured(Exception):
    """There is no outcome. Its text says why, in one line."""


def prepare(url: str, token: str | None, rate: float, seconds: float) -> Orders:
    """What to send. Raises `NotMeasured`."""
    if find_spec("locust") is None:
        raise NotMeasured("locust is not installed: run `make setup-dev`, or `pip install 'holdfast[load]'`")
    try:
        found, paths = target.slots_paths(url, token, datetime.now(UTC).date())
    except target.NoTarget as error:
        raise NotMeasured(str(error)) from None
    return Orders(url, found, paths, rate, seconds)


def run(orders: Orders, limits: Thresholds, out: Path, tell: Tell) -> Metrics:
    """Send, and write `metrics.json` and `report.html`; `tell` hears how it goes. Raises `NotMeasured`."""
    started_at = datetime.now(UTC).isoformat(timespec="seconds")
    metrics = measurement.measure(send(orders, tell), orders, limits, started_at)
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "metrics.json").write_bytes(msgspec.json.format(msgspec.json.encode(metrics), indent=2) + b"\n")
        (out / "report.html").write_text(report.page(metrics), encoding="utf-8")
    except OSError as error:
        raise NotMeasured(f"{out} cannot be written: {error.strerror}") from None
    return metrics


def words(metrics: Metrics, out: Path) -> str:
    """The outcome for the person at the terminal."""
    latency = metrics.latency_ms
    return (
        f"{metrics.requests:,} requests, {metrics.rate:g} answers/s, {metrics.success_rate:.2%} as they should be\n"
        f"p50 {latency.p50:.2f} ms, p95 {latency.p95:.2f} ms, p99 {latency.p99:.2f} ms, max {latency.max:.2f} ms\n"
        + "".join(f"{count:,} × {kind}\n" for kind, count in metrics.errors.items())
        + f"{out / 'metrics.json'}, {out / 'report.html'}"
    )


def send(orders: Orders, tell: Tell) -> list[Sample]:
    """Have another process send the requests: locust changes the one it runs in. Raises `NotMeasured`."""
    command = [sys.executable, "-m", "holdfast.load.arrivals"]
    # A file for what it complains of, not a pipe: nobody reads while it works.
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints) as process,
    ):
        try:
            found = _follow(process, orders, tell)
        finally:
            process.kill()
        if found is not None:
            return found
        complaints.seek(0)
        last = complaints.read().decode(errors="replace").strip().rpartition("\n")[2]
    raise NotMeasured(f"the process that sends requests has failed: {last}")


def _follow(process: "subprocess.Popen[bytes]", orders: Orders, tell: Tell) -> list[Sample] | None:
    """What the process has sent in the end; `None` when it ends without saying so."""
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(BrokenPipeError):
        process.stdin.write(msgspec.json.encode(orders))
        process.stdin.close()
    for line in process.stdout:
        said: Count | Finished = msgspec.json.decode(line, type=Count | Finished)
        match said:
            case Count():
                tell(said)
            case Finished(samples):
                return list(samples)
            case _:
                assert_never(said)
    return None
