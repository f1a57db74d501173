"""Whether lists were true: each shows what may have been held during the call, and misses nothing that surely was."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from proof.recorded.history import Call, Held, Operation, Outcome, Violation
from proof.recorded.tenures import Tenure, by_room


def _lists(calls: Sequence[Call]) -> list[Call]:
    found = [call for call in calls if call.operation is Operation.LIST and call.outcome is Outcome.OK]
    return sorted(found, key=lambda call: call.start)


def lists(calls: Sequence[Call]) -> Iterator[Violation]:
    """A list is of its room, in order, and nothing in it overlaps."""
    for call in _lists(calls):
        listed = call.answer.listed
        if any(held.room != call.room for held in listed):
            yield Violation("wrong list", "it shows another room", (call,))
        for one, other in pairwise(listed):
            if other.stretch.start < one.stretch.end:
                yield Violation("wrong list", f"{one} and {other} overlap or are out of order", (call,))


def missed(calls: Sequence[Call], held: Sequence[Tenure]) -> Iterator[Violation]:
    """What was acknowledged before a list was asked for, and not given up before it was answered, is in it."""
    rooms = by_room(held)
    for room, asked in _by_room(calls).items():
        waiting = sorted(rooms.get(room, ()), key=lambda tenure: tenure.begins_max, reverse=True)
        begun: list[Tenure] = []
        for call in asked:
            while waiting and waiting[-1].begins_max <= call.start:
                begun.append(waiting.pop())
            begun = [tenure for tenure in begun if tenure.ends_min > call.start]
            shown = set(call.answer.listed)
            for tenure in begun:
                if tenure.surely_holds_throughout(call.start, call.end) and tenure.held not in shown:
                    yield Violation("missed by a read", f"{tenure.held} is not shown", (call, *tenure.calls))


def shown(calls: Sequence[Call], held: Sequence[Tenure]) -> Iterator[Violation]:
    """What a list shows may have been held at some moment of the call."""
    by_held: dict[Held, list[Tenure]] = defaultdict(list)
    for tenure in held:
        by_held[tenure.held].append(tenure)
    for call in _lists(calls):
        for one in call.answer.listed:
            found = by_held.get(one, [])
            if not any(tenure.may_hold_between(call.start, call.end) for tenure in found):
                evidence = [each for tenure in found for each in tenure.calls]
                yield Violation("shown and not there", f"{one} was not held then", (call, *evidence))


def _by_room(calls: Sequence[Call]) -> dict[str, list[Call]]:
    found: dict[str, list[Call]] = defaultdict(list)
    for call in _lists(calls):
        found[call.room].append(call)
    return found
