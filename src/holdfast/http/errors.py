"""Which status each error has, and the one shape in which all are answered."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from holdfast import errors
from holdfast.errors import HoldfastError, InvalidRequest, MethodNotAllowed, RateLimited, Unavailable
from holdfast.http.idempotency import REPLAYED
from holdfast.http.languages import Language, text

STATUS: Mapping[type[HoldfastError], int] = {
    errors.InvalidRequest: 400,
    errors.Unauthorized: 401,
    errors.WrongPassword: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.ReservationNotFound: 404,
    errors.RoomNotFound: 404,
    errors.SlotNotFound: 404,
    errors.BookingNotFound: 404,
    errors.EventNotFound: 404,
    errors.TableNotFound: 404,
    errors.UserNotFound: 404,
    errors.WebhookNotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.RequestTimeout: 408,
    errors.TimeConflict: 409,
    errors.HoldExpired: 409,
    errors.NotHeld: 409,
    errors.HoldLimit: 409,
    errors.RoomClosed: 409,
    errors.LastAdmin: 409,
    errors.ScheduleExists: 409,
    errors.SlotAlreadyBooked: 409,
    errors.EventFull: 409,
    errors.AlreadyBooked: 409,
    errors.SeatsAlreadyBooked: 409,
    errors.TableHasReservations: 409,
    errors.WebhooksFull: 409,
    errors.WebhookDisabled: 409,
    errors.BodyTooLarge: 413,
    errors.UnsupportedMediaType: 415,
    errors.IdempotencyKeyReused: 422,
    errors.RateLimited: 429,
    errors.InternalError: 500,
    errors.ConferenceServiceError: 502,
    errors.Unavailable: 503,
    errors.Unreadable: 503,
    errors.OutcomeUnknown: 503,
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
    return STATUS[type(error)]


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
    if isinstance(error, errors.Unauthorized):
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
