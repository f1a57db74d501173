"""What each of the engine's statements does to the simulated server. A statement that is not here is an error.

Each handler gets the snapshot that was taken when its statement began: if it has to wait, it still sees that one, and
only the rows that it locks are read again. That is READ COMMITTED.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from holdfast.engine import statements, transaction, writing
from proof.server import Server, State, Transaction

Row = dict[str, Any]
Handler = Callable[..., Awaitable[list[Any]]]
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
    await lock_in_order(server, mine, seen, sorted(places))
    return []


async def lock_in_order(server: Server, mine: Transaction, seen: State, places: Sequence[str]) -> None:
    """Lock places in the order given."""
    there = server.view(seen, mine, "places")
    for place in places:
        if place in there:
            await server.lock(mine, "places", place)


async def revisions(server: Server, mine: Transaction, seen: State, places: Sequence[str]) -> list[Row]:
    """The places' revisions, without a lock."""
    there = server.view(seen, mine, "places")
    return [{"place": place, "revision": there[place]} for place in places if place in there]


def before(rows: Sequence[Row], place: str, moment: datetime) -> Row | None:
    """Of a place's active reservations the one with the greatest start before a moment."""
    found = None
    for row in rows:
        is_before = row["place"] == place and row["cancelled_at"] is None and row["start_time"] < moment
        if is_before and (found is None or row["start_time"] > found["start_time"]):
            found = row
    return found


async def look(
    server: Server,
    mine: Transaction,
    seen: State,
    wanted: str,
    among: Sequence[str],
    leaving: Sequence[UUID] = (),
) -> list[tuple[object, ...]]:
    """For each claim its place's revision, and the reservation that may be in its way."""
    there = server.view(seen, mine, "places")
    rows = [row for row in server.view(seen, mine, "reservations").values() if row["id"] not in leaving]
    found: list[tuple[object, ...]] = []
    for position, wish in enumerate(msgspec.json.decode(wanted, type=list[statements.Wish]), 1):
        if wish.place in there and wish.place in among:
            row = before(rows, wish.place, wish.claim_end) or {}
            found.append((position, there[wish.place], False, row.get("start_time"), row.get("end_time")))
    return found


async def held(server: Server, mine: Transaction, seen: State, places: Sequence[str], ids: Sequence[UUID]) -> list[Row]:
    """Places with their revisions, and those of the reservations that are there."""
    there = server.view(seen, mine, "places")
    rows = server.view(seen, mine, "reservations")
    nothing = dict.fromkeys(("id", "start_time", "end_time", "user_id", "created_at", "details", "cancelled_at"))
    found: list[Row] = []
    for place in places:
        if place in there:
            known = [rows[place, each] for each in ids if (place, each) in rows] or [nothing]
            found += [row | {"place": place, "revision": there[place]} for row in known]
    return found


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


class NewKey(Struct):
    """A row of the JSON that keys are inserted from."""

    id: UUID
    body: str
    claim_id: UUID
    answer: str

    def stored(self) -> Row:
        """The row as it is kept: `bytea` read from its text."""
        body, answer = (bytes.fromhex(text.removeprefix("\\x")) for text in (self.body, self.answer))
        return {"id": self.id, "body": body, "claim_id": self.claim_id, "answer": answer}


class Writing(NamedTuple):
    """The arguments of `WRITE`."""

    locked: Sequence[str]
    revisions: str
    cancelled: Sequence[UUID]
    removed: Sequence[UUID]
    moment: datetime
    reservations: str
    messages: str
    keys: str | None

    @property
    def changed(self) -> list[writing.Raise]:
        """The places whose revisions rise."""
        return msgspec.json.decode(self.revisions, type=list[writing.Raise])


async def write(server: Server, mine: Transaction, seen: State, *arguments: Any) -> list[Row]:
    """Everything that a batch changes. Each step sees what was committed before it, not only before the first."""
    asked = Writing(*arguments)
    await STEPS["lock"](server, mine, seen, asked)
    await asyncio.sleep(0)
    if asked.changed:
        await STEPS["raise"](server, mine, server.state, asked)
        for row in await existing(server, mine, asked.locked, asked.cancelled):
            mine.write("reservations", (row["place"], row["id"]), row | {"cancelled_at": asked.moment})
        for row in await existing(server, mine, asked.locked, asked.removed):
            mine.write("reservations", (row["place"], row["id"]), None)
        await asyncio.sleep(0)
        await insert(server, mine, asked)
        await append(server, mine, asked)
    if asked.keys is not None:
        await STEPS["remember"](server, mine, server.state, asked)
    return []


