"""Events: seats on one and on many, a sale of few seats to many, what is left, and what a look costs."""

import random
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from uuid import uuid4

import asyncpg
import msgspec
from msgspec import Struct

import postgres
import tested
import wrk
from holdfast.engine import looks
from probe import BATCH, STATEMENTS, TURNS, Cost
from targets import Target
from workloads import CONNECTIONS

EVENTS = 1_000
SALE_CONNECTIONS, SALE_SEATS, SALE_PEOPLE = 500, 100, 10_000
SMALL, LARGE = 10, 1_000_000
MAKE = "INSERT INTO events (name, total_seats) SELECT 'bench', $1 FROM generate_series(1, $2) RETURNING id"
FILL = "INSERT INTO bookings (event_id, user_id) SELECT $1, 'filled-' || n FROM generate_series(1, $2::int) n"
COUNT = "UPDATE events SET booked_seats = $2 WHERE id = $1"
WRONG = """
SELECT count(*) FROM events e LEFT JOIN (SELECT event_id, count(*) AS n FROM bookings GROUP BY 1) b ON b.event_id = e.id
WHERE coalesce(b.n, 0) <> e.booked_seats OR e.booked_seats > e.total_seats
"""
HELD = "SELECT count(*) FROM bookings WHERE event_id = ANY($1::bigint[])"


class Concerts(Struct, frozen=True):
    """What the run came to. Rates are per second; `sales` are the seconds that 10,000 people were answered in."""

    rounds: int
    one: list[float]
    many: list[float]
    sales: list[float]
    sales_p99_ms: list[float]
    sold: list[int]
    looks: list[float]
    costs: list[Cost]
    wrong_events: int
    acknowledged: int
    held: int
    targets: list[Target]


def run(rounds: int, seconds: int, tell: Callable[[str], None]) -> Concerts:
    """Measure on a PostgreSQL and a service of its own, with one worker and without a rate limit."""
    with postgres.running() as url, tested.start(url, 1) as service:
        found = Found(url, service.url, seconds)
        for number in range(1, rounds + 1):
            found.round()
            tell(
                f"round {number}  {found.one[-1]:,.0f} seats/s on one event, {found.many[-1]:,.0f} on {EVENTS:,}; "
                f"{SALE_PEOPLE:,} people for {SALE_SEATS} seats in {found.sales[-1]:.2f} s; "
                f"{found.looks[-1]:,.0f} looks/s"
            )
        costs = postgres.ask(url, _costs)
        wrong = postgres.ask(url, lambda connection: connection.fetchval(WRONG))
        held = postgres.ask(url, lambda connection: connection.fetchval(HELD, found.events))
        return _judged(
            Concerts(
                rounds, found.one, found.many, found.sales, found.sales_p99_ms, found.sold, found.looks, costs,
                wrong, found.acknowledged, held, [],
            )
        )  # fmt: skip


