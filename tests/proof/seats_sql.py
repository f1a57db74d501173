"""What each of the engine's statements about pools does to the simulated server; see `sql.py`."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import msgspec

from holdfast.engine import pool_settlement, pool_statements
from holdfast.engine.pool_statements import Raise, Row, Wish
from proof import sql
from proof.server import Server, State, Transaction

Found = dict[str, Any]
POISON = "poison"
"""A person whose bookings no database will take."""


class Event(NamedTuple):
    """An event's row."""

    revision: int
    total: int
    booked: int


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


async def look(
    server: Server, mine: Transaction, seen: State, wanted: str, among: Sequence[int]
) -> list[tuple[object, ...]]:
    """For each claim its event, and the booking that the same person has."""
    there = server.view(seen, mine, "events")
    holders = {(row["event_id"], row["user_id"]): row["id"] for row in server.view(seen, mine, "bookings").values()}
    found: list[tuple[object, ...]] = []
    for position, wish in enumerate(msgspec.json.decode(wanted, type=list[Wish]), 1):
        if wish.event_id in there and wish.event_id in among:
            found.append((position, *there[wish.event_id], holders.get((wish.event_id, wish.user_id))))
    return found


async def held(
    server: Server, mine: Transaction, seen: State, events: Sequence[int], ids: Sequence[int]
) -> list[Found]:
    """Events with their revisions, and those of the bookings that are there."""
    rows = server.view(seen, mine, "bookings")
    found: list[Found] = []
    for event_id, event in server.view(seen, mine, "events").items():
        if event_id in events:
            known = [rows[event_id, each] for each in ids if (event_id, each) in rows]
            nothing = dict.fromkeys(("id", "user_id", "created_at"))
            found += [row | {"event_id": event_id, "revision": event.revision} for row in known or [nothing]]
    return found


async def new_ids(server: Server, mine: Transaction, seen: State, number: int) -> list[Found]:
    """The next of a sequence, which no rollback sets back."""
    return [{"id": next(server.ids)} for _ in range(number)]


class Writing(NamedTuple):
    """The arguments of `WRITE`."""

    locked: Sequence[int]
    revisions: str
    cancelled: Sequence[int]
    moment: datetime
    bookings: str
    messages: str
    keys: str | None

    @property
    def changed(self) -> list[Raise]:
        """The events whose revisions rise."""
        return msgspec.json.decode(self.revisions, type=list[Raise])


async def write(server: Server, mine: Transaction, seen: State, *arguments: Any) -> list[Found]:
    """Everything that a batch changes. Each step sees what was committed before it, not only before the first."""
    asked = Writing(*arguments)
    await STEPS["lock"](server, mine, seen, asked)
    await asyncio.sleep(0)
    if asked.changed:
        await STEPS["raise"](server, mine, server.state, asked)
        await STEPS["cancel"](server, mine, server.state, asked)
        await asyncio.sleep(0)
        await insert(server, mine, asked)
        await append(server, mine, asked)
    if asked.keys is not None:
        await sql.STEPS["remember"](server, mine, server.state, asked)
    return []


async def lock_what_changes(server: Server, mine: Transaction, seen: State, asked: Writing) -> None:
    """Lock in order."""
    await lock(server, mine, seen, asked.locked)


async def raise_revisions(server: Server, mine: Transaction, seen: State, asked: Writing) -> None:
    """Raise the revisions of events that are still at those seen, and count; all of them, or nothing is written."""
    for one in server.random.sample(asked.changed, len(asked.changed)):
        await server.lock(mine, "events", one.event_id)
        event = server.latest(mine, "events", one.event_id)
        if event is None or event.revision != one.seen or (one.taken > 0 and event.booked + one.taken > event.total):
            raise sql.Stale("an event has changed since the batch was decided")
        mine.write("events", one.event_id, Event(one.raised, event.total, event.booked + one.taken))


async def cancel(server: Server, mine: Transaction, seen: State, asked: Writing) -> None:
    """Delete bookings; all of them, or nothing is written."""
    for booking_id in asked.cancelled:
        keys = [(event, booking_id) for event in asked.locked]
        [key] = [key for key in keys if key in server.view(seen, mine, "bookings")] or [None]
        if key is None:
            raise sql.Stale("a booking has gone since the batch was decided")
        await server.lock(mine, "bookings", key)
        user = server.latest(mine, "bookings", key)["user_id"]
        mine.write("bookings", key, None)
        mine.write("holders", (key[0], user), None)


async def insert(server: Server, mine: Transaction, asked: Writing) -> None:
    """Insert bookings; the unique index of people is a table of its own here."""
    new = msgspec.json.decode(asked.bookings, type=list[Row])
    if POISON in {row.user_id for row in new}:
        raise asyncpg.DataError("poison")
    for row in new:
        if row.event_id not in server.view(server.state, mine, "events") or row.event_id not in asked.locked:
            continue
        if not await server.claim_key(mine, "bookings", (row.event_id, row.id)):
            raise asyncpg.UniqueViolationError("pk_bookings")
        if not await server.claim_key(mine, "holders", (row.event_id, row.user_id)):
            error = asyncpg.UniqueViolationError(pool_settlement.SEAT_UNIQUE)
            error.constraint_name = pool_settlement.SEAT_UNIQUE
            raise error
        mine.write("bookings", (row.event_id, row.id), msgspec.structs.asdict(row) | {"created_at": asked.moment})
        mine.write("holders", (row.event_id, row.user_id), row.id)


async def append(server: Server, mine: Transaction, asked: Writing) -> None:
    """Insert messages of the events that exist and are named."""
    places = {pool_statements.place_of(event_id).key for event_id in asked.locked}
    for row in msgspec.json.decode(asked.messages, type=list[sql.NewMessage]):
        if row.place not in places:
            continue
        if not await server.claim_key(mine, "outbox", (row.place, row.revision)):
            raise asyncpg.UniqueViolationError("outbox_pkey")
        mine.write("outbox", (row.place, row.revision), {"id": row.id, "type": row.type, "data": row.data})


STEPS: dict[str, Callable[[Server, Transaction, State, Writing], Awaitable[None]]] = {
    "lock": lock_what_changes,
    "raise": raise_revisions,
    "cancel": cancel,
}
"""The steps of `write` that planted errors change."""

HANDLERS: dict[str, sql.Handler] = {
    pool_statements.LOCK: lock,
    pool_statements.REVISIONS: revisions,
    pool_statements.LOOK: look,
    pool_statements.HELD: held,
    pool_statements.IDS: new_ids,
    pool_statements.WRITE: write,
}
