"""Which slots a room has on a day, and what its schedule allows. Pure: values in, values out."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid5

from msgspec import Struct

from holdfast.engine.claims import Interval

SLOT = timedelta(minutes=30)
NAMESPACE = UUID("5bd3a9a4-5f2b-4c0e-9c5e-0a8a1d7c1f63")
"""Never to be changed: every slot's id is made of it."""
DAYS_AWAY_MAX = 3653
"""Ten years. Of days farther away no slots are made."""


class Schedule(Struct, frozen=True):
    """When a room is open: on some days of the week (1 is Monday), from one minute of the day until another, in UTC."""

    id: UUID
    days: tuple[int, ...]
    start_minute: int
    end_minute: int


class Slot(Struct, frozen=True):
    """Half an hour of a room."""

    id: UUID
    room_id: UUID
    start: datetime

    @property
    def end(self) -> datetime:
        """When the room is free again."""
        return self.start + SLOT


def slot_id(room_id: UUID, start: datetime) -> UUID:
    """The one id of a room's slot that begins then: UUIDv5 (RFC 9562, 5.5), so that all processes agree."""
    return uuid5(NAMESPACE, f"{room_id}/{int(start.timestamp())}")


def of_day(room_id: UUID, schedule: Schedule, day: date) -> list[Slot]:
    """The slots of a day: from opening time on, while a whole one fits before closing time."""
    return [Slot(slot_id(room_id, start), room_id, start) for start in _starts(schedule, day)]


def _starts(schedule: Schedule, day: date) -> Iterator[datetime]:
    if day.isoweekday() not in schedule.days:
        return
    start, closing = _hours(schedule, day)
    while start + SLOT <= closing:
        yield start
        start += SLOT


def free(slots: Sequence[Slot], taken: Sequence[Interval]) -> list[Slot]:
    """The slots that no stretch of `taken` overlaps. Neither list overlaps itself, and both are in order of time."""
    found = []
    position = 0
    for slot in slots:
        while position < len(taken) and taken[position].end <= slot.start:
            position += 1
        if position == len(taken) or taken[position].start >= slot.end:
            found.append(slot)
    return found


def is_open(schedule: Schedule, wanted: Interval) -> bool:
    """Whether a stretch lies inside the hours of one day."""
    day = wanted.start.date()
    opening, closing = _hours(schedule, day)
    return day.isoweekday() in schedule.days and opening <= wanted.start and wanted.end <= closing


def is_slot(schedule: Schedule, wanted: Interval) -> bool:
    """Whether a stretch is one of the room's slots."""
    opening, _ = _hours(schedule, wanted.start.date())
    is_half_hour = wanted.end - wanted.start == SLOT
    return is_half_hour and is_open(schedule, wanted) and not (wanted.start - opening) % SLOT


def is_far(day: date, today: date) -> bool:
    """Whether a day is more than ten years away, in the past or in the future."""
    return abs((day - today).days) > DAYS_AWAY_MAX


def _hours(schedule: Schedule, day: date) -> Interval:
    midnight = datetime.combine(day, time(), UTC)
    return Interval(
        midnight + timedelta(minutes=schedule.start_minute), midnight + timedelta(minutes=schedule.end_minute)
    )
