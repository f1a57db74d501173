"""Accounts over HTTP: HTTP in, HTTP out. Field by field: docs/accounts.md."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import Parameter

from holdfast.accounts.bodies import (
    AccountAnswer,
    AccountBody,
    AccountPage,
    DummyLogin,
    Login,
    MeAnswer,
    MeBody,
    PasswordChange,
    Registration,
    TokenAnswer,
    UserAnswer,
    UserBody,
    UserChange,
)
from holdfast.accounts.guards import ADMINS, SIGNED_IN, caller_of, user_of
from holdfast.accounts.roles import ANONYMOUS
from holdfast.accounts.service import Accounts
from holdfast.errors import UserNotFound
from holdfast.http import fields, idempotency
from holdfast.http.clients import client_of
from holdfast.http.hot import Request, Response
from holdfast.http.idempotency import IdempotencyKey
from holdfast.http.operations import ANYBODY, Group
from holdfast.http.paging import PAGE_SIZE_DEFAULT, PageNumber, PageSize, Pagination
from holdfast.settings_rules import Networks

UserId = Annotated[str, Parameter(description="The user's id", schema_extra={"format": "uuid"})]
accounts = Group("accounts", ANYBODY)


class AccountsApi:
    """Getting a token, who one is, and who has an account."""

    def __init__(self, service: Accounts, proxies: Networks) -> None:
        self._accounts = service
        self._proxies = proxies

    @accounts("POST", "/dummyLogin", "Be one of two fixed users", status=200, refuses=(401, 404))
    async def get_dummy_token(self, data: DummyLogin) -> TokenAnswer:
        """A token without a password, to try things out. 401 when that user is disabled.

        Under `PRODUCTION=true` there is no such call.
        """
        return TokenAnswer(await self._accounts.sign_in_as(data.role))

    @accounts("POST", "/register", "Make an account", answer="The user", refuses=(429,), reads=(IdempotencyKey,))
    async def register_user(self, request: Request, data: Registration) -> Response[UserAnswer]:
        """For oneself. 400 when the e-mail address has an account; nobody becomes admin under `PRODUCTION=true`.

        With the key of an earlier registration its answer is given again, whatever the password is now. 429 after too
        many registrations of an address that has an account.
        """
        key = idempotency.key_of(request, ANONYMOUS.name)
        user, replayed = await self._accounts.register(data, self._client(request), None if key is None else key.id)
        body = msgspec.json.encode(UserAnswer(UserBody.of(user)))
        return Response(201, body, idempotency.marked(replayed=replayed))

    @accounts("POST", "/login", "Get a token", status=200, refuses=(401, 429))
    async def log_in(self, request: Request, data: Login) -> TokenAnswer:
        """401 for a wrong address, a wrong password and a disabled account alike; 429 after too many tries."""
        return TokenAnswer(await self._accounts.sign_in(data.email, data.password, self._client(request)))

    @accounts("POST", "/password", "Change one's password", callers=SIGNED_IN, status=200, refuses=(429,))
    async def change_password(self, request: Request, data: PasswordChange) -> TokenAnswer:
        """All older tokens of the account end; the answer is a new one. 429 after too many wrong passwords."""
        return TokenAnswer(await self._accounts.change_password(user_of(request), data, self._client(request)))

    @accounts("GET", "/me", "Who the token's user is", callers=SIGNED_IN)
    async def get_me(self, request: Request) -> MeAnswer:
        """With the role that counts now. Without an account here, by a token of one's own making, no e-mail address."""
        user_id, role = user_of(request), caller_of(request).role
        assert role is not None
        user = await self._accounts.find(user_id)
        return MeAnswer(MeBody(user_id, None if user is None else user.email, role))

    @accounts("GET", "/users", "List users in pages", callers=ADMINS)
    async def list_users(self, page: PageNumber = 1, page_size: PageSize = PAGE_SIZE_DEFAULT) -> AccountPage:
        """Admins only. In the order in which they came."""
        found, total = await self._accounts.page(page, page_size)
        return AccountPage([AccountBody.of(each) for each in found], Pagination(page, page_size, total))

    @accounts("PATCH", "/users/{user_id}", "Disable an account or give it a role", callers=ADMINS, refuses=(404, 409))
    async def change_user(self, user_id: UserId, data: UserChange) -> AccountAnswer:
        """Admins only. A disabled user's tokens stop working at once. 409 for the last admin."""
        if fields.UUID.fullmatch(user_id) is None:
            raise UserNotFound
        return AccountAnswer(AccountBody.of(await self._accounts.change(UUID(user_id), data)))

    def _client(self, request: Request) -> str:
        return client_of(request.scope, self._proxies)
