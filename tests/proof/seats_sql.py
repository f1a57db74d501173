"""What each of the engine's statements about events does to the simulated server; see `sql.py`."""

from collections.abc import Sequence
from typing import Any

import msgspec

from holdfast.engine import looks, statements
from proof import sql
from proof.server import Event, Server, State, Transaction

Found = dict[str, Any]
READ_EVENT = "SELECT revision, total_seats, booked_seats FROM events WHERE id = $1"
WRITE_EVENT = """
INSERT INTO events (id, name, total_seats) VALUES ($1, 'event', $2) ON CONFLICT (id) DO UPDATE SET total_seats = $2
"""
"""What a feature asks that makes an event or changes its seats."""


async def lock(server: Server, mine: Transaction, seen: State, events: Sequence[int]) -> list[Found]:
    """Lock events in order; each is read again when it is had."""
    for event_id in sorted(events):
        if event_id in server.view(seen, mine, "events"):
            await server.lock(mine, "events", event_id)
    return []


async def revisions(server: Server, mine: Transaction, seen: State, events: Sequence[int]) -> list[Found]:
    """The events' revisions, without a lock."""
    there = server.view(seen, mine, "events")
    return [{"id": each, "revision": there[each].revision} for each in events if each in there]


async def look(server: Server, mine: Transaction, seen: State, wanted: str) -> list[tuple[object, ...]]:
    """For each wish its event, and the booking that the same person has."""
    there = server.view(seen, mine, "events")
    holders = server.view(seen, mine, "holders")
    found: list[tuple[object, ...]] = []
    for position, wish in enumerate(msgspec.json.decode(wanted, type=list[looks.SeatLookRow]), 1):
        if wish.event_id in there:
            found.append((position, *there[wish.event_id], holders.get((wish.event_id, wish.user_id))))
    return found


async def given(
    server: Server, mine: Transaction, seen: State, events: Sequence[int], ids: Sequence[int]
) -> list[Found]:
    """Events with their revisions, and those of the bookings that are there."""
    rows = server.view(seen, mine, "bookings")
    found: list[Found] = []
    for event_id, event in server.view(seen, mine, "events").items():
        if event_id in events:
            known = [rows[event_id, each] for each in dict.fromkeys(ids) if (event_id, each) in rows]
            nothing = dict.fromkeys(("id", "user_id", "created_at"))
            found += [row | {"event_id": event_id, "revision": event.revision} for row in known or [nothing]]
    return found


async def new_ids(server: Server, mine: Transaction, seen: State, number: int) -> list[Found]:
    """The next of a sequence, which no rollback sets back."""
    return [{"id": next(server.ids)} for _ in range(number)]


async def read_event(server: Server, mine: Transaction, seen: State, event_id: int) -> list[Found]:
    """An event's row, if it is there."""
    event = server.view(seen, mine, "events").get(event_id)
    return [] if event is None else [event._asdict()]


async def write_event(server: Server, mine: Transaction, seen: State, event_id: int, total: int) -> list[Found]:
    """Make an event, or give one other seats."""
    if await server.claim_key(mine, "events", event_id):
        mine.write("events", event_id, Event(0, total, 0))
        return []
    await server.lock(mine, "events", event_id)
    mine.write("events", event_id, server.latest(mine, "events", event_id)._replace(total=total))
    return []


HANDLERS: dict[str, sql.Handler] = {
    statements.LOCK_EVENTS: lock,
    statements.EVENT_REVISIONS: revisions,
    looks.LOOK_SEATS: look,
    looks.GIVEN_SEATS: given,
    looks.IDS: new_ids,
    READ_EVENT: read_event,
    WRITE_EVENT: write_event,
}
