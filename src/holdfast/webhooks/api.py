"""`/webhooks`: HTTP in, HTTP out. Field by field: docs/webhooks.md."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.openapi import ResponseSpec
from litestar.params import Parameter

from holdfast.accounts.guards import admins
from holdfast.errors import WebhookNotFound
from holdfast.http import fields
from holdfast.http.bodies import StrictBody
from holdfast.http.docs import NEEDS_TOKEN, refusals
from holdfast.http.handlers import Cursor, PageLimit
from holdfast.http.paging import LIMIT_DEFAULT, Moment, Page, page, read_cursor
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

MADE = {201: ResponseSpec(WebhookSecretBody, description="The webhook's id and its secret", generate_examples=False)}
HookId = Annotated[str, Parameter(description="The webhook's id", schema_extra={"format": "uuid"})]


class WebhooksApi(Controller):
    """Addresses that messages are sent to. Admins only."""

    path = "/webhooks"
    tags = ("webhooks",)
    security = NEEDS_TOKEN
    guards = (admins,)

    @get(summary="List webhooks", responses=refusals(401, 403))
    async def list_webhooks(self, webhooks: Webhooks) -> list[WebhookBody]:
        """In the order in which they were made; why one is switched off is in `disabled_why`."""
        return [WebhookBody.of(each) for each in await webhooks.all()]

    @post(
        dto=StrictBody[NewWebhook],
        return_dto=None,
        summary="Make a webhook",
        responses=MADE | refusals(400, 401, 403, 409, 413, 415),
    )
    async def create_webhook(self, data: NewWebhook, webhooks: Webhooks) -> WebhookSecretBody:
        """It gets what is published from now on. The secret is shown this once. 409 when there are twenty."""
        return await webhooks.add(data)

    @get("/{webhook_id:str}", summary="A webhook", responses=refusals(400, 401, 403, 404))
    async def get_webhook(self, webhook_id: HookId, webhooks: Webhooks) -> WebhookBody:
        """Without its secret."""
        return WebhookBody.of(await webhooks.find(_identity(webhook_id)))

    @delete("/{webhook_id:str}", summary="Remove a webhook", responses=refusals(400, 401, 403, 404))
    async def delete_webhook(self, webhook_id: HookId, webhooks: Webhooks) -> None:
        """With what waits for it, and its log."""
        await webhooks.remove(_identity(webhook_id))

    @post(
        "/{webhook_id:str}/enable",
        status_code=200,
        summary="Switch a webhook on",
        responses=refusals(400, 401, 403, 404),
    )
    async def enable_webhook(self, webhook_id: HookId, webhooks: Webhooks) -> WebhookBody:
        """What still waits is sent at once; what was published while it was off is not."""
        return WebhookBody.of(await webhooks.enable(_identity(webhook_id)))

    @post(
        "/{webhook_id:str}/disable",
        status_code=200,
        summary="Switch a webhook off",
        responses=refusals(400, 401, 403, 404),
    )
    async def disable_webhook(self, webhook_id: HookId, webhooks: Webhooks) -> WebhookBody:
        """What waits goes on waiting, for 30 days."""
        return WebhookBody.of(await webhooks.disable(_identity(webhook_id)))

    @post("/{webhook_id:str}/rotate", status_code=200, summary="A new secret", responses=refusals(400, 401, 403, 404))
    async def rotate_webhook_secret(self, webhook_id: HookId, webhooks: Webhooks) -> WebhookSecretBody:
        """Shown this once. For a day, messages are signed with the old one as well."""
        return await webhooks.rotate(_identity(webhook_id))

    @post(
        "/{webhook_id:str}/test",
        status_code=202,
        summary="Send a test message",
        responses=refusals(400, 401, 403, 404, 409),
    )
    async def test_webhook(self, webhook_id: HookId, webhooks: Webhooks) -> QueuedMessageBody:
        """What came of it is in the deliveries. 409 when the webhook is switched off."""
        return QueuedMessageBody(await webhooks.test(_identity(webhook_id)))

    @get("/{webhook_id:str}/deliveries", summary="What was sent", responses=refusals(400, 401, 403, 404))
    async def list_deliveries(
        self, webhook_id: HookId, webhooks: Webhooks, cursor: Cursor = None, limit: PageLimit = LIMIT_DEFAULT
    ) -> DeliveryPage:
        """Newest first, in pages; kept for 30 days."""
        after = None if cursor is None else read_cursor(cursor, tuple[Moment, UUID])
        found = page(await webhooks.log(_identity(webhook_id), after, limit + 1), limit, _position)
        return Page([DeliveryBody.of(each) for each in found.items], found.next_cursor)


def _identity(text: str) -> UUID:
    """Raises `WebhookNotFound` for what no id can be."""
    found = fields.identity(text)
    if found is None:
        raise WebhookNotFound
    return found


def _position(logged: Logged) -> tuple[datetime, UUID]:
    return logged.queued_at, logged.message_id
