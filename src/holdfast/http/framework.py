"""Our error for whatever was raised while the framework answered a request."""

from typing import Any

from litestar import Request
from litestar.exceptions import (
    ClientException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)

from holdfast.database.again import is_conflict
from holdfast.errors import HoldfastError, InternalError, InvalidRequest, MethodNotAllowed, NotFound, Unavailable

PARAMETER_RULES = {
    "limit": "limit",
    "mine": "boolean",
    "cursor": "cursor",
    "page": "page_number",
    "page_size": "page_size",
    "date": "date",
    "seats_min": "table_seats",
    "duration_minutes": "minutes",
    "at": "timestamp",
}
"""The catalogue's keys for query parameters that Litestar itself reads."""
PARAMETER_NAMES = {"page_size": "pageSize"}
"""What clients call the parameters whose names Litestar gives in the code's way."""


def translate(error: Exception, request: Request[Any, Any, Any]) -> HoldfastError:
    """Our error for whatever was raised while a request was answered."""
    match error:
        case HoldfastError():
            return error
        case NotFoundException():
            return NotFound()
        case MethodNotAllowedException():
            return MethodNotAllowed(", ".join(sorted(methods_at(request))))
        case ValidationException():
            return invalid(error)
        case ClientException():
            return InvalidRequest()
        case _:
            # A read of ours that another transaction got in the way of, which only a database set up so does.
            return Unavailable() if is_conflict(error) else InternalError()


def invalid(error: ValidationException) -> InvalidRequest:
    """Our error for parameters that Litestar refused. Its own texts are in English and tell of Python types."""
    faults = [item for item in error.extra or [] if isinstance(item, dict)]
    names = [str(item.get("key", "")) for item in faults]
    if "data" in names:
        # What handlers call the body: there was none.
        return InvalidRequest(rule="json")
    return InvalidRequest(
        {PARAMETER_NAMES.get(name, name): PARAMETER_RULES.get(name, "invalid") for name in names if name}
    )


def methods_at(request: Request[Any, Any, Any]) -> set[str]:
    """The methods that this request's path takes."""
    parts = request.url.path.strip("/").split("/")
    found: set[str] = set()
    for route in request.app.routes:
        named = route.path_components
        if len(named) == len(parts) and all(
            not isinstance(name, str) or name == part for name, part in zip(named, parts, strict=True)
        ):
            found |= route.methods
    return found
