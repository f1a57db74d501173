"""Accounts over HTTP: HTTP in, HTTP out. Field by field: docs/accounts.md."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, get, patch, post
from litestar.openapi import ResponseSpec
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
from holdfast.accounts.guards import admins, caller_of, signed_in
from holdfast.accounts.roles import ANONYMOUS
from holdfast.accounts.service import Accounts
from holdfast.errors import UserNotFound
from holdfast.http import fields, idempotency
from holdfast.http.bodies import StrictBody
from holdfast.http.clients import client_of
from holdfast.http.docs import NEEDS_TOKEN, refusals
from holdfast.http.handlers import IdempotencyKey
from holdfast.http.hot import Asked
from holdfast.http.paging import PAGE_SIZE_DEFAULT, PageNumber, PageSize, Pagination
from holdfast.settings import Settings

MADE = {201: ResponseSpec(UserAnswer, description="The user", generate_examples=False)}
UserId = Annotated[str, Parameter(description="The user's id", schema_extra={"format": "uuid"})]


class SignInApi(Controller):
    """Getting a token."""

    tags = ("accounts",)

    @post(
        "/dummyLogin",
        dto=StrictBody[DummyLogin],
        return_dto=None,
        status_code=200,
        summary="Be one of two fixed users",
        responses=refusals(400, 401, 404, 413, 415),
    )
    async def get_dummy_token(self, data: DummyLogin, accounts: Accounts) -> TokenAnswer:
        """A token without a password, to try things out. 401 when that user is disabled.

        Under `PRODUCTION=true` there is no such call.
        """
        return TokenAnswer(await accounts.sign_in_as(data.role))

    @post(
        "/register",
        dto=StrictBody[Registration],
        return_dto=None,
        summary="Make an account",
        responses=MADE | refusals(400, 413, 415, 422, 429),
    )
    async def register_user(
        self,
        data: Registration,
        request: Request[Any, Any, Any],
        accounts: Accounts,
        settings: Settings,
        idempotency_key: IdempotencyKey = None,  # noqa: ARG002  for the description; read by `key_of`
    ) -> Response[UserAnswer]:
        """For oneself. 400 when the e-mail address has an account; nobody becomes admin under `PRODUCTION=true`.

        With the key of an earlier registration its answer is given again, whatever the password is now. 429 after too
        many registrations of an address that has an account.
        """
        key = idempotency.key_of(Asked(request.scope, await request.body(), ""), ANONYMOUS.name)
        user, replayed = await accounts.register(
            data, client_of(request.scope, settings.proxies), None if key is None else key.id
        )
        headers = {idempotency.REPLAYED: "true"} if replayed else {}
        return Response(UserAnswer(UserBody.of(user)), status_code=201, headers=headers)

    @post(
        "/login",
        dto=StrictBody[Login],
        return_dto=None,
        status_code=200,
        summary="Get a token",
        responses=refusals(400, 401, 413, 415, 429),
    )
    async def log_in(
        self, data: Login, request: Request[Any, Any, Any], accounts: Accounts, settings: Settings
    ) -> TokenAnswer:
        """401 for a wrong address, a wrong password and a disabled account alike; 429 after too many tries."""
        client = client_of(request.scope, settings.proxies)
        return TokenAnswer(await accounts.sign_in(data.email, data.password, client))

    @post(
        "/password",
        guards=[signed_in],
        security=NEEDS_TOKEN,
        dto=StrictBody[PasswordChange],
        return_dto=None,
        status_code=200,
        summary="Change one's password",
        responses=refusals(400, 401, 413, 415, 429),
    )
    async def change_password(
        self, data: PasswordChange, request: Request[Any, Any, Any], accounts: Accounts, settings: Settings
    ) -> TokenAnswer:
        """All older tokens of the account end; the answer is a new one. 429 after too many wrong passwords."""
        user_id = caller_of(request).user_id
        assert user_id is not None
        client = client_of(request.scope, settings.proxies)
        return TokenAnswer(await accounts.change_password(user_id, data, client))


class MeApi(Controller):
    """Who one is."""

    tags = ("accounts",)
    security = NEEDS_TOKEN

    @get("/me", guards=[signed_in], summary="Who the token's user is", responses=refusals(401))
    async def get_me(self, request: Request[Any, Any, Any], accounts: Accounts) -> MeAnswer:
        """With the role that counts now. Without an account here, by a token of one's own making, no e-mail address."""
        caller = caller_of(request)
        assert caller.user_id is not None
        assert caller.role is not None
        user = await accounts.find(caller.user_id)
        return MeAnswer(MeBody(caller.user_id, None if user is None else user.email, caller.role))


class UsersApi(Controller):
    """Who has an account."""

    path = "/users"
    tags = ("accounts",)
    security = NEEDS_TOKEN

    @get(guards=[admins], summary="List users in pages", responses=refusals(400, 401, 403))
    async def list_users(
        self, accounts: Accounts, page: PageNumber = 1, page_size: PageSize = PAGE_SIZE_DEFAULT
    ) -> AccountPage:
        """Admins only. In the order in which they came."""
        found, total = await accounts.page(page, page_size)
        return AccountPage([AccountBody.of(each) for each in found], Pagination(page, page_size, total))

    @patch(
        "/{user_id:str}",
        guards=[admins],
        dto=StrictBody[UserChange],
        return_dto=None,
        summary="Disable an account or give it a role",
        responses=refusals(400, 401, 403, 404, 409, 413, 415),
    )
    async def change_user(self, user_id: UserId, data: UserChange, accounts: Accounts) -> AccountAnswer:
        """Admins only. A disabled user's tokens stop working at once. 409 for the last admin."""
        if fields.UUID.fullmatch(user_id) is None:
            raise UserNotFound
        return AccountAnswer(AccountBody.of(await accounts.change(UUID(user_id), data)))
