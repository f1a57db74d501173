"""How soon the service takes bookings again when a fault is over, as the recorded history tells."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import inf
from typing import NamedTuple

from proof.recorded.history import Call, Operation, Outcome
from proof.recorded.seats import Act, SeatCall

WORKER_SECONDS_MAX = 5.0
DATABASE_SECONDS_MAX = 10.0
"""Its own recovery from a crash counts in."""
FAILOVER_SECONDS_MAX = 30.0
SEVERAL = "several of these, one before the other had healed"


class Booking(NamedTuple):
    """A booking that was acknowledged: when it was sent, and when its answer was there."""

    begun: float
    acknowledged: float


class Fault(NamedTuple):
    """Something that was done to the service or its servers, and taken away again: moments of the history's clock.

    A killed worker's fault is over at once: what comes next is the service's own work. So it is with a server that is
    being started, whose recovery counts as healing.
    """

    kind: str
    began: float
    over: float
    seconds_max: float = WORKER_SECONDS_MAX


class Healing(NamedTuple):
    """How long nobody's booking was begun and acknowledged after faults; `inf` when none was to the end."""

    faults: tuple[Fault, ...]
    seconds: float

    @property
    def kind(self) -> str:
        """What was healed."""
        kinds = {fault.kind for fault in self.faults}
        return kinds.pop() if len(kinds) == 1 else SEVERAL

    @property
    def seconds_max(self) -> float:
        """How long it may take: as long as after the slowest of the faults."""
        return max(fault.seconds_max for fault in self.faults)

    @property
    def is_late(self) -> bool:
        """Whether it took longer than it may."""
        return self.seconds > self.seconds_max

    def __str__(self) -> str:
        told = ", ".join(f"{fault.kind} [{fault.began:.6f} {fault.over:.6f}]" for fault in self.faults)
        return f"{self.seconds:.1f} s of {self.seconds_max:.0f} after {told}"


class Bookings:
    """All that were acknowledged, in the order in which they were begun."""

    def __init__(self, bookings: Iterable[Booking]) -> None:
        ordered = sorted(bookings)
        self._begun = [each.begun for each in ordered]
        # Of those from here to the end, the first that was acknowledged: not always the first that was begun.
        self._first = list(accumulate((each.acknowledged for each in reversed(ordered)), min))[::-1]

    def first_after(self, moment: float) -> float:
        """When the first that was begun after this moment was acknowledged; `inf` when none was."""
        number = bisect_right(self._begun, moment)
        return self._first[number] if number < len(self._first) else inf


def healings(faults: Sequence[Fault], made: Iterable[Booking]) -> list[Healing]:
    """How long each fault took to heal; `faults` in the order of their beginnings.

    Who is hit again before having healed is not measured twice: such faults count as one, from the end of the last of
    them.
    """
    bookings = Bookings(made)
    groups: list[list[Fault]] = []
    for fault in faults:
        if groups and fault.began < bookings.first_after(groups[-1][-1].over):
            groups[-1].append(fault)
        else:
            groups.append([fault])
    return [Healing(tuple(group), bookings.first_after(group[-1].over) - group[-1].over) for group in groups]


def acknowledged(calls: Iterable[Call], seat_calls: Iterable[SeatCall]) -> list[Booking]:
    """The bookings of a history. An answer that is given again is none: it needs no database that writes."""
    return [
        *(Booking(call.start, call.end) for call in calls if _is_booking(call)),
        *(Booking(call.start, call.end) for call in seat_calls if _is_seat(call)),
    ]


def has_booked_since(moment: float, histories: Iterable[Sequence[Call]]) -> bool:
    """Whether somebody has begun a booking after this moment and had it. The histories may still grow."""
    for calls in histories:
        for call in reversed(calls):
            if call.start <= moment:
                break
            if _is_booking(call):
                return True
    return False


def _is_booking(call: Call) -> bool:
    return call.operation is Operation.CREATE and call.outcome is Outcome.OK and not call.answer.replayed


def _is_seat(call: SeatCall) -> bool:
    return call.act is Act.BOOK and call.outcome is Outcome.OK and not call.replayed
