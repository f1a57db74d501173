"""A worker that is told to stop answers what it has accepted."""

from collections.abc import Iterator, Sequence
from math import inf
from typing import NamedTuple

from proof.recorded.answers import LOST
from proof.recorded.history import Call, Violation

ACCEPTED_AFTER_SECONDS = 0.25
"""A request that was sent so long before is surely with its worker."""


class Stop(NamedTuple):
    """A worker's end: when it was told to, and when it was gone; `inf` when it was not. Nothing else went wrong."""

    told: float
    gone: float


def under_way(stops: Sequence[Stop], calls: Sequence[Call]) -> Iterator[tuple[Stop, Call]]:
    """The calls that some worker had accepted when one was told to stop, and that ended before it had."""
    for stop in stops:
        for call in calls:
            if call.start < stop.told - ACCEPTED_AFTER_SECONDS and stop.told < call.end < stop.gone:
                yield stop, call


def check(stops: Sequence[Stop], calls: Sequence[Call]) -> Iterator[Violation]:
    """Workers that did not end, and calls whose connection ended instead of an answer."""
    for stop in stops:
        if stop.gone == inf:
            yield Violation("drain", f"a worker that was told to stop at {stop.told:.6f} did not end", ())
    for stop, call in under_way(stops, calls):
        if call.answer == LOST:
            yield Violation("drain", f"a worker was told to stop at {stop.told:.6f}, and did not answer", (call,))
