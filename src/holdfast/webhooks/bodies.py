"""What clients of the webhooks' calls send and get, field by field."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar.params import Parameter
from msgspec import Meta, Struct

from holdfast.deliveries.destinations import Failure
from holdfast.deliveries.retries import Disabled, Outcome
from holdfast.http.paging import Page
from holdfast.webhooks.addresses import URL_CHARACTERS_MAX
from holdfast.webhooks.queries import Logged, Webhook

MessageType = Literal[
    "reservation.held",
    "reservation.created",
    "reservation.moved",
    "reservation.changed",
    "reservation.cancelled",
    "reservation.released",
    "reservation.expired",
    "room.created",
    "schedule.created",
    "room.retired",
    "room.seeded",
    "table.created",
    "table.deleted",
    "event.created",
    "event.changed",
    "event.repaired",
    "booking.created",
    "booking.cancelled",
    "place.checked",
]
Address = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=URL_CHARACTERS_MAX,
        description="Where messages are sent: https, to a public address",
        examples=["https://hooks.example.com/holdfast"],
        extra={"rule": "webhook_url"},
    ),
]
Types = Annotated[
    list[MessageType],
    Meta(max_length=50, description="Of the messages that it gets; none for all", extra={"rule": "webhook_types"}),
]


class NewWebhook(Struct):
    """A webhook to be made."""

    url: Address
    types: Types = []


class WebhookBody(Struct):
    """A webhook."""

    id: UUID
    url: str
    types: list[str]
    created_at: datetime
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_why: Disabled | None
    waiting: int

    @classmethod
    def of(cls, hook: Webhook) -> "WebhookBody":
        """The webhook as admins see it: without its secret."""
        return cls(
            id=hook.id,
            url=hook.url,
            types=list(hook.types),
            created_at=hook.created_at,
            failing_since=hook.failing_since,
            disabled_at=hook.disabled_at,
            disabled_why=None if hook.disabled_why is None else Disabled(hook.disabled_why),
            waiting=hook.waiting,
        )


class WebhookSecretBody(Struct):
    """A webhook's id and its secret, which is never shown again."""

    id: UUID
    secret: str

    def __repr__(self) -> str:
        """Without the secret, wherever it may be written."""
        return f"WebhookSecretBody({self.id})"


class DeliveryBody(Struct):
    """A message on its way to a webhook, or what has become of it. `outcome` is null while it waits."""

    message_id: UUID
    type: str
    place: str
    queued_at: datetime
    attempts: int
    tried_at: datetime | None
    status: int | None
    failure: Failure | None
    next_attempt_at: datetime | None
    outcome: Outcome | None

    @classmethod
    def of(cls, logged: Logged) -> "DeliveryBody":
        """The delivery as admins see it: without the message's data."""
        return cls(
            message_id=logged.message_id,
            type=logged.type,
            place=logged.place,
            queued_at=logged.queued_at,
            attempts=logged.attempts,
            tried_at=logged.tried_at,
            status=logged.status,
            failure=None if logged.failure is None else Failure(logged.failure),
            next_attempt_at=logged.due_at,
            outcome=None if logged.outcome is None else Outcome(logged.outcome),
        )


class QueuedMessageBody(Struct):
    """The id of a message that was queued."""

    message_id: UUID


DeliveryPage = Annotated[Page[DeliveryBody], Parameter(schema_component_key="DeliveryPage")]
