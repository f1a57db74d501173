"""The secret by which whoever holds a place without a token shows that it is theirs. Nothing of it is kept anywhere."""

import hmac
from base64 import urlsafe_b64encode
from uuid import UUID

from holdfast.accounts.tokens import Tokens

LABEL = b"hold-secret"


class HoldSecrets:
    """Makes and compares such secrets. Made once in each process."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._key: bytes | None = None

    async def of(self, reservation_id: UUID) -> str:
        """The secret of a hold: the same each time and in every process, for as long as the signing key is."""
        if self._key is None:
            self._key = await self._tokens.derived(LABEL)
        return urlsafe_b64encode(hmac.digest(self._key, reservation_id.bytes, "sha256")).rstrip(b"=").decode()

    async def proves(self, given: str | None, reservation_id: UUID) -> bool:
        """Compare what was given with the secret of a hold."""
        # In constant time, so that nobody learns from the time how much of a guess was right.
        return given is not None and hmac.compare_digest(given.encode(), (await self.of(reservation_id)).encode())
