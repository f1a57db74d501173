"""What became of a run on a real PostgreSQL: its commits told from the messages, and what must be there after them."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from proof.clients import Clients
from proof.history import History
from proof.oracle_rows import Rows, differences
from proof.server import START, Commit, Event, Spot, State
from proof.stage import Stage

Row = dict[str, Any]
MAKE = """
INSERT INTO events (id, name, total_seats) SELECT id, 'event', total
FROM unnest($1::bigint[], $2::integer[]) AS u (id, total)
"""
MESSAGES = """
SELECT place, revision, id, type, occurred_at, data, xmin::text AS writer FROM outbox WHERE place = ANY($1)
ORDER BY place, revision
"""
RESERVATIONS = "SELECT * FROM reservations WHERE place = ANY($1)"
PLACES = "SELECT place, revision, closed_at FROM places WHERE place = ANY($1)"
EVENTS = "SELECT id, revision, total_seats, booked_seats FROM events WHERE id = ANY($1)"
BOOKINGS = "SELECT id, event_id, user_id, created_at FROM bookings WHERE event_id = ANY($1)"
SEAT_CHANGES = """
SELECT event_id, revision, user_id, booking_id, change, occurred_at FROM seat_changes WHERE event_id = ANY($1)
"""
KEYS = "SELECT id, body, claim_id, answer FROM idempotency_keys WHERE id = ANY($1)"


async def make_events(connection: "asyncpg.Connection", events: Mapping[int, Event]) -> None:
    """Make the events that a run begins with."""
    await connection.execute(MAKE, list(events), [event.total for event in events.values()])


async def history(connection: "asyncpg.Connection", stage: Stage, clients: Clients) -> History:
    """The run as the oracle knows runs. What is there otherwise than it must be is among its faults."""
    keys = clients.keys()
    events = [int(key.removeprefix("event:")) for key in keys if key.startswith("event:")]
    by_id = {call.change.id: call for call in clients.calls}
    messages = await connection.fetch(MESSAGES, keys)
    state = stage.first
    for position, group in enumerate(_in_order(messages, stage), 1):
        at, time = stage.done.get(group[0]["occurred_at"], (stage.now(), stage.time()))
        # A move tells of the place that is left under an id of its own, and before all else.
        group.sort(key=lambda row: row["id"] in by_id)
        outbox = {(row["place"], row["revision"]): _message(row) for row in group}
        before, state = state, _after(state, outbox)
        commit = Commit(time, {"outbox": outbox, "places": {}, "events": {}}, state, at, at)
        rows = Rows(before.reservations, commit, position, by_id)
        stage.faults += list(rows.make())
        there = {(row["place"], row["id"]): row for row in rows.rows.values()}
        changed = {key: row for key, row in there.items() if before.reservations.get(key) != row}
        booked = {key: state.bookings.get(key) for key in before.bookings.keys() ^ state.bookings.keys()}
        state = state._replace(reservations=there)
        stage.commits.append(
            commit._replace(state=state, writes=commit.writes | {"reservations": changed, "bookings": booked})
        )
    used = [call.change.key.id for call in clients.calls if call.change.key is not None]
    remembered = {row["id"]: dict(row) for row in await connection.fetch(KEYS, used)}
    await _compare(connection, stage, state, keys, events)
    if stage.commits:
        stage.commits[-1] = stage.commits[-1]._replace(state=state._replace(keys=remembered))
    else:
        stage.first = stage.first._replace(keys=remembered)
    return History(clients.calls, [], stage, stage.faults)


def _in_order(messages: list[Any], stage: Stage) -> list[list[Any]]:
    """The messages of each commit, in an order in which those of each place are in order."""
    groups: defaultdict[str, list[Any]] = defaultdict(list)
    for row in messages:
        groups[row["writer"]].append(row)
    ranks = {moment: rank for rank, moment in enumerate(stage.done)}
    left = sorted(groups.values(), key=lambda group: ranks.get(group[0]["occurred_at"], len(ranks)))
    next_of: defaultdict[str, int] = defaultdict(lambda: 1)
    found: list[list[Any]] = []
    while left:
        for group in left:
            least: dict[str, int] = {}
            for row in group:
                least[row["place"]] = min(row["revision"], least.get(row["place"], row["revision"]))
            if all(next_of[place] == revision for place, revision in least.items()):
                break
        else:
            stage.faults.append("order: the commits have no order in which each place's messages follow each other")
            return found + left
        left.remove(group)
        for row in group:
            next_of[row["place"]] = max(next_of[row["place"]], row["revision"] + 1)
        found.append(group)
    return found


def _message(row: Any) -> Row:
    data = msgspec.json.decode(row["data"])
    return {"id": row["id"], "type": row["type"], "occurred_at": row["occurred_at"], "data": data}


def _after(state: State, outbox: Mapping[tuple[str, int], Row]) -> State:
    """Places, events and bookings after a commit, told from its messages."""
    places, events = dict(state.places), dict(state.events)
    bookings, holders = dict(state.bookings), dict(state.holders)
    for (place, revision), message in outbox.items():
        data = message["data"]
        if not place.startswith("event:"):
            closed_at = START if message["type"] == "room.retired" else places.get(place, Spot(0)).closed_at
            places[place] = Spot(revision, closed_at)
            continue
        event_id = int(place.removeprefix("event:"))
        event = events.get(event_id, Event(0, 0, 0))._replace(revision=revision)
        match message["type"]:
            case "event.created" | "event.changed":
                event = event._replace(total=data["total"])
            case "booking.created":
                key, user = (event_id, data["id"]), data["user_id"]
                moment: datetime = message["occurred_at"]
                bookings[key] = {"id": data["id"], "event_id": event_id, "user_id": user, "created_at": moment}
                holders[event_id, user] = data["id"]
                event = event._replace(booked=event.booked + 1)
            case "booking.cancelled":
                bookings.pop((event_id, data["id"]), None)
                holders.pop((event_id, data["user_id"]), None)
                event = event._replace(booked=event.booked - 1)
        events[event_id] = event
    return state._replace(places=places, events=events, bookings=bookings, holders=holders)


async def _compare(
    connection: "asyncpg.Connection", stage: Stage, state: State, keys: list[str], events: list[int]
) -> None:
    """Compare what must be there with what is."""
    rows = [_reservation(row) for row in await connection.fetch(RESERVATIONS, keys)]
    there = {row["id"]: row for row in rows}
    must = {row["id"]: row for row in state.reservations.values()}
    stage.faults += list(differences(must, there, "in the end"))
    if len(there) != len(rows):
        stage.faults.append("row: a reservation is in two places")
    for name, one, other in (
        ("places", state.places, {row[0]: Spot(*row[1:]) for row in await connection.fetch(PLACES, keys)}),
        ("events", state.events, {row[0]: Event(*row[1:]) for row in await connection.fetch(EVENTS, events)}),
        ("bookings", state.bookings, {(row[1], row[0]): dict(row) for row in await connection.fetch(BOOKINGS, events)}),
    ):
        told = {key: row for key, row in other.items() if key in one or row != Spot(0)}
        if one != told:
            stage.faults.append(f"{name}: there is {told}, and must be {one}")
    changes = {tuple(row.values()) for row in await connection.fetch(SEAT_CHANGES, events)}
    if changes != {change for commit in stage.commits for change in _seat_changes(commit)}:
        stage.faults.append("seat_changes: they are not what was told")


def _seat_changes(commit: Commit) -> set[tuple[Any, ...]]:
    return {
        (int(place[6:]), revision, row["data"]["user_id"], row["data"]["id"], row["type"][8:], row["occurred_at"])
        for (place, revision), row in commit.writes["outbox"].items()
        if row["type"].startswith("booking.")
    }


def _reservation(row: Any) -> Row:
    details = row["details"]
    return dict(row) | {"details": None if details is None else msgspec.json.decode(details)}
