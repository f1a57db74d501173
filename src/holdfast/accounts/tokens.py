"""Bearer tokens: JWT, signed with HS256 by a key that all workers share."""

import hmac
import secrets
from datetime import timedelta
from uuid import UUID

import jwt
import msgspec
from cachetools import LRUCache
from jwt.types import Options
from msgspec import Struct

from holdfast.accounts import queries
from holdfast.accounts.roles import Role
from holdfast.clock import Clock
from holdfast.database.again import again_on_conflict
from holdfast.database.connections import Database
from holdfast.errors import Unauthorized
from holdfast.settings import Settings

ALGORITHM = "HS256"
TOKENS_KNOWN_MAX = 20_000
TOKEN_CHARACTERS_MAX = 4_096
OPTIONS: Options = {
    "require": ["exp", "user_id", "role"],
    "enforce_minimum_key_length": True,
    # Looked at each time that the token is used, by our own clock.
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
}


class Content(Struct, frozen=True):
    """What a token says. Until when and from when on it holds are Unix times in seconds."""

    user_id: UUID
    role: Role
    exp: float
    nbf: float | None = None
    epoch: int | None = None
    """Which of the user's passwords it was made for, by our count; `None` for a token that is not of our making."""


class Tokens:
    """Makes and reads tokens. Made once in each process."""

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        self._database = database
        self._secret = settings.jwt_secret
        self._hours = timedelta(hours=settings.token_hours)
        self._clock = clock
        # A signature costs more to check than all the rest of a short request.
        self._known: LRUCache[str, Content] = LRUCache(TOKENS_KNOWN_MAX)

    async def make(self, user_id: UUID, role: Role, epoch: int = 0) -> str:
        """A token that holds for the setting `TOKEN_HOURS`, or until the user's epoch is another."""
        now = self._clock()
        content = {
            "user_id": str(user_id),
            "role": role.value,
            # A count, not a moment: clocks differ, and a sign-in may begin before a new password and end after it.
            "epoch": epoch,
            "iat": int(now.timestamp()),
            "exp": int((now + self._hours).timestamp()),
        }
        return jwt.encode(content, await self._key(), algorithm=ALGORITHM)

    async def read(self, token: str) -> Content:
        """What a token says. Raises `Unauthorized` if it is not ours, or has expired."""
        content = self._known.get(token)
        if content is None:
            content = self._known[token] = _verified(token, await self._key())
        now = self._clock().timestamp()
        if content.exp <= now or (content.nbf is not None and content.nbf > now):
            raise Unauthorized
        return content

    async def derived(self, label: bytes) -> bytes:
        """A key of 32 bytes for another purpose, which the label names: it tells nothing of the one that signs."""
        return hmac.digest((await self._key()).encode(), label, "sha256")

    @again_on_conflict
    async def _key(self) -> str:
        """The setting `JWT_SECRET`, or the installation's own key, which the first to need it makes."""
        if self._secret is None:
            async with self._database.begin() as connection:
                self._secret = await queries.signing_key(connection, secrets.token_urlsafe(48))
        return self._secret


def _verified(token: str, secret: str) -> Content:
    if len(token) > TOKEN_CHARACTERS_MAX:
        raise Unauthorized
    try:
        content = jwt.decode(token, secret, algorithms=[ALGORITHM], options=OPTIONS)
        return msgspec.convert(content, Content)
    except (jwt.PyJWTError, msgspec.ValidationError, ValueError, RecursionError):
        raise Unauthorized from None
