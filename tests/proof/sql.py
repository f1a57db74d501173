"""What each of the engine's statements does to the simulated server. A statement that is not here is an error.

Each handler gets the snapshot that was taken when its statement began: if it has to wait, it still sees that one, and
only the rows that it locks are read again. That is READ COMMITTED.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from holdfast.engine import statements
from holdfast.outbox import queries as outbox
from proof.server import Server, State, Transaction

Row = dict[str, Any]
Handler = Callable[..., Awaitable[list[Row]]]
POISON = UUID(int=13)
"""A user whose reservations no database will take: the claim that spoils its batch."""


async def ensure(
    server: Server, mine: Transaction, seen: State, places: Sequence[str], kinds: object, ids: object
) -> list[Row]:
    """Insert places, those that are there already excepted."""
    for place in sorted(places):
        if await server.claim_key(mine, "places", place):
            mine.write("places", place, 0)
    return []


async def lock(server: Server, mine: Transaction, seen: State, places: Sequence[str]) -> list[Row]:
    """Lock places in order; each is read again when it is had."""
    return await lock_in_order(server, mine, seen, sorted(places))


async def lock_in_order(server: Server, mine: Transaction, seen: State, places: Sequence[str]) -> list[Row]:
    """Lock places in the order given."""
    there = server.view(seen, mine, "places")
    found = []
    for place in places:
        if place in there:
            await server.lock(mine, "places", place)
            found.append({"place": place, "revision": server.latest(mine, "places", place)})
    return found


async def revisions(server: Server, mine: Transaction, seen: State, places: Sequence[str]) -> list[Row]:
    """The places' revisions, without a lock."""
    there = server.view(seen, mine, "places")
    return [{"place": place, "revision": there[place]} for place in places if place in there]


async def raise_revisions(
    server: Server, mine: Transaction, seen: State, places: Sequence[str], numbers: Sequence[int]
) -> list[Row]:
    """Set revisions."""
    for place, number in zip(places, numbers, strict=True):
        await server.lock(mine, "places", place)
        mine.write("places", place, number)
    return []


def before(rows: Sequence[Row], place: str, moment: datetime) -> Row | None:
    """Of a place's active reservations the one with the greatest start before a moment."""
    found = None
    for row in rows:
        is_before = row["place"] == place and row["cancelled_at"] is None and row["start_time"] < moment
        if is_before and (found is None or row["start_time"] > found["start_time"]):
            found = row
    return found


async def nearest(
    server: Server,
    mine: Transaction,
    seen: State,
    places: Sequence[str],
    ends: Sequence[datetime],
    among: Sequence[str],
) -> list[Row]:
    """For each claim the reservation that may be in its way."""
    rows = list(server.view(seen, mine, "reservations").values())
    found = []
    for position, (place, end) in enumerate(zip(places, ends, strict=True), 1):
        row = before(rows, place, end) if place in among else None
        if row is not None:
            found.append({"position": position, "start_time": row["start_time"], "end_time": row["end_time"]})
    return found


async def nearest_but(
    server: Server, mine: Transaction, seen: State, place: str, moment: datetime, but: UUID
) -> list[Row]:
    """The same for one place, one reservation left out."""
    rows = [row for row in server.view(seen, mine, "reservations").values() if row["id"] != but]
    row = before(rows, place, moment)
    return [] if row is None else [row]


class NewReservation(Struct):
    """A row of the JSON that reservations are inserted from."""

    id: UUID
    place: str
    start_time: datetime
    end_time: datetime
    user_id: UUID | None
    created_at: datetime
    details: Any


class NewMessage(Struct):
    """A row of the JSON that messages are appended from."""

    place: str
    revision: int
    id: UUID
    type: str
    data: Any


async def insert(server: Server, mine: Transaction, seen: State, rows: str, places: Sequence[str]) -> list[Row]:
    """Insert reservations at the places that exist and are named."""
    there = server.view(seen, mine, "places")
    new = msgspec.json.decode(rows, type=list[NewReservation])
    if POISON in {row.user_id for row in new}:
        raise asyncpg.DataError("poison")
    for row in new:
        if row.place not in there or row.place not in places:
            continue
        if not await server.claim_key(mine, "reservations", (row.place, row.id)):
            raise asyncpg.UniqueViolationError("reservations_pkey")
        mine.write("reservations", (row.place, row.id), msgspec.structs.asdict(row) | {"cancelled_at": None})
    return []


