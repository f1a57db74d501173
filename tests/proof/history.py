"""What the clients of one run did and were told, beside what the database committed meanwhile."""

import asyncio
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import msgspec
from msgspec import Struct

from holdfast.engine.claims import Change, Edit, Granted, Made, Place, Refused, Seated, Verdict
from holdfast.errors import ClientGone, HoldfastError, OutcomeUnknown, Unavailable
from proof.server import START, Commit, Event, Spot, State
from proof.weather import Weather


class Course(Protocol):
    """What clients see of a run while it lasts, and what it was when it is over."""

    weather: Weather
    commits: list[Commit]
    first: State

    @property
    def position(self) -> int:
        """How many transactions have been committed."""

    def time(self) -> float:
        """Seconds by a process's clock that goes right."""

    def now(self) -> datetime:
        """The database's clock."""


class Declined(HoldfastError):
    """What a feature itself refuses."""

    code = "DECLINED"


class Call:
    """A change, when it was asked for, and what came of it. Positions count the commits until then.

    `skew` is how far the clock of its process goes wrong.
    """

    def __init__(self, change: Change, process: int, skew: timedelta, course: Course) -> None:
        self.change = change
        self.process = process
        self.skew = skew
        self.asked_at = course.now()
        """By the database's clock."""
        self.began = course.time()
        self.began_at = course.position
        self.ended: float | None = None
        self.ended_at: int | None = None
        self.answered_at: datetime | None = None
        self.verdict: Verdict | None = None
        self.error: BaseException | None = None
        self.has_left = False
        self.is_lost = False
        """Its process crashed, so nobody will ever answer."""
        self._course = course

    def is_gone(self) -> bool:
        """Whether the client has left, as the committer asks it."""
        return self.has_left

    def answered(self, answer: "asyncio.Future[Verdict]") -> None:
        """Note the answer."""
        if answer.cancelled():
            self.fail(asyncio.CancelledError())
        elif (error := answer.exception()) is not None:
            self.fail(error)
        else:
            self.tell(answer.result())

    def tell(self, verdict: Verdict) -> None:
        """Note a verdict."""
        self._end()
        self.verdict = verdict

    def fail(self, error: BaseException) -> None:
        """Note an error."""
        self._end()
        self.error = error

    def _end(self) -> None:
        self.ended = self._course.time()
        self.ended_at = self._course.position
        self.answered_at = self._course.now()

    def is_while(self, moment: datetime, time: float) -> bool:
        """Whether its process may have noted this moment for it, if it was done by the given time."""
        # Clocks tell microseconds.
        return self.began - 1e-6 <= (moment - START - self.skew).total_seconds() <= time + 1e-6

    @property
    def is_unknown(self) -> bool:
        """Whether its client does not know what came of it."""
        return self.is_lost or isinstance(self.error, OutcomeUnknown | asyncio.CancelledError)

    @property
    def changed_nothing(self) -> bool:
        """Whether its client was told that nothing has changed on its behalf."""
        if self.is_lost:
            return False
        if isinstance(self.verdict, Granted | Seated | Made):
            return self.verdict.replayed
        return isinstance(self.verdict, Refused) or isinstance(self.error, Unavailable | ClientGone | Declined)

    def __str__(self) -> str:
        outcome = self.verdict if self.error is None else repr(self.error)
        ended = "never" if self.ended is None else f"{self.ended:.3f} (after {self.ended_at} commits)"
        lost = ", its process crashed" if self.is_lost else ""
        return (
            f"process {self.process}, at {self.began:.3f} (after {self.began_at} commits): {_short(self.change)}\n"
            f"    answered at {ended}{lost}: {_short(outcome)}"
        )


class Read:
    """A question for a place's revision, and its answer."""

    def __init__(self, place: Place, course: Course) -> None:
        self.place = place.key
        self.began_at = course.position
        self.ended_at: int | None = None
        self.revision: int | None = None
        self.error: BaseException | None = None
        self.is_lost = False
        self._course = course

    def answered(self, answer: "asyncio.Future[int | None]") -> None:
        """Note the answer."""
        self.ended_at = self._course.position
        self.error = answer.exception()
        if self.error is None:
            self.revision = answer.result()


class History:
    """One run, when it is over."""

    def __init__(self, calls: list[Call], reads: list[Read], course: Course, faults: list[str]) -> None:
        self.calls = calls
        self.reads = reads
        self.commits: list[Commit] = course.commits
        self.weather = course.weather
        self.states = [course.first, *(commit.state for commit in course.commits)]
        self.faults = faults
        self.by_id: dict[UUID, Call] = {call.change.id: call for call in calls}

    def during(self, began_at: int, ended_at: int | None) -> list[State]:
        """Every state that the database was in between two positions."""
        last = len(self.commits) if ended_at is None else ended_at
        return self.states[began_at : last + 1]

    def __str__(self) -> str:
        lines = [f"weather: {self.weather}", *map(str, self.calls)]
        for position, commit in enumerate(self.commits, 1):
            lines.append(f"commit {position} at {commit.time:.3f}")
            for table, rows in commit.writes.items():
                lines += [f"    {table}: {_short(key)} = {_short(row)}" for key, row in rows.items()]
        return "\n".join(lines)


def _short(value: object) -> str:
    """A value as a person wants to read it in a history."""
    match value:
        case UUID():
            # Ids that are drawn by chance would make a replay look different.
            text = f"#{value.int % 1_000_000}" if value.int < 1 << 72 else "#random"
        case datetime():
            text = f"{value:%H:%M}"
        case bytes() if len(value) == 32:
            text = f"body {int.from_bytes(value)}"
        case Place():
            text = value.key
        case Spot() | Event():
            text = ", ".join(f"{name} {_short(field)}" for name, field in value._asdict().items() if field is not None)
        case tuple() | list():
            text = f"({', '.join(map(_short, value))})"
        case Edit():
            text = value.work.__qualname__.partition(".")[0]
        case Struct():
            text = f"{type(value).__name__}({_short(msgspec.structs.asdict(value))})"
        case dict():
            text = ", ".join(f"{name} {_short(field)}" for name, field in value.items() if field is not None)
        case _:
            text = str(value)
    return text
