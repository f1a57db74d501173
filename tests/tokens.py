"""Tokens as the office's sign-in would hand them out, and broken ones."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt

SECRET = "s" * 32
"""The key of the services that tests start."""


def token(user_id: UUID | None = None, role: str = "user", *, secret: str = SECRET, **claims: Any) -> str:
    """A token that holds for an hour; a claim that is given as `None` is left out."""
    content = {
        "user_id": str(user_id or uuid4()),
        "role": role,
        "exp": datetime.now(UTC) + timedelta(hours=1),
    } | claims
    kept = {name: value for name, value in content.items() if value is not None}
    return jwt.encode(kept, secret, algorithm="HS256")


def bearer(*arguments: Any, **claims: Any) -> dict[str, str]:
    """The header that carries such a token."""
    return {"Authorization": f"Bearer {token(*arguments, **claims)}"}
