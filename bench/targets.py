"""What the numbers should come to, as ratios: each of two things that were measured in the same run."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median

from msgspec import Struct

from probe import Cost
from processor import Spent
from workloads import CONNECTIONS, ROWS, Load, Measurement

LISTING_GROWTH_MB_MAX = 30


class Median(Struct, frozen=True):
    """The medians of one row's rounds."""

    rate: float
    p50_ms: float | None
    p99_ms: float | None
    cost: Spent | None = None


class Target(Struct, frozen=True):
    """One wish: that `value` is at least, or at most, `bound`."""

    title: str
    value: float
    at_least: bool
    bound: float

    @property
    def is_met(self) -> bool:
        """Whether the wish came true."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound


Medians = Mapping[str, Median]

RATES = (
    ("1,000 rooms : bare INSERT", "rooms", "bare", 0.35),
    ("1,000 rooms : naive way on 1,000 rooms", "rooms", "naive-rooms", 1.5),
    ("one room : 1,000 rooms", "room", "rooms", 0.85),
    ("one room : naive way on one room", "room", "naive-room", 6.0),
    ("with keys : without", "keys", "rooms", 0.8),
    ("2 workers : 1 worker, 1,000 rooms", "rooms-2w", "rooms", 0.9),
    ("4 workers : 1 worker, 1,000 rooms", "rooms-4w", "rooms", 0.75),
    ("answers with 90 % conflicts : creations, one room", "conflicts", "room", 0.9),
)


COSTS = (
    ("1,000 rooms : bare INSERT", "rooms", "bare", 1.8),
    ("one room : bare INSERT", "room", "bare", 1.5),
    ("with keys : without", "keys", "rooms", 1.25),
)
"""Of processor time, at most. A yardstick's includes pgbench, which is its client; the service has its own."""


def medians(measurements: Iterable[Measurement]) -> dict[str, Median]:
    """Each row's medians, by its name."""
    rounds: dict[str, list[Measurement]] = {}
    for measurement in measurements:
        rounds.setdefault(measurement.row, []).append(measurement)
    return {
        name: Median(
            median(each.rate for each in of_row),
            _median(each.p50_ms for each in of_row),
            _median(each.p99_ms for each in of_row),
            _cost([each.cost for each in of_row if each.cost is not None]),
        )
        for name, of_row in rounds.items()
    }


def judge(measurements: Sequence[Measurement], costs: Sequence[Cost]) -> list[Target]:
    """Every target whose rows were measured."""
    found = medians(measurements)
    judges: tuple[Callable[[], Iterable[Target]], ...] = (
        lambda: _rates(found),
        lambda: _costs(found),
        lambda: _tails(found),
        lambda: _single(found),
        lambda: _refusals(measurements),
        lambda: _listing(measurements),
        lambda: _probe(costs),
    )
    return [target for each in judges for target in each()]


def _rates(found: Medians) -> Iterable[Target]:
    for title, row, yardstick, bound in RATES:
        if row in found and yardstick in found and found[yardstick].rate > 0:
            yield Target(title, found[row].rate / found[yardstick].rate, True, bound)


def _costs(found: Medians) -> Iterable[Target]:
    for title, row, other, bound in COSTS:
        ours, theirs = (total(found[name]) if name in found else None for name in (row, other))
        if ours is not None and theirs:
            yield Target(f"processor time, {title}", ours / theirs, False, bound)


def total(of_row: Median) -> float | None:
    """Microseconds of an operation in all: a load's without wrk, a yardstick's, which has no service, with pgbench."""
    cost = of_row.cost
    return None if cost is None else cost.without_load + (0.0 if cost.service else cost.load)


def _tails(found: Medians) -> Iterable[Target]:
    """The worst is judged, so that none can hide."""
    loads = [row.name for row in ROWS if isinstance(row, Load) and row.connections == CONNECTIONS]
    tails = [
        (each.p99_ms / each.p50_ms, name)
        for name in loads
        if (each := found.get(name)) is not None and each.p99_ms and each.p50_ms
    ]
    if tails:
        worst, name = max(tails)
        yield Target(f"p99 : p50 at {CONNECTIONS} connections, the worst row ({name})", worst, False, 8.0)


def _single(found: Medians) -> Iterable[Target]:
    if "single" in found and "naive-single" in found:
        ours, naive = found["single"].p50_ms, found["naive-single"].p50_ms
        if ours is not None and naive is not None:
            yield Target("single client's p50 : 2 x the naive way's + 1 ms", ours / (2 * naive + 1), False, 1.0)


def _refusals(measurements: Sequence[Measurement]) -> Iterable[Target]:
    loads = {row.name for row in ROWS if isinstance(row, Load)}
    booked = [each for each in measurements if each.row in loads]
    if booked:
        needless = sum(each.needless for each in booked)
        yield Target("free times refused (409)", needless, False, 0)
        yield Target("other answers, and requests without one", sum(e.others + e.lost for e in booked), False, 0)


def _listing(measurements: Sequence[Measurement]) -> Iterable[Target]:
    growths = [each.growth_mb for each in measurements if each.growth_mb is not None]
    if growths:
        yield Target("memory that listing takes, in MB, the worst round", max(growths), False, LISTING_GROWTH_MB_MAX)


def _probe(costs: Sequence[Cost]) -> Iterable[Target]:
    if costs:
        small, *_, large = sorted(costs, key=lambda cost: cost.reservations)
        between = f"{large.reservations:,} : {small.reservations:,} reservations"
        yield Target(f"look for conflicts, {between}, 1 claim", large.single_us / small.single_us, False, 1.3)
        yield Target(f"look for conflicts, {between}, a batch", large.batch_us / small.batch_us, False, 1.3)


def _cost(costs: Sequence[Spent]) -> Spent | None:
    """Each part's median, by itself."""
    if not costs:
        return None
    return Spent(*(median(getattr(each, name) for each in costs) for name in Spent.__struct_fields__))


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
