"""What requests say, as values. Each raises `InvalidRequest` naming the field."""

from datetime import timedelta

from holdfast.engine.claims import Interval
from holdfast.errors import InvalidRequest
from holdfast.http import fields


def evening(at: str | None, minutes: int | None) -> Interval | None:
    """When a table is to be free, or `None` when that was not asked."""
    if at is None and minutes is None:
        return None
    if at is None:
        raise InvalidRequest({"at": "both"})
    if minutes is None:
        raise InvalidRequest({"duration_minutes": "both"})
    start = fields.moment("at", at)
    return Interval(start, start + timedelta(minutes=minutes))
