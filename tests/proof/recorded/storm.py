"""The bad network between the service and PostgreSQL, drawn from a seed."""

import random
import threading
import time
from collections import Counter
from contextlib import suppress

from races.proxy import SECONDS_MAX, Fate, Proxy, Step, _Link, reset, rest_of_request

LATE_SECONDS_MAX = 1.0
COMMITS = (
    (0.020, Fate.ANSWER_LOST),
    (0.030, Fate.COMMIT_LOST),
    (0.040, Fate.COMMIT_LATE),
    (0.045, Fate.COMMIT_CUT),
    (0.050, Fate.ANSWER_CUT),
)
"""What becomes of a commit whose lot, from 0 to 1, is smaller."""


class StormyProxy(Proxy):
    """A proxy that, while it storms, delays messages, resets connections, and loses commits and their answers."""

    def __init__(self, target: str, seed: int) -> None:
        super().__init__(target)
        self.counts: Counter[str] = Counter()
        self.storms = False
        self._random = random.Random(f"{seed} proxy")
        self._flows = threading.Event()
        self._flows.set()

    def stall(self, seconds: float, stopping: threading.Event) -> None:
        """Let no message through for a while."""
        self._flows.clear()
        stopping.wait(seconds)
        self._flows.set()

    @property
    def target(self) -> str:
        """The address of the database itself."""
        return self._target

    def cut(self) -> None:
        """Reset every connection."""
        self._cut_all()

    def _take(self, link: _Link, message: bytes) -> Fate | None:
        step = link.step(message)
        if not self.storms:
            return None
        self._flows.wait(SECONDS_MAX)
        lot = self._random.random()
        if step is None:
            if lot < 0.0005:
                self.counts["connections reset"] += 1
                raise ConnectionResetError
            if lot < 0.004:
                self.counts["messages delayed"] += 1
                time.sleep(self._random.uniform(0.001, 0.05))
            return None
        if step is Step.COMMIT and self._fate is not None:
            self.counts["commit answered to nobody, and then the database is away"] += 1
            fate, self._fate = self._fate, None
            return fate
        self._dies_after = False
        drawn = self._drawn(step, lot)
        if drawn is not None:
            self.counts[drawn.name.replace("_", " ").lower()] += 1
        return drawn

    def _drawn(self, step: Step, lot: float) -> Fate | None:
        if step is Step.WRITE:
            return Fate.WRITE_LATE if lot < 0.01 else None
        return next((fate for bound, fate in COMMITS if lot < bound), None)

    def _lose(self, link: _Link, message: bytes, fate: Fate) -> None:
        if fate not in {Fate.COMMIT_LATE, Fate.WRITE_LATE}:
            super()._lose(link, message, fate)
            return
        link.silent = True
        if fate is Fate.WRITE_LATE:
            message += rest_of_request(link.client)
        reset(link.client)
        time.sleep(self._random.uniform(0.0, LATE_SECONDS_MAX) ** 2 / LATE_SECONDS_MAX)
        with suppress(OSError):
            link.server.sendall(message)
            link.answered.wait(SECONDS_MAX)
        reset(link.server)
