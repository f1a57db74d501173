"""All SQL of deliveries: what waits for whom, and what has become of it. Destinations are in tables of their own."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from holdfast.database.connections import Connection
from holdfast.deliveries.destinations import Attempt, Delivery, Log
from holdfast.deliveries.retries import Outcome

# For the rest of the transaction: without statistics, which a log that grows quickly does not have, the planner would
# rather sort all of it than walk along the index that has it in order.
IN_ORDER = "SELECT set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true)"

# A message that is queued already is passed over: positions may be given anew.
QUEUE = """
INSERT INTO webhook_deliveries (webhook_id, message_id, type, place, position, body, queued_at)
SELECT r.webhook_id, r.message_id, r.type, r.place, r.position, r.body, $2
FROM json_to_recordset($1::json) AS r (
    webhook_id uuid, message_id uuid, type text, place text, position timestamptz, body text
)
ON CONFLICT DO NOTHING
"""

# The first that waits of each place is due; those behind it have no time until it is settled.
RELEASE = """
UPDATE webhook_deliveries d SET due_at = $3
FROM unnest($1::uuid[], $2::text[]) AS p (webhook_id, place)
CROSS JOIN LATERAL (
    SELECT e.message_id, e.due_at FROM webhook_deliveries e
    WHERE e.webhook_id = p.webhook_id AND e.place = p.place AND e.settled_at IS NULL
    ORDER BY e.position LIMIT 1
) head
WHERE d.webhook_id = p.webhook_id AND d.message_id = head.message_id AND head.due_at IS NULL
"""

# A full queue is a hundred thousand entries of an index, looked through once: then it is switched off.
OVERFULL = """
SELECT w.id FROM unnest($1::uuid[]) AS w (id)
WHERE EXISTS (
    SELECT FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.settled_at IS NULL
    ORDER BY d.place, d.position OFFSET $2 LIMIT 1
)
"""

DUE = """
SELECT h.id, d.message_id, d.place, d.body, d.attempts, CASE WHEN d.first_tried_at <= $3 THEN d.first_tried_at END
FROM unnest($1::uuid[], $2::integer[]) AS h (id, at_once)
CROSS JOIN LATERAL (
    SELECT * FROM webhook_deliveries e WHERE e.webhook_id = h.id AND e.due_at <= $3 AND e.body IS NOT NULL
    ORDER BY e.due_at, e.position LIMIT h.at_once
) d
"""

SETTLE = """
UPDATE webhook_deliveries SET settled_at = $3, outcome = $4, status = $5, failure = $6, attempts = attempts + 1,
    first_tried_at = coalesce(first_tried_at, $3), tried_at = $3, due_at = NULL, body = NULL
WHERE webhook_id = $1 AND message_id = $2 AND settled_at IS NULL
"""

POSTPONE = """
UPDATE webhook_deliveries SET due_at = $4, status = $5, failure = $6, attempts = attempts + 1,
    first_tried_at = coalesce(first_tried_at, $3), tried_at = $3
WHERE webhook_id = $1 AND message_id = $2 AND settled_at IS NULL
"""

HURRY = """
UPDATE webhook_deliveries d SET due_at = $2 FROM (
    SELECT webhook_id, message_id FROM webhook_deliveries WHERE webhook_id = $1 AND due_at > $2 ORDER BY due_at LIMIT $3
) late WHERE d.webhook_id = late.webhook_id AND d.message_id = late.message_id
"""
HURRIED_AT_ONCE = 10_000

# By the end of an index that has the oldest; what is newer is not looked at.
FORGET = """
DELETE FROM webhook_deliveries d USING (
    SELECT webhook_id, message_id, settled_at FROM webhook_deliveries
    WHERE webhook_id = $1 AND queued_at < $2 AND (settled_at IS NOT NULL OR $3)
    ORDER BY queued_at LIMIT $4
) old WHERE d.webhook_id = old.webhook_id AND d.message_id = old.message_id
RETURNING d.place, old.settled_at IS NULL AS was_waiting
"""


class Queued(Struct, frozen=True):
    """A message for a destination, as it is queued."""

    destination_id: UUID = msgspec.field(name="webhook_id")
    message_id: UUID
    type: str
    place: str
    position: datetime
    body: str


async def queue(connection: Connection, wanted: Sequence[Queued], now: datetime) -> None:
    """Have messages wait for destinations."""
    await connection.execute(QUEUE, msgspec.json.encode(wanted).decode(), now)
    await release(connection, {(each.destination_id, each.place) for each in wanted}, now)


async def release(connection: Connection, places: Iterable[tuple[UUID, str]], now: datetime) -> None:
    """Make the first message that waits for a destination at a place due."""
    pairs = list(places)
    await connection.execute(RELEASE, [its_id for its_id, _ in pairs], [place for _, place in pairs], now)


async def overfull(connection: Connection, ids: Sequence[UUID], waiting_max: int) -> list[UUID]:
    """Those of these destinations for which more messages wait than may."""
    return [row["id"] for row in await connection.fetch(OVERFULL, ids, waiting_max)]


async def due(connection: Connection, at_once: Mapping[UUID, int], now: datetime) -> list[Delivery]:
    """What is to be sent now, so many messages of each destination at the most; what is being sent is due, too."""
    rows = await connection.fetch(DUE, list(at_once), list(at_once.values()), now)
    return [
        Delivery(its_id, message_id, place, body.encode(), attempts, first_tried_at)
        for its_id, message_id, place, body, attempts, first_tried_at in rows
    ]


async def settle(connection: Connection, delivery: Delivery, outcome: Outcome, came: Attempt, now: datetime) -> None:
    """A message need not be sent again; the next of its place is due."""
    await connection.execute(
        SETTLE, delivery.destination_id, delivery.message_id, now, outcome.value, came.status, came.failure
    )
    await release(connection, [(delivery.destination_id, delivery.place)], now)


async def postpone(connection: Connection, delivery: Delivery, due_at: datetime, came: Attempt, now: datetime) -> None:
    """A message is to be sent again later."""
    await connection.execute(
        POSTPONE, delivery.destination_id, delivery.message_id, now, due_at, came.status, came.failure
    )


async def hurry(connection: Connection, its_id: UUID, now: datetime) -> None:
    """Whatever waits for a later attempt is due now."""
    await connection.execute(HURRY, its_id, now, HURRIED_AT_ONCE)


async def forget(connection: Connection, log: Log, now: datetime, limit: int) -> int:
    """Delete some of the deliveries that are to be forgotten; how many."""
    await connection.execute(IN_ORDER)
    rows = await connection.fetch(FORGET, log.destination_id, log.before, log.with_waiting, limit)
    places = {(log.destination_id, row["place"]) for row in rows if row["was_waiting"]}
    if places:
        await release(connection, places, now)
    return len(rows)
