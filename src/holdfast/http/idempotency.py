"""The header `Idempotency-Key`: what makes a request safe to send again."""

import re
from hashlib import sha256
from uuid import UUID

from holdfast.engine.claims import Key
from holdfast.errors import InvalidRequest
from holdfast.http.hot import Asked

HEADER = "Idempotency-Key"
HEADER_NAME = HEADER.lower().encode()
REPLAYED = "Idempotency-Replayed"
REPLAYED_HEADER = (REPLAYED.lower().encode(), b"true")
KEY = re.compile(r"[\x20-\x7e]{1,255}")


def key_of(asked: Asked, caller: str) -> Key | None:
    """The key of a creating request, or `None` without the header; it counts for one caller and path.

    Raises `InvalidRequest` for a key that is empty, too long, or not printable ASCII.
    """
    given = asked.header(HEADER_NAME)
    if given is None:
        return None
    if KEY.fullmatch(given) is None:
        raise InvalidRequest({HEADER: "idempotency_key"})
    path = asked.path.rstrip("/")
    # Neither caller nor path can hold a NUL, so no two triples look the same.
    scope = sha256(f"{caller}\0{path}\0{given}".encode()).digest()
    return Key(id=UUID(bytes=scope[:16]), body=sha256(asked.body).digest())
