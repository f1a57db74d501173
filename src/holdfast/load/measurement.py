"""What the samples mean: percentiles, rates, errors, and whether limits were kept. Pure: values in, values out."""

import re
from collections import Counter
from collections.abc import Sequence
from math import ceil

from msgspec import Struct

from holdfast.load.orders import Orders, Sample

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
STRETCHES = 40
"""The test in parts, for the charts."""


class Thresholds(Struct, frozen=True):
    """What must be kept: the 95th percentile in milliseconds, and the share of requests that may fail."""

    p95_ms: float
    max_err: float


class Latency(Struct, frozen=True):
    """Of all requests, in milliseconds, by nearest rank."""

    p50: float
    p90: float
    p95: float
    p99: float
    max: float
    mean: float


class Phase(Struct, frozen=True):
    """A part of the test, from `start` on, in seconds.

    Percentiles are of the requests that were to be sent in it, `None` if there were none; `answers`, good ones, and
    `errors` are those that came in it.
    """

    start: float
    seconds: float
    answers: int
    errors: int
    p50: float | None
    p95: float | None
    max: float | None


class LoadSettings(Struct, frozen=True):
    """What was asked for."""

    url: str
    rate: float
    seconds: float
    paths: int
    limits: Thresholds


class Metrics(Struct, frozen=True):
    """The outcome, as it is written to `metrics.json`.

    `rate` is of answers a second until the last one; `lag_p99_ms` tells how late the test itself was at sending.
    """

    settings: LoadSettings
    started_at: str
    requests: int
    rate: float
    success_rate: float
    latency_ms: Latency
    errors: dict[str, int]
    lag_p99_ms: float
    broken: Sequence[str]
    stretches: Sequence[Phase]

    @property
    def is_kept(self) -> bool:
        """Whether every limit was kept."""
        return not self.broken


def measure(samples: Sequence[Sample], orders: Orders, limits: Thresholds, started_at: str) -> Metrics:
    """The outcome of a test. There is at least one sample."""
    latency = _latency([each.latency for each in samples])
    errors = Counter(each.error for each in samples if each.error is not None)
    share = errors.total() / len(samples)
    until = max(orders.seconds, *(each.answered_at for each in samples))
    return Metrics(
        settings=LoadSettings(orders.url, orders.rate, orders.seconds, len(orders.paths), limits),
        started_at=started_at,
        requests=len(samples),
        rate=round(len(samples) / until, 2),
        success_rate=round(1 - share, 6),
        latency_ms=latency,
        errors=dict(errors.most_common()),
        lag_p99_ms=round(percentile([each.lag for each in samples], 99), 3),
        broken=_broken(latency, share, limits),
        stretches=_stretches(samples, until),
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` percent of all do not exceed (the nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * share / 100) - 1)]


def seconds(text: str) -> float:
    """A length of time in seconds: `10s`, `200ms`, `1.5m`. Raises `ValueError`."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m)", text.strip())
    if found is None or float(found[1]) <= 0:
        raise ValueError(text)
    return float(found[1]) * UNITS[found[2]]


def _latency(values: Sequence[float]) -> Latency:
    p50, p90, p95, p99, most = (round(percentile(values, share), 3) for share in (50, 90, 95, 99, 100))
    return Latency(p50, p90, p95, p99, most, mean=round(sum(values) / len(values), 3))


def _broken(latency: Latency, share: float, limits: Thresholds) -> list[str]:
    """A line for each limit that was not kept."""
    lines = []
    if latency.p95 > limits.p95_ms:
        lines.append(f"p95 is {latency.p95:.2f} ms, more than {limits.p95_ms:g} ms")
    if share > limits.max_err:
        lines.append(f"{share:.2%} of the requests failed, more than {limits.max_err:.2%}")
    return lines


def _stretches(samples: Sequence[Sample], seconds: float) -> list[Phase]:
    length = seconds / STRETCHES
    sent: list[list[float]] = [[] for _ in range(STRETCHES)]
    came = [Counter[bool]() for _ in range(STRETCHES)]
    for each in samples:
        sent[min(int(each.at / length), STRETCHES - 1)].append(each.latency)
        came[min(int(each.answered_at / length), STRETCHES - 1)][each.error is None] += 1
    return [
        Phase(round(number * length, 3), round(length, 3), came[number][True], came[number][False], *_three(latencies))
        for number, latencies in enumerate(sent)
    ]


def _three(latencies: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    if not latencies:
        return None, None, None
    p50, p95, most = (round(percentile(latencies, share), 3) for share in (50, 95, 100))
    return p50, p95, most
