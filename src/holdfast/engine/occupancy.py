"""Who gets a stretch of time or a seat. Pure: values in, values out.

The rule that makes one look enough: what takes a place never overlaps, so the one with the greatest start also has the
greatest end. Of all that start before a change ends, only that *nearest* one can reach into it.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from holdfast.engine.claims import (
    Confirm,
    Extend,
    Interval,
    Place,
    Reason,
    Refused,
    Reservation,
    Retake,
    State,
)

HOLD_LONGEST = timedelta(hours=2)
"""How long after it began a hold may be extended to."""
TAKING = (State.HELD, State.PENDING, State.CONFIRMED)
"""The states in which a reservation takes its place; a hold only until it expires."""


class Wanted(NamedTuple):
    """A stretch of time that is wanted at a place, by its key."""

    place: str
    interval: Interval


class Seats(NamedTuple):
    """How many seats an event has, and how many of them are booked."""

    total: int
    booked: int


class Booker(NamedTuple):
    """Somebody who wants, or has, a seat at an event; a person has at most one."""

    place: Place
    user_id: str


def settle(wanted: Sequence[Wanted], nearest: Sequence[Interval | None], closed: Set[str]) -> list[Refused | None]:
    """Why each gets no stretch, or `None` when it does; in order of arrival, each seeing the grants before it.

    `nearest[i]` is, of what takes the place of `wanted[i]`, the one with the greatest start before that ends. `closed`
    are the keys of places where nothing more may be reserved.
    """
    granted: dict[str, list[Interval]] = {}
    answers: list[Refused | None] = []
    for (place, interval), held in zip(wanted, nearest, strict=True):
        if place in closed:
            answers.append(Refused(Reason.CLOSED))
            continue
        grants = granted.setdefault(place, [])
        # Sorted by start, and none overlaps: so among these, too, the nearest one decides.
        before = bisect_left(grants, (interval.end,))
        taken = obstacle(interval, held) or obstacle(interval, grants[before - 1] if before else None)
        if taken is None:
            grants.insert(before, interval)  # [own grants]
        answers.append(None if taken is None else Refused(Reason.TIME_CONFLICT, taken))
    return answers


def seat(wanted: Sequence[Booker], events: Mapping[Place, Seats], seated: Set[Booker]) -> list[Refused | None]:
    """Why each gets no seat, or `None` when it does; in order of arrival, each seeing the grants before it.

    `events` holds those that exist; `seated` those of the bookers who have a seat already.
    """
    booked = {place: seats.booked for place, seats in events.items()}
    holders = set(seated)
    answers: list[Refused | None] = []
    for each in wanted:
        if each.place not in events:
            answers.append(Refused(Reason.NOT_FOUND))
        elif each in holders:
            answers.append(Refused(Reason.ALREADY_BOOKED))
        # Not `==`: a hand-made change may have left fewer seats than are booked. [seats left]
        elif booked[each.place] >= events[each.place].total:
            answers.append(Refused(Reason.FULL))
        else:
            booked[each.place] += 1  # [own seats]
            holders.add(each)  # [one seat each]
            answers.append(None)
    return answers


def obstacle(wanted: Interval, nearest: Interval | None) -> Interval | None:
    """`nearest`, if it is in the way of `wanted`. It starts before `wanted` ends, so only its end decides."""
    return nearest if nearest is not None and nearest.end > wanted.start else None


def has_expired(reservation: Reservation, now: datetime) -> bool:
    """Whether it was a hold, and nobody confirmed it in time. `now` is the database's time."""
    if reservation.state is State.HELD:
        return reservation.expires_at is not None and reservation.expires_at <= now
    return reservation.state is State.EXPIRED


def ended(before: Reservation, *, lapses: bool, now: datetime) -> Reservation | None:
    """A reservation as it is when it was given back; `None` if there is nothing to give back.

    An expired hold is given back by nobody but whoever sweeps: for all others it is there no more.
    """
    if before.state not in TAKING or has_expired(before, now) is not lapses:
        return None
    state = State.RELEASED if before.state is State.HELD else State.CANCELLED
    return msgspec.structs.replace(before, state=State.EXPIRED if lapses else state, expires_at=None)


def again(
    before: Reservation | None, takes: Retake | Confirm | Extend, now: datetime, longest: timedelta
) -> Reservation | Refused:
    """A reservation as it would stand once it was taken again, if nothing is in its way."""
    if before is None or not (before.state in TAKING or before.state is State.EXPIRED):
        return Refused(Reason.NOT_FOUND)
    if has_expired(before, now):
        if isinstance(takes, Confirm) and takes.revives:
            return _confirmed(before, takes, revived=True)
        return Refused(Reason.HOLD_EXPIRED)
    if isinstance(takes, Retake):
        return _moved(before, takes, longest)
    if before.state is State.HELD:
        return _confirmed(before, takes) if isinstance(takes, Confirm) else _extended(before, takes, now)
    # Confirmed twice, it is confirmed once.
    return before if before.held_at is not None and isinstance(takes, Confirm) else Refused(Reason.NOT_HELD)


def moved(current: Interval, start: datetime | None, end: datetime | None) -> Interval:
    """The stretch that a reservation would have after a move; what is `None` stays."""
    return Interval(current.start if start is None else start, current.end if end is None else end)


def fault(wanted: Interval, longest: timedelta) -> Reason | None:
    """Why nobody may have this stretch, whoever else does."""
    if wanted.end <= wanted.start:
        return Reason.END_NOT_AFTER_START
    return Reason.TOO_LONG if wanted.end - wanted.start > longest else None


def _moved(before: Reservation, takes: Retake, longest: timedelta) -> Reservation | Refused:
    wanted = moved(before.interval, takes.start, takes.end)
    reason = fault(wanted, longest)
    if reason is not None:
        return Refused(reason)
    details = before.details if takes.details is None else {**(before.details or {}), **takes.details}
    place = takes.place or before.place
    return msgspec.structs.replace(before, place=place, start=wanted.start, end=wanted.end, details=details)


def _confirmed(before: Reservation, takes: Confirm, *, revived: bool = False) -> Reservation:
    return msgspec.structs.replace(
        before, state=State.CONFIRMED, expires_at=None, external_ref=takes.external_ref, revived=revived
    )


def _extended(before: Reservation, takes: Extend, now: datetime) -> Reservation:
    assert before.held_at is not None, "a hold says when it began"
    assert before.expires_at is not None, "and when it ends"
    wanted = min(now + timedelta(seconds=takes.seconds), before.held_at + HOLD_LONGEST)
    return msgspec.structs.replace(before, expires_at=max(before.expires_at, wanted))
