"""Whether holds kept their word: confirmed before they ended or not at all, and ended when it was said."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from proof.recorded.history import Call, Operation, Outcome, Violation
from proof.recorded.tenures import CLOCK_SECONDS, HAPPENED_MAYBE, Event

USES = (Operation.CONFIRM, Operation.MOVE, Operation.CANCEL)


def check(calls: Sequence[Call], befell: Mapping[str, Sequence[Event]]) -> Iterator[Violation]:
    """Every violation."""
    about: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        if call.operation in USES:
            about[call.reservation_id].append(call)
    for reservation_id, group in about.items():
        made = next((event for event in befell.get(reservation_id, ()) if event.is_creation), None)
        seconds = None if made is None else made.calls[0].hold_seconds
        confirms = [call for call in group if call.operation is Operation.CONFIRM and call.outcome in HAPPENED_MAYBE]
        for call in group:
            # Of what was confirmed before, nobody says that it is no hold: it is confirmed once more.
            if call.outcome is Outcome.NOT_HELD and made is not None and seconds is not None:
                yield Violation("unjust refusal", f"{reservation_id} is a hold", (*made.calls, call))
            if call.operation is Operation.CONFIRM and call.outcome is Outcome.OK and made and seconds is None:
                yield Violation("confirmed and never held", reservation_id, (*made.calls, call))
        if made is not None and seconds is not None:
            yield from _in_time(made, seconds, group, confirms)


def _in_time(made: Event, seconds: int, group: Sequence[Call], confirms: Sequence[Call]) -> Iterator[Violation]:
    ends_min = made.first + seconds - CLOCK_SECONDS
    ends_max = made.last + seconds + CLOCK_SECONDS
    for call in group:
        evidence = (*made.calls, *confirms, call)
        # Whoever is told that it has ended was not told before that it is confirmed.
        was_confirmed = any(each.outcome is Outcome.OK and each.end < call.start for each in confirms)
        if call.outcome is Outcome.EXPIRED and (call.end < ends_min or was_confirmed):
            yield Violation("unjust refusal", "it has not expired", evidence)
        may_be_confirmed = any(each is not call and each.start < ends_max for each in confirms)
        if call.outcome is Outcome.OK and call.start > ends_max and not may_be_confirmed:
            yield Violation("came back", "it has expired", evidence)
