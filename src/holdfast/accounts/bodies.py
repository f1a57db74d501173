"""What clients of accounts send and get, field by field. In JSON, names are in camelCase."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from holdfast.accounts.queries import User
from holdfast.accounts.roles import Role
from holdfast.http import fields
from holdfast.http.fields import NO_CONTROLS
from holdfast.http.paging import Pagination

PASSWORD_MAX = 200
Email = Annotated[
    str,
    Meta(
        pattern=NO_CONTROLS + r"[^@\s]{1,64}@[^@\s]{1,253}$",
        max_length=254,
        description="In lower case it names the account",
        examples=["ann@example.com"],
        extra={"rule": "email"},
    ),
]
Password = Annotated[str, Meta(min_length=1, max_length=PASSWORD_MAX, pattern=NO_CONTROLS, extra={"rule": "password"})]
NewPassword = Annotated[
    str,
    Meta(
        min_length=8,
        max_length=PASSWORD_MAX,
        pattern=NO_CONTROLS,
        description="From 8 to 200 characters",
        examples=["correct horse"],
        extra={"rule": "password"},
    ),
]
AnyRole = Annotated[Role, Meta(extra={"rule": "role"})]
Disabled = Annotated[bool, Meta(extra={"rule": "boolean"})]


class DummyLoginRequest(Struct):
    """Which of the two fixed users to be."""

    role: AnyRole


class RegisterRequest(Struct):
    """An account to be made."""

    email: Email
    password: NewPassword
    role: AnyRole


class LoginRequest(Struct):
    """Whose token is wanted."""

    email: Email
    password: Password


class PasswordRequest(Struct, rename="camel"):
    """A password and the one that replaces it."""

    old_password: Password
    new_password: NewPassword


class UserChange(Struct, rename="camel"):
    """What is to change; what is left out stays as it is."""

    disabled: Disabled | UnsetType = UNSET
    role: AnyRole | UnsetType = UNSET
    id: fields.FixedId | UnsetType = UNSET
    email: fields.FixedText | UnsetType = UNSET
    created_at: fields.FixedTime | UnsetType = UNSET


class UserBody(Struct, rename="camel"):
    """Somebody with an account."""

    id: UUID
    email: str
    role: Role
    created_at: datetime

    @classmethod
    def of(cls, user: User) -> "UserBody":
        """The user as they see themselves."""
        return cls(user.id, user.email, user.role, user.created_at)


class AccountBody(Struct, rename="camel"):
    """Somebody with an account, as admins see them."""

    id: UUID
    email: str
    role: Role
    created_at: datetime
    disabled: bool

    @classmethod
    def of(cls, user: User) -> "AccountBody":
        """The user as admins see them."""
        return cls(user.id, user.email, user.role, user.created_at, user.disabled_at is not None)


class MeBody(Struct):
    """Who asks. `email` is null for a user without an account here."""

    id: UUID
    email: str | None
    role: Role


class MeAnswer(Struct):
    """Who asks."""

    user: MeBody


class TokenAnswer(Struct):
    """A token for the header `Authorization: Bearer …`."""

    token: str


class UserAnswer(Struct):
    """A user."""

    user: UserBody


class AccountAnswer(Struct):
    """A user, as admins see them."""

    user: AccountBody


class AccountsPage(Struct):
    """Some of the users."""

    users: list[AccountBody]
    pagination: Pagination
