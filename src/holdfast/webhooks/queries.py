"""The SQL of webhooks: who there is and how they fare. What waits for them is in `deliveries/queries.py`."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct

from holdfast.database.connections import Connection
from holdfast.database.readable import Fetched, read
from holdfast.deliveries.destinations import Destination, Failure, Log
from holdfast.deliveries.queries import IN_ORDER
from holdfast.deliveries.retries import Disabled, Outcome
from holdfast.outbox import positions

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

# Newest first; messages that were queued together by their ids.
LOG = """
SELECT message_id, type, place, queued_at, attempts, tried_at, status, failure, due_at, outcome
FROM webhook_deliveries
WHERE webhook_id = $1 AND ($2::timestamptz IS NULL OR (queued_at, message_id) < ($2, $3::uuid))
    AND message_id <> ALL($5::uuid[])
ORDER BY queued_at DESC, message_id DESC LIMIT $4
"""

ACTIVE = """
SELECT id, url, types, secret, CASE WHEN old_secret_until > $1 THEN old_secret END, queued_until, failing_since
FROM webhooks WHERE disabled_at IS NULL AND removed_at IS NULL AND id <> ALL($2::uuid[]) ORDER BY id
"""

QUEUED = "UPDATE webhooks SET queued_until = $2 WHERE id = ANY($1::uuid[]) AND queued_until < $2"

SUCCEEDED = """
UPDATE webhooks w SET failing_since = NULL FROM (SELECT id, failing_since FROM webhooks WHERE id = $1) old
WHERE w.id = old.id AND old.failing_since IS NOT NULL RETURNING old.failing_since
"""

FAILED = """
UPDATE webhooks SET failing_since = coalesce(failing_since, $2) WHERE id = $1 AND disabled_at IS NULL
RETURNING failing_since
"""

DISABLE = """
UPDATE webhooks SET disabled_at = $2, disabled_why = $3
WHERE id = $1 AND removed_at IS NULL AND disabled_at IS NULL RETURNING id
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


class Hook(Destination, frozen=True):
    """A webhook that is switched on: where it is, and what signs."""

    url: str
    secrets: Sequence[str]

    def __repr__(self) -> str:
        """Without the secrets, wherever it may be written."""
        return f"Hook({self.id})"


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


async def active(connection: Connection, now: datetime) -> list[Hook]:
    """The webhooks that are switched on."""
    return await read(Fetched(connection, "webhooks", ACTIVE, now, key="id"), _hook)


async def queued(connection: Connection, hooks: Sequence[UUID], position: int) -> None:
    """Remember that everything until a position is queued for these webhooks."""
    await connection.execute(QUEUED, hooks, positions.as_time(position))


async def succeeded(connection: Connection, hook_id: UUID) -> datetime | None:
    """A webhook's receiver answers; since when it had not, if that was so."""
    found: datetime | None = await connection.fetchval(SUCCEEDED, hook_id)
    return found


async def failed(connection: Connection, hook_id: UUID, now: datetime) -> datetime | None:
    """A webhook's receiver has failed; since when it does, or `None` when it is switched off."""
    found: datetime | None = await connection.fetchval(FAILED, hook_id, now)
    return found


async def disable(connection: Connection, hook_id: UUID, why: Disabled, now: datetime) -> bool:
    """Switch a webhook off; false when it was."""
    return await connection.fetchval(DISABLE, hook_id, now, why.value) is not None


async def logs(connection: Connection, before: datetime) -> list[Log]:
    """What is to be forgotten of every webhook: what is older than this, and all of those that are removed."""
    return [Log(*row.values()) for row in await connection.fetch(LOGS, before)]


async def bury(connection: Connection) -> None:
    """Delete the webhooks that are removed and have no deliveries left."""
    await connection.execute(BURY)


def _hook(row: Mapping[str, Any]) -> Hook:
    hook_id, url, types, secret, old, queued_until, failing_since = row.values()
    # The driver tells infinity by a time without a zone.
    if None in types or (failing_since is not None and failing_since.tzinfo is None):
        raise ValueError
    secrets = [secret] if old is None else [secret, old]
    return Hook(hook_id, frozenset(types), positions.of_time(queued_until), failing_since, url, secrets)


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
