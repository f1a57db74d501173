"""What must be true of every run, told from what clients were told and what the database committed.

Written from the promise, not from the engine: it decides nothing by calling it, and knows only what changes and
verdicts mean.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from uuid import UUID

import asyncpg

from holdfast.engine.claims import Confirm, Extend, Granted, Made, Retake, Seat, Seated, Stretch
from holdfast.errors import ClientGone, Unavailable
from proof import oracle_answers, seats_oracle
from proof.history import Call, Declined, History
from proof.oracle_answers import Versions
from proof.oracle_rows import Rows, Told, is_active, reservation
from proof.server import Commit, State
from proof.writes import POISON, POISONED

EDITS = ("room.retired", "event.changed", "event.created")


def verdict(history: History) -> list[str]:
    """Everything that is wrong with a run, most telling first."""
    found = [*overlaps(history), *seats_oracle.promise(history)]
    found += history.faults
    effects: dict[UUID, list[int]] = defaultdict(list)
    told: list[Told] = []
    for position, commit in enumerate(history.commits, 1):
        found += revisions(history.states[position - 1], commit)
        rows = Rows(history.states[position - 1].reservations, commit, position, history.by_id)
        found += [*rows.make(), *rows.compare()]
        found += limits(commit, rows.told)
        told += rows.told
        found += seats_oracle.changes(history, position, effects)
        edits(commit, position, effects)
    for each in told:
        effects[each.call.change.id].append(each.position)
    versions = Versions(history, told)
    for call in history.calls:
        found += answers(history, call, effects[call.change.id])
        if isinstance(call.verdict, Granted) and not call.verdict.replayed:
            found += granted(call, versions, [each for each in told if each.call is call])
        found += oracle_answers.refusals(history, versions, call)
    found += oracle_answers.keys(history, effects)
    found += oracle_answers.reads(history)
    return found


def overlaps(history: History) -> Iterator[str]:
    """The promise: at no moment two reservations of a place overlap that have not ended, expired holds included."""
    for position, commit in enumerate(history.commits, 1):
        if "reservations" not in commit.writes:
            continue
        rows = [row for row in commit.state.reservations.values() if row["cancelled_at"] is None]
        rows.sort(key=lambda row: (row["place"], row["start_time"]))
        for one, other in pairwise(rows):
            if one["place"] == other["place"] and other["start_time"] < one["end_time"]:
                yield f"overlap: {one['place']} is given twice after commit {position}"
                return


def limits(commit: Commit, told: list[Told]) -> Iterator[str]:
    """No place is given more holds than it may have."""
    for made in told:
        if made.before is None and made.after["state"] == "held":
            place = made.after["place"]
            rows = [row for row in commit.state.reservations.values() if row["place"] == place and row["expires_at"]]
            if sum(is_active(row, commit.at) for row in rows) > oracle_answers.PLACE_HOLDS_MAX:
                yield f"limit: {place} has too many holds after commit {made.position}"


def revisions(before: State, commit: Commit) -> Iterator[str]:
    """A place's revision grows by one for each of its messages, which are numbered by it."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for place, revision in commit.writes.get("outbox", {}):
        numbers[place].append(revision)
    changed = {*commit.writes.get("places", {}), *(f"event:{each}" for each in commit.writes.get("events", {}))}
    for place in numbers.keys() | changed:
        old, new = revision_of(before, place), revision_of(commit.state, place)
        if sorted(numbers[place]) != list(range(old + 1, new + 1)):
            yield f"revision: {place} went from {old} to {new} with messages {sorted(numbers[place])}"


def revision_of(state: State, place: str) -> int:
    """A place's revision, nought before it has a row."""
    row = state.events.get(int(place[6:])) if place.startswith("event:") else state.places.get(place)
    return 0 if row is None else row.revision


def edits(commit: Commit, position: int, effects: dict[UUID, list[int]]) -> None:
    """Changes of places themselves tell whose they are."""
    for message in commit.writes.get("outbox", {}).values():
        if message["type"] in EDITS:
            effects[UUID(message["data"]["change"])].append(position)


def answers(history: History, call: Call, effects: list[int]) -> Iterator[str]:
    """Everybody is answered once and truthfully, and no change is made twice."""
    if len(effects) > 1:
        yield f"effect: twice, by {call}"
    if call.is_lost:
        return
    if call.ended_at is None:
        yield f"hang: never answered, {call}"
    elif call.error is not None:
        yield from errors(history, call)
    if effects and call.changed_nothing:
        yield f"untrue: the client was told that nothing changed, {call}"
    if isinstance(call.verdict, Granted | Seated | Made) and not call.verdict.replayed:
        yield from in_time(call, effects)
    if isinstance(call.verdict, Seated) and not call.verdict.replayed:
        yield from seats_oracle.grant(history, call, effects)


def errors(history: History, call: Call) -> Iterator[str]:
    """Errors are of the few kinds that a client may see, each for its reason."""
    error = call.error
    is_poison = isinstance(call.change.takes, Stretch | Seat) and call.change.takes.user_id in {POISON, POISONED}
    if isinstance(error, Declined) or (isinstance(error, asyncpg.DataError) and is_poison):
        return
    if isinstance(error, ClientGone):
        if not call.has_left:
            yield f"untrue: the client has not left, {call}"
    elif isinstance(error, asyncpg.InternalServerError):
        if history.weather.is_calm:
            yield f"turned away: in calm weather, {call}"
    elif not (isinstance(error, Unavailable) or call.is_unknown):
        yield f"unexpected: {call}"
    elif history.weather.is_calm and not call.has_left:
        yield f"turned away: in calm weather, {call}"


def in_time(call: Call, effects: list[int]) -> Iterator[str]:
    """What was granted was committed before it was told and after it was asked for."""
    assert call.ended_at is not None
    if effects and not call.began_at < effects[0] <= call.ended_at:
        yield f"early: granted before commit {effects[0]}, {call}"
    if not effects and isinstance(call.verdict, Made) and call.verdict.body != b"same":
        yield f"lost: made and never committed, {call}"


def granted(call: Call, versions: Versions, told: list[Told]) -> Iterator[str]:
    """A reservation is as it was told; one that was given back, as it stood."""
    assert isinstance(call.verdict, Granted)
    answer = call.verdict.reservation
    if told:
        row = told[0].before if call.change.takes is None else told[0].after
        if row is None or reservation(row) != answer:
            yield f"untrue: committed otherwise than told, {call}"
    elif not isinstance(call.change.takes, Retake | Confirm | Extend) or not any(
        reservation(row) == answer for row, _ in versions.during(call, answer.id)
    ):
        # What is as it was asked to be already changes nothing.
        yield f"lost: granted and never committed, {call}"
