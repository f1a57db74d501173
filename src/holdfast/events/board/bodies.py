"""What clients get, field by field. In JSON, names are in camelCase."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from holdfast.events.board.queries import Attendee
from holdfast.events.bodies import EventBody
from holdfast.http import fields


class BoardEvent(Struct, rename="camel"):
    """An event, how many of its seats are left, and the asking person's own booking there."""

    id: int
    name: str
    total_seats: int
    booked_seats: int
    available_seats: int
    booking_id: int | None

    @classmethod
    def of(cls, event: EventBody, booking_id: int | None) -> "BoardEvent":
        """The event as this person sees it."""
        return cls(
            event.id, event.name, event.total_seats, event.booked_seats, event.available_seats, booking_id
        )  # fmt: skip


class BoardEventPage(Struct, rename="camel"):
    """Some events, the newest first, and where to go on."""

    events: list[BoardEvent]
    next_cursor: str | None


class BoardAttendee(Struct, rename="camel"):
    """Somebody who has a seat: by their address if they have an account, else by what they are called."""

    booking_id: int
    user_id: str
    user_email: str | None
    created_at: datetime

    @classmethod
    def of(cls, attendee: Attendee, emails: Mapping[UUID, str]) -> "BoardAttendee":
        """The attendee as admins see them."""
        account = fields.identity(attendee.user_id)
        email = None if account is None else emails.get(account)
        return cls(attendee.booking_id, attendee.user_id, email, attendee.created_at)


class AttendeePage(Struct, rename="camel"):
    """Some of those who have a seat, and where to go on."""

    attendees: list[BoardAttendee]
    next_cursor: str | None
