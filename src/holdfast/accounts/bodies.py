"""What clients of accounts send and get, field by field. In JSON, names are in camelCase."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from holdfast.accounts import emails
from holdfast.accounts.passwords import opaque
from holdfast.accounts.queries import User
from holdfast.accounts.roles import Role
from holdfast.http import fields
from holdfast.http.fields import COMPOSITION, NO_CONTROLS, PREPARE
from holdfast.http.paging import Pagination

PASSWORD_MIN, PASSWORD_MAX = 8, 200


def some_password(text: str) -> str | None:
    """A password as it was typed, if it can be one: older ones were kept as they were typed."""
    return text if min(len(text), len(opaque(text))) <= PASSWORD_MAX else None


def new_password(text: str) -> str | None:
    """A password in the form in which it is kept; `None` for one that is too short or too long in it."""
    prepared = opaque(text)
    return prepared if PASSWORD_MIN <= len(prepared) <= PASSWORD_MAX else None


def new_email(text: str) -> str | None:
    """An address as it was typed, if an account may have it: older ones were kept as they were typed."""
    return None if emails.canonical(text) is None else text


EMAIL = r"[^@\s]{1,64}@[^@\s]{1,253}$"
# What a text may have before it is brought into its one form.
EMAIL_TYPED = NO_CONTROLS + r"[^@\s]{1,256}@[^@\s]{1,1012}$"
ADDRESS_RULES: dict[str, Any] = {
    "pattern": EMAIL_TYPED,
    "max_length": COMPOSITION * emails.CHARACTERS_MAX,
    "description": "In lower case it names the account",
    "examples": ["ann@example.com"],
    "extra_json_schema": {"extra": {"max_length": emails.CHARACTERS_MAX, "pattern": NO_CONTROLS + EMAIL}},
}
Email = Annotated[str, Meta(**ADDRESS_RULES, extra={"rule": "email"})]
NewEmail = Annotated[str, Meta(**ADDRESS_RULES, extra={"rule": "email", PREPARE: new_email})]
PASSWORD_RULES: dict[str, Any] = {"max_length": COMPOSITION * PASSWORD_MAX, "pattern": NO_CONTROLS, "min_length": 1}
Password = Annotated[
    str,
    Meta(
        **PASSWORD_RULES,
        extra={"rule": "password", PREPARE: some_password},
        extra_json_schema={"extra": {"max_length": PASSWORD_MAX}},
    ),
]
NewPassword = Annotated[
    str,
    Meta(
        **PASSWORD_RULES,
        description="From 8 to 200 characters",
        examples=["correct horse"],
        extra={"rule": "password", PREPARE: new_password},
        extra_json_schema={"extra": {"min_length": PASSWORD_MIN, "max_length": PASSWORD_MAX}},
    ),
]
AnyRole = Annotated[Role, Meta(extra={"rule": "role"})]
Disabled = Annotated[bool, Meta(extra={"rule": "boolean"})]


class DummyLogin(Struct):
    """Which of the two fixed users to be."""

    role: AnyRole


class Registration(Struct):
    """An account to be made."""

    email: NewEmail
    password: NewPassword
    role: AnyRole


class Login(Struct):
    """Whose token is wanted."""

    email: Email
    password: Password


class PasswordChange(Struct, rename="camel"):
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


class AccountPage(Struct):
    """Some of the users."""

    users: list[AccountBody]
    pagination: Pagination
