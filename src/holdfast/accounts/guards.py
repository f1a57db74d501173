"""Who may call what, as handlers say it."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from holdfast.accounts.access import Access
from holdfast.accounts.roles import Caller, Role
from holdfast.errors import Forbidden, Unauthorized

Connection = ASGIConnection[Any, Any, Any, Any]


async def signed_in(connection: Connection, _: BaseRouteHandler) -> None:
    """Anybody with a token."""
    await _let_in(connection)


async def admins(connection: Connection, _: BaseRouteHandler) -> None:
    """Admins only."""
    if (await _let_in(connection)).role is not Role.ADMIN:
        raise Forbidden


async def users(connection: Connection, _: BaseRouteHandler) -> None:
    """Users who are no admins only."""
    if (await _let_in(connection)).role is not Role.USER:
        raise Forbidden


def caller_of(connection: Connection) -> Caller:
    """Whom a guard has let in."""
    caller = connection.state["caller"]
    assert isinstance(caller, Caller)
    return caller


async def _let_in(connection: Connection) -> Caller:
    access: Access = connection.app.state["access"]
    caller = await access.caller(connection.headers.get("authorization"))
    if caller.user_id is None:
        raise Unauthorized
    connection.state["caller"] = caller
    return caller
