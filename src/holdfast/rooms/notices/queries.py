"""All SQL of notices."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from holdfast.database.connections import Connection
from holdfast.outbox import positions

NEXT_MESSAGE = "SELECT min(published_at) FROM outbox WHERE published_at > $1"

CHANGED = """
SELECT (data->>'id')::uuid AS id, published_at FROM outbox
WHERE published_at > $1 AND published_at <= $2 AND type = ANY($3::text[]) AND data->>'kind' = 'room'
ORDER BY published_at
"""
CHANGES = ["reservation.cancelled", "reservation.moved"]

LINKED = """
SELECT id, start_time, end_time, cancelled_at IS NOT NULL AS is_cancelled
FROM reservations WHERE id = ANY($1::uuid[]) AND details->>'conference_link' IS NOT NULL
"""


class Linked(Struct, frozen=True):
    """A booking that was made with a conference link, as it is now."""

    id: UUID
    start: datetime
    end: datetime
    is_cancelled: bool


async def next_message(connection: Connection, after: int) -> int | None:
    """The position of the first message after a position, or `None`."""
    first = await connection.fetchval(NEXT_MESSAGE, positions.as_time(after))
    return None if first is None else positions.of_time(first)


async def changed_reservations(connection: Connection, after: int, until: int) -> dict[UUID, int]:
    """The reservations of rooms that were cancelled or moved between two positions, with the position of the first."""
    bounds = positions.as_time(after), positions.as_time(until)
    found: dict[UUID, int] = {}
    for row in await connection.fetch(CHANGED, *bounds, CHANGES):
        found.setdefault(row["id"], positions.of_time(row["published_at"]))
    return found


async def linked(connection: Connection, ids: Collection[UUID]) -> dict[UUID, Linked]:
    """Of these reservations those with a conference link."""
    return {row["id"]: Linked(*row.values()) for row in await connection.fetch(LINKED, ids)}
