"""Pure: when a message that did not arrive is sent again, and when its destination is switched off."""

from datetime import datetime, timedelta
from enum import StrEnum

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600, 36_000))
"""After the first failure, the second …; the last one from then on."""
GIVEN_UP_AFTER = timedelta(days=1)
"""From a message's first attempt to its last; from a destination's first failure to the one that switches it off."""
HURRIED_AFTER = timedelta(minutes=5)
"""When a receiver that failed for so long is back, what waits for a later attempt is sent at once."""


class Outcome(StrEnum):
    """What has become of a message."""

    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class Disabled(StrEnum):
    """Why a webhook is switched off."""

    ADMIN = "admin"
    GONE = "gone"
    FAILING = "failing"
    FULL = "full"


def next_attempt(attempts: int, first: datetime, now: datetime) -> datetime | None:
    """When to try again after so many attempts, the last one now; `None` when that was the last one."""
    last = first + GIVEN_UP_AFTER
    if now >= last:
        return None
    return min(now + PAUSES[min(attempts, len(PAUSES)) - 1], last)


def is_dead(failing_since: datetime, now: datetime) -> bool:
    """Whether a destination whose failures began then has failed for long enough."""
    return now - failing_since >= GIVEN_UP_AFTER


def was_away(failing_since: datetime, now: datetime) -> bool:
    """Whether a receiver that answers again was away, and did not only dislike a message."""
    return now - failing_since >= HURRIED_AFTER
