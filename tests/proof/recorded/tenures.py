"""Who held what and when, as far as the answers tell: each moment is known only between two bounds."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from proof.recorded.history import Call, Held, Operation, Outcome, Row

HAPPENED_MAYBE = (Outcome.OK, Outcome.UNKNOWN)
CLOCK_SECONDS = 0.25
"""By how much the database's clock and the clients' may differ over a hold."""
DECIDED = (Outcome.OK, Outcome.CONFLICT)
"""What is remembered under a key."""


class Event(Struct, frozen=True):
    """Something that befell a reservation between two moments; `last` is infinite when nobody was told it happened.

    `held` is what it has held since; `None` when it was cancelled.
    """

    held: Held | None
    first: float
    last: float
    calls: tuple[Call, ...]
    is_creation: bool = False

    @property
    def is_certain(self) -> bool:
        """Whether somebody was told that it happened."""
        return self.last < math.inf


class Tenure(Struct):
    """A stretch that a reservation holds, or may hold. It begins and ends at moments within these bounds."""

    held: Held
    begins_min: float
    begins_max: float
    ends_min: float
    ends_max: float
    calls: tuple[Call, ...]

    def may_hold_between(self, start: float, end: float) -> bool:
        """Whether it may have held its stretch at some moment."""
        return self.begins_min <= end and self.ends_max >= start

    def surely_holds_throughout(self, start: float, end: float) -> bool:
        """Whether it held its stretch at every moment."""
        return self.begins_max <= start and self.ends_min >= end


class Effort:
    """A creation that has one effect at most: a call without a key, or all calls with one key and one body."""

    def __init__(self, calls: Sequence[Call]) -> None:
        self.key = calls[0].key
        self.granted = [call for call in calls if call.outcome is Outcome.OK]
        self.maybe = tuple(call for call in calls if call.outcome in HAPPENED_MAYBE)
        self.wanted = (calls[0].room, calls[0].stretch)

    def named(self) -> set[str]:
        """The ids that clients were told of."""
        return {call.answer.held.id for call in self.maybe if call.answer.held is not None}

    def event(self, reservation_id: str) -> Event:
        """The creation of this reservation."""
        room, stretch = self.wanted
        assert stretch is not None
        first = min(call.start for call in self.maybe)
        last = min((call.end for call in self.granted), default=math.inf)
        return Event(Held(reservation_id, room, stretch), first, last, self.maybe, is_creation=True)


def efforts(calls: Iterable[Call]) -> list[Effort]:
    """The creations among the calls."""
    groups: dict[object, list[Call]] = defaultdict(list)
    for number, call in enumerate(calls):
        if call.operation is Operation.CREATE:
            wanted = (call.room, call.stretch, call.hold_seconds)
            groups[number if call.key is None else (call.key, *wanted)].append(call)
    return [Effort(group) for group in groups.values()]


def events(calls: Sequence[Call], rows: Iterable[Row]) -> dict[str, list[Event]]:
    """What befell each reservation."""
    found = creations(calls, rows)
    for call in calls:
        if call.operation in (Operation.CANCEL, Operation.MOVE) and call.outcome in HAPPENED_MAYBE:
            held = None if call.operation is Operation.CANCEL else call.wanted
            last = call.end if call.outcome is Outcome.OK else math.inf
            found[call.reservation_id].append(Event(held, call.start, last, (call,)))
    for reservation_id, ends in expiries(calls, found).items():
        found[reservation_id].append(ends)
    return found


def expiries(calls: Sequence[Call], befell: Mapping[str, Sequence[Event]]) -> dict[str, Event]:
    """How each hold ends by itself that nobody was told is confirmed: some seconds after it was made.

    After the last call nobody looked, so what ends later may not have ended yet.
    """
    confirmed: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        if call.operation is Operation.CONFIRM and call.outcome in HAPPENED_MAYBE:
            confirmed[call.reservation_id].append(call)
    over = max((call.end for call in calls), default=0.0)
    found: dict[str, Event] = {}
    for reservation_id, events in befell.items():
        made = next((event for event in events if event.is_creation), None)
        seconds = None if made is None else made.calls[0].hold_seconds
        confirms = confirmed[reservation_id]
        if made is None or seconds is None or any(call.outcome is Outcome.OK for call in confirms):
            continue
        last = made.last + seconds + CLOCK_SECONDS
        is_sure = last < over and not confirms
        first = made.first + seconds - CLOCK_SECONDS
        found[reservation_id] = Event(None, first, last if is_sure else math.inf, made.calls)
    return found


def creations(calls: Sequence[Call], rows: Iterable[Row]) -> dict[str, list[Event]]:
    """How each reservation came to be. A creation of unknown outcome counts if, and only if, its row is there."""
    found: dict[str, list[Event]] = defaultdict(list)
    there = {row.held.id for row in rows}
    # What was decided is remembered: calls with the same key whose outcome is unknown did nothing of their own.
    decided = {call.key for call in calls if call.key is not None and call.outcome in DECIDED}
    nameless: dict[object, list[Effort]] = defaultdict(list)
    for effort in efforts(calls):
        if effort.granted:
            named = {call.answer.held.id for call in effort.granted if call.answer.held is not None}
        elif effort.maybe and effort.key not in decided:
            named = effort.named() & there
            if not named:
                nameless[effort.wanted].append(effort)
        else:
            continue
        for reservation_id in named:
            found[reservation_id].append(effort.event(reservation_id))
    for row in rows:
        # A reservation that nobody was told of can only be where it was first made: nobody could move it.
        if row.held.id not in found and (candidates := nameless[row.held.room, row.held.stretch]):
            first = min(candidates, key=lambda effort: min(call.start for call in effort.maybe))
            candidates.remove(first)
            found[row.held.id].append(first.event(row.held.id))
    return found


def tenures(calls: Sequence[Call], events: Mapping[str, list[Event]]) -> list[Tenure]:
    """What was held, with bounds drawn as close as answers and lists allow."""
    found = [tenure for befell in events.values() for tenure in _tenures_of_one(befell)]
    _learn_from_lists(calls, found)
    return found


def _tenures_of_one(befell: Sequence[Event]) -> list[Tenure]:
    found = []
    for begin in befell:
        if begin.held is None:
            continue
        ends = [event for event in befell if event is not begin and not event.is_creation]
        possible = [event for event in ends if event.last >= begin.first]
        sure = [event for event in ends if event.is_certain and _is_after(event, begin)]
        found.append(
            Tenure(
                begin.held,
                begin.first,
                begin.last,
                min((max(event.first, begin.first) for event in possible), default=math.inf),
                min((event.last for event in sure), default=math.inf),
                (*begin.calls, *(call for event in ends for call in event.calls)),
            )
        )
    return found


def _is_after(event: Event, begin: Event) -> bool:
    """Whether one thing surely befell a reservation after another: its creation is first, a cancellation last."""
    return event.held is None or begin.is_creation or event.first >= begin.last


def _learn_from_lists(calls: Iterable[Call], tenures: Iterable[Tenure]) -> None:
    """What one list showed has begun for all later ones; what had begun and it did not show has ended for them."""
    by_held: dict[Held, list[Tenure]] = defaultdict(list)
    for tenure in tenures:
        by_held[tenure.held].append(tenure)
    # One that came back to where it was has two tenures there, and a list does not tell which it shows.
    once = {held: group[0] for held, group in by_held.items() if len(group) == 1}
    lists = [call for call in calls if call.operation is Operation.LIST and call.outcome is Outcome.OK]
    for call in lists:
        for held in call.answer.listed:
            if held in once:
                once[held].begins_max = min(once[held].begins_max, call.end)
    for room, group in by_room(once.values()).items():
        waiting = sorted(group, key=lambda tenure: tenure.begins_max, reverse=True)
        begun: dict[Held, Tenure] = {}
        for call in sorted((each for each in lists if each.room == room), key=lambda each: each.start):
            while waiting and waiting[-1].begins_max <= call.start:
                tenure = waiting.pop()
                begun[tenure.held] = tenure
            for held in begun.keys() - set(call.answer.listed):
                tenure = begun.pop(held)
                tenure.ends_max = min(tenure.ends_max, call.end)


def by_room(tenures: Iterable[Tenure]) -> dict[str, list[Tenure]]:
    """Tenures by where they are."""
    found: dict[str, list[Tenure]] = defaultdict(list)
    for tenure in tenures:
        found[tenure.held.room].append(tenure)
    return found
