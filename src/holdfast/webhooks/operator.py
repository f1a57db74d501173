"""What the operator does with webhooks at the terminal."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec

from holdfast.clock import utc_now
from holdfast.database.connections import Database
from holdfast.errors import (
    CommandRefused,
    HoldfastError,
    InvalidRequest,
    Unavailable,
    WebhookDisabled,
    WebhookNotFound,
    WebhooksFull,
)
from holdfast.settings import Settings
from holdfast.webhooks.bodies import NewWebhook
from holdfast.webhooks.service import WEBHOOKS_MAX, Webhooks

WRONG = {
    "webhook_url": "an address such as https://hooks.example.com/holdfast is needed",
    "webhook_https": "the address must begin with https:// (http:// is for networks in WEBHOOK_NETWORKS)",
    "webhook_address": "the address is not public, and not in WEBHOOK_NETWORKS",
}


def request(url: str, types: Sequence[str]) -> NewWebhook:
    """A webhook to be made, as it was typed. Raises `CommandRefused`."""
    try:
        return msgspec.convert({"url": url, "types": list(types)}, NewWebhook)
    except msgspec.ValidationError as error:
        raise CommandRefused(f"not allowed: {error}") from None


@asynccontextmanager
async def opened(url: str, settings: Settings) -> AsyncIterator[Webhooks]:
    """The webhooks of a database, inside of the block. What is refused there is raised as `CommandRefused`."""
    database = Database(url, settings)
    await database.open()
    try:
        yield Webhooks(database, utc_now, settings.webhook_allowed)
    except InvalidRequest as error:
        raise CommandRefused(WRONG[error.fields["url"]]) from None
    except HoldfastError as error:
        raise CommandRefused(_words(error)) from None
    finally:
        await database.close()


def _words(error: HoldfastError) -> str:
    match error:
        case WebhookNotFound():
            return "there is no such webhook"
        case WebhooksFull():
            return f"there are {WEBHOOKS_MAX} webhooks, and no more are allowed"
        case WebhookDisabled():
            return "the webhook is switched off; `holdfast webhooks enable` switches it on"
        case Unavailable():
            return "the database does not answer"
        case _:
            return error.code
