"""Lists in pages: where the last one ended is all that a cursor holds, so a page costs the same however far in."""

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from litestar.params import Parameter, QueryParameter
from msgspec import Meta, Struct

from holdfast.errors import InvalidRequest
from holdfast.http.fields import ID_MAX

T = TypeVar("T")
LIMIT_DEFAULT, LIMIT_MAX = 50, 500
CURSOR_CHARACTERS_MAX = 2_000
"""Room for the longest position: a place whose 255 characters take four bytes each, in base64."""
Cursor = Annotated[
    str | None, Parameter(description="`next_cursor` of the page before", max_length=CURSOR_CHARACTERS_MAX)
]
NextCursor = Annotated[
    str | None, Parameter(description="`nextCursor` of the page before", max_length=CURSOR_CHARACTERS_MAX)
]
PageLimit = Annotated[int, Parameter(ge=1, le=LIMIT_MAX, description="Most items on the page")]

IdPosition = Annotated[int, Meta(ge=1, le=ID_MAX)]
"""A position in a list by id: a `bigint`."""
NamePosition = Annotated[str, Meta(min_length=1, max_length=300, pattern=r"\A[^\x00]+\Z")]
"""A position in a list by name: any text that PostgreSQL can hold, no longer than a place's key may be."""
Moment = Annotated[datetime, Meta(tz=True)]
"""A moment in a position. Cursors hold moments in UTC, so none lies outside of the calendar."""

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
    """The position that a cursor holds; `kind` bounds it by the columns that it is compared with.

    Raises `InvalidRequest` for anything that `write_cursor` does not write: another spelling of a position, too.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        position = msgspec.msgpack.decode(raw, type=kind)
        if write_cursor(position) == text:
            return position
    except (binascii.Error, msgspec.DecodeError, ValueError, OverflowError, RecursionError):
        pass
    raise InvalidRequest({"cursor": "cursor"})
