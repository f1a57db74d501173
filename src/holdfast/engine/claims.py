"""What is asked of the engine, and what it answers. Plain values: nothing here waits, reads a clock or knows SQL."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import Struct

EVENT = "event"
"""The one kind of places that have seats, and no hours. All others are calendars, and alike to the engine."""


class Place(NamedTuple):
    """What can be booked. `kind` is its feature's short word, `id` whatever the feature calls it by."""

    kind: str
    id: str

    @property
    def key(self) -> str:
        """The place's one name in all SQL; no kind holds a colon, so a room called `event:1` is no event."""
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


RANGE = "range"
"""What a reservation was asked for as, unless its feature has a word of its own: any stretch of time."""


class State(StrEnum):
    """How a reservation stands. The first three take the place, a hold until it expires; the others ended."""

    HELD = "held"
    PENDING = "pending"
    CONFIRMED = "confirmed"
    RELEASED = "released"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


STATES: Mapping[str, State] = {each.value: each for each in State}
"""By their texts: an enumeration's own look-up takes four times as long, and lists have many rows."""


class Reservation(Struct, frozen=True, omit_defaults=True):
    """A stretch of time that somebody has on a calendar. `user_id` is its owner, or `None` when it has none.

    `details` is what the place's feature keeps with it; the engine does not look inside. `held_at` is when it began as
    a hold, by the database's clock, and `None` for what was never one; `expires_at` is when a hold ends.
    `external_ref` was given when a hold was confirmed; `revived` says that it had expired by then.
    """

    id: UUID
    place: Place
    start: datetime
    end: datetime
    created_at: datetime
    user_id: UUID | None = None
    details: Details | None = None
    type: str = RANGE
    state: State = State.CONFIRMED
    expires_at: datetime | None = None
    held_at: datetime | None = None
    external_ref: str | None = None
    revived: bool = False

    @property
    def interval(self) -> Interval:
        """When the place is taken."""
        return Interval(self.start, self.end)


class SeatBooking(Struct, frozen=True):
    """A seat that somebody has at an event. Whoever `user_id` names has one at most in each."""

    id: int
    place: Place
    user_id: str
    created_at: datetime


class Stretch(Struct, frozen=True):
    """Takes a calendar for a stretch of time. All of it becomes the reservation's, `id` too.

    With `hold_seconds` it is a hold, which ends by itself.
    """

    id: UUID
    interval: Interval
    user_id: UUID | None = None
    details: Details | None = None
    type: str = RANGE
    hold_seconds: int | None = None


class Seat(Struct, frozen=True):
    """Takes a seat at an event."""

    user_id: str


class Retake(Struct, frozen=True):
    """Takes what the change gives back once more, elsewhere or otherwise; what is `None` stays as it is.

    `details` replace those of the same names, and leave the others.
    """

    place: Place | None = None
    start: datetime | None = None
    end: datetime | None = None
    details: Details | None = None


class Confirm(Struct, frozen=True):
    """Takes the hold that the change gives back for good. With `revives` one that has expired, too, if it is free."""

    external_ref: str | None = None
    revives: bool = False


class Extend(Struct, frozen=True):
    """Takes the hold that the change gives back until later: until so many seconds from now, if it ends before."""

    seconds: int


class Edited(Struct, frozen=True):
    """What became of a place itself: the answer in JSON, and messages by type, each with what it says beside the place.

    Without messages nothing has changed.
    """

    answer: bytes
    messages: Sequence[tuple[str, Mapping[str, Any]]] = ()


class Edit(Struct, frozen=True):
    """Changes a place itself: `work` is given a connection, in whose transaction the place is locked, and its revision.

    The revision is `None` for a place that has no row to lock; with `names` it gets one. What `work` raises is what the
    caller hears, and undoes what it wrote. It may be called more than once, in a transaction of its own each time.
    """

    work: Callable[[Any, int | None], Awaitable[Edited]]
    names: bool = False


class Change(Struct, frozen=True):
    """What is given back and what is taken at a place, all or nothing, under one key and with one answer.

    `id` is the change's own. `place` is where `gives` was last seen, or where something is taken. `gives` is the id of
    a reservation or a seat; with `lapses` only a hold that has expired is given back.
    """

    id: UUID
    place: Place
    gives: UUID | int | None = None
    takes: Stretch | Seat | Retake | Confirm | Extend | Edit | None = None
    key: Key | None = None
    lapses: bool = False


class Reason(StrEnum):
    """Why a change is refused."""

    TIME_CONFLICT = "time_conflict"
    NOT_FOUND = "not_found"
    KEY_REUSED = "key_reused"
    END_NOT_AFTER_START = "end_not_after_start"
    TOO_LONG = "too_long"
    CLOSED = "closed"
    FULL = "full"
    ALREADY_BOOKED = "already_booked"
    HOLD_EXPIRED = "hold_expired"
    NOT_HELD = "not_held"
    HOLD_LIMIT = "hold_limit"


class Granted(Struct, frozen=True, tag=True):
    """The change was made. `reservation` is as it stands now, or, when it was given back, as it stood.

    `replayed` says that this is the remembered answer to an earlier request with the same key.
    """

    reservation: Reservation
    replayed: bool = False


class Seated(Struct, frozen=True, tag=True):
    """A seat was taken, or given back; `booking` is the seat, for one given back as it was. `replayed`: see above."""

    booking: SeatBooking
    replayed: bool = False


class Made(Struct, frozen=True, tag=True):
    """A place itself was changed. `body` is the answer in JSON. `replayed`: see `Granted`."""

    body: bytes
    replayed: bool = False


class Refused(Struct, frozen=True, tag=True):
    """The change was not made. `taken` is the stretch in its way, when that is the reason."""

    reason: Reason
    taken: Interval | None = None
    replayed: bool = False


Verdict = Granted | Seated | Made | Refused
