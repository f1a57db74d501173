"""Answers with an `ETag`: whoever has one already hears so, in 304."""

from typing import Annotated

from litestar.openapi import ResponseSpec
from litestar.params import HeaderParameter

from holdfast.http.hot import Headers

NOT_MODIFIED = 304
IfNoneMatch = Annotated[
    str | None, HeaderParameter(name="If-None-Match", description="`ETag` of the list that is known")
]
UNCHANGED = {NOT_MODIFIED: ResponseSpec(None, description="Nothing has changed since the `ETag` in `If-None-Match`")}


def tagged(tag: bytes) -> Headers:
    """The headers of such an answer."""
    return ((b"etag", tag), (b"cache-control", b"no-cache"))
