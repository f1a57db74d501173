"""The one place that asks what time it is; whatever decides is handed the answer."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present moment, aware and in UTC. Tests pass their own."""


def utc_now() -> datetime:
    """The present moment by the machine's clock, aware and in UTC."""
    return datetime.now(UTC)
