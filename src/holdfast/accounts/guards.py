"""Who may call what, as operations say it."""

from uuid import UUID

from holdfast.accounts.roles import Caller, Role
from holdfast.errors import Forbidden, Unauthorized
from holdfast.http.hot import Request
from holdfast.http.operations import NEEDS_TOKEN, Callers


def signed_in(caller: Caller) -> None:
    """Anybody with a token."""
    if caller.user_id is None:
        raise Unauthorized


def admins(caller: Caller) -> None:
    """Admins only."""
    if caller.role is not Role.ADMIN:
        raise Unauthorized if caller.user_id is None else Forbidden


def users(caller: Caller) -> None:
    """Users who are no admins only."""
    if caller.role is not Role.USER:
        raise Unauthorized if caller.user_id is None else Forbidden


SIGNED_IN = Callers(NEEDS_TOKEN, (401,), signed_in)
ADMINS = Callers(NEEDS_TOKEN, (401, 403), admins)
USERS = Callers(NEEDS_TOKEN, (401, 403), users)


def caller_of(request: Request) -> Caller:
    """Whom a guard has let in."""
    caller: Caller = request.caller
    return caller


def user_of(request: Request) -> UUID:
    """The id of whom a guard has let in: none of them lets anybody in without a token."""
    user_id: UUID = request.caller.user_id
    return user_id
