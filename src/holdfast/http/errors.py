"""Which status each kind of error has, and the one shape in which all are answered."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from holdfast.errors import (
    ErrorKind,
    HoldfastError,
    InvalidRequest,
    MethodNotAllowed,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from holdfast.http.idempotency import REPLAYED
from holdfast.http.languages import Language, text

STATUS: Mapping[ErrorKind, int] = {
    ErrorKind.INVALID: 400,
    ErrorKind.UNAUTHORIZED: 401,
    ErrorKind.FORBIDDEN: 403,
    ErrorKind.MISSING: 404,
    ErrorKind.METHOD: 405,
    ErrorKind.LATE: 408,
    ErrorKind.CONFLICT: 409,
    ErrorKind.TOO_LARGE: 413,
    ErrorKind.MEDIA_TYPE: 415,
    ErrorKind.KEY_REUSED: 422,
    ErrorKind.TOO_MANY: 429,
    ErrorKind.INTERNAL: 500,
    ErrorKind.UPSTREAM: 502,
    ErrorKind.UNAVAILABLE: 503,
}


class ErrorBody(Struct, omit_defaults=True):
    """What went wrong. Branch on `code`; `message` is for people, in their language."""

    code: str
    message: str
    details: dict[str, Any] | None = None


class ErrorAnswer(Struct):
    """The body of every answer from 400 on."""

    error: ErrorBody


def status_of(error: HoldfastError) -> int:
    """The status that this error is answered with."""
    return STATUS[error.kind]


def headers_of(error: HoldfastError) -> dict[str, str]:
    """The headers that this error is answered with, besides the common ones."""
    if error.replayed:
        return {REPLAYED: "true"}
    if isinstance(error, RateLimited):
        seconds = str(error.retry_after)
        left = {"ratelimit-limit": str(error.limit), "ratelimit-remaining": "0", "ratelimit-reset": seconds}
        return {"retry-after": seconds} | left
    if isinstance(error, Unavailable):
        return {"retry-after": str(error.retry_after)}
    if isinstance(error, MethodNotAllowed) and error.allowed:
        return {"allow": error.allowed}
    if isinstance(error, Unauthorized):
        return {"www-authenticate": "Bearer"}
    return {}


def render(error: HoldfastError, language: Language) -> bytes:
    """The error's body, in JSON."""
    message = text(language, "errors", error.text or error.code)
    details = dict(error.details) if error.details else None
    if isinstance(error, InvalidRequest):
        if error.rule is not None:
            message = text(language, "rules", error.rule)
        if error.fields:
            details = {"fields": {name: text(language, "rules", rule) for name, rule in error.fields.items()}}
    return msgspec.json.encode(ErrorAnswer(ErrorBody(error.code, message, details)))
