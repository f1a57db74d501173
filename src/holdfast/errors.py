"""What can go wrong, by name. An error carries a code for clients and details, never a status or a text for people.

`http/errors.py` has the status of each kind, the catalogues of `http/messages/` the text of each code.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any, ClassVar


class ErrorKind(Enum):
    """What errors have in common that clients treat alike."""

    INVALID = auto()
    UNAUTHORIZED = auto()
    FORBIDDEN = auto()
    MISSING = auto()
    METHOD = auto()
    LATE = auto()
    CONFLICT = auto()
    TOO_LARGE = auto()
    MEDIA_TYPE = auto()
    KEY_REUSED = auto()
    TOO_MANY = auto()
    INTERNAL = auto()
    UPSTREAM = auto()
    UNAVAILABLE = auto()


class CommandRefused(Exception):
    """A command at the terminal was not carried out. Its text is the one line to show."""


class HoldfastError(Exception):
    """Base of every error that a client may see. `details` is sent as it is, so it must hold nothing private."""

    code: ClassVar[str]
    kind: ClassVar[ErrorKind]
    text: ClassVar[str | None] = None
    """The catalogue's key, where an error that clients treat like another has words of its own for people."""
    replayed: bool = False
    """Whether this repeats the answer to an earlier request with the same idempotency key."""

    def __init_subclass__(cls, *, code: str | None = None, kind: ErrorKind | None = None) -> None:
        """Have a code and a kind of its own, or those of the error that it is derived from."""
        if code is not None:
            cls.code = code
        if kind is not None:
            cls.kind = kind

    def __init__(self, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(self.code)
        self.details = details


class InvalidRequest(HoldfastError, code="INVALID_REQUEST", kind=ErrorKind.INVALID):
    """The request breaks a rule. `fields` names each field at fault and the rule, a key of the catalogues."""

    def __init__(self, fields: Mapping[str, str] | None = None, *, rule: str | None = None) -> None:
        super().__init__()
        self.fields = fields or {}
        self.rule = rule


class Unauthorized(HoldfastError, code="UNAUTHORIZED", kind=ErrorKind.UNAUTHORIZED):
    """No token, or one that does not hold."""


class WrongPassword(Unauthorized):
    """The address and the password do not belong together, or the account is disabled: nobody is told which."""

    text = "WRONG_PASSWORD"


class Forbidden(HoldfastError, code="FORBIDDEN", kind=ErrorKind.FORBIDDEN):
    """The token holds, but does not allow this."""


class NotFound(HoldfastError, code="NOT_FOUND", kind=ErrorKind.MISSING):
    """No such path."""


class MethodNotAllowed(HoldfastError, code="METHOD_NOT_ALLOWED", kind=ErrorKind.METHOD):
    """The path exists, but not for this method. `allowed` lists those that it has."""

    def __init__(self, allowed: str = "") -> None:
        super().__init__()
        self.allowed = allowed


class RequestTimeout(HoldfastError, code="REQUEST_TIMEOUT", kind=ErrorKind.LATE):
    """The body did not arrive in time."""


class BodyTooLarge(HoldfastError, code="BODY_TOO_LARGE", kind=ErrorKind.TOO_LARGE):
    """The body is longer than the setting `BODY_BYTES_MAX`."""


class UnsupportedMediaType(HoldfastError, code="UNSUPPORTED_MEDIA_TYPE", kind=ErrorKind.MEDIA_TYPE):
    """The body is of a kind that is not read here."""


class ReservationNotFound(HoldfastError, code="RESERVATION_NOT_FOUND", kind=ErrorKind.MISSING):
    """No active reservation has this id."""


class TimeConflict(HoldfastError, code="TIME_CONFLICT", kind=ErrorKind.CONFLICT):
    """The stretch of time is taken. `details` says from when to when, never by whom."""


class HoldExpired(HoldfastError, code="HOLD_EXPIRED", kind=ErrorKind.CONFLICT):
    """It was a hold, and nobody confirmed it in time."""


class NotHeld(HoldfastError, code="NOT_HELD", kind=ErrorKind.CONFLICT):
    """The reservation is no hold: it never was one, or it was confirmed."""


class HoldLimit(HoldfastError, code="HOLD_LIMIT", kind=ErrorKind.CONFLICT):
    """The place, or the caller, has as many holds as it may have."""


class RoomNotFound(HoldfastError, code="ROOM_NOT_FOUND", kind=ErrorKind.MISSING):
    """No managed room has this id."""


class ScheduleExists(HoldfastError, code="SCHEDULE_EXISTS", kind=ErrorKind.CONFLICT):
    """The room has a schedule, and keeps it."""


class RoomClosed(HoldfastError, code="ROOM_CLOSED", kind=ErrorKind.CONFLICT):
    """The managed room is not open then, by its schedule, or takes no new bookings any more."""


class SlotNotFound(HoldfastError, code="SLOT_NOT_FOUND", kind=ErrorKind.MISSING):
    """No slot has this id."""


class SlotAlreadyBooked(HoldfastError, code="SLOT_ALREADY_BOOKED", kind=ErrorKind.CONFLICT):
    """The slot is taken, by a booking or by any other reservation of its room."""


class BookingNotFound(HoldfastError, code="BOOKING_NOT_FOUND", kind=ErrorKind.MISSING):
    """No booking has this id."""


class ConferenceServiceError(HoldfastError, code="CONFERENCE_SERVICE_ERROR", kind=ErrorKind.UPSTREAM):
    """The conference service gave no link, so nothing was booked."""


class EventNotFound(HoldfastError, code="EVENT_NOT_FOUND", kind=ErrorKind.MISSING):
    """No event has this id."""


class EventFull(HoldfastError, code="EVENT_FULL", kind=ErrorKind.CONFLICT):
    """Every seat of the event is booked."""


class AlreadyBooked(HoldfastError, code="ALREADY_BOOKED", kind=ErrorKind.CONFLICT):
    """This person has a seat at this event."""


class SeatsAlreadyBooked(HoldfastError, code="SEATS_ALREADY_BOOKED", kind=ErrorKind.CONFLICT):
    """The event cannot have fewer seats than are booked; `details` says how many are."""


class RateLimited(HoldfastError, code="RATE_LIMITED", kind=ErrorKind.TOO_MANY):
    """The client has sent more than `limit` requests; after `retry_after` seconds it may go on."""

    def __init__(self, limit: int, retry_after: int) -> None:
        super().__init__()
        self.limit = limit
        self.retry_after = retry_after


class TableNotFound(HoldfastError, code="TABLE_NOT_FOUND", kind=ErrorKind.MISSING):
    """No table has this id."""


class TableHasReservations(HoldfastError, code="TABLE_HAS_RESERVATIONS", kind=ErrorKind.CONFLICT):
    """The table has reservations that have not ended."""


class IdempotencyKeyReused(HoldfastError, code="IDEMPOTENCY_KEY_REUSED", kind=ErrorKind.KEY_REUSED):
    """The same `Idempotency-Key` came with another body."""


class UserNotFound(HoldfastError, code="USER_NOT_FOUND", kind=ErrorKind.MISSING):
    """No account has this id."""


class WebhookNotFound(HoldfastError, code="WEBHOOK_NOT_FOUND", kind=ErrorKind.MISSING):
    """No webhook has this id."""


class WebhooksFull(HoldfastError, code="WEBHOOKS_FULL", kind=ErrorKind.CONFLICT):
    """There are as many webhooks as there may be."""


class WebhookDisabled(HoldfastError, code="WEBHOOK_DISABLED", kind=ErrorKind.CONFLICT):
    """The webhook is switched off."""


class LastAdmin(HoldfastError, code="LAST_ADMIN", kind=ErrorKind.CONFLICT):
    """Without this one, nobody would be left who may administer."""


class InternalError(HoldfastError, code="INTERNAL_ERROR", kind=ErrorKind.INTERNAL):
    """A mistake of ours."""


class Unavailable(HoldfastError, code="UNAVAILABLE", kind=ErrorKind.UNAVAILABLE):
    """The database is away, or too much is waiting. Nothing was booked; ask again in `retry_after` seconds."""

    retry_after: ClassVar[int] = 1


class Unreadable(Unavailable):
    """What is asked for stands in a row that cannot be read. Nothing was booked; `holdfast check` finds the row."""

    text = "UNAVAILABLE"


class ClientGone(ConnectionAbortedError):
    """Whoever asked has left before the work began, so it was dropped. There is nobody to answer."""


class OutcomeUnknown(HoldfastError, code="OUTCOME_UNKNOWN", kind=ErrorKind.UNAVAILABLE):
    """The database went away in mid-commit and did not come back: the change may or may not have happened."""

    def __init__(self, identity: str | int) -> None:
        super().__init__({"id": identity})
