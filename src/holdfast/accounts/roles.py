"""Who callers are: their role, and the users that come with every installation."""

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from msgspec import Struct


class Role(StrEnum):
    """What a token's bearer is."""

    ADMIN = "admin"
    USER = "user"


class Caller(Struct, frozen=True):
    """Who asks. Both are `None` for somebody without a token."""

    user_id: UUID | None = None
    role: Role | None = None

    @property
    def name(self) -> str:
        """One word for the caller; all without a token share one."""
        return "anonymous" if self.user_id is None else str(self.user_id)


ANONYMOUS = Caller()
DUMMIES: Mapping[Role, UUID] = {
    Role.ADMIN: UUID("00000000-0000-4000-8000-00000000ad01"),
    Role.USER: UUID("00000000-0000-4000-8000-00000000ad02"),
}
"""The users of `/dummyLogin`; a migration puts them into the database."""
