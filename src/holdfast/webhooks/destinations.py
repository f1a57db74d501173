"""Webhooks as destinations of messages."""

from datetime import datetime
from uuid import UUID

import structlog

from holdfast.database.connections import Connection
from holdfast.deliveries.destinations import Attempt, Delivery
from holdfast.deliveries.retries import Disabled
from holdfast.webhooks import queries, signing
from holdfast.webhooks.queries import Hook
from holdfast.webhooks.sender import Sender

logger = structlog.stdlib.get_logger("holdfast.webhooks")


class Hooks:
    """All webhooks, for the courier. Made once in each process that may relay."""

    active = staticmethod(queries.active)
    queued = staticmethod(queries.queued)
    succeeded = staticmethod(queries.succeeded)
    failed = staticmethod(queries.failed)
    logs = staticmethod(queries.logs)
    bury = staticmethod(queries.bury)

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self.close = sender.close

    async def send(self, to: Hook, delivery: Delivery, now: datetime) -> Attempt:
        """Sign a message and send it once. Whatever goes wrong is in the answer."""
        headers = signing.headers(to.secrets, str(delivery.message_id), now, delivery.body)
        return await self._sender.send(to.url, headers, delivery.body)

    async def disable(self, connection: Connection, hook_id: UUID, why: Disabled, now: datetime) -> bool:
        """Switch a webhook off, with a line in the log; false when it was."""
        is_new = await queries.disable(connection, hook_id, why, now)
        if is_new:
            logger.warning("a webhook is switched off", webhook_id=str(hook_id), why=why)
        return is_new
