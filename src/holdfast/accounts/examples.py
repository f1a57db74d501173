"""Examples of what clients of accounts send and get, for the description."""

from datetime import UTC, datetime
from uuid import UUID

from msgspec import Struct

from holdfast.accounts.bodies import (
    AccountBody,
    DummyLogin,
    Login,
    MeBody,
    PasswordChange,
    Registration,
    TokenAnswer,
    UserBody,
    UserChange,
)
from holdfast.accounts.roles import Role
from holdfast.http.paging import Pagination

ANN = UUID("01938a5e-7c00-7a3b-9f21-4c1d2e3f4a5b")
EMAIL = "ann@example.com"
SINCE = datetime(2026, 11, 2, 8, 15, tzinfo=UTC)

ACCOUNTS: tuple[Struct, ...] = (
    DummyLogin(Role.USER),
    Registration(EMAIL, "correct horse", Role.USER),
    Login(EMAIL, "correct horse"),
    PasswordChange("correct horse", "battery staple"),
    UserChange(disabled=True),
    UserBody(ANN, EMAIL, Role.USER, SINCE),
    AccountBody(ANN, EMAIL, Role.USER, SINCE, disabled=False),
    MeBody(ANN, EMAIL, Role.USER),
    # The payload says `{}`: nobody's token.
    TokenAnswer("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl"),
    Pagination(page=1, page_size=20, total=1),
)
