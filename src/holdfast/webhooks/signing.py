"""Pure but for new secrets: how messages are signed, by the Standard Webhooks scheme (standardwebhooks.com).

The signature is of the message's id, the time of sending and the body, so none of them can be changed, and what was
sent once cannot be sent again later by somebody else.
"""

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from secrets import token_bytes

PREFIX = "whsec_"
SECRET_BYTES = 32
OLD_SECRET_SIGNS = timedelta(days=1)
"""For how long the secret before still signs, beside the new one."""


def new_secret() -> str:
    """A secret that nobody can guess."""
    return PREFIX + base64.b64encode(token_bytes(SECRET_BYTES)).decode()


def headers(secrets: Sequence[str], message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """The headers that let the receiver know who has sent a body, and when: one signature for each secret."""
    timestamp = str(int(now.timestamp()))
    signatures = (
        _signature(secret, b"%s.%s." % (message_id.encode(), timestamp.encode()) + body) for secret in secrets
    )
    return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": " ".join(signatures)}


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()
