"""What can go wrong, by name. An error carries a code for clients and details, never a status or a text for people.

Statuses live in `http/errors.py`, texts in the catalogues of `http/messages/`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class HoldfastError(Exception):
    """Base of every error that a client may see. `details` is sent as it is, so it must hold nothing private."""

    code: ClassVar[str]
    text: ClassVar[str | None] = None
    """The catalogue's key, where an error that clients treat like another has words of its own for people."""
    replayed: bool = False
    """Whether this repeats the answer to an earlier request with the same idempotency key."""

    def __init__(self, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(self.code)
        self.details = details


class InvalidRequest(HoldfastError):
    """The request breaks a rule. `fields` names each field at fault and the rule, a key of the catalogues."""

    code = "INVALID_REQUEST"

    def __init__(self, fields: Mapping[str, str] | None = None, *, rule: str | None = None) -> None:
        super().__init__()
        self.fields = fields or {}
        self.rule = rule


class Unauthorized(HoldfastError):
    """No token, or one that does not hold."""

    code = "UNAUTHORIZED"


class WrongPassword(Unauthorized):
    """The address and the password do not belong together, or the account is disabled: nobody is told which."""

    text = "WRONG_PASSWORD"


class Forbidden(HoldfastError):
    """The token holds, but does not allow this."""

    code = "FORBIDDEN"


class NotFound(HoldfastError):
    """No such path."""

    code = "NOT_FOUND"


class MethodNotAllowed(HoldfastError):
    """The path exists, but not for this method. `allowed` lists those that it has."""

    code = "METHOD_NOT_ALLOWED"

    def __init__(self, allowed: str = "") -> None:
        super().__init__()
        self.allowed = allowed


class RequestTimeout(HoldfastError):
    """The body did not arrive in time."""

    code = "REQUEST_TIMEOUT"


class BodyTooLarge(HoldfastError):
    """The body is longer than the setting `BODY_BYTES_MAX`."""

    code = "BODY_TOO_LARGE"


class UnsupportedMediaType(HoldfastError):
    """The body is of a kind that is not read here."""

    code = "UNSUPPORTED_MEDIA_TYPE"


class ReservationNotFound(HoldfastError):
    """No active reservation has this id."""

    code = "RESERVATION_NOT_FOUND"


class TimeConflict(HoldfastError):
    """The stretch of time is taken. `details` says from when to when, never by whom."""

    code = "TIME_CONFLICT"


class HoldExpired(HoldfastError):
    """It was a hold, and nobody confirmed it in time."""

    code = "HOLD_EXPIRED"


class NotHeld(HoldfastError):
    """The reservation is no hold: it never was one, or it was confirmed."""

    code = "NOT_HELD"


class HoldLimit(HoldfastError):
    """The place, or the caller, has as many holds as it may have."""

    code = "HOLD_LIMIT"


class RoomNotFound(HoldfastError):
    """No managed room has this id."""

    code = "ROOM_NOT_FOUND"


class ScheduleExists(HoldfastError):
    """The room has a schedule, and keeps it."""

    code = "SCHEDULE_EXISTS"


class RoomClosed(HoldfastError):
    """The managed room is not open then, by its schedule, or takes no new bookings any more."""

    code = "ROOM_CLOSED"


class SlotNotFound(HoldfastError):
    """No slot has this id."""

    code = "SLOT_NOT_FOUND"


class SlotAlreadyBooked(HoldfastError):
    """The slot is taken, by a booking or by any other reservation of its room."""

    code = "SLOT_ALREADY_BOOKED"


class BookingNotFound(HoldfastError):
    """No booking has this id."""

    code = "BOOKING_NOT_FOUND"


class ConferenceServiceError(HoldfastError):
    """The conference service gave no link, so nothing was booked."""

    code = "CONFERENCE_SERVICE_ERROR"


class EventNotFound(HoldfastError):
    """No event has this id."""

    code = "EVENT_NOT_FOUND"


class EventFull(HoldfastError):
    """Every seat of the event is booked."""

    code = "EVENT_FULL"


class AlreadyBooked(HoldfastError):
    """This person has a seat at this event."""

    code = "ALREADY_BOOKED"


class SeatsAlreadyBooked(HoldfastError):
    """The event cannot have fewer seats than are booked; `details` says how many are."""

    code = "SEATS_ALREADY_BOOKED"


class RateLimited(HoldfastError):
    """The client has sent more than `limit` requests; after `retry_after` seconds it may go on."""

    code = "RATE_LIMITED"

    def __init__(self, limit: int, retry_after: int) -> None:
        super().__init__()
        self.limit = limit
        self.retry_after = retry_after


class TableNotFound(HoldfastError):
    """No table has this id."""

    code = "TABLE_NOT_FOUND"


class TableHasReservations(HoldfastError):
    """The table has reservations that have not ended."""

    code = "TABLE_HAS_RESERVATIONS"


class IdempotencyKeyReused(HoldfastError):
    """The same `Idempotency-Key` came with another body."""

    code = "IDEMPOTENCY_KEY_REUSED"


class UserNotFound(HoldfastError):
    """No account has this id."""

    code = "USER_NOT_FOUND"


class WebhookNotFound(HoldfastError):
    """No webhook has this id."""

    code = "WEBHOOK_NOT_FOUND"


class WebhooksFull(HoldfastError):
    """There are as many webhooks as there may be."""

    code = "WEBHOOKS_FULL"


class WebhookDisabled(HoldfastError):
    """The webhook is switched off."""

    code = "WEBHOOK_DISABLED"


class LastAdmin(HoldfastError):
    """Without this one, nobody would be left who may administer."""

    code = "LAST_ADMIN"


class InternalError(HoldfastError):
    """A mistake of ours."""

    code = "INTERNAL_ERROR"


class Unavailable(HoldfastError):
    """The database is away, or too much is waiting. Nothing was booked; ask again in `retry_after` seconds."""

    code = "UNAVAILABLE"
    retry_after: ClassVar[int] = 1


class Unreadable(Unavailable):
    """What is asked for stands in a row that cannot be read. Nothing was booked; `holdfast check` finds the row."""

    text = "UNAVAILABLE"


class ClientGone(ConnectionAbortedError):
    """Whoever asked has left before the work began, so it was dropped. There is nobody to answer."""


class OutcomeUnknown(HoldfastError):
    """The database went away in mid-commit and did not come back: the change may or may not have happened."""

    code = "OUTCOME_UNKNOWN"

    def __init__(self, identity: str | int) -> None:
        super().__init__({"id": identity})
