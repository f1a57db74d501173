"""All SQL of webhooks: who gets what, what waits, and what has become of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from holdfast.database.connections import Connection
from holdfast.database.readable import Fetched, read
from holdfast.outbox import positions
from holdfast.webhooks.queries import IN_ORDER
from holdfast.webhooks.sending.retries import Disabled, Outcome
from holdfast.webhooks.sending.sender import Attempt

ACTIVE = """
SELECT id, url, types, secret, CASE WHEN old_secret_until > $1 THEN old_secret END, queued_until, failing_since
FROM webhooks WHERE disabled_at IS NULL AND removed_at IS NULL AND id <> ALL($2::uuid[]) ORDER BY id
"""

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

QUEUED = "UPDATE webhooks SET queued_until = $2 WHERE id = ANY($1::uuid[]) AND queued_until < $2"

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

SUCCEEDED = """
UPDATE webhooks w SET failing_since = NULL FROM (SELECT id, failing_since FROM webhooks WHERE id = $1) old
WHERE w.id = old.id AND old.failing_since IS NOT NULL RETURNING old.failing_since
"""

FAILED = """
UPDATE webhooks SET failing_since = coalesce(failing_since, $2) WHERE id = $1 AND disabled_at IS NULL
RETURNING failing_since
"""

HURRY = """
UPDATE webhook_deliveries d SET due_at = $2 FROM (
    SELECT webhook_id, message_id FROM webhook_deliveries WHERE webhook_id = $1 AND due_at > $2 ORDER BY due_at LIMIT $3
) late WHERE d.webhook_id = late.webhook_id AND d.message_id = late.message_id
"""
HURRIED_AT_ONCE = 10_000

DISABLE = """
UPDATE webhooks SET disabled_at = $2, disabled_why = $3
WHERE id = $1 AND removed_at IS NULL AND disabled_at IS NULL RETURNING id
"""

# By the end of an index that has the oldest; what is newer is not looked at.
FORGET = """
DELETE FROM webhook_deliveries d USING (
    SELECT webhook_id, message_id, settled_at FROM webhook_deliveries
    WHERE webhook_id = $1 AND queued_at < $2 AND (settled_at IS NOT NULL OR $3)
    ORDER BY queued_at LIMIT $4
) old WHERE d.webhook_id = old.webhook_id AND d.message_id = old.message_id
RETURNING d.place, old.settled_at IS NULL AS was_waiting
"""

LOGS = """
SELECT id, CASE WHEN removed_at IS NULL THEN $1 ELSE 'infinity'::timestamptz END, disabled_at IS NOT NULL OR
    removed_at IS NOT NULL
FROM webhooks
"""

BURY = """
DELETE FROM webhooks w WHERE removed_at IS NOT NULL
AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.webhook_id = w.id)
"""


class Hook(Struct, frozen=True):
    """A webhook that is switched on. `queued_until` is a position in the journal."""

    id: UUID
    url: str
    types: frozenset[str]
    secrets: Sequence[str]
    queued_until: int
    failing_since: datetime | None

    def __repr__(self) -> str:
        """Without the secrets, wherever it may be written."""
        return f"Hook({self.id})"

    def wants(self, kind: str) -> bool:
        """Whether it gets messages of a type."""
        return not self.types or kind in self.types


class Queued(Struct, frozen=True):
    """A message for a webhook, as it is queued."""

    webhook_id: UUID
    message_id: UUID
    type: str
    place: str
    position: datetime
    body: str


class Log(Struct, frozen=True):
    """A webhook's deliveries before a time; those that wait as well, if it is switched off."""

    webhook_id: UUID
    before: datetime
    with_waiting: bool


class Delivery(Struct, frozen=True):
    """A message that is due at a webhook."""

    webhook_id: UUID
    message_id: UUID
    place: str
    body: bytes
    attempts: int
    first_tried_at: datetime | None


async def active(connection: Connection, now: datetime) -> list[Hook]:
    """The webhooks that are switched on."""
    return await read(Fetched(connection, "webhooks", ACTIVE, now, key="id"), _hook)


