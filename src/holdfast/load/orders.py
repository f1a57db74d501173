"""What the process that sends requests is told, and what it answers."""

from collections.abc import Sequence

from msgspec import Struct


class Orders(Struct, frozen=True):
    """What to send: the paths in turn, so many a second, for so many seconds.

    `answer_seconds_max` is how long an answer may take until its request counts as failed.
    """

    url: str
    token: str
    paths: Sequence[str]
    rate: float
    seconds: float
    answer_seconds_max: float = 10.0

    @property
    def count(self) -> int:
        """How many requests that are."""
        return max(1, round(self.rate * self.seconds))


class Sample(Struct, frozen=True, array_like=True):
    """One request. `at` is when it should have been sent, in seconds since the first; `lag` how late it was.

    `latency` counts from `at`, so what had to wait for its turn is as late as its caller would find it.
    Both are in milliseconds. `error` is its kind, `None` for an answer as it should be.
    """

    at: float
    lag: float
    latency: float
    error: str | None = None

    @property
    def answered_at(self) -> float:
        """When the answer came, or was given up, in seconds since the first request."""
        return self.at + self.latency / 1000


class Count(Struct, frozen=True, tag="count"):
    """How many requests have been answered, and how many of them badly."""

    answered: int
    errors: int


class Finished(Struct, frozen=True, tag="finished"):
    """All that was sent."""

    samples: Sequence[Sample]