async def lock_what_changes(server: Server, mine: Transaction, seen: State, asked: Writing) -> None:
    """Lock in order."""
    await lock_in_order(server, mine, seen, sorted(asked.locked))


async def raise_revisions(server: Server, mine: Transaction, seen: State, asked: Writing) -> None:
    """Raise the revisions of places that are still at those seen; all of them, or nothing is written."""
    raised = 0
    there = server.view(seen, mine, "places")
    changed = asked.changed
    for one in server.random.sample(changed, len(changed)):
        if there.get(one.place) == one.seen:
            await server.lock(mine, "places", one.place)
            if server.latest(mine, "places", one.place) == one.seen:
                mine.write("places", one.place, one.raised)
                raised += 1
    if raised != len(changed):
        raise Stale("a place has changed since the batch was decided")


class Stale(asyncpg.PostgresError):
    """What `WRITE` raises by itself."""

    sqlstate = transaction.STALE


async def existing(server: Server, mine: Transaction, places: Sequence[str], ids: Sequence[UUID]) -> list[Row]:
    """Lock rows by their place and id, and answer them as they are when they are had."""
    found = []
    for key in sorted({(place, each) for place in places for each in ids}):
        if key in server.view(server.state, mine, "reservations"):
            await server.lock(mine, "reservations", key)
            row = server.latest(mine, "reservations", key)
            if row is not None:
                found.append(row)
    return found


async def insert(server: Server, mine: Transaction, asked: Writing) -> None:
    """Insert reservations at the places that exist and are named."""
    there = server.view(server.state, mine, "places")
    new = msgspec.json.decode(asked.reservations, type=list[NewReservation])
    if POISON in {row.user_id for row in new}:
        raise asyncpg.DataError("poison")
    for row in new:
        if row.place not in there or row.place not in asked.locked:
            continue
        if not await server.claim_key(mine, "reservations", (row.place, row.id)):
            raise asyncpg.UniqueViolationError("reservations_pkey")
        mine.write("reservations", (row.place, row.id), msgspec.structs.asdict(row) | {"cancelled_at": None})


async def append(server: Server, mine: Transaction, asked: Writing) -> None:
    """Insert messages of the places that exist and are named."""
    there = server.view(server.state, mine, "places")
    for row in msgspec.json.decode(asked.messages, type=list[NewMessage]):
        if row.place not in there or row.place not in asked.locked:
            continue
        if not await server.claim_key(mine, "outbox", (row.place, row.revision)):
            raise asyncpg.UniqueViolationError("outbox_pkey")
        mine.write("outbox", (row.place, row.revision), {"id": row.id, "type": row.type, "data": row.data})


async def remember(server: Server, mine: Transaction, seen: State, asked: Writing) -> None:
    """Insert keys; one that is there ends the transaction."""
    for row in sorted(msgspec.json.decode(asked.keys or "[]", type=list[NewKey]), key=lambda row: row.id):
        if not await server.claim_key(mine, "keys", row.id):
            error = asyncpg.UniqueViolationError(transaction.KEYS_UNIQUE)
            error.constraint_name = transaction.KEYS_UNIQUE
            raise error
        mine.write("keys", row.id, row.stored())


STEPS: dict[str, Callable[[Server, Transaction, State, Writing], Awaitable[None]]] = {
    "lock": lock_what_changes,
    "raise": raise_revisions,
    "remember": remember,
}
"""The steps of `write` that planted errors change."""


async def remembered(server: Server, mine: Transaction, seen: State, ids: Sequence[UUID]) -> list[Row]:
    """The keys that were used."""
    there = server.view(seen, mine, "keys")
    return [there[key_id] for key_id in ids if key_id in there]


async def message_there(
    server: Server, mine: Transaction, seen: State, place: str, revision: int, message_id: UUID
) -> list[Row]:
    """Whether a message is there."""
    row = server.view(seen, mine, "outbox").get((place, revision))
    return [{"exists": row is not None and row["id"] == message_id}]


async def key_there(
    server: Server, mine: Transaction, seen: State, key_id: UUID, claim_id: UUID, answer: bytes
) -> list[Row]:
    """Whether a key was used by this claim, and has this answer."""
    row = server.view(seen, mine, "keys").get(key_id)
    return [{"exists": row is not None and (row["claim_id"], row["answer"]) == (claim_id, answer)}]


HANDLERS: dict[str, Handler] = {
    statements.ENSURE: ensure,
    statements.LOCK: lock,
    statements.REVISIONS: revisions,
    statements.LOOK: look,
    statements.LOOK_PAST: look,
    statements.HELD: held,
    writing.WRITE: write,
    statements.REMEMBERED: remembered,
    statements.MESSAGE_THERE: message_there,
    statements.KEY_THERE: key_there,
}
