"""Who gets a stretch of time. Pure: values in, values out.

The rule that makes one look enough: active reservations of a place never overlap, so the one with the greatest start
also has the greatest end. Of all that start before a claim ends, only that *nearest* one can reach into the claim.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence, Set
from datetime import datetime, timedelta

from holdfast.engine.claims import (
    Granted,
    Interval,
    Reason,
    Refused,
    Reservation,
    Reserve,
    Verdict,
)


def settle(
    claims: Sequence[Reserve], nearest: Sequence[Interval | None], closed: Set[str], now: datetime
) -> list[Verdict]:
    """Who gets the place, in order of arrival: each claim sees the grants before it.

    `nearest[i]` is, of the reservations held at the place of `claims[i]`, the one with the greatest start before that
    claim ends. `closed` are the keys of places where nothing more may be reserved. `now` becomes the time of creation.
    """
    granted: defaultdict[str, _Grants] = defaultdict(_Grants)
    verdicts: list[Verdict] = []
    for claim, held in zip(claims, nearest, strict=True):
        if claim.place.key in closed:
            verdicts.append(Refused(Reason.CLOSED))
            continue
        grants = granted[claim.place.key]
        taken = obstacle(claim.interval, held) or obstacle(claim.interval, grants.nearest(claim.interval.end))
        if taken is not None:
            verdicts.append(Refused(Reason.TIME_CONFLICT, taken))
            continue
        grants.add(claim.interval)
        start, end = claim.interval
        reservation_id = claim.becomes or claim.id
        verdicts.append(
            Granted(Reservation(reservation_id, claim.place, start, end, now, claim.user_id, claim.details))
        )
    return verdicts


def obstacle(wanted: Interval, nearest: Interval | None) -> Interval | None:
    """`nearest`, if it is in the way of `wanted`. It starts before `wanted` ends, so only its end decides."""
    return nearest if nearest is not None and nearest.end > wanted.start else None


def moved(current: Interval, start: datetime | None, end: datetime | None) -> Interval:
    """The stretch that a reservation would hold after a move; what is `None` stays."""
    return Interval(current.start if start is None else start, current.end if end is None else end)


def fault(wanted: Interval, longest: timedelta) -> Reason | None:
    """Why nobody may hold this stretch, whoever else does."""
    if wanted.end <= wanted.start:
        return Reason.END_NOT_AFTER_START
    return Reason.TOO_LONG if wanted.end - wanted.start > longest else None


class _Grants:
    """What one batch has granted at one place, by start; none of it overlaps."""

    def __init__(self) -> None:
        self._starts: list[datetime] = []
        self._intervals: list[Interval] = []

    def nearest(self, before: datetime) -> Interval | None:
        """The grant with the greatest start before the given moment."""
        position = bisect_left(self._starts, before)
        return self._intervals[position - 1] if position else None

    def add(self, interval: Interval) -> None:
        position = bisect_left(self._starts, interval.start)
        self._starts.insert(position, interval.start)
        self._intervals.insert(position, interval)
