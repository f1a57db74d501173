"""The use cases of webhooks: add, list, remove, switch on and off, a new secret, a test message, the log."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import msgspec
import uuid_utils.compat as uuids

from holdfast.clock import Clock
from holdfast.database.again import again_on_conflict
from holdfast.database.connections import Connection, Database, transaction, translated
from holdfast.deliveries.retries import Disabled
from holdfast.errors import InvalidRequest, WebhookDisabled, WebhookNotFound, WebhooksFull
from holdfast.outbox import queries as outbox
from holdfast.webhooks import addresses, queries, signing
from holdfast.webhooks.addresses import Networks
from holdfast.webhooks.bodies import NewWebhook, WebhookSecretBody
from holdfast.webhooks.queries import Logged, Webhook

WEBHOOKS_MAX = 20
TEST = "webhook.test"
"""The type of a test message, which is no news of any place."""


class Webhooks:
    """The webhooks of this installation. All but the first two raise `WebhookNotFound`."""

    def __init__(self, database: Database, clock: Clock, networks: Networks) -> None:
        self._database = database
        self._clock = clock
        self._networks = networks

    async def all(self) -> list[Webhook]:
        """All webhooks, in the order in which they were made."""
        async with self._transaction() as connection:
            return await queries.webhooks(connection)

    @again_on_conflict
    async def add(self, wanted: NewWebhook) -> WebhookSecretBody:
        """Make a webhook, which gets what is published from now on. Raises `InvalidRequest`, `WebhooksFull`."""
        rule = addresses.fault(wanted.url, self._networks)
        if rule is not None:
            raise InvalidRequest({"url": rule})
        made = WebhookSecretBody(uuids.uuid7(), signing.new_secret())
        hook = Webhook(made.id, wanted.url, sorted(set(wanted.types)), self._clock())
        async with self._transaction() as connection:
            # This lock makes whoever adds at the same moment count after us, too.
            position = await outbox.pause(connection)
            if await queries.count(connection) >= WEBHOOKS_MAX:
                raise WebhooksFull
            await queries.add(connection, hook, made.secret, position)
        return made

    async def find(self, hook_id: UUID) -> Webhook:
        """A webhook."""
        async with self._transaction() as connection:
            return await _found(connection, hook_id)

    @again_on_conflict
    async def remove(self, hook_id: UUID) -> None:
        """Remove a webhook, with what waits for it and its log."""
        async with self._transaction() as connection:
            if not await queries.remove(connection, hook_id, self._clock()):
                raise WebhookNotFound

    @again_on_conflict
    async def enable(self, hook_id: UUID) -> Webhook:
        """Switch a webhook on: what still waits is sent, and what is published from now on."""
        async with self._transaction() as connection:
            position = await outbox.pause(connection)
            await queries.enable(connection, hook_id, position, self._clock())
            return await _found(connection, hook_id)

    @again_on_conflict
    async def disable(self, hook_id: UUID) -> Webhook:
        """Switch a webhook off."""
        async with self._transaction() as connection:
            await queries.disable(connection, hook_id, Disabled.ADMIN, self._clock())
            return await _found(connection, hook_id)

    @again_on_conflict
    async def rotate(self, hook_id: UUID) -> WebhookSecretBody:
        """A new secret; for a day, messages are signed with the old one as well."""
        made = WebhookSecretBody(hook_id, signing.new_secret())
        async with self._transaction() as connection:
            if not await queries.rotate(connection, hook_id, made.secret, self._clock(), signing.OLD_SECRET_SIGNS):
                raise WebhookNotFound
        return made

    @again_on_conflict
    async def test(self, hook_id: UUID) -> UUID:
        """Have a test message sent; its id. Raises `WebhookDisabled`."""
        message_id, now = uuids.uuid7(), self._clock()
        async with self._transaction() as connection:
            if (await _found(connection, hook_id)).disabled_at is not None:
                raise WebhookDisabled
            body = msgspec.json.encode(
                {
                    "id": message_id,
                    "type": TEST,
                    "place": f"webhook:{hook_id}",
                    "occurred_at": now,
                    "data": {"id": hook_id, "kind": "webhook"},
                }
            )
            await queries.queue_test(connection, (hook_id, message_id), TEST, body, now)
        return message_id

    async def log(self, hook_id: UUID, after: tuple[datetime, UUID] | None, limit: int) -> list[Logged]:
        """A webhook's deliveries, newest first."""
        async with self._transaction() as connection:
            await _found(connection, hook_id)
            return await queries.log(connection, hook_id, after, limit)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Connection]:
        with translated():
            async with self._database.engine_connection() as connection, transaction(connection):
                yield connection


async def _found(connection: Connection, hook_id: UUID) -> Webhook:
    found = await queries.webhooks(connection, hook_id)
    if not found:
        raise WebhookNotFound
    return found[0]
