"""What ordinary handlers have in common: parameters, and how they end in the same functions as hot calls."""

from typing import Annotated, Any

from litestar import Request, Response
from litestar.params import HeaderParameter, Parameter

from holdfast.http import idempotency
from holdfast.http.bodies import JSON
from holdfast.http.hot import Answered, Asked
from holdfast.http.paging import CURSOR_CHARACTERS_MAX, LIMIT_MAX

Cursor = Annotated[
    str | None, Parameter(description="`next_cursor` of the page before", max_length=CURSOR_CHARACTERS_MAX)
]
PageLimit = Annotated[int, Parameter(ge=1, le=LIMIT_MAX, description="Most items on the page")]
IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name=idempotency.HEADER,
        description="1 to 255 printable ASCII characters. The same key and body get the first answer again",
    ),
]
IfNoneMatch = Annotated[
    str | None, HeaderParameter(name="If-None-Match", description="`ETag` of the list that is known")
]


def asked(request: Request[Any, Any, Any], body: bytes = b"", rest: str = "") -> Asked:
    """The request as hot calls get it."""
    return Asked(request.scope, body, rest)


def response(answered: Answered) -> Response[bytes]:
    """The answer of a hot call, whole, as Litestar sends it."""
    headers = {name.decode(): value.decode() for name, value in answered.headers}
    assert isinstance(answered.body, bytes)
    return Response(answered.body, status_code=answered.status, headers=headers, media_type=JSON)
