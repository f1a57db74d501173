"""Tokens as the office's sign-in would hand them out, and broken ones."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt

SECRET = "s" * 32
"""The key of the services that tests start."""


def token(owner: UUID | None = None, *, secret: str | None = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    """A user's token that holds for an hour; a claim that is given as `None` is left out."""
    usual = {"user_id": str(owner or uuid4()), "role": "user", "exp": datetime.now(UTC) + timedelta(hours=1)}
    kept = {name: value for name, value in (usual | claims).items() if value is not None}
    return jwt.encode(kept, secret, algorithm=algorithm)  # type: ignore[arg-type]


def bearer(owner: UUID | None = None, **claims: Any) -> dict[str, str]:
    """The header that carries such a token."""
    return {"Authorization": f"Bearer {token(owner, **claims)}"}