def write(done: Concerts, directory: Path) -> Path:
    """Write `concerts.json`; answers where."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "concerts.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(done), indent=2) + b"\n")
    return path


class Found:
    """The measurements, round by round."""

    def __init__(self, url: str, address: str, seconds: int) -> None:
        self._url = url
        self._address = address
        self._seconds = seconds
        self.events: list[int] = []
        self.acknowledged = 0
        self.one: list[float] = []
        self.many: list[float] = []
        self.sales: list[float] = []
        self.sales_p99_ms: list[float] = []
        self.sold: list[int] = []
        self.looks: list[float] = []

    def round(self) -> None:
        """Measure everything once."""
        self._sell(self._make(1), 1, CONNECTIONS, 1)
        one = self._make(1)
        self.one.append(_rate(self._sell(one, 1, CONNECTIONS, self._seconds)))
        self.many.append(_rate(self._sell(self._make(EVENTS), EVENTS, CONNECTIONS, self._seconds)))
        sale = self._sell(self._make(1, SALE_SEATS), 1, SALE_CONNECTIONS, max(2, self._seconds))
        self.sales.append(SALE_PEOPLE / sale.answers * sale.seconds)
        self.sales_p99_ms.append(sale.p99_ms)
        self.sold.append(sale.created)
        looked = wrk.run("look.lua", self._address, (one,), connections=CONNECTIONS, seconds=self._seconds)
        self.looks.append(looked.answers / looked.seconds)

    def _make(self, number: int, seats: int = 10_000_000) -> int:
        async def make(connection: "asyncpg.Connection") -> list[int]:
            made = [row["id"] for row in await connection.fetch(MAKE, seats, number)]
            await connection.execute("CHECKPOINT")
            return made

        made = postgres.ask(self._url, make)
        self.events += made
        return made[0]

    def _sell(self, first: int, events: int, connections: int, seconds: int) -> wrk.Counted:
        arguments = (first, events, uuid4().hex[:8])
        counted = wrk.run("seats.lua", self._address, arguments, connections=connections, seconds=seconds)
        if counted.others or counted.lost:
            raise RuntimeError(f"{counted.others} other answers, {counted.lost} requests without one")
        self.acknowledged += counted.created
        return counted


async def _costs(connection: "asyncpg.Connection") -> list[Cost]:
    """What a look takes at an event of ten booked seats and at one of a million, in turns."""
    events = {count: await connection.fetchval(MAKE, LARGE * 2, 1) for count in (SMALL, LARGE)}
    for count, event_id in events.items():
        await connection.execute(FILL, event_id, count)
        await connection.execute(COUNT, event_id, count)
    await connection.execute("ANALYZE bookings, events")
    await postgres.checkpoint(connection)
    taken: dict[int, dict[int, list[float]]] = {count: {1: [], BATCH: []} for count in events}
    order = random.Random(1)
    for _ in range(TURNS):
        for count, event_id in events.items():
            for batch, times in taken[count].items():
                for _ in range(STATEMENTS):
                    wanted = [looks.SeatLookRow(event_id, f"filled-{order.randrange(2 * count)}") for _ in range(batch)]
                    before = perf_counter()
                    await looks.look_seats(connection, wanted)
                    times.append((perf_counter() - before) * 1e6)
    return [Cost(count, median(times[1]), median(times[BATCH])) for count, times in taken.items()]


def _rate(counted: wrk.Counted) -> float:
    return counted.created / counted.seconds


def _judged(done: Concerts) -> Concerts:
    small, large = done.costs
    between = f"{LARGE:,} : {SMALL} seats booked"
    people = f"{SALE_PEOPLE:,} people, {SALE_CONNECTIONS} at once, for {SALE_SEATS} seats"
    # When its time is up, wrk leaves without the answers that are under way.
    unheard = done.held - done.acknowledged
    under_way = done.rounds * (3 * CONNECTIONS + SALE_CONNECTIONS)
    wishes = [
        Target(f"seats a second on one event, {CONNECTIONS} connections", median(done.one), True, 8_000),
        Target(f"one event : {EVENTS:,} events", median(done.one) / median(done.many), True, 0.85),
        Target(f"{people}: seconds", median(done.sales), False, 2.0),
        Target(f"{people}: p99 in ms", median(done.sales_p99_ms), False, 1_000.0),
        Target(f"{people}: seats sold, the most", max(done.sold), False, SALE_SEATS),
        Target(f"{people}: seats sold, the fewest", min(done.sold), True, SALE_SEATS),
        Target(f"GET /api/events/{{id}} a second, {CONNECTIONS} connections", median(done.looks), True, 15_000),
        Target(f"look, {between}, 1 claim", large.single_us / small.single_us, False, 1.2),
        Target(f"look, {between}, a batch", large.batch_us / small.batch_us, False, 1.2),
        Target("events whose count is wrong, or that have more bookings than seats", done.wrong_events, False, 0),
        Target("bookings that were acknowledged and are not there", max(0, -unheard), False, 0),
        Target("bookings that nobody asked for", max(0, unheard - under_way), False, 0),
    ]
    return msgspec.structs.replace(done, targets=wishes)
