"""Whether closing kept its word: nothing is granted where somebody was told that it is closed, nor refused before."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from proof.recorded.history import Call, Operation, Outcome, Row, Violation
from proof.recorded.tenures import Tenure, by_room
from proof.recorded.wardens import MAYBE, Act, WardenCall

GRANTS = (Operation.CREATE, Operation.MOVE)
ENDS = (Act.RETIRE, Act.DELETE)


def check(
    calls: Sequence[Call], wardens: Sequence[WardenCall], rows: Sequence[Row], held: Sequence[Tenure]
) -> list[Violation]:
    """Every violation. `rows` and `held` are those of the clients' calls."""
    about: dict[str, list[WardenCall]] = defaultdict(list)
    for each in wardens:
        about[each.about].append(each)
    granted: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        if call.operation in GRANTS and call.room in about:
            granted[call.room].append(call)
    rooms = by_room(held)
    foreign = [each for each in wardens if each.outcome is Outcome.FOREIGN]
    found = [Violation("foreign answer", f"{each}", ()) for each in foreign]
    for place, acts in about.items():
        found += closed(place, acts, granted[place], rooms.get(place, []))
        found += refused(place, acts, granted[place])
        found += schedules(place, acts)
        found += deleted(place, acts, rooms.get(place, []), rows)
    return found


def closed(
    place: str, acts: Sequence[WardenCall], asked: Sequence[Call], held: Sequence[Tenure] = ()
) -> Iterator[Violation]:
    """Nothing is granted to somebody who asked after a closing was acknowledged; but what is held may become less."""
    ends = [each.end for each in acts if each.act in ENDS and each.outcome is Outcome.OK]
    for call in asked:
        is_new = not call.answer.replayed and not any(is_less(call, each) for each in held)
        if ends and call.outcome is Outcome.OK and is_new and call.start > min(ends):
            yield Violation("granted after closing", f"{place} was closed at {min(ends):.6f}", (call,))


def is_less(call: Call, before: Tenure) -> bool:
    """Whether a move leaves a reservation a part of what it may have held at this very place until then."""
    wanted, had = call.stretch, before.held.stretch
    if call.operation is not Operation.MOVE or wanted is None or before.held.id != call.reservation_id:
        return False
    return before.begins_min < call.start and had.start <= wanted.start and wanted.end <= had.end


def refused(place: str, acts: Sequence[WardenCall], asked: Sequence[Call]) -> Iterator[Violation]:
    """What is told to be closed may have been closed, or had no hours yet."""
    begun = [each.start for each in acts if each.act in ENDS and each.outcome in MAYBE]
    opened = [each.end for each in acts if each.act == Act.SCHEDULE and each.outcome is Outcome.OK]
    is_open_from = 0.0 if place.startswith("table:") else min(opened, default=float("inf"))
    for call in asked:
        may_be_closed = any(start <= call.end for start in begun)
        # What is remembered under a key was decided when it was first asked.
        if (
            call.outcome is Outcome.CLOSED
            and not may_be_closed
            and call.start > is_open_from
            and not call.answer.replayed
        ):
            yield Violation("unjust refusal", f"{place} was open", (call,))


def schedules(place: str, acts: Sequence[WardenCall]) -> Iterator[Violation]:
    """A room has one schedule, and none is made for a room that was retired."""
    made = [each for each in acts if each.act == Act.SCHEDULE and each.outcome is Outcome.OK]
    if len(made) > 1:
        yield Violation("two schedules", f"{place}: {made}", ())
    ends = [each.end for each in acts if each.act in ENDS and each.outcome is Outcome.OK]
    if ends and any(each.start > min(ends) for each in made):
        yield Violation("scheduled after closing", f"{place}: {made}", ())
    for each in acts:
        if each.act == Act.SCHEDULE and each.outcome is Outcome.CONFLICT:
            wanted = ENDS if each.code == "ROOM_CLOSED" else (Act.SCHEDULE,)
            others = [other for other in acts if other is not each and other.act in wanted and other.outcome in MAYBE]
            if not any(other.start <= each.end for other in others):
                yield Violation("unjust refusal", f"{each}", ())


def deleted(place: str, acts: Sequence[WardenCall], held: Sequence[Tenure], rows: Sequence[Row]) -> Iterator[Violation]:
    """A table goes only when nobody has it, nobody has it afterwards, and it stays only when somebody may have it."""
    for each in acts:
        if each.act != Act.DELETE:
            continue
        if each.outcome is Outcome.CONFLICT and not any(one.may_hold_between(each.start, each.end) for one in held):
            yield Violation("unjust refusal", f"nobody had {place}: {each}", ())
        if each.outcome is not Outcome.OK:
            continue
        for one in held:
            if one.surely_holds_throughout(each.start, each.end):
                yield Violation("deleted while held", f"{place}: {one.held}", one.calls)
        for row in rows:
            if row.held.room == place and row.is_active:
                yield Violation("held beyond deletion", f"{row}", ())
