"""What must be true of every run, told from what clients were told and what the database committed.

Written from the promise, not from the engine: it calls nothing of it, and knows only what claims and verdicts mean.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import asyncpg

from holdfast.engine.claims import Book, Granted, Move, Release, Reserve, Seated
from holdfast.errors import ClientGone, Unavailable
from proof import oracle_answers, seats_oracle, seats_sql
from proof.history import Call, History
from proof.server import Commit, State
from proof.sql import POISON

Row = dict[str, Any]
Change = tuple[str, str, UUID, datetime, datetime]
"""Type of message, place, reservation, start, end."""


def verdict(history: History) -> list[str]:
    """Everything that is wrong with a run, most telling first."""
    found = [*overlaps(history), *seats_oracle.promise(history)]
    found += history.faults
    effects: dict[UUID, list[int]] = defaultdict(list)
    for position, commit in enumerate(history.commits, 1):
        found += revisions(history.states[position - 1], commit)
        found += changes(history, position, effects)
        found += seats_oracle.changes(history, position, effects)
    for call in history.calls:
        found += answers(history, call, effects[call.claim.id])
        found += oracle_answers.refusals(history, call)
    found += oracle_answers.keys(history)
    found += seats_oracle.keys(history, effects)
    found += oracle_answers.reads(history)
    return found


def overlaps(history: History) -> Iterator[str]:
    """The promise: at no moment two active reservations of a place overlap."""
    for position, commit in enumerate(history.commits, 1):
        if "reservations" not in commit.writes:
            continue
        rows = [row for row in commit.state.reservations.values() if row["cancelled_at"] is None]
        rows.sort(key=lambda row: (row["place"], row["start_time"]))
        for one, other in pairwise(rows):
            if one["place"] == other["place"] and other["start_time"] < one["end_time"]:
                yield f"overlap: {one['place']} is given twice after commit {position}"
                return


def revisions(before: State, commit: Commit) -> Iterator[str]:
    """A place's revision grows by one for each of its messages, which are numbered by it."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for place, revision in commit.writes.get("outbox", {}):
        if not place.startswith(seats_oracle.EVENT):
            numbers[place].append(revision)
    for place in numbers.keys() | commit.writes.get("places", {}).keys():
        old = before.places.get(place, 0)
        new = commit.state.places.get(place, 0)
        if sorted(numbers[place]) != list(range(old + 1, new + 1)):
            yield f"revision: {place} went from {old} to {new} with messages {sorted(numbers[place])}"


def changes(history: History, position: int, effects: dict[UUID, list[int]]) -> Iterator[str]:
    """Every change has exactly one message (a move between places two), and a claim that asked for it."""
    commit = history.commits[position - 1]
    before = history.states[position - 1].reservations
    wanted: list[Change] = []
    rows = commit.writes.get("reservations", {})
    came_from = {key[1]: before[key] for key, row in rows.items() if row is None and key in before}
    for key, row in rows.items():
        if row is None:
            continue
        old = before.get(key) or came_from.pop(key[1], None)
        wanted += expected(old, row)
    if came_from:
        yield f"message: commit {position} took a reservation away"
    got: list[Change] = []
    for (place, _), message in commit.writes.get("outbox", {}).items():
        if message["type"] == "place.checked" or place.startswith(seats_oracle.EVENT):
            continue
        got.append((message["type"], place, *described(message["data"])))
        call = history.by_id.get(message["id"])
        if call is not None:
            effects[message["id"]].append(position)
            if not asked_for(call, got[-1], rows):
                yield f"effect: commit {position} did something else than was asked by {call}"
        elif message["type"] != "reservation.moved":
            yield f"effect: nobody asked for {message['type']} in commit {position}"
    if sorted(wanted) != sorted(got):
        yield f"message: commit {position} changed {wanted} and told {got}"


def expected(old: Row | None, row: Row) -> list[Change]:
    """The messages that a change of one reservation must have."""
    now = (row["id"], row["start_time"], row["end_time"])
    if old is None:
        return [("reservation.created", row["place"], *now)]
    if row["cancelled_at"] is not None:
        return [("reservation.cancelled", row["place"], *now)]
    return [("reservation.moved", place, *now) for place in {old["place"], row["place"]}]


def described(told: Mapping[str, Any]) -> tuple[UUID, datetime, datetime]:
    """What a message says of a reservation."""
    return UUID(told["id"]), datetime.fromisoformat(told["start_time"]), datetime.fromisoformat(told["end_time"])


def asked_for(call: Call, change: Change, rows: dict[Any, Row | None]) -> bool:
    """Whether a change is what the claim asked for."""
    kind, place, reservation_id, start, end = change
    match claim := call.claim:
        case Reserve():
            asked = ("reservation.created", claim.place.key, claim.id, *claim.interval)
            row = rows.get((place, reservation_id))
            return change == asked and row is not None and row["user_id"] == claim.user_id
        case Release():
            # Wherever it was: the place in the claim is only where it was last seen.
            return (kind, reservation_id) == ("reservation.cancelled", claim.reservation_id)
        case Move():
            is_place = place == (claim.target or claim.place).key
            is_time = start == (claim.start or start) and end == (claim.end or end)
            return is_place and is_time and (kind, reservation_id) == ("reservation.moved", claim.reservation_id)


def answers(history: History, call: Call, effects: list[int]) -> Iterator[str]:
    """Everybody is answered once and truthfully, and no claim has two effects."""
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
    if isinstance(call.verdict, Granted) and not call.verdict.replayed:
        yield from grant(history, call, effects)
    if isinstance(call.verdict, Seated) and not call.verdict.replayed:
        yield from seats_oracle.grant(history, call, effects)


def errors(history: History, call: Call) -> Iterator[str]:
    """Errors are of the few kinds that a client may see, each for its reason."""
    error = call.error
    is_poison = isinstance(call.claim, Reserve | Book) and call.claim.user_id in {POISON, seats_sql.POISON}
    if isinstance(error, asyncpg.DataError) and is_poison:
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


def grant(history: History, call: Call, effects: list[int]) -> Iterator[str]:
    """A grant was committed before it was told, after it was asked for, and as it was told."""
    assert isinstance(call.verdict, Granted)
    assert call.ended_at is not None
    told = call.verdict.reservation
    key = (told.place.key, told.id)
    if not effects:
        if isinstance(call.claim, Move):
            # A move to where the reservation is already changes nothing.
            states = history.during(call.began_at, call.ended_at)
            if any(is_as_told(state.reservations.get(key), call) for state in states):
                return
        yield f"lost: granted and never committed, {call}"
        return
    if not call.began_at < effects[0] <= call.ended_at:
        yield f"early: granted before commit {effects[0]}, {call}"
    state = history.states[effects[0]]
    if not is_as_told(state.reservations.get(key), call):
        yield f"untrue: committed otherwise than told, {call}"


def is_as_told(row: Row | None, call: Call) -> bool:
    """Whether a row is the reservation of a verdict."""
    assert isinstance(call.verdict, Granted)
    told = call.verdict.reservation
    if row is None or (row["cancelled_at"] is None) == isinstance(call.claim, Release):
        return False
    return (row["start_time"], row["end_time"], row["user_id"], row["created_at"]) == (
        told.start,
        told.end,
        told.user_id,
        told.created_at,
    )
