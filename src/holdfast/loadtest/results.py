"""What a load test found, as numbers. Pure."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct


class Answer(NamedTuple):
    """One answer: when its request was due and how long it took from then, in seconds; `ok` or what went wrong."""

    due: float
    seconds: float
    outcome: str


class Limits(Struct, frozen=True):
    """What must not be exceeded: the 95th percentile in seconds, and the share of requests that failed."""

    p95: float
    errors: float


class Results(Struct, frozen=True):
    """The numbers of one test; times in milliseconds. `rate` is of requests that were answered, a second."""

    url: str
    asked_rate: float
    seconds: float
    rate: float
    requests: int
    success_rate: float
    p50: float
    p95: float
    p99: float
    longest: float
    errors: dict[str, int]
    p95_max: float
    errors_max: float

    @property
    def broken(self) -> list[str]:
        """The limits that were exceeded, in words."""
        found = []
        if not self.p95 <= self.p95_max:
            found.append(f"p95 is {self.p95:.2f} ms, allowed are {self.p95_max:g} ms")
        if 1 - self.success_rate > self.errors_max:
            found.append(f"{1 - self.success_rate:.2%} of the requests failed, allowed are {self.errors_max:.2%}")
        return found


def summary(url: str, asked: tuple[float, float], total: int, answers: Sequence[Answer], limits: Limits) -> Results:
    """The numbers. `asked` is the rate and for how many seconds; requests without an answer count as failed."""
    errors = Counter(each.outcome for each in answers if each.outcome != "ok")
    if len(answers) < total:
        errors["no answer in time"] += total - len(answers)
    times = sorted(each.seconds * 1000 for each in answers if each.outcome == "ok")
    last = max((each.due + each.seconds for each in answers), default=0.0)
    return Results(
        url=url,
        asked_rate=asked[0],
        seconds=asked[1],
        rate=round(len(answers) / max(last, 1e-9), 2),
        requests=total,
        success_rate=len(times) / total,
        p50=percentile(times, 0.5),
        p95=percentile(times, 0.95),
        p99=percentile(times, 0.99),
        longest=times[-1] if times else math.inf,
        errors=dict(errors),
        p95_max=limits.p95 * 1000,
        errors_max=limits.errors,
    )


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of numbers in ascending order; infinite for none."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.inf
