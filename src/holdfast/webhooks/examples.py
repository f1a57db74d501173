"""Examples of what clients of the webhooks' calls send and get, for the description."""

from datetime import UTC, datetime
from uuid import UUID

from msgspec import Struct

from holdfast.deliveries.retries import Outcome
from holdfast.webhooks.bodies import DeliveryBody, NewWebhook, QueuedMessageBody, WebhookBody, WebhookSecretBody

HOOK = UUID("01938a68-5b00-7043-9eaf-5b4c3d2e1f00")
MESSAGE = UUID("01938a69-6c00-7154-8fb0-4a3b2c1d0e9f")
URL = "https://hooks.example.com/holdfast"
MADE = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)
SENT = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)

WEBHOOKS: tuple[Struct, ...] = (
    NewWebhook(URL, ["reservation.created"]),
    WebhookBody(HOOK, URL, ["reservation.created"], MADE, None, None, None, 0),
    # Its bytes say so in base64: "an example, no secret at all....".
    WebhookSecretBody(HOOK, "whsec_YW4gZXhhbXBsZSwgbm8gc2VjcmV0IGF0IGFsbC4uLi4="),
    DeliveryBody(
        MESSAGE, "reservation.created", "room:blue-room", SENT, 1, SENT, 204, None, None, Outcome.DELIVERED
    ),
    QueuedMessageBody(MESSAGE),
)  # fmt: skip