def _hook(row: Mapping[str, Any]) -> Hook:
    hook_id, url, types, secret, old, queued_until, failing_since = row.values()
    # The driver tells infinity by a time without a zone.
    if None in types or (failing_since is not None and failing_since.tzinfo is None):
        raise ValueError
    secrets = [secret] if old is None else [secret, old]
    return Hook(hook_id, url, frozenset(types), secrets, positions.of_time(queued_until), failing_since)


async def queue(connection: Connection, wanted: Sequence[Queued], now: datetime) -> None:
    """Have messages wait for webhooks."""
    await connection.execute(QUEUE, msgspec.json.encode(wanted).decode(), now)
    await release(connection, {(each.webhook_id, each.place) for each in wanted}, now)


async def release(connection: Connection, places: Iterable[tuple[UUID, str]], now: datetime) -> None:
    """Make the first message that waits for a webhook at a place due."""
    pairs = list(places)
    await connection.execute(RELEASE, [hook_id for hook_id, _ in pairs], [place for _, place in pairs], now)


async def queued(connection: Connection, hooks: Sequence[UUID], position: int) -> None:
    """Remember that everything until a position is queued for these webhooks."""
    await connection.execute(QUEUED, hooks, positions.as_time(position))


async def overfull(connection: Connection, hooks: Sequence[UUID], waiting_max: int) -> list[UUID]:
    """Those of these webhooks for which more messages wait than may."""
    return [row["id"] for row in await connection.fetch(OVERFULL, hooks, waiting_max)]


async def due(connection: Connection, at_once: Mapping[UUID, int], now: datetime) -> list[Delivery]:
    """What is to be sent now, so many messages of each webhook at the most; what is being sent is due, too."""
    rows = await connection.fetch(DUE, list(at_once), list(at_once.values()), now)
    return [
        Delivery(hook_id, message_id, place, body.encode(), attempts, first_tried_at)
        for hook_id, message_id, place, body, attempts, first_tried_at in rows
    ]


async def settle(connection: Connection, delivery: Delivery, outcome: Outcome, came: Attempt, now: datetime) -> None:
    """A message need not be sent again; the next of its place is due."""
    await connection.execute(
        SETTLE, delivery.webhook_id, delivery.message_id, now, outcome.value, came.status, came.failure
    )
    await release(connection, [(delivery.webhook_id, delivery.place)], now)


async def postpone(connection: Connection, delivery: Delivery, due_at: datetime, came: Attempt, now: datetime) -> None:
    """A message is to be sent again later."""
    await connection.execute(POSTPONE, delivery.webhook_id, delivery.message_id, now, due_at, came.status, came.failure)


async def succeeded(connection: Connection, hook_id: UUID) -> datetime | None:
    """A webhook's receiver answers; since when it had not, if that was so."""
    found: datetime | None = await connection.fetchval(SUCCEEDED, hook_id)
    return found


async def failed(connection: Connection, hook_id: UUID, now: datetime) -> datetime | None:
    """A webhook's receiver has failed; since when it does, or `None` when it is switched off."""
    found: datetime | None = await connection.fetchval(FAILED, hook_id, now)
    return found


async def hurry(connection: Connection, hook_id: UUID, now: datetime) -> None:
    """Whatever waits for a later attempt is due now."""
    await connection.execute(HURRY, hook_id, now, HURRIED_AT_ONCE)


async def disable(connection: Connection, hook_id: UUID, why: Disabled, now: datetime) -> bool:
    """Switch a webhook off; false when it was."""
    return await connection.fetchval(DISABLE, hook_id, now, why.value) is not None


async def logs(connection: Connection, before: datetime) -> list[Log]:
    """What is to be forgotten of every webhook: what is older than this, and all of those that are removed."""
    return [Log(*row.values()) for row in await connection.fetch(LOGS, before)]


async def forget(connection: Connection, log: Log, now: datetime, limit: int) -> int:
    """Delete some of the deliveries that are to be forgotten; how many."""
    await connection.execute(IN_ORDER)
    rows = await connection.fetch(FORGET, log.webhook_id, log.before, log.with_waiting, limit)
    places = {(log.webhook_id, row["place"]) for row in rows if row["was_waiting"]}
    if places:
        await release(connection, places, now)
    return len(rows)


async def bury(connection: Connection) -> None:
    """Delete the webhooks that are removed and have no deliveries left."""
    await connection.execute(BURY)
