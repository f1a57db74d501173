"""Lists in pages: where the last one ended is all that a cursor holds, so a page costs the same however far in."""

import base64
import binascii
from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from litestar.params import Parameter, QueryParameter
from msgspec import Struct

from holdfast.errors import InvalidRequest

T = TypeVar("T")
LIMIT_DEFAULT, LIMIT_MAX = 50, 500
CURSOR_CHARACTERS_MAX = 2_000
"""Room for the longest position: a place whose 255 characters take four bytes each, in base64."""


PAGE_MAX = 1_000_000_000
PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX = 20, 100
PageNumber = Annotated[int, Parameter(ge=1, le=PAGE_MAX, description="Which page, from 1")]
PageSize = Annotated[int, QueryParameter(name="pageSize", ge=1, le=PAGE_SIZE_MAX, description="At most 100")]


class Pagination(Struct, rename="camel"):
    """Which page of a numbered list this is, and how much there is on all pages."""

    page: int
    page_size: int
    total: int


class Page(Struct, Generic[T]):
    """Some items of a list, and where to go on: `next_cursor` is null on the last page."""

    items: list[T]
    next_cursor: str | None


def page(items: list[T], limit: int, position: Callable[[T], Any]) -> Page[T]:
    """A page of what was read with a limit of `limit` + 1; `position` is what the next page starts after."""
    if len(items) <= limit:
        return Page(items, None)
    return Page(items[:limit], write_cursor(position(items[limit - 1])))


def write_cursor(position: Any) -> str:
    """A position in a list as a text for URLs."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(position)).decode().rstrip("=")


def read_cursor(text: str, kind: type[T]) -> T:
    """The position that a cursor holds. Raises `InvalidRequest` for anything that we did not write."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return msgspec.msgpack.decode(raw, type=kind)
    except (binascii.Error, msgspec.DecodeError, ValueError, RecursionError):
        raise InvalidRequest({"cursor": "cursor"}) from None
