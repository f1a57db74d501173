"""The header `Idempotency-Key`: what makes a request safe to send again."""

import re
from hashlib import sha256
from typing import Any
from uuid import UUID

from litestar import Request

from holdfast.engine.claims import Key
from holdfast.errors import InvalidRequest

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEY = re.compile(r"[\x20-\x7e]{1,255}")


async def key_of(request: Request[Any, Any, Any], caller: str) -> Key | None:
    """The key of a creating request, or `None` without the header; it counts for one caller and path.

    Raises `InvalidRequest` for a key that is empty, too long, or not printable ASCII.
    """
    given = request.headers.get(HEADER)
    if given is None:
        return None
    if KEY.fullmatch(given) is None:
        raise InvalidRequest({HEADER: "idempotency_key"})
    path = request.url.path.rstrip("/")
    # Neither caller nor path can hold a NUL, so no two triples look the same.
    scope = sha256(f"{caller}\0{path}\0{given}".encode()).digest()
    return Key(id=UUID(bytes=scope[:16]), body=sha256(await request.body()).digest())
