"""Pure: answers in gzip, for clients that accept it (RFC 9110, 8.4 and 12.5.3).

An answer that has an `ETag` gets a weak one when it is compressed: a strong one would promise the same bytes to clients
that do not accept gzip.
"""

import re
import zlib
from functools import lru_cache

from holdfast.http.hot import Headers

BYTES_MIN = 1024
"""A smaller answer fits in one packet anyway."""
KEPT_BYTES_MAX = 16 * 1024
LEVEL = 5
GZIP = 16 + zlib.MAX_WBITS
VARY = b"Accept-Encoding"
CODING = re.compile(rb"\s*([\w*.!#$%&'+^`|~-]+)\s*(?:;\s*q\s*=\s*([0-9.]+)\s*)?", re.IGNORECASE)


def accepts_gzip(accept_encoding: bytes) -> bool:
    """Whether a client's `Accept-Encoding` names gzip, or everything, with a weight above zero."""
    weights: dict[bytes, float] = {}
    for part in accept_encoding.lower().split(b","):
        found = CODING.fullmatch(part)
        if found is not None:
            weights[found[1]] = _weight(found[2])
    named = weights.get(b"gzip", weights.get(b"x-gzip"))
    return (weights.get(b"*", 0.0) if named is None else named) > 0


def _weight(text: bytes | None) -> float:
    try:
        return 1.0 if text is None else float(text)
    except ValueError:
        return 0.0


def pack(body: bytes) -> bytes:
    """The bytes in gzip."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
    return packer.compress(body) + packer.flush()


# Hot answers are the same kept object again and again, whose hash Python remembers.
_pack_kept = lru_cache(maxsize=256)(pack)


def packed(body: bytes, headers: Headers, accept_encoding: bytes) -> tuple[bytes, Headers]:
    """A kept JSON body and its headers, as this client gets them."""
    if len(body) < BYTES_MIN:
        return body, headers
    varied = (*headers, (b"vary", VARY))
    if not accepts_gzip(accept_encoding):
        return body, varied
    small = _pack_kept(body) if len(body) <= KEPT_BYTES_MAX else pack(body)
    return small, (*weakened(varied), (b"content-encoding", b"gzip"))


def weakened(headers: Headers) -> Headers:
    """The headers with an `ETag` that promises no more than compressed bytes can keep."""
    return tuple(
        (name, b"W/" + value if name.lower() == b"etag" and not value.startswith(b"W/") else value)
        for name, value in headers
    )
