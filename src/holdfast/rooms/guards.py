"""Who may call what."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from holdfast.accounts.access import Access, Caller, Role
from holdfast.errors import Forbidden, Unauthorized

Connection = ASGIConnection[Any, Any, Any, Any]


async def caller_of(connection: Connection) -> Caller:
    access: Access = connection.app.state["access"]
    caller = access.caller(connection.headers.get("authorization"))
    if caller.user_id is None:
        raise Unauthorized
    return caller


async def signed_in(connection: Connection, _: BaseRouteHandler) -> None:
    """Anybody with a token."""
    await caller_of(connection)


async def admins(connection: Connection, _: BaseRouteHandler) -> None:
    """Admins only."""
    if (await caller_of(connection)).role is not Role.ADMIN:
        raise Forbidden


async def users(connection: Connection, _: BaseRouteHandler) -> None:
    """Users who are no admins only."""
    if (await caller_of(connection)).role is not Role.USER:
        raise Forbidden
