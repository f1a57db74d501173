"""The record of what clients asked of a running service, when, and what they were told."""

from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct


class Operation(StrEnum):
    """What was asked."""

    CREATE = "create"
    CANCEL = "cancel"
    MOVE = "move"
    CONFIRM = "confirm"
    LIST = "list"


class Outcome(StrEnum):
    """What was answered."""

    OK = "ok"
    CONFLICT = "time conflict"
    NOT_FOUND = "not found"
    KEY_REUSED = "key reused"
    EXPIRED = "expired"
    """Of a hold that nobody confirmed in time."""
    NOT_HELD = "not held"
    CLOSED = "closed"
    """Of a retired room, one without hours, or a table that is not there."""
    UNAVAILABLE = "unavailable"
    """The service says that nothing has changed."""
    UNKNOWN = "unknown"
    """No answer, or one that says that nobody knows: it happened, or it did not, or it will."""
    FOREIGN = "foreign"
    """An answer that no decent request gets."""


class Stretch(NamedTuple):
    """A stretch of time `[start, end)`, in quarters of an hour from a day that all clients share."""

    start: int
    end: int

    def overlaps(self, other: "Stretch") -> bool:
        """Whether some moment belongs to both."""
        return self.start < other.end and other.start < self.end


class Held(NamedTuple):
    """A reservation, and what it holds."""

    id: str
    room: str
    stretch: Stretch


class Row(NamedTuple):
    """A reservation in the database when all was over."""

    held: Held
    is_active: bool


class Answer(Struct, frozen=True):
    """What came back.

    `held` is what was made or moved, or, of an unknown outcome, what may have been; `taken` what a conflict names;
    `listed` what a list shows (for 304, what it showed before).
    """

    outcome: Outcome
    held: Held | None = None
    taken: Stretch | None = None
    listed: tuple[Held, ...] = ()
    replayed: bool = False
    text: str = ""


class Call(Struct, frozen=True):
    """One call. `start` and `end` are seconds of one clock for all: just before it was sent, just after the answer.

    `reservation_id` is what a cancellation, a move or a confirmation is about; `room` and `stretch` what a creation or
    a move wants; `hold_seconds` for how long only, unless it is confirmed.
    """

    client: int
    operation: Operation
    start: float
    end: float
    answer: Answer
    room: str = ""
    stretch: Stretch | None = None
    reservation_id: str = ""
    key: str | None = None
    hold_seconds: int | None = None

    @property
    def outcome(self) -> Outcome:
        """What was answered."""
        return self.answer.outcome

    @property
    def wanted(self) -> Held:
        """What a move wants to hold, or a creation whose id is in the answer."""
        assert self.stretch is not None
        own = self.reservation_id or (self.answer.held.id if self.answer.held else "")
        return Held(own, self.room, self.stretch)

    def __str__(self) -> str:
        about = [
            self.room,
            self.reservation_id,
            *([f"{self.stretch.start}-{self.stretch.end}"] if self.stretch else []),
        ]
        answer = self.answer
        told = [
            f"{answer.held.id} in {answer.held.room} {answer.held.stretch}" if answer.held else "",
            f"taken {answer.taken}" if answer.taken else "",
            "replayed" if answer.replayed else "",
            f"{len(answer.listed)} shown" if self.operation is Operation.LIST else answer.text[:200],
        ]
        key = f" key {self.key}" if self.key else ""
        when = f"[{self.start:.6f} {self.end:.6f}] client {self.client}"
        what = f"{self.operation} {' '.join(filter(None, about))}{key}"
        return f"{when} {what} -> {answer.outcome} {', '.join(filter(None, told))}"


class Violation(NamedTuple):
    """A promise that was broken, and the calls that prove it."""

    rule: str
    what: str
    calls: tuple[Call, ...]

    def __str__(self) -> str:
        return "\n".join([f"{self.rule}: {self.what}", *(f"    {call}" for call in self.calls)])