async def active(server: Server, mine: Transaction, seen: State, keys: Sequence[tuple[str, UUID]]) -> list[Row]:
    """Lock rows that are active in the snapshot, and answer those that still are when they are had."""
    there = server.view(seen, mine, "reservations")
    found = []
    for key in keys:
        if key in there and there[key]["cancelled_at"] is None:
            await server.lock(mine, "reservations", key)
            row = server.latest(mine, "reservations", key)
            if row is not None and row["cancelled_at"] is None:
                found.append(row)
    return found


async def cancel(
    server: Server, mine: Transaction, seen: State, places: Sequence[str], ids: Sequence[UUID], now: datetime
) -> list[Row]:
    """Cancel active reservations."""
    keys = sorted({(place, reservation_id) for place in places for reservation_id in ids})
    rows = await active(server, mine, seen, keys)
    for row in rows:
        mine.write("reservations", (row["place"], row["id"]), row | {"cancelled_at": now})
    return rows


async def held(server: Server, mine: Transaction, seen: State, place: str, reservation_id: UUID) -> list[Row]:
    """An active reservation."""
    row = server.view(seen, mine, "reservations").get((place, reservation_id))
    return [] if row is None or row["cancelled_at"] is not None else [row]


async def reschedule(
    server: Server, mine: Transaction, seen: State, place: str, reservation_id: UUID, start: datetime, end: datetime
) -> list[Row]:
    """Give a reservation another stretch."""
    key = (place, reservation_id)
    if key in server.view(seen, mine, "reservations"):
        await server.lock(mine, "reservations", key)
        row = server.latest(mine, "reservations", key)
        if row is not None:
            mine.write("reservations", key, row | {"start_time": start, "end_time": end})
    return []


async def remove(server: Server, mine: Transaction, seen: State, place: str, reservation_id: UUID) -> list[Row]:
    """Delete a reservation."""
    key = (place, reservation_id)
    if key in server.view(seen, mine, "reservations"):
        await server.lock(mine, "reservations", key)
        mine.write("reservations", key, None)
    return []


async def remembered(server: Server, mine: Transaction, seen: State, ids: Sequence[UUID]) -> list[Row]:
    """The keys that were used."""
    there = server.view(seen, mine, "keys")
    return [there[key_id] for key_id in ids if key_id in there]


async def remember(server: Server, mine: Transaction, seen: State, *columns: Any) -> list[Row]:
    """Insert keys, those that are there already excepted; answers those that were inserted."""
    inserted = []
    for key_id, body, claim_id, answer in sorted(zip(*columns[:4], strict=True)):
        if await server.claim_key(mine, "keys", key_id):
            row = {"id": key_id, "body": body, "claim_id": claim_id, "answer": answer}
            mine.write("keys", key_id, row)
            inserted.append(row)
    return inserted


async def append(server: Server, mine: Transaction, seen: State, rows: str, places: Sequence[str]) -> list[Row]:
    """Insert messages of the places that exist and are named."""
    there = server.view(seen, mine, "places")
    for row in msgspec.json.decode(rows, type=list[NewMessage]):
        if row.place not in there or row.place not in places:
            continue
        if not await server.claim_key(mine, "outbox", (row.place, row.revision)):
            raise asyncpg.UniqueViolationError("outbox_pkey")
        mine.write("outbox", (row.place, row.revision), {"id": row.id, "type": row.type, "data": row.data})
    return []


async def message_there(
    server: Server, mine: Transaction, seen: State, place: str, revision: int, message_id: UUID
) -> list[Row]:
    """Whether a message is there."""
    row = server.view(seen, mine, "outbox").get((place, revision))
    return [{"exists": row is not None and row["id"] == message_id}]


async def key_there(server: Server, mine: Transaction, seen: State, key_id: UUID, claim_id: UUID) -> list[Row]:
    """Whether a key was used by this claim."""
    row = server.view(seen, mine, "keys").get(key_id)
    return [{"exists": row is not None and row["claim_id"] == claim_id}]


HANDLERS: dict[str, Handler] = {
    statements.ENSURE: ensure,
    statements.LOCK: lock,
    statements.REVISIONS: revisions,
    statements.RAISE: raise_revisions,
    statements.NEAREST: nearest,
    statements.NEAREST_BUT: nearest_but,
    statements.INSERT: insert,
    statements.CANCEL: cancel,
    statements.HELD: held,
    statements.RESCHEDULE: reschedule,
    statements.REMOVE: remove,
    statements.REMEMBERED: remembered,
    statements.REMEMBER: remember,
    statements.MESSAGE_THERE: message_there,
    statements.KEY_THERE: key_there,
    outbox.APPEND: append,
}
