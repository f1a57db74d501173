"""The SQL with which admins look after webhooks. How messages get to them is in `sending/queries.py`."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct

from holdfast.database.connections import Connection
from holdfast.database.readable import Fetched, read
from holdfast.outbox import positions
from holdfast.webhooks.sending.retries import Disabled, Outcome
from holdfast.webhooks.sending.sender import Failure

COUNT = "SELECT count(*) FROM webhooks WHERE removed_at IS NULL"

ADD = """
INSERT INTO webhooks (id, url, types, secret, created_at, queued_until) VALUES ($1, $2, $3, $4, $5, $6)
"""

WEBHOOKS = """
SELECT w.id, w.url, w.types, w.created_at, w.failing_since, w.disabled_at, w.disabled_why, (
    SELECT count(*) FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.settled_at IS NULL
)
FROM webhooks w WHERE w.removed_at IS NULL AND ($1::uuid IS NULL OR w.id = $1) AND w.id <> ALL($2::uuid[])
ORDER BY w.id
"""

# The address may hold a token of the receiver's; nothing of either is kept.
REMOVE = """
UPDATE webhooks SET removed_at = $2, url = '', secret = '', old_secret = NULL
WHERE id = $1 AND removed_at IS NULL RETURNING id
"""

ENABLE = """
UPDATE webhooks SET disabled_at = NULL, disabled_why = NULL, failing_since = NULL, queued_until = $2
WHERE id = $1 AND removed_at IS NULL AND disabled_at IS NOT NULL RETURNING id
"""

AGAIN = """
UPDATE webhook_deliveries SET due_at = $2, attempts = 0, first_tried_at = NULL
WHERE webhook_id = $1 AND due_at IS NOT NULL
"""

ROTATE = """
UPDATE webhooks SET secret = $2, old_secret = secret, old_secret_until = $3
WHERE id = $1 AND removed_at IS NULL RETURNING id
"""

TEST = """
INSERT INTO webhook_deliveries (webhook_id, message_id, type, place, position, body, queued_at, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $5, $5)
"""

# For the rest of the transaction: without statistics, which a log that grows quickly does not have, the planner would
# rather sort all of it than walk along the index that has it in order.
IN_ORDER = "SELECT set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true)"

# Newest first; messages that were queued together by their ids.
LOG = """
SELECT message_id, type, place, queued_at, attempts, tried_at, status, failure, due_at, outcome
FROM webhook_deliveries
WHERE webhook_id = $1 AND ($2::timestamptz IS NULL OR (queued_at, message_id) < ($2, $3::uuid))
    AND message_id <> ALL($5::uuid[])
ORDER BY queued_at DESC, message_id DESC LIMIT $4
"""


class Webhook(Struct, frozen=True):
    """A webhook, without its secret. So many messages wait for it."""

    id: UUID
    url: str
    types: Sequence[str]
    created_at: datetime
    failing_since: datetime | None = None
    disabled_at: datetime | None = None
    disabled_why: str | None = None
    waiting: int = 0


class Logged(Struct, frozen=True):
    """A message for a webhook, as the log has it."""

    message_id: UUID
    type: str
    place: str
    queued_at: datetime
    attempts: int
    tried_at: datetime | None
    status: int | None
    failure: str | None
    due_at: datetime | None
    outcome: str | None


async def count(connection: Connection) -> int:
    """How many webhooks there are."""
    found: int = await connection.fetchval(COUNT)
    return found


async def add(connection: Connection, hook: Webhook, secret: str, queued_until: int) -> None:
    """Add a webhook, which gets what comes after a position."""
    after = positions.as_time(queued_until)
    await connection.execute(ADD, hook.id, hook.url, list(hook.types), secret, hook.created_at, after)


async def webhooks(connection: Connection, hook_id: UUID | None = None) -> list[Webhook]:
    """All webhooks, or this one if it is there, in the order in which they were made."""
    return await read(Fetched(connection, "webhooks", WEBHOOKS, hook_id, key="id"), _webhook)


async def remove(connection: Connection, hook_id: UUID, now: datetime) -> bool:
    """Remove a webhook; false when there is none."""
    return await connection.fetchval(REMOVE, hook_id, now) is not None


async def enable(connection: Connection, hook_id: UUID, queued_until: int, now: datetime) -> None:
    """Switch a webhook on, unless it is: what waits is due, and what comes after a position is queued."""
    if await connection.fetchval(ENABLE, hook_id, positions.as_time(queued_until)) is not None:
        await connection.execute(AGAIN, hook_id, now)


async def rotate(connection: Connection, hook_id: UUID, secret: str, now: datetime, old_signs: timedelta) -> bool:
    """Give a webhook a new secret, beside which the old one signs for a while; false when there is no such webhook."""
    return await connection.fetchval(ROTATE, hook_id, secret, now + old_signs) is not None


async def queue_test(connection: Connection, ids: tuple[UUID, UUID], kind: str, body: bytes, now: datetime) -> None:
    """Have a message wait that is no news of any place; `ids` are the webhook's and the message's."""
    hook_id, message_id = ids
    await connection.execute(TEST, hook_id, message_id, kind, f"webhook:{hook_id}", now, body.decode())


async def log(connection: Connection, hook_id: UUID, after: tuple[datetime, UUID] | None, limit: int) -> list[Logged]:
    """Deliveries of a webhook, newest first, after one of them."""
    await connection.execute(IN_ORDER)
    moment, message_id = (None, None) if after is None else after
    source = Fetched(connection, "webhook_deliveries", LOG, hook_id, moment, message_id, limit, key="message_id")
    return await read(source, _logged)


def _webhook(row: Mapping[str, Any]) -> Webhook:
    """A row as a value that can be shown. Raises `readable.UNREADABLE`."""
    hook = Webhook(*row.values())
    _check_finite(hook.created_at, hook.failing_since, hook.disabled_at)
    if hook.disabled_why is not None:
        Disabled(hook.disabled_why)
    if not all(isinstance(kind, str) for kind in hook.types):
        raise ValueError
    return hook


def _logged(row: Mapping[str, Any]) -> Logged:
    """A row as a value that can be shown. Raises `readable.UNREADABLE`."""
    logged = Logged(*row.values())
    _check_finite(logged.queued_at, logged.tried_at, logged.due_at)
    for word, words in ((logged.failure, Failure), (logged.outcome, Outcome)):
        if word is not None:
            words(word)
    return logged


def _check_finite(*moments: datetime | None) -> None:
    """Raises `ValueError` for infinity, which the driver tells by a time without a zone."""
    if any(moment is not None and moment.tzinfo is None for moment in moments):
        raise ValueError
