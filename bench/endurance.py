"""The long run: a million creations by one worker, and what it holds in memory along the way."""

from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

import postgres
import tested
from rounds import Campaign, Promise
from targets import Target
from workloads import Load

LOAD = Load("endurance", "Creations on 1,000 rooms until there are enough")
STEP_SECONDS = 10
STEPS_MAX = 180
MEMORY_MB_MAX = 200
GROWTH_MB_MAX = 20


class Step(Struct, frozen=True):
    """After so many creations the worker holds so much."""

    created: int
    rate: float
    memory_mb: float


class Endurance(Struct, frozen=True):
    """What the long run came to."""

    steps: list[Step]
    targets: list[Target]
    promise: Promise


def run(creations: int, tell: Callable[[str], None]) -> Endurance:
    """Create so many reservations on a PostgreSQL of its own. Raises `RuntimeError` when it gets nowhere."""
    with postgres.running() as url:
        campaign = Campaign(url, STEP_SECONDS, tell)
        with tested.start(url, 1) as service:
            steps = _steps(campaign, service, creations, tell)
        return Endurance(steps, _judge(steps, creations), campaign.look_for_breaches())


def write(endurance: Endurance, directory: Path) -> Path:
    """Write `endurance.json`; answers where."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "endurance.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(endurance), indent=2) + b"\n")
    return path


def _steps(campaign: Campaign, service: tested.Service, creations: int, tell: Callable[[str], None]) -> list[Step]:
    steps: list[Step] = []
    created = 0
    while created < creations:
        counted = campaign.book(LOAD, service, STEP_SECONDS)
        if not counted.created or len(steps) >= STEPS_MAX:
            raise RuntimeError(f"only {created:,} of {creations:,} reservations after {len(steps)} steps")
        created += counted.created
        steps.append(Step(created, counted.created / counted.seconds, tested.memory_mb(service)))
        tell(f"{created:>10,} created  {steps[-1].rate:>8,.0f} /s  {steps[-1].memory_mb:>6.1f} MB")
    return steps


def _judge(steps: list[Step], creations: int) -> list[Target]:
    # What a worker holds after a tenth of the work it may keep; from there on it should not grow.
    settled = next(step for step in steps if step.created >= creations / 10)
    growth = steps[-1].memory_mb - settled.memory_mb
    return [
        Target(
            f"a worker's memory in MB after {steps[-1].created:,} creations", steps[-1].memory_mb, False, MEMORY_MB_MAX
        ),
        Target(f"its growth in MB since {settled.created:,} creations", growth, False, GROWTH_MB_MAX),
    ]
