"""Proves from the calls and the log of changes in the database that seats were given as promised, or names breaches.

The log (`seat_changes`) is in the order of each event's revisions, in which the changes took effect one after the
other. So each answer must be true of the event as it was after some number of changes: not before all that had been
acknowledged when the call began, and not after the first that was not even asked for when it ended.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from math import inf
from typing import NamedTuple

from proof.recorded.history import Outcome
from proof.recorded.seats import Act, SeatCall, Told
from proof.recorded.wardens import MAYBE, WardenCall
from proof.recorded.wardens import Act as WardenAct

GRANTED = "created"


class Change(NamedTuple):
    """A line of the log, in the order of its event."""

    event: int
    user: str
    booking: int
    change: str


class Breach(NamedTuple):
    """A promise that was broken, and the calls that prove it."""

    rule: str
    what: str
    calls: tuple[SeatCall, ...] = ()

    def __str__(self) -> str:
        return "\n".join([f"{self.rule}: {self.what}", *(f"    {call}" for call in self.calls)])


class States(NamedTuple):
    """An event after 0, 1, 2, … changes: how many seats are booked, and who has which."""

    booked: list[int]
    holders: list[frozenset[str]]
    bookings: list[frozenset[int]]


class Sizes:
    """How many seats an event may have had: those that it was made with, or what its changes may have made of them."""

    def __init__(self, seats: int, resizes: Sequence[WardenCall]) -> None:
        self._first = WardenCall(WardenAct.RESIZE, -inf, -inf, Outcome.OK, "", seats=seats)
        self._changes = [each for each in resizes if each.outcome in MAYBE]

    def during(self, start: float, end: float) -> list[int]:
        """The sizes that may have been so at some moment."""
        sure = [each for each in self._changes if each.outcome is Outcome.OK and each.end < start]
        last = max((each.start for each in sure), default=-inf)
        asked = [each for each in (self._first, *self._changes) if each.start <= end]
        # One that was over before another began is no more.
        return [each.seats for each in asked if not each.end < last]


def check(
    calls: Sequence[SeatCall],
    log: Sequence[Change],
    seats: int,
    held: Sequence[tuple[int, int, str]],
    resizes: Sequence[WardenCall] = (),
) -> list[Breach]:
    """Every breach. `held` are the rows of bookings when all was over: event, id, person.

    All events began with `seats`; `resizes` are the calls that gave events other seats.
    """
    found = [Breach("foreign answer", "the contract has no such answer", (call,)) for call in foreign(calls)]
    by_event: dict[int, list[Change]] = defaultdict(list)
    for change in log:
        by_event[change.event].append(change)
    for event in {call.event for call in calls} | set(by_event):
        changes, about = by_event[event], [call for call in calls if call.event == event]
        states = replayed(changes)
        changed = [each for each in resizes if each.about == str(event)]
        sizes = Sizes(seats, changed)
        found += serial(event, changes, states, max(sizes.during(-inf, inf)))
        rows = {(booking, user) for of, booking, user in held if of == event}
        found += final(event, changes, rows)
        found += attributed(changes, about)
        found += truthful(about, changes, states, sizes)
        found += resized(changed, Times(about, changes), states)
    return found


def resized(changed: Sequence[WardenCall], times: "Times", states: States) -> Iterator[Breach]:
    """An event is given no fewer seats than are booked at some moment of the call, and refused only then."""
    for each in changed:
        booked = [states.booked[number] for number in range(times.least(each.start), times.most(each.end) + 1)]
        is_true = {
            Outcome.OK: min(booked, default=inf) <= each.seats,
            Outcome.CONFLICT: max(booked, default=-inf) > each.seats,
        }
        if not is_true.get(each.outcome, True):
            yield Breach("fewer seats than booked", f"{each}: {sorted(set(booked))} were booked")


def foreign(calls: Sequence[SeatCall]) -> list[SeatCall]:
    """Answers that the contract does not have."""
    return [call for call in calls if call.outcome is Outcome.FOREIGN]


def replayed(changes: Sequence[Change]) -> States:
    """The event after each of its changes."""
    states = States([0], [frozenset()], [frozenset()])
    for change in changes:
        holders, bookings = states.holders[-1], states.bookings[-1]
        if change.change == GRANTED:
            holders, bookings = holders | {change.user}, bookings | {change.booking}
        else:
            holders, bookings = holders - {change.user}, bookings - {change.booking}
        states.booked.append(len(bookings))
        states.holders.append(holders)
        states.bookings.append(bookings)
    return states


def serial(event: int, changes: Sequence[Change], states: States, seats: int) -> Iterator[Breach]:
    """Never more bookings than seats, nor two of one person; and what is cancelled was there."""
    for number, change in enumerate(changes):
        if change.change == GRANTED:
            if change.user in states.holders[number]:
                yield Breach("two seats for one", f"{change} when they had one")
            if states.booked[number] >= seats:
                yield Breach("oversold", f"{change} when all {seats} of event {event} were booked")
        elif change.booking not in states.bookings[number]:
            yield Breach("came back", f"{change} of what was not there")


def final(event: int, changes: Sequence[Change], rows: set[tuple[int, str]]) -> Iterator[Breach]:
    """The table of bookings is what the log comes to."""
    there: dict[int, str] = {}
    for change in changes:
        if change.change == GRANTED:
            there[change.booking] = change.user
        else:
            there.pop(change.booking, None)
    if rows != set(there.items()):
        yield Breach("ledger", f"event {event} has {sorted(rows ^ set(there.items()))} in one of log and table only")


def attributed(changes: Sequence[Change], calls: Sequence[SeatCall]) -> Iterator[Breach]:
    """What was acknowledged is in the log, and what is in the log was asked for, once for each effort."""
    gone = {change.booking for change in changes if change.change != GRANTED}
    for call in calls:
        if call.act is Act.CANCEL and call.outcome is Outcome.OK and call.booking not in gone:
            yield Breach("came back", f"booking {call.booking} was cancelled, says its answer", (call,))
    made = {change.booking: change.user for change in changes if change.change == GRANTED}
    granted: dict[int, list[SeatCall]] = {}
    maybe: Counter[str] = Counter()
    for effort in efforts(calls):
        ids = {call.booking for call in effort if call.outcome is Outcome.OK and call.booking is not None}
        if len(ids) > 1:
            yield Breach("key with two effects", f"{sorted(ids)}", tuple(effort))
        for booking in ids:
            if booking in granted:
                yield Breach("given twice", f"booking {booking}", (*granted[booking], *effort))
            if made.get(booking) != effort[0].user:
                yield Breach("missing", f"booking {booking} is not in the log", tuple(effort))
            granted[booking] = effort
        if not ids and any(call.outcome is Outcome.UNKNOWN for call in effort):
            maybe[effort[0].user] += 1
    orphans = Counter(user for booking, user in made.items() if booking not in granted)
    for user, count in (orphans - maybe).items():
        yield Breach("granted to nobody", f"{count} bookings more than {user} may have made")


def efforts(calls: Sequence[SeatCall]) -> list[list[SeatCall]]:
    """The calls that book, those with one key together: they have one effect at most."""
    found: dict[object, list[SeatCall]] = defaultdict(list)
    for number, call in enumerate(calls):
        if call.act is Act.BOOK:
            found[number if call.key is None else call.key].append(call)
    return list(found.values())


def truthful(calls: Sequence[SeatCall], changes: Sequence[Change], states: States, sizes: Sizes) -> Iterator[Breach]:
    """Each answer was true at some moment of its call."""
    times = Times(calls, changes)
    first: dict[str, float] = {}
    for call in calls:
        if call.key is not None:
            first[call.key] = min(call.start, first.get(call.key, call.start))
    for call in calls:
        # What is remembered under a key was decided at some moment since it was first asked.
        start = first[call.key] if call.key is not None and call.replayed else call.start
        moments = range(times.least(start), times.most(call.end) + 1)
        match call.outcome:
            case Told.FULL:
                least = min(sizes.during(start, call.end))
                is_true = any(states.booked[number] >= least for number in moments)
            case Told.ALREADY:
                is_true = any(call.user in states.holders[number] for number in moments)
            case Outcome.NOT_FOUND:
                is_true = any(call.booking not in states.bookings[number] for number in moments)
            case Outcome.OK if call.act is Act.LOOK:
                is_true = any(states.booked[number] == call.booked for number in moments)
            case _:
                is_true = bool(moments)
        if not is_true:
            counts = sorted({states.booked[number] for number in moments})
            yield Breach("untrue", f"{counts} seats were booked between changes {moments}", (call,))


class Times:
    """Between which numbers of changes an event was at a moment, as far as the answers tell."""

    def __init__(self, calls: Sequence[SeatCall], changes: Sequence[Change]) -> None:
        by_change: dict[tuple[int, bool], list[SeatCall]] = defaultdict(list)
        for call in calls:
            if call.act is not Act.LOOK and call.booking is not None and call.outcome is Outcome.OK:
                by_change[call.booking, call.act is Act.BOOK].append(call)
        key_starts: dict[str, float] = {}
        for call in calls:
            if call.key is not None:
                key_starts[call.key] = min(call.start, key_starts.get(call.key, call.start))
        acknowledged, asked = [], []
        for number, change in enumerate(changes, start=1):
            about = by_change.get((change.booking, change.change == GRANTED), [])
            if about:
                acknowledged.append((min(call.end for call in about), number))
                starts = [key_starts[call.key] if call.key is not None else call.start for call in about]
                asked.append((min(starts), number))
        self._ends = _running(sorted(acknowledged))
        self._starts = _running_back(sorted(asked), len(changes))

    def least(self, moment: float) -> int:
        """So many changes were made when this moment came, at the least."""
        found = bisect_left(self._ends, (moment, -1))
        return self._ends[found - 1][1] if found else 0

    def most(self, moment: float) -> int:
        """So many changes, at the most, were made at this moment."""
        found = bisect_left(self._starts, (moment, -1))
        return self._starts[found][1]


def _running(pairs: list[tuple[float, int]]) -> list[tuple[float, int]]:
    """The highest number up to each time."""
    most, found = 0, []
    for moment, number in pairs:
        most = max(most, number)
        found.append((moment, most))
    return found


def _running_back(pairs: list[tuple[float, int]], changes: int) -> list[tuple[float, int]]:
    """One less than the lowest number that was asked for at each time or later; at the end all there are."""
    least, found = changes + 1, [(float("inf"), changes)]
    for moment, number in reversed(pairs):
        least = min(least, number)
        found.append((moment, least - 1))
    return found[::-1]
