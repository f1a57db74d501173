"""Whether refusals were justified: by something that may have been so at some moment of the call."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from proof.recorded.history import Call, Outcome, Stretch, Violation
from proof.recorded.tenures import HAPPENED_MAYBE, Event, Tenure

FINDS_MAX = 3
"""A change that finds its reservation moved to another room so often gives up."""


def conflicts(calls: Sequence[Call], held: Sequence[Tenure]) -> Iterator[Violation]:
    """What a conflict names was wanted, and may have been held by somebody else during the call."""
    at: dict[tuple[str, Stretch | None], list[Tenure]] = defaultdict(list)
    for tenure in held:
        at[tenure.held.room, tenure.held.stretch].append(tenure)
    since = _first_asked(calls)
    for call in calls:
        if call.outcome is not Outcome.CONFLICT:
            continue
        taken, wanted = call.answer.taken, call.stretch
        if taken is None and wanted is not None:
            # A slot that is booked: nobody says by whom.
            of_room = [each for (room, _), group in at.items() if room == call.room for each in group]
            start = since[call.key] if call.key is not None and call.answer.replayed else call.start
            near = [each for each in of_room if each.held.stretch.overlaps(wanted)]
            if not any(tenure.may_hold_between(start, call.end) for tenure in near):
                yield Violation("unjust refusal", f"nobody held {wanted} of {call.room}", (call,))
            continue
        if taken is None or wanted is None or not wanted.overlaps(taken):
            yield Violation("unjust refusal", "what is named as taken is not in the way", (call,))
            continue
        # What is remembered under a key was decided at some moment since it was first asked.
        start = since[call.key] if call.key is not None and call.answer.replayed else call.start
        others = [tenure for tenure in at[call.room, taken] if tenure.held.id != call.reservation_id]
        if not any(tenure.may_hold_between(start, call.end) for tenure in others):
            near = sorted(others, key=lambda tenure: abs(tenure.begins_min - call.start))[:3]
            evidence = [each for tenure in near for each in tenure.calls]
            yield Violation("unjust refusal", f"nobody held {taken} of {call.room}", (call, *evidence))


def _first_asked(calls: Sequence[Call]) -> dict[str, float]:
    first: dict[str, float] = {}
    for call in calls:
        if call.key is not None:
            first[call.key] = min(call.start, first.get(call.key, call.start))
    return first


def not_found(calls: Sequence[Call], befell: Mapping[str, list[Event]]) -> Iterator[Violation]:
    """A reservation is not found when it may have been cancelled, or not made yet, or was moved again and again."""
    for call in calls:
        if call.outcome is not Outcome.NOT_FOUND:
            continue
        events = befell.get(call.reservation_id, [])
        made = [event for event in events if event.is_creation]
        gone = [event for event in events if event.held is None and event.first <= call.end]
        moves = [event for event in events if event.held is not None and not event.is_creation]
        moving = [event for event in moves if event.first <= call.end and event.last >= call.start]
        is_made = any(event.last <= call.start for event in made)
        if is_made and not gone and len(moving) < FINDS_MAX:
            evidence = tuple(each for event in events for each in event.calls)
            yield Violation("unjust refusal", f"{call.reservation_id} was there", (call, *evidence))


def key_reused(calls: Sequence[Call]) -> Iterator[Violation]:
    """A key is refused only when it may have been used with another body, and a replay repeats something."""
    by_key: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        if call.key is not None:
            by_key[call.key].append(call)
    for group in by_key.values():
        for call in group:
            before = [each for each in group if each is not call and each.start <= call.end]
            used = [each for each in before if each.outcome in (*HAPPENED_MAYBE, Outcome.CONFLICT, Outcome.CLOSED)]
            same = [each for each in used if (each.room, each.stretch) == (call.room, call.stretch)]
            if call.outcome is Outcome.KEY_REUSED and len(same) == len(used):
                yield Violation("unjust refusal", f"{call.key} had no other body", tuple(group))
            if call.answer.replayed and not same:
                yield Violation("key with differing answers", f"{call.key} repeats nothing", tuple(group))
