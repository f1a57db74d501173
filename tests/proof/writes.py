"""What the one statement that writes a batch does to the simulated server; see `sql.py`."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from holdfast.engine import settlement, transaction, writing
from holdfast.engine.claims import Reservation
from holdfast.engine.keys import KeyRow
from holdfast.engine.writing import Changed, EventRaise, Raise, SeatRow
from holdfast.outbox.messages import Message
from proof import seats_sql, sql
from proof.server import Server, State, Transaction
from proof.sql import Row

R = TypeVar("R")
POISON = UUID(int=13)
"""A user whose reservations no database will take: the claim that spoils its batch."""
POISONED = "poison"
"""A person whose bookings none will take."""


class Stale(asyncpg.PostgresError):
    """What `WRITE` raises by itself."""

    sqlstate = transaction.STALE


class Writing(NamedTuple):
    """The arguments of `WRITE`."""

    locked: Sequence[str] | None
    locked_events: Sequence[int] | None
    revisions: str | None
    event_revisions: str | None
    moment: datetime
    changed_ids: Sequence[UUID] | None
    changed: str | None
    reserved: str | None
    unbooked: Sequence[int] | None
    booked: str | None
    messages: str | None
    new_keys: str | None


def rows(text: str | None, of: type[R]) -> list[R]:
    """The rows of a JSON argument."""
    return [] if text is None else msgspec.json.decode(text, type=list[of])  # type: ignore[valid-type]


async def write(server: Server, mine: Transaction, seen: State, *arguments: Any) -> list[Row]:
    """Everything that a batch changes. Each step sees what was committed before it, not only before the first."""
    asked = Writing(*arguments)
    await sql.lock(server, mine, seen, asked.locked or ())
    await seats_sql.lock(server, mine, server.state, asked.locked_events or ())
    await asyncio.sleep(0)
    await raise_places(server, mine, asked)
    await raise_events(server, mine, asked)
    await change(server, mine, asked)
    await asyncio.sleep(0)
    await reserve(server, mine, asked)
    await unbook(server, mine, asked)
    await book(server, mine, asked)
    await append(server, mine, asked)
    await remember(server, mine, asked)
    return []


async def raise_places(server: Server, mine: Transaction, asked: Writing) -> None:
    """Raise the revisions of places that are still at those seen; all of them, or nothing is written."""
    for one in rows(asked.revisions, Raise):
        if one.place in server.view(server.state, mine, "places"):
            await server.lock(mine, "places", one.place)
        spot = server.latest(mine, "places", one.place)
        if spot is None or spot.revision != one.seen or one.place not in (asked.locked or ()):
            raise Stale("a place has changed since the batch was decided")
        mine.write("places", one.place, spot._replace(revision=one.raised))


async def raise_events(server: Server, mine: Transaction, asked: Writing) -> None:
    """Raise the revisions of events that are still at those seen, and count; all of them, or nothing is written."""
    for one in rows(asked.event_revisions, EventRaise):
        if one.event_id in server.view(server.state, mine, "events"):
            await server.lock(mine, "events", one.event_id)
        event = server.latest(mine, "events", one.event_id)
        if event is None or event.revision != one.seen or (one.taken > 0 and event.booked + one.taken > event.total):
            raise Stale("an event has changed since the batch was decided")
        mine.write("events", one.event_id, event._replace(revision=one.raised, booked=event.booked + one.taken))


async def change(server: Server, mine: Transaction, asked: Writing) -> None:
    """Change reservations that are what the batch relies on; all of them, or nothing is written."""
    for one in rows(asked.changed, Changed):
        key = (one.was_at, one.after.id)
        if key in server.view(server.state, mine, "reservations"):
            await server.lock(mine, "reservations", key)
        row = server.latest(mine, "reservations", key)
        if row is None or not proves(row, one.proves, server.now()):
            raise Stale("a reservation has changed since the batch was decided")
        after = stored(one.after)
        if after["place"] != one.was_at:
            mine.write("reservations", key, None)
        is_over = after["state"] in {"released", "expired", "cancelled"}
        now = {name: after[name] for name in CHANGED} | {"cancelled_at": asked.moment if is_over else None}
        mine.write("reservations", (after["place"], one.after.id), row | now)


CHANGED = ("place", "room_id", "start_time", "end_time", "details", "state", "expires_at", "external_ref", "revived")


def stored(made: Reservation) -> Row:
    """A reservation as a row."""
    return {
        "id": made.id,
        "place": made.place.key,
        "room_id": made.place.id if made.place.kind == "room" else None,
        "start_time": made.start,
        "end_time": made.end,
        "user_id": made.user_id,
        "created_at": made.created_at,
        "details": made.details,
        "type": made.type,
        "state": made.state.value,
        "expires_at": made.expires_at,
        "held_at": made.held_at,
        "external_ref": made.external_ref,
        "revived": made.revived,
        "cancelled_at": None,
    }


def proves(row: Row, what: str, now: datetime) -> bool:
    """Whether a reservation is active still, or an expired hold."""
    if what == "active":
        return row["cancelled_at"] is None and (row["expires_at"] is None or row["expires_at"] > now)
    return row["state"] == "expired" or (row["expires_at"] is not None and row["expires_at"] <= now)


async def reserve(server: Server, mine: Transaction, asked: Writing) -> None:
    """Insert reservations."""
    new = [stored(each) for each in rows(asked.reserved, Reservation)]
    if POISON in {row["user_id"] for row in new}:
        raise asyncpg.DataError("poison")
    for row in new:
        if not await server.claim_key(mine, "reservations", (row["place"], row["id"])):
            raise unique(settlement.ID_UNIQUE)
        nothing = {"external_ref": None, "revived": False}
        mine.write("reservations", (row["place"], row["id"]), row | nothing)


async def unbook(server: Server, mine: Transaction, asked: Writing) -> None:
    """Delete bookings; all of them, or nothing is written."""
    for booking_id in asked.unbooked or ():
        there = server.view(server.state, mine, "bookings")
        [key] = [(event, booking_id) for event in asked.locked_events or () if (event, booking_id) in there] or [None]
        if key is None:
            raise Stale("a booking has gone since the batch was decided")
        await server.lock(mine, "bookings", key)
        user = server.latest(mine, "bookings", key)["user_id"]
        mine.write("bookings", key, None)
        mine.write("holders", (key[0], user), None)


async def book(server: Server, mine: Transaction, asked: Writing) -> None:
    """Insert bookings; the unique index of people is a table of its own here."""
    new = rows(asked.booked, SeatRow)
    if POISONED in {row.user_id for row in new}:
        raise asyncpg.DataError("poison")
    for row in new:
        if row.event_id not in server.view(server.state, mine, "events"):
            raise asyncpg.ForeignKeyViolationError("fk_bookings_event_id_events")
        if not await server.claim_key(mine, "bookings", (row.event_id, row.id)):
            raise unique("pk_bookings")
        if not await server.claim_key(mine, "holders", (row.event_id, row.user_id)):
            raise unique(settlement.SEAT_UNIQUE)
        mine.write("bookings", (row.event_id, row.id), msgspec.structs.asdict(row) | {"created_at": asked.moment})
        mine.write("holders", (row.event_id, row.user_id), row.id)


async def append(server: Server, mine: Transaction, asked: Writing) -> None:
    """Append messages."""
    for row in rows(asked.messages, Message):
        if not await server.claim_key(mine, "outbox", (row.place, row.revision)):
            raise unique("pk_outbox")
        mine.write("outbox", (row.place, row.revision), _message(row, asked.moment))


async def remember(server: Server, mine: Transaction, asked: Writing) -> None:
    """Insert keys; one that is there ends the transaction."""
    for row in sorted(rows(asked.new_keys, KeyRow), key=lambda row: row.id):
        if not await server.claim_key(mine, "keys", row.id):
            raise unique(transaction.KEYS_UNIQUE)
        body, answer = (bytes.fromhex(text.removeprefix("\\x")) for text in (row.body, row.answer))
        mine.write("keys", row.id, {"id": row.id, "body": body, "claim_id": row.claim_id, "answer": answer})


def _message(row: Message, moment: datetime) -> Row:
    return {"id": row.id, "type": row.type, "occurred_at": moment, "data": row.data}


def unique(constraint: str) -> asyncpg.UniqueViolationError:
    """What the server says of a key that is there."""
    error = asyncpg.UniqueViolationError(constraint)
    error.constraint_name = constraint
    return error


HANDLERS: dict[str, sql.Handler] = {writing.WRITE: write}
