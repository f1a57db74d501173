"""What the engine's looks do to the simulated server, and its statements about places. Any other is an error.

Each handler gets the snapshot that was taken when its statement began: if it has to wait, it still sees that one, and
only the rows that it locks are read again. That is READ COMMITTED. What the SQL itself says is run by `interleaved.py`.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from holdfast.engine import looks, statements
from holdfast.engine.demands import NO_DEMANDS
from proof.server import Server, Spot, State, Transaction

Row = dict[str, Any]
Handler = Callable[..., Awaitable[list[Any]]]
NO_ROW = dict.fromkeys(
    ("id", "start_time", "end_time", "created_at", "user_id", "details", "type", "state", "expires_at", "held_at")
)


async def ensure(
    server: Server, mine: Transaction, seen: State, places: Sequence[str], kinds: object, ids: object
) -> list[Row]:
    """Insert places, those that are there already excepted."""
    for place in sorted(places):
        if await server.claim_key(mine, "places", place):
            mine.write("places", place, Spot(0))
    return []


async def lock(server: Server, mine: Transaction, seen: State, places: Sequence[str]) -> list[Row]:
    """Lock places in order; each is read again when it is had."""
    there = server.view(seen, mine, "places")
    for place in sorted(places):
        if place in there:
            await server.lock(mine, "places", place)
    return []


async def revisions(server: Server, mine: Transaction, seen: State, places: Sequence[str]) -> list[Row]:
    """The places' revisions, without a lock."""
    there = server.view(seen, mine, "places")
    return [{"place": place, "revision": there[place].revision} for place in places if place in there]


async def close(server: Server, mine: Transaction, seen: State, place: str, now: datetime) -> list[Row]:
    """Close a place, which the transaction has locked."""
    await server.lock(mine, "places", place)
    mine.write("places", place, server.latest(mine, "places", place)._replace(closed_at=now))
    return []


def before(rows: Sequence[Row], wish: looks.LookRow, leaving: Sequence[UUID]) -> Iterator[Row]:
    """What takes a place and starts before a moment, backwards; holds that have expired are among it."""
    found = [
        row
        for row in rows
        if row["place"] == wish.place
        and row["cancelled_at"] is None
        and row["start_time"] < wish.claim_end
        and row["id"] not in leaving
    ]
    yield from sorted(found, key=lambda row: row["start_time"], reverse=True)


async def look(
    server: Server, mine: Transaction, seen: State, wanted: str, leaving: Sequence[UUID] = ()
) -> list[tuple[object, ...]]:
    """For each wish its place's revision, and what may be in its way."""
    now = server.now()
    there = server.view(seen, mine, "places")
    rows = list(server.view(seen, mine, "reservations").values())
    found: list[tuple[object, ...]] = []
    for position, wish in enumerate(msgspec.json.decode(wanted, type=list[looks.LookRow]), 1):
        if wish.place in there:
            row = next(before(rows, wish, leaving), NO_ROW)
            spot = there[wish.place]
            told = now if position == 1 else None
            nearest = (row["start_time"], row["end_time"], row["expires_at"])
            found.append((position, spot.revision, spot.closed_at is not None, *nearest, told))
    return found


async def backwards(
    server: Server, mine: Transaction, seen: State, wanted: str, passed: Sequence[UUID], at_most: int
) -> list[Row]:
    """For each wish what takes its place, backwards."""
    rows = list(server.view(seen, mine, "reservations").values())
    found: list[Row] = []
    for position, wish in enumerate(msgspec.json.decode(wanted, type=list[looks.LookRow]), 1):
        found += [row | {"position": position} for row in before(rows, wish, passed)][:at_most]
    return [_encoded(row) for row in found]


async def given(
    server: Server, mine: Transaction, seen: State, places: Sequence[str], ids: Sequence[UUID]
) -> list[Row]:
    """Places with their revisions, and those of the reservations that are there, ended ones too."""
    now = server.now()
    there = server.view(seen, mine, "places")
    rows = server.view(seen, mine, "reservations")
    found: list[Row] = []
    for place in places:
        if place in there:
            known = [rows[place, each] for each in dict.fromkeys(ids) if (place, each) in rows] or [NO_ROW]
            found += [row | {"place": place, "revision": there[place].revision, "now": now} for row in known]
    return [_encoded(row) for row in found]


async def look_more(
    server: Server, mine: Transaction, seen: State, wanted: str, leaving: Sequence[UUID] = ()
) -> list[tuple[object, ...]]:
    """The same, with how many holds there are at places, and of somebody."""
    now = server.now()
    live = [
        row
        for row in server.view(seen, mine, "reservations").values()
        if row["cancelled_at"] is None and row["expires_at"] is not None and row["expires_at"] > now
    ]
    wishes = msgspec.json.decode(wanted, type=list[looks.NamedLookRow])
    found: list[tuple[object, ...]] = []
    for row in await look(server, mine, seen, wanted, leaving):
        wish = wishes[row[0] - 1]  # type: ignore[operator]
        at_place = sum(each["place"] == wish.place for each in live) if wish.holds else None
        of_user = sum(each["user_id"] == wish.user_id for each in live if wish.user_id) if wish.holds else None
        found.append((*row, None, at_place, of_user))
    return found


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


async def message_probe(
    server: Server, mine: Transaction, seen: State, place: str, revision: int, message_id: UUID
) -> list[Row]:
    """Wait for whoever inserts the same message."""
    if await server.claim_key(mine, "outbox", (place, revision)):
        mine.write(
            "outbox",
            (place, revision),
            {"id": message_id, "type": "place.checked", "occurred_at": server.now(), "data": {}},
        )
    return []


async def key_there(
    server: Server, mine: Transaction, seen: State, key_id: UUID, claim_id: UUID, answer: bytes
) -> list[Row]:
    """Whether a key was used by this change, and has this answer."""
    row = server.view(seen, mine, "keys").get(key_id)
    return [{"exists": row is not None and (row["claim_id"], row["answer"]) == (claim_id, answer)}]


async def key_probe(
    server: Server, mine: Transaction, seen: State, key_id: UUID, claim_id: UUID, answer: bytes
) -> list[Row]:
    """Wait for whoever inserts the same key."""
    if await server.claim_key(mine, "keys", key_id):
        mine.write("keys", key_id, {"id": key_id, "body": b"", "claim_id": claim_id, "answer": answer})
    return []


def _encoded(row: Row) -> Row:
    """A row as the driver reads it: `jsonb` is text."""
    details = row.get("details")
    full = {"external_ref": None, "revived": False, **row}
    return full if details is None else full | {"details": msgspec.json.encode(details).decode()}


HANDLERS: dict[str, Handler] = {
    statements.ENSURE: ensure,
    statements.LOCK: lock,
    statements.REVISIONS: revisions,
    statements.CLOSE: close,
    statements.REMEMBERED: remembered,
    statements.MESSAGE_THERE: message_there,
    statements.MESSAGE_PROBE: message_probe,
    statements.KEY_THERE: key_there,
    statements.KEY_PROBE: key_probe,
    looks.LOOK: look,
    looks.LOOK_PAST: look,
    looks.BACKWARDS: backwards,
    looks.GIVEN: given,
    NO_DEMANDS.looks[0]: look_more,
    NO_DEMANDS.looks[1]: look_more,
}
