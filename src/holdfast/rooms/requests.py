"""What requests say, as values. Each raises `InvalidRequest` naming the field."""

import re
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qsl
from uuid import UUID

from holdfast.errors import InvalidRequest
from holdfast.http import fields
from holdfast.rooms.bodies import NewSchedule
from holdfast.rooms.queries import place_of
from holdfast.rooms.slots import SLOT, Schedule

DAYS_KNOWN_MAX = 20_000
MINUTE = timedelta(minutes=1)
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def identity(field: str, text: str) -> UUID:
    """A UUID from a path, with hyphens or without, in either case."""
    if fields.UUID.fullmatch(text) is None:
        raise InvalidRequest({field: "uuid"})
    return UUID(text)


class RoomDay(NamedTuple):
    """A day of a room, which is the engine's `place`."""

    room_id: UUID
    date: date
    place: str


@lru_cache(DAYS_KNOWN_MAX)
def room_day(room: str, date: str | None) -> RoomDay:
    """Which day of which room a path and a query name; the same ones are asked for again and again."""
    read = fields.each(roomId=lambda: identity("roomId", room), date=lambda: day(date))
    return RoomDay(read["roomId"], read["date"], place_of(read["roomId"]).key)


def day(text: str | None) -> date:
    """The day that a query asks for."""
    if text is None:
        raise InvalidRequest({"date": "required"})
    if DATE.fullmatch(text) is None:
        raise InvalidRequest({"date": "date"})
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidRequest({"date": "date"}) from None


def date_in(query: bytes) -> str | None:
    """The parameter `date` of a query, the last of several."""
    name, _, value = query.partition(b"=")
    if name == b"date" and value.isascii() and value.translate(None, b"&%+;=") == value:
        return value.decode()
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    return dict(pairs).get("date")


def schedule(data: NewSchedule, schedule_id: UUID) -> Schedule:
    """The schedule that a body asks for; days that are named twice count once."""
    opening, closing = minute(data.start_time), minute(data.end_time)
    if opening >= closing:
        raise InvalidRequest({"endTime": "end_after_start"})
    if closing - opening < SLOT // MINUTE:
        raise InvalidRequest({"endTime": "no_slot"})
    return Schedule(schedule_id, tuple(sorted(set(data.days_of_week))), opening, closing)


def minute(clock_time: str) -> int:
    """The minute of the day that a checked time of day names."""
    hours, _, minutes = clock_time.partition(":")
    return int(hours) * 60 + int(minutes)
