"""The time of a table's reservation that is to be changed, whose start has two names. Pure: values in, values out."""

from datetime import datetime, timedelta

from holdfast.engine.claims import Interval
from holdfast.errors import InvalidRequest
from holdfast.http import fields
from holdfast.reservations.kind import Fields

MINUTE = timedelta(minutes=1)
MINUTES_MAX = 1_440


def evening(now: Interval, change: Fields) -> tuple[datetime | None, datetime | None]:
    """When a table is to be held from and until; `(None, None)` when neither is mentioned."""
    begins: datetime | None = change.more.get("reservation_time")
    minutes: int | None = change.more.get("duration_minutes")
    if all(each is None for each in (change.start, change.end, begins, minutes)):
        return None, None
    start = _agreed(("reservation_time", begins), ("start_time", change.start), now.start)
    by_minutes = None if minutes is None else start + minutes * MINUTE
    if by_minutes is not None and change.end not in (None, by_minutes, now.end):
        is_same_length = minutes == (now.end - now.start) // MINUTE
        if not is_same_length:
            raise InvalidRequest({"duration_minutes": "contradiction", "end_time": "contradiction"})
        by_minutes = None
    if by_minutes is not None:
        end = by_minutes
    elif change.end is not None:
        end = change.end
    else:
        # Who moves an evening moves the whole of it; `start_time` alone has always moved the start alone.
        end = now.end if begins is None else start + (now.end - now.start)
    _check_length(start, end, change)
    return start, end


def _agreed(one: tuple[str, datetime | None], other: tuple[str, datetime | None], now: datetime) -> datetime:
    """The value of a field that has two names; a name that repeats the value of now says nothing."""
    values = {value for _, value in (one, other) if value is not None}
    if len(values) > 1:
        values.discard(now)
    if len(values) > 1:
        raise InvalidRequest({one[0]: "contradiction", other[0]: "contradiction"})
    return values.pop() if values else now


def _check_length(start: datetime, end: datetime, change: Fields) -> None:
    """Raises `InvalidRequest` for an evening that could not have been reserved either."""
    named = "end_time" if change.end is not None else "start_time" if change.start is not None else "duration_minutes"
    if end <= start:
        raise InvalidRequest({"end_time": "end_after_start"})
    if (end - start) % MINUTE or end - start > MINUTES_MAX * MINUTE:
        raise InvalidRequest({named: "minutes"})
    if end.year > fields.YEAR_MAX:
        raise InvalidRequest({"reservation_time" if "reservation_time" in change.more else named: "timestamp"})
