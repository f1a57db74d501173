"""`/webhooks`: HTTP in, HTTP out. Field by field: docs/webhooks.md."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar.params import Parameter

from holdfast.accounts.guards import ADMINS
from holdfast.errors import WebhookNotFound
from holdfast.http import fields
from holdfast.http.operations import Group
from holdfast.http.paging import LIMIT_DEFAULT, Cursor, Moment, Page, PageLimit, page, read_cursor
from holdfast.webhooks.bodies import (
    DeliveryBody,
    DeliveryPage,
    NewWebhook,
    QueuedMessageBody,
    WebhookBody,
    WebhookSecretBody,
)
from holdfast.webhooks.queries import Logged
from holdfast.webhooks.service import Webhooks

HookId = Annotated[str, Parameter(description="The webhook's id", schema_extra={"format": "uuid"})]


webhooks = Group("webhooks", ADMINS)


class WebhooksApi:
    """Addresses that messages are sent to. Admins only."""

    def __init__(self, service: Webhooks) -> None:
        self._webhooks = service

    @webhooks("GET", "/webhooks", "List webhooks")
    async def list_webhooks(self) -> list[WebhookBody]:
        """In the order in which they were made; why one is switched off is in `disabled_why`."""
        return [WebhookBody.of(each) for each in await self._webhooks.all()]

    @webhooks("POST", "/webhooks", "Make a webhook", answer="The webhook's id and its secret", refuses=(409,))
    async def create_webhook(self, data: NewWebhook) -> WebhookSecretBody:
        """It gets what is published from now on. The secret is shown this once. 409 when there are twenty."""
        return await self._webhooks.add(data)

    @webhooks("GET", "/webhooks/{webhook_id}", "A webhook", refuses=(404,))
    async def get_webhook(self, webhook_id: HookId) -> WebhookBody:
        """Without its secret."""
        return WebhookBody.of(await self._webhooks.find(_identity(webhook_id)))

    @webhooks("DELETE", "/webhooks/{webhook_id}", "Remove a webhook", refuses=(404,))
    async def delete_webhook(self, webhook_id: HookId) -> None:
        """With what waits for it, and its log."""
        await self._webhooks.remove(_identity(webhook_id))

    @webhooks("POST", "/webhooks/{webhook_id}/enable", "Switch a webhook on", status=200, refuses=(404,))
    async def enable_webhook(self, webhook_id: HookId) -> WebhookBody:
        """What still waits is sent at once; what was published while it was off is not."""
        return WebhookBody.of(await self._webhooks.enable(_identity(webhook_id)))

    @webhooks("POST", "/webhooks/{webhook_id}/disable", "Switch a webhook off", status=200, refuses=(404,))
    async def disable_webhook(self, webhook_id: HookId) -> WebhookBody:
        """What waits goes on waiting, for 30 days."""
        return WebhookBody.of(await self._webhooks.disable(_identity(webhook_id)))

    @webhooks("POST", "/webhooks/{webhook_id}/rotate", "A new secret", status=200, refuses=(404,))
    async def rotate_webhook_secret(self, webhook_id: HookId) -> WebhookSecretBody:
        """Shown this once. For a day, messages are signed with the old one as well."""
        return await self._webhooks.rotate(_identity(webhook_id))

    @webhooks("POST", "/webhooks/{webhook_id}/test", "Send a test message", status=202, refuses=(404, 409))
    async def test_webhook(self, webhook_id: HookId) -> QueuedMessageBody:
        """What came of it is in the deliveries. 409 when the webhook is switched off."""
        return QueuedMessageBody(await self._webhooks.test(_identity(webhook_id)))

    @webhooks("GET", "/webhooks/{webhook_id}/deliveries", "What was sent", refuses=(404,))
    async def list_deliveries(
        self, webhook_id: HookId, cursor: Cursor = None, limit: PageLimit = LIMIT_DEFAULT
    ) -> DeliveryPage:
        """Newest first, in pages; kept for 30 days."""
        after = None if cursor is None else read_cursor(cursor, tuple[Moment, UUID])
        found = page(await self._webhooks.log(_identity(webhook_id), after, limit + 1), limit, _position)
        return Page([DeliveryBody.of(each) for each in found.items], found.next_cursor)


def _identity(text: str) -> UUID:
    """Raises `WebhookNotFound` for what no id can be."""
    found = fields.identity(text)
    if found is None:
        raise WebhookNotFound
    return found


def _position(logged: Logged) -> tuple[datetime, UUID]:
    return logged.queued_at, logged.message_id
