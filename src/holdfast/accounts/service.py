"""The use cases of accounts: register, sign in, change a password, disable, give a role."""

from typing import NamedTuple
from uuid import UUID

import msgspec
import uuid_utils.compat as uuids
from msgspec import UNSET

from holdfast.accounts import emails, queries
from holdfast.accounts.bodies import PasswordChange, Registration, UserChange
from holdfast.accounts.login_throttle import LoginThrottle
from holdfast.accounts.passwords import Passwords
from holdfast.accounts.queries import User
from holdfast.accounts.roles import DUMMIES, Role
from holdfast.accounts.tokens import Tokens
from holdfast.clock import Clock
from holdfast.database.again import again_on_conflict
from holdfast.database.connections import Database
from holdfast.errors import (
    Forbidden,
    IdempotencyKeyReused,
    InvalidRequest,
    LastAdmin,
    NotFound,
    UserNotFound,
    WrongPassword,
)
from holdfast.http import audit, fields
from holdfast.redis_link import RedisLink
from holdfast.settings import Settings


class Registered(NamedTuple):
    """An account, and whether it was made by an earlier request with the same idempotency key."""

    user: User
    replayed: bool


class Accounts:
    """The accounts of this installation. Made once in each process."""

    def __init__(
        self, database: Database, settings: Settings, tokens: Tokens, clock: Clock, redis: RedisLink | None = None
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._clock = clock
        self._production = settings.production
        self.passwords = Passwords(settings.password_cost)
        self._attempts = LoginThrottle(settings, redis)

    async def sign_in_as(self, role: Role) -> str:
        """A token of the fixed user with this role. Raises `NotFound` in production, `WrongPassword` if disabled."""
        if self._production:
            raise NotFound
        async with self._database.begin() as connection:
            user = await queries.by_id(connection, DUMMIES[role])
        audit.known(DUMMIES[role])
        if user is None or user.disabled_at is not None:
            raise WrongPassword
        audit.note("signed in", by="demo")
        return await self._tokens.make(user.id, user.role, user.epoch)

    async def register(self, wanted: Registration, client: str, key_id: UUID | None = None) -> Registered:
        """Make an account. `key_id` stands for an idempotency key, and becomes the user's id.

        The request is not remembered as others with a key are: a quick hash of a body with a password is not to be
        kept. The account itself tells whether it is the same request, and its password is not looked at: whoever
        knows the key, as many a log does, would learn by the answer whether they have guessed it.
        Raises `InvalidRequest`, `IdempotencyKeyReused`, `Unavailable`; `RateLimited` after too many that made nothing.
        """
        if wanted.role is Role.ADMIN and self._production:
            raise InvalidRequest({"role": "role_production"})
        await self._check_no_guess("password", wanted.password, wanted.email)
        account = emails.account_of(wanted.email)
        await self._attempts.begin(client, account)
        registered = await self._make(wanted, key_id)
        if not registered.replayed:
            await self._attempts.succeeded(client, account)
        return registered

    async def add(self, wanted: Registration) -> None:
        """Make an account of any role, for the operator at the terminal. Raises `InvalidRequest`, `Unavailable`."""
        await self._check_no_guess("password", wanted.password, wanted.email)
        await self._make(wanted, None)

    @again_on_conflict
    async def _make(self, wanted: Registration, key_id: UUID | None) -> Registered:
        user = User(
            id=key_id or uuids.uuid7(),
            email=emails.account_of(wanted.email),
            role=wanted.role,
            created_at=self._clock(),
            password_hash=await self.passwords.hash(wanted.password),
        )
        spellings = emails.spellings(wanted.email)
        async with self._database.begin() as connection:
            known = await queries.by_email(connection, spellings)
            is_new = known is None and await queries.add(connection, user)
            before = None if is_new or key_id is None else await queries.by_id(connection, key_id)
        if is_new:
            audit.note("registered", account=str(user.id), role=user.role.value)
            return Registered(user, replayed=False)
        if before is None:
            raise InvalidRequest({"email": "email_taken"})
        if before.email in spellings and before.role is user.role:
            return Registered(before, replayed=True)
        raise IdempotencyKeyReused

    async def sign_in(self, email: str, password: str, client: str) -> str:
        """A token. Raises `WrongPassword`, after as long, whether the address or the password is wrong.

        `client` is where the request comes from. Raises `RateLimited` after too many tries without the right one.
        """
        account = emails.account_of(email)
        await self._attempts.begin(client, account)
        async with self._database.begin() as connection:
            user = await queries.by_email(connection, emails.spellings(email))
        if user is not None:
            audit.known(user.id)
        is_right = await self.passwords.check(password, None if user is None else user.password_hash)
        if user is None or not is_right or user.disabled_at is not None:
            raise WrongPassword
        await self._attempts.succeeded(client, account)
        audit.note("signed in", by="password")
        return await self._tokens.make(user.id, user.role, user.epoch)

    @again_on_conflict
    async def change_password(self, user_id: UUID, wanted: PasswordChange, client: str) -> str:
        """Replace a password; answers a new token, for older ones end with it.

        Raises `InvalidRequest`; `RateLimited` as signing in does, with which it is counted together.
        """
        async with self._database.begin() as connection:
            user = await queries.by_id(connection, user_id)
        if user is None or user.password_hash is None:
            raise InvalidRequest({"oldPassword": "password_wrong"})
        account = emails.account_of(user.email)
        await self._attempts.begin(client, account)
        if not await self.passwords.check(wanted.old_password, user.password_hash):
            raise InvalidRequest({"oldPassword": "password_wrong"})
        await self._attempts.succeeded(client, account)
        await self._check_no_guess("newPassword", wanted.new_password, user.email)
        hashed = await self.passwords.hash(wanted.new_password)
        async with self._database.begin() as connection:
            epoch = await queries.replace_password(connection, user, hashed)
        if epoch is None:
            # Somebody else was quicker, and the old password is not the password any more.
            raise InvalidRequest({"oldPassword": "password_wrong"})
        audit.note("password changed")
        return await self._tokens.make(user.id, user.role, epoch)

    async def find(self, user_id: UUID) -> User | None:
        """The user with this id."""
        async with self._database.begin() as connection:
            return await queries.by_id(connection, user_id)

    async def page(self, number: int, size: int) -> tuple[list[User], int]:
        """One page of the users in the order in which they came, and how many there are in all."""
        async with self._database.begin() as connection:
            return await queries.page(connection, skip=(number - 1) * size, limit=size)

    @again_on_conflict
    async def change(self, user_id: UUID, wanted: UserChange) -> User:
        """Disable or enable an account, or give it a role.

        Raises `UserNotFound`, `InvalidRequest` for a field that cannot be changed, `Forbidden`, `LastAdmin`.
        """
        async with self._database.begin() as connection:
            admins = await queries.lock_admins(connection)
            user = await queries.by_id(connection, user_id)
            if user is None:
                raise UserNotFound
            _check_fixed(user, wanted)
            changed = self._changed(user, wanted)
            if user_id in DUMMIES.values() and changed.role is not user.role:
                # Whoever asks to be the fixed admin must get one.
                raise Forbidden
            stays_admin = changed.role is Role.ADMIN and changed.disabled_at is None
            # Where nobody can be the fixed admin, it does not count.
            others = admins - {user_id} - ({DUMMIES[Role.ADMIN]} if self._production else set())
            if user_id in admins and not stays_admin and not others:
                raise LastAdmin
            values = {"role": changed.role.value, "disabled_at": changed.disabled_at}
            await queries.change(connection, user_id, values)
        audit.note(
            "account changed",
            account=str(user_id),
            role=changed.role.value,
            state="enabled" if changed.disabled_at is None else "disabled",
        )
        return changed

    async def _check_no_guess(self, field: str, password: str, email: str) -> None:
        """What everybody would try first is no password on a public server. Elsewhere people only try things out."""
        if self._production and await self.passwords.is_first_guess(password, email):
            raise InvalidRequest({field: "password_guessed"})

    def _changed(self, user: User, wanted: UserChange) -> User:
        disabled_at = user.disabled_at
        if wanted.disabled is not UNSET and wanted.disabled is not (disabled_at is not None):
            disabled_at = self._clock() if wanted.disabled else None
        role = user.role if wanted.role is UNSET else wanted.role
        return msgspec.structs.replace(user, role=role, disabled_at=disabled_at)

    def close(self) -> None:
        """Let go of the thread that hashes."""
        self.passwords.close()


def _check_fixed(user: User, wanted: UserChange) -> None:
    """Raises `InvalidRequest` for a field that cannot be changed, and is not repeated either."""
    created_at = None if wanted.created_at is UNSET else fields.moment("createdAt", wanted.created_at)
    pairs = {
        "id": (wanted.id, user.id),
        "email": (wanted.email, user.email),
        "createdAt": (created_at, user.created_at),
    }
    faults = fields.changed(**pairs)
    if faults:
        raise InvalidRequest(faults)
