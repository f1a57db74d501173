"""Who sends a request, by their token, and what they may do to whose reservations."""

from collections.abc import Awaitable
from uuid import UUID

from holdfast.accounts import queries
from holdfast.accounts.hold_secrets import HoldSecrets
from holdfast.accounts.queries import Standing
from holdfast.accounts.roles import ANONYMOUS, DUMMIES, Caller, Role
from holdfast.accounts.tokens import Tokens
from holdfast.database.connections import Database
from holdfast.engine.loaders import BatchLoader
from holdfast.errors import Forbidden, Unauthorized
from holdfast.http import audit
from holdfast.http.hot import Request
from holdfast.settings import Settings


class Access:
    """The rules of access of this installation. Made once in each process."""

    def __init__(self, database: Database, tokens: Tokens, settings: Settings) -> None:
        self._tokens = tokens
        self.hold_secrets = HoldSecrets(tokens)
        self._standings: BatchLoader[UUID, Standing] = BatchLoader(database, queries.standings)
        self._open = settings.access == "open"
        self._production = settings.production

    def of(self, request: Request) -> Awaitable[Caller]:
        """The caller of a request."""
        # No coroutine of its own, and no more calls than needed: this is on the way of every hot operation.
        header = request.headers.get(b"authorization")
        return self.caller(None if header is None else header.decode("latin-1"))

    async def caller(self, header: str | None) -> Caller:
        """Who sends a request with this `Authorization`. Raises `Unauthorized` if it does not hold, or is missing.

        What the token's user may do is asked of the database each time, so a disabled account stops working at once,
        through every worker. A token of somebody without an account is as good as its signature: whoever has the key
        may sign tokens for users of their own. One of our own making is not: its account has been deleted.
        """
        if header is None:
            if self._open:
                return ANONYMOUS
            raise Unauthorized
        scheme, _, rest = header.strip().partition(" ")
        # Swagger's box sends what was typed: the bare token is taken too.
        content = await self._tokens.read(rest.strip() if scheme.lower() == "bearer" else header.strip())
        audit.known(content.user_id)
        standing = await self._standings.get(content.user_id)
        if standing is None and content.epoch is None:
            return Caller(content.user_id, content.role)
        if standing is None or standing.is_disabled or (content.epoch or 0) != standing.epoch:
            raise Unauthorized
        if self._is_dummy(content.user_id):
            raise Unauthorized
        return Caller(content.user_id, standing.role)

    def check_may_change(self, caller: Caller, owner: UUID | None) -> None:
        """Raises `Forbidden` unless the caller `may_change` what is `owner`'s."""
        if not self.may_change(caller, owner):
            raise Forbidden

    def may_change(self, caller: Caller, owner: UUID | None) -> bool:
        """Whether the caller may cancel or move a reservation of `owner` (`None`: nobody's)."""
        if self.is_theirs(caller, owner):
            return True
        return self._open and (caller is ANONYMOUS or owner is None)

    def is_theirs(self, caller: Caller, owner: UUID | None) -> bool:
        """Tell an admin and the owner from all others: they may change a hold, or a booking, in either mode."""
        return caller.role is Role.ADMIN or (caller.user_id is not None and caller.user_id == owner)

    def check_may_act_for(self, caller: Caller, user_id: str) -> None:
        """Whether the caller may book for, or look at what belongs to, whom this text names. Raises `Forbidden`."""
        if not self._open and caller.role is not Role.ADMIN and caller.name != user_id:
            raise Forbidden

    def check_may_manage(self, caller: Caller) -> None:
        """Whether the caller may make and change what others book. Raises `Forbidden`."""
        if not self._open and caller.role is not Role.ADMIN:
            raise Forbidden

    def sees_all(self, caller: Caller) -> bool:
        """Whether the caller may look at what belongs to others."""
        return self._open or caller.role is Role.ADMIN

    def _is_dummy(self, user_id: UUID) -> bool:
        """Whether this is a user of `/dummyLogin`, where nobody may be one."""
        return self._production and user_id in DUMMIES.values()
