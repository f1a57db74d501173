"""What tests book: rooms of their own, and hours of one day that are told apart by their number."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg

from holdfast.engine.claims import Interval

DAY = datetime(2030, 5, 1, tzinfo=UTC)

OVERLAPS = """
SELECT a.place, a.id AS one, b.id AS other
FROM reservations a
JOIN reservations b ON b.place = a.place AND b.id > a.id AND b.start_time < a.end_time AND a.start_time < b.end_time
WHERE a.cancelled_at IS NULL AND b.cancelled_at IS NULL
"""
"""Pairs of active reservations that overlap, compared each with each: the promise is that there are none."""


def some_room() -> str:
    """A room that no other test has."""
    return f"room-{uuid4()}"


def hour(number: float) -> datetime:
    """A moment, in hours from a day that all tests share."""
    return DAY + timedelta(hours=number)


def hours(start: float, end: float) -> Interval:
    """A stretch of that day."""
    return Interval(hour(start), hour(end))


def body(room_id: str, start: float, end: float) -> dict[str, Any]:
    """A request for a room, from hour to hour of that day."""
    return {"room_id": room_id, "start_time": hour(start).isoformat(), "end_time": hour(end).isoformat()}


async def overlaps(connection: "asyncpg.Connection") -> list[tuple[Any, ...]]:
    """Every breach of the promise in this database; empty when all is well."""
    return [tuple(row) for row in await connection.fetch(OVERLAPS)]
