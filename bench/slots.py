"""Which rooms and times a run books: every request for a free time has one of its own, however often it is run.

A run's rooms bear its number. Each of its loads has a span of time of its own, and in it each thread of wrk has a part,
which it uses up slot by slot in each room. What is there before the first load lies before `FIRST`.
"""

from datetime import UTC, datetime
from uuid import uuid4

from holdfast.http.fields import YEAR_MAX

THREADS = 2
THREAD_SLOTS = 2_500_000
"""More than a thread of wrk can use up in one room in some minutes."""
SLOT_SECONDS = 5
LOAD_SECONDS = THREADS * THREAD_SLOTS * SLOT_SECONDS
FIRST = int(datetime(2030, 1, 1, tzinfo=UTC).timestamp())
LAST = int(datetime(YEAR_MAX, 1, 1, tzinfo=UTC).timestamp())
LOADS_MAX = (LAST - FIRST) // LOAD_SECONDS
TAKEN = int(datetime(2029, 1, 1, tzinfo=UTC).timestamp())
TAKEN_HOURS = 100
LISTED = int(datetime(2028, 1, 1, tzinfo=UTC).timestamp())


class Slots:
    """The rooms of one run, and the span of its next load."""

    def __init__(self) -> None:
        self.run = uuid4().hex[:8]
        self._loads = 0

    def rooms(self, purpose: str) -> str:
        """What the names of some of this run's rooms begin with."""
        return f"bench-{self.run}-{purpose}"

    def new_span(self) -> int:
        """The number of a span that no load has had."""
        if self._loads >= LOADS_MAX:
            raise RuntimeError(f"a run has at most {LOADS_MAX} loads")
        self._loads += 1
        return self._loads - 1


def start_of(span: int) -> int:
    """The first moment of a span, in seconds since 1970."""
    return FIRST + span * LOAD_SECONDS
