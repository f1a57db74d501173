"""What goes wrong in one run, how often and when: drawn from its seed."""

from random import Random

from msgspec import Struct

CALM = (0.0, 0.0, 0.001, 0.002)
GUSTY = (0.0, 0.0, 0.001, 0.003, 0.02, 0.1)
LINK_FAULTS = ("lost_before", "lost_after", "stuck")
STATEMENT_FAULTS = ("serialization", "deadlock", "cancelled", "odd", *LINK_FAULTS)
COMMIT_FAULTS = ("lost_before", "lost_after", "lost_late", "lost_late", "refused")


class Weather(Struct, frozen=True):
    """The chances of faults for each statement, COMMIT and new connection, while the storm lasts.

    `outage` is when the server ends and for how long; `crash` is when one process does, `lane_death` when
    a lane's task is ended from outside. All in virtual seconds.
    """

    name: str
    latencies: tuple[float, ...]
    lock_seconds_max: float = 2.0
    statement_faults: float = 0.0
    commit_faults: float = 0.0
    connect_faults: float = 0.0
    outage: tuple[float, float] | None = None
    crash: float | None = None
    lane_death: float | None = None
    storm_seconds: float = 0.0

    @property
    def is_calm(self) -> bool:
        """Whether nothing goes wrong at all, so that nobody may be turned away."""
        return self.name == "calm"


def draw(random: Random) -> Weather:
    """The weather of a run."""
    kind = random.random()
    if kind < 0.3:
        return Weather("calm", CALM)
    latencies = random.choice((CALM, GUSTY))
    lock_seconds_max = random.choice((0.05, 0.5, 2.0))
    if kind < 0.5:
        return Weather(
            "unreliable", latencies, lock_seconds_max, random.choice((0.04, 0.12)), 0.05, 0.05, storm_seconds=2
        )
    if kind < 0.75:
        return Weather("answers lost", latencies, lock_seconds_max, 0.01, 0.4, storm_seconds=2)
    outage = (random.random() * 0.2, random.choice((0.01, 0.3, 2.0, 15.0))) if random.random() < 0.6 else None
    crash = random.random() * 0.2 if outage is None or random.random() < 0.4 else None
    lane_death = random.random() * 0.2 if random.random() < 0.1 else None
    commit_faults = random.choice((0.15, 0.6))
    return Weather(
        "storm", latencies, lock_seconds_max, 0.03, commit_faults, 0.05, outage, crash, lane_death, storm_seconds=20
    )
