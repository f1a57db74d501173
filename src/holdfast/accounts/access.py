"""Tokens are read here, and here it is decided who may do what to whose reservations."""

from enum import StrEnum
from uuid import UUID

import jwt
import msgspec
from msgspec import Struct

from holdfast.errors import Forbidden, Unauthorized
from holdfast.settings import Settings

ALGORITHM = "HS256"


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


class Claims(Struct):
    """What our tokens carry, besides `exp`, which is checked on the way here."""

    user_id: UUID
    role: Role


class Access:
    """The rules of access of this installation: its key, and whether a token is needed."""

    def __init__(self, settings: Settings) -> None:
        self._secret = settings.jwt_secret
        self._open = settings.access == "open"

    def caller(self, header: str | None) -> Caller:
        """Who sends a request with this `Authorization`. Raises `Unauthorized` if it does not hold, or is missing."""
        if header is None:
            if self._open:
                return ANONYMOUS
            raise Unauthorized
        scheme, _, rest = header.strip().partition(" ")
        # Swagger's box sends what was typed: the bare token is taken too.
        return self._read(rest.strip() if scheme.lower() == "bearer" else header.strip())

    def check_may_change(self, caller: Caller, owner: UUID | None) -> None:
        """Whether the caller may cancel or move a reservation of `owner` (`None`: nobody's). Raises `Forbidden`."""
        if caller.role is Role.ADMIN or (caller.user_id is not None and caller.user_id == owner):
            return
        if self._open and (caller is ANONYMOUS or owner is None):
            return
        raise Forbidden

    def _read(self, token: str) -> Caller:
        if self._secret is None:
            raise Unauthorized
        try:
            content = jwt.decode(
                token,
                self._secret,
                algorithms=[ALGORITHM],
                options={"require": ["exp", "user_id", "role"], "enforce_minimum_key_length": True},
            )
            claims = msgspec.convert(content, Claims)
        except (jwt.PyJWTError, msgspec.ValidationError):
            raise Unauthorized from None
        return Caller(claims.user_id, claims.role)
