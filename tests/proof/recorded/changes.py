"""Whether what was acknowledged is so: creations, keys, moves and cancellations against the final database."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from proof.recorded.history import Call, Operation, Outcome, Row, Violation
from proof.recorded.tenures import DECIDED, Event, Tenure


def keys(calls: Sequence[Call]) -> Iterator[Violation]:
    """One key has one effect and, for one body, one answer, which is new to one client at most."""
    by_key: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        if call.key is not None and call.outcome in DECIDED:
            by_key[call.key].append(call)
    for key, group in by_key.items():
        # A key belongs to the body that it first came with: another body is never decided under it.
        made = {call.answer.held.id for call in group if call.answer.held is not None}
        if len(made) > 1:
            yield Violation("key with two effects", f"{key} made {sorted(made)}", tuple(group))
        elif len({(call.room, call.stretch, call.outcome, call.answer.text) for call in group}) > 1:
            yield Violation("key with differing answers", key, tuple(group))
        elif sum(not call.answer.replayed for call in group) > 1:
            yield Violation("key with differing answers", f"{key} was new twice", tuple(group))


def twice(calls: Sequence[Call]) -> Iterator[Violation]:
    """Two calls were given one reservation, though no key says that they are one."""
    made: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        if call.operation is Operation.CREATE and call.answer.held is not None and call.outcome is Outcome.OK:
            made[call.answer.held.id].append(call)
    for reservation_id, group in made.items():
        if len(group) > 1 and (None in (found := {call.key for call in group}) or len(found) > 1):
            yield Violation("given twice", f"{reservation_id} was given to several", tuple(group))


def resurrections(calls: Sequence[Call]) -> Iterator[Violation]:
    """A reservation is cancelled once, and nothing is done with it afterwards."""
    cancelled: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        if call.operation is Operation.CANCEL and call.outcome is Outcome.OK:
            cancelled[call.reservation_id].append(call)
    for reservation_id, group in cancelled.items():
        if len(group) > 1:
            yield Violation("came back", f"{reservation_id} was cancelled twice", tuple(group))
    for call in calls:
        if call.operation is Operation.MOVE and call.outcome is Outcome.OK:
            before = [each for each in cancelled.get(call.reservation_id, ()) if each.end < call.start]
            if before:
                yield Violation("came back", f"{call.reservation_id} was moved when cancelled", (*before, call))


def rows(
    calls: Sequence[Call], rows: Sequence[Row], befell: Mapping[str, list[Event]], held: Sequence[Tenure]
) -> Iterator[Violation]:
    """Each row is what its calls say, and each acknowledged creation has one row."""
    about: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        own = call.reservation_id or (call.answer.held.id if call.answer.held is not None else "")
        about[own].append(call)
    of_id: dict[str, list[Tenure]] = defaultdict(list)
    for tenure in held:
        of_id[tenure.held.id].append(tenure)
    by_id: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_id[row.held.id].append(row)
    for reservation_id, befallen in befell.items():
        if reservation_id not in by_id and any(event.is_certain for event in befallen):
            evidence = tuple(about[reservation_id])
            yield Violation(_lost(evidence), f"{reservation_id} is not in the database", evidence)
    for reservation_id, group in by_id.items():
        evidence = tuple(about[reservation_id] or _askers(calls, group[0]))
        fault = _fault(group, befell.get(reservation_id, []), of_id[reservation_id], evidence)
        if fault is not None:
            yield Violation(fault, ", ".join(map(str, group)), evidence)


def _fault(
    group: Sequence[Row], befallen: Sequence[Event], held: Sequence[Tenure], about: Sequence[Call]
) -> str | None:
    """What is wrong with the row of a reservation; of several rows, that they are several."""
    row = group[0]
    if len(group) > 1:
        return "in two places"
    if not any(event.is_creation for event in befallen):
        return "granted to nobody"
    cancellations = [event for event in befallen if event.held is None]
    here = [tenure for tenure in held if tenure.held == row.held]
    if not here or (not row.is_active and not cancellations):
        return _lost(about)
    if row.is_active and any(event.is_certain for event in cancellations):
        return "came back"
    if row.is_active and not any(tenure.ends_max == math.inf for tenure in here):
        return "came back" if cancellations else _lost(about)
    return None


def _lost(about: Sequence[Call]) -> str:
    return "lost in a move" if any(call.operation is Operation.MOVE for call in about) else "missing"


def _askers(calls: Sequence[Call], row: Row) -> list[Call]:
    """Who asked for what a row holds, to show what they were told instead."""
    return [call for call in calls if call.operation is Operation.CREATE and call.wanted[1:] == row.held[1:]]
