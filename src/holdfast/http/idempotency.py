"""The header `Idempotency-Key`: what makes a request safe to send again."""

import re
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

from litestar.params import HeaderParameter

from holdfast.engine.claims import Key, Made
from holdfast.errors import InvalidRequest
from holdfast.http.hot import Headers, Request, Response

HEADER = "Idempotency-Key"
HEADER_NAME = HEADER.lower().encode()
REPLAYED = "Idempotency-Replayed"
REPLAYED_HEADER = (REPLAYED.lower().encode(), b"true")
KEY = re.compile(r"[\x20-\x7e]{1,255}")
IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name=HEADER,
        description="1 to 255 printable ASCII characters. The same key and body get the first answer again",
    ),
]


def key_of(request: Request, caller: str) -> Key | None:
    """The key of a creating request, or `None` without the header; it counts for one caller and path.

    Raises `InvalidRequest` for a key that is empty, too long, or not printable ASCII.
    """
    given = request.header(HEADER_NAME)
    if given is None:
        return None
    if KEY.fullmatch(given) is None:
        raise InvalidRequest({HEADER: "idempotency_key"})
    path = request.path.rstrip("/")
    # Neither caller nor path can hold a NUL, so no two triples look the same.
    scope = sha256(f"{caller}\0{path}\0{given}".encode()).digest()
    return Key(id=UUID(bytes=scope[:16]), body=sha256(request.body).digest())


def marked(*, replayed: bool) -> Headers:
    """The header that marks an answer which was given to an earlier request."""
    return (REPLAYED_HEADER,) if replayed else ()


def made(answer: Made) -> Response[Any]:
    """201 with what was made."""
    return Response(201, answer.body, marked(replayed=answer.replayed))
