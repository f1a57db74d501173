"""The new place, time and details of a reservation that is to be changed. Pure: values in, values out."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct

from holdfast.engine.claims import Details, Interval, Kind, Place, Reservation
from holdfast.errors import InvalidRequest
from holdfast.http import fields

MINUTE = timedelta(minutes=1)
MINUTES_MAX = 1_440


class Fields(Struct, frozen=True):
    """The fields of a request that changes a reservation. `None` was left out, as is a detail that is missing.

    A table's reservation has two names for its start, `reservation_time` and `start_time`.
    """

    target: Place | None = None
    start: datetime | None = None
    end: datetime | None = None
    reservation_time: datetime | None = None
    minutes: int | None = None
    details: Details = {}
    id: UUID | None = None
    created_at: datetime | None = None


class Plan(Struct, frozen=True):
    """A change of a certain reservation: `None` stays as it is, whatever others make of it meanwhile."""

    target: Place
    start: datetime | None
    end: datetime | None
    details: Details | None


def plan(found: Reservation, change: Fields) -> Plan:
    """The fields of a change as they are meant of this reservation.

    Raises `InvalidRequest` for fields that it does not have, that cannot be changed, or that contradict each other.
    """
    is_table = found.place.kind is Kind.TABLE
    target = change.target or found.place
    faults = _misplaced(found, change)
    faults |= fields.changed(id=(change.id, found.id), created_at=(change.created_at, found.created_at))
    if faults:
        raise InvalidRequest(faults)
    start, end = _evening(found.interval, change) if is_table else (change.start, change.end)
    return Plan(target, start, end, change.details or None)


def _misplaced(found: Reservation, change: Fields) -> dict[str, str]:
    """Fields that only the other kind of reservation has."""
    faults = {}
    if change.target is not None and change.target.kind is not found.place.kind:
        faults[f"{change.target.kind}_id"] = "other_kind"
    if found.place.kind is not Kind.TABLE:
        given: Mapping[str, Any] = {
            "reservation_time": change.reservation_time,
            "duration_minutes": change.minutes,
        }
        faults |= {name: "table_only" for name, value in given.items() if value is not None}
        faults |= dict.fromkeys(change.details, "table_only")
    return faults


def _evening(now: Interval, change: Fields) -> tuple[datetime | None, datetime | None]:
    """When a table is to be held from and until; `(None, None)` when neither is mentioned."""
    if all(each is None for each in (change.start, change.end, change.reservation_time, change.minutes)):
        return None, None
    start = _agreed(("reservation_time", change.reservation_time), ("start_time", change.start), now.start)
    by_minutes = None if change.minutes is None else start + change.minutes * MINUTE
    if by_minutes is not None and change.end not in (None, by_minutes, now.end):
        is_same_length = change.minutes == (now.end - now.start) // MINUTE
        if not is_same_length:
            raise InvalidRequest({"duration_minutes": "contradiction", "end_time": "contradiction"})
        by_minutes = None
    if by_minutes is not None:
        end = by_minutes
    elif change.end is not None:
        end = change.end
    else:
        # Who moves an evening moves the whole of it; `start_time` alone has always moved the start alone.
        end = now.end if change.reservation_time is None else start + (now.end - now.start)
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
        raise InvalidRequest({named if change.reservation_time is None else "reservation_time": "timestamp"})
