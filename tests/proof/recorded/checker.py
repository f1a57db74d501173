"""Proves from a history and the final database that the promise held, or names the calls that show it did not."""

from collections.abc import Iterator, Sequence

from proof.recorded import changes, holds, reads, refusals
from proof.recorded.history import Call, Operation, Outcome, Row, Violation
from proof.recorded.tenures import Tenure, by_room, events, tenures


def check(calls: Sequence[Call], rows: Sequence[Row]) -> list[Violation]:
    """Every violation. `rows` are all reservations of the clients' rooms when all was over, cancelled ones too."""
    befell = events(calls, rows)
    held = tenures(calls, befell)
    return [
        *foreign(calls),
        *overlaps(held),
        *overlapping_rows(rows),
        *changes.keys(calls),
        *changes.twice(calls),
        *changes.resurrections(calls),
        *changes.rows(calls, rows, befell, held),
        *holds.check(calls, befell),
        *refusals.conflicts(calls, held),
        *refusals.not_found(calls, befell),
        *refusals.key_reused(calls),
        *reads.lists(calls),
        *reads.missed(calls, held),
        *reads.shown(calls, held),
    ]


def foreign(calls: Sequence[Call]) -> Iterator[Violation]:
    """Answers that the contract does not have, and grants of something else than was asked."""
    for call in calls:
        if call.outcome is Outcome.FOREIGN:
            yield Violation("foreign answer", "the contract has no such answer", (call,))
        is_grant = call.operation in (Operation.CREATE, Operation.MOVE) and call.outcome is Outcome.OK
        if is_grant and call.answer.held != call.wanted:
            yield Violation("foreign answer", "something else was granted than was asked", (call,))


def overlaps(held: Sequence[Tenure]) -> Iterator[Violation]:
    """Two tenures of one place, of which neither can have ended before the other began."""
    for room, group in by_room(held).items():
        sure = sorted((each for each in group if each.begins_max < each.ends_min), key=lambda each: each.begins_max)
        before: list[Tenure] = []
        for tenure in sure:
            before = [each for each in before if each.ends_min > tenure.begins_max]
            for other in before:
                if other.held.id != tenure.held.id and other.held.stretch.overlaps(tenure.held.stretch):
                    what = f"{other.held} and {tenure.held} were both held in {room}"
                    yield Violation("overlap", what, (*other.calls, *tenure.calls))
            before.append(tenure)


def overlapping_rows(rows: Sequence[Row]) -> Iterator[Violation]:
    """Two active reservations of a place that overlap when all is over."""
    active = sorted((row.held for row in rows if row.is_active), key=lambda held: (held.room, held.stretch))
    for number, one in enumerate(active):
        for other in active[number + 1 :]:
            if other.room != one.room or other.stretch.start >= one.stretch.end:
                break
            yield Violation("overlap", f"{one} and {other} are both in the database", ())
