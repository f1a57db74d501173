"""Where messages stand in the journal, as numbers, as times and as the ids that listeners see.

A position is a count of microseconds since 1970: roughly when the message was published, and always greater than all
that were given before. The database has it as a time; Redis and listeners as milliseconds and the rest.
"""

import re
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SHOWN = re.compile(r"([0-9]{1,14})-([0-9]{1,3})", re.ASCII)
"""`1767225600000-123`; after the year 5000 there is none."""


def of_time(moment: datetime) -> int:
    """The position that the database has as this time."""
    return (moment - EPOCH) // MICROSECOND


def as_time(position: int) -> datetime:
    """The position as the database has it."""
    return EPOCH + position * MICROSECOND


def shown(position: int) -> str:
    """The position as Redis and listeners have it."""
    return f"{position // 1000}-{position % 1000}"


def read(text: str) -> int | None:
    """The position that is shown like this, or `None` for what is none of ours."""
    found = SHOWN.fullmatch(text)
    return None if found is None else int(found[1]) * 1000 + int(found[2])


def after(text: str) -> int:
    """A position that no id of Redis up to this one reaches, whoever has made it."""
    milliseconds, _, rest = text.partition("-")
    return int(milliseconds) * 1000 + min(int(rest or 0), 999)
