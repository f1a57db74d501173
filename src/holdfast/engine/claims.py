"""What is asked of the engine, and what it answers. Plain values: nothing here waits, reads a clock or knows SQL."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct


class Kind(StrEnum):
    """What sort of place it is. Rooms and tables are calendars, events are pools."""

    ROOM = "room"
    TABLE = "table"
    EVENT = "event"

    # An enumeration's own hash is a Python function; places are looked up by it many times for each claim.
    __hash__ = str.__hash__


class Place(NamedTuple):
    """What can be booked. `id` is whatever the place's feature calls it by."""

    kind: Kind
    id: str

    @property
    def key(self) -> str:
        """The place's one name in every table; no kind holds a colon, so a room called `table:1` is no table."""
        # Joined, not formatted: a member of an enumeration is slow to format.
        return self.kind + ":" + self.id


Details = Mapping[str, str | int | None]
"""Facts in JSON that a feature keeps with a reservation."""


class Interval(NamedTuple):
    """A stretch of time `[start, end)`, both aware and in UTC: one that ends at 11:00 leaves 11:00 free."""

    start: datetime
    end: datetime

    def overlaps(self, other: "Interval") -> bool:
        """Whether some moment belongs to both."""
        return self.start < other.end and other.start < self.end

    def is_inside(self, other: "Interval") -> bool:
        """Whether no moment of it lies outside of the other."""
        return other.start <= self.start and self.end <= other.end


class Key(Struct, frozen=True):
    """A caller's wish that a request has one effect, however often it is sent.

    `id` is made of caller, path and `Idempotency-Key`; `body` is the SHA-256 of the raw request body (32 bytes).
    """

    id: UUID
    body: bytes


class Reservation(Struct, frozen=True):
    """A stretch of time that somebody holds on a calendar. `user_id` is its owner, or `None` when it has none.

    `details` is what the place's feature keeps with it; the engine does not look inside.
    """

    id: UUID
    place: Place
    start: datetime
    end: datetime
    created_at: datetime
    user_id: UUID | None = None
    details: Details | None = None

    @property
    def interval(self) -> Interval:
        """When the place is taken."""
        return Interval(self.start, self.end)


class Reserve(Struct, frozen=True):
    """Asks for a calendar for a stretch of time. Owner and details become the reservation's.

    So does `id`, unless `becomes` names another: the same for each claim of a request that is sent again.
    """

    id: UUID
    place: Place
    interval: Interval
    user_id: UUID | None = None
    key: Key | None = None
    details: Details | None = None
    becomes: UUID | None = None

    @property
    def reservation_id(self) -> UUID:
        """The reservation's id, if it comes to be."""
        return self.becomes or self.id


class Release(Struct, frozen=True):
    """Gives a reservation back. `id` is the claim's own; `place` is where the reservation was last seen."""

    id: UUID
    place: Place
    reservation_id: UUID


class Move(Struct, frozen=True):
    """Asks that a reservation be held elsewhere or at another time; what is `None` stays as it is.

    `place` is where the reservation was last seen. `details` replace those of the same names, and leave the others.
    """

    id: UUID
    place: Place
    reservation_id: UUID
    target: Place | None = None
    start: datetime | None = None
    end: datetime | None = None
    details: Details | None = None


Claim = Reserve | Release | Move


class Booking(Struct, frozen=True):
    """A seat that somebody holds in a pool. Whoever `user_id` names has one at most in each."""

    id: int
    place: Place
    user_id: str
    created_at: datetime


class Book(Struct, frozen=True):
    """Asks for a seat in a pool."""

    id: UUID
    place: Place
    user_id: str
    key: Key | None = None


class Cancel(Struct, frozen=True):
    """Gives a seat back. `id` is the claim's own."""

    id: UUID
    place: Place
    booking_id: int


SeatClaim = Book | Cancel


class Reason(StrEnum):
    """Why a claim is refused."""

    TIME_CONFLICT = "time_conflict"
    NOT_FOUND = "not_found"
    KEY_REUSED = "key_reused"
    END_NOT_AFTER_START = "end_not_after_start"
    TOO_LONG = "too_long"
    CLOSED = "closed"
    FULL = "full"
    ALREADY_BOOKED = "already_booked"


class Granted(Struct, frozen=True, tag=True):
    """The claim was met. `reservation` is as it stands now, or, for a release, as it stood.

    `replayed` says that this is the remembered answer to an earlier request with the same key.
    """

    reservation: Reservation
    replayed: bool = False


class Refused(Struct, frozen=True, tag=True):
    """The claim was not met, and nothing changed. `taken` is the stretch in its way, when that is the reason."""

    reason: Reason
    taken: Interval | None = None
    replayed: bool = False


class Seated(Struct, frozen=True, tag=True):
    """A claim on a pool was met. `booking` is the seat, for a cancelled one as it was. `replayed`: see `Granted`."""

    booking: Booking
    replayed: bool = False


Verdict = Granted | Refused
SeatVerdict = Seated | Refused
