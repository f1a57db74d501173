"""Runs the rows of the table round by round, and afterwards looks in SQL whether every promise was kept."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import assert_never

import httpx
import msgspec
from msgspec import Struct

import pgbench
import postgres
import tested
import wrk
from processor import Processors
from slots import Slots
from workloads import Listing, Load, Measurement, Row, Yardstick

WARM_SECONDS = 1
LIST_SECONDS_MIN = 5
"""A list takes so long that a shorter measurement might see none end."""
WARM = Load("warm-up", "Before each round, not measured")


class Booked(Struct, frozen=True):
    """What a load was told it has: `created` answers 201 and, of `unknown` requests, no answer."""

    row: str
    span: int
    created: int
    unknown: int
    held: int = 0

    @property
    def is_kept(self) -> bool:
        """Whether every 201 is in the table, and nothing that nobody asked for."""
        return self.created <= self.held <= self.created + self.unknown


class Promise(Struct, frozen=True):
    """What SQL says afterwards. `loads` are all that booked anything, warm-ups too."""

    overlaps: int
    loads: list[Booked]

    @property
    def is_kept(self) -> bool:
        """Whether nothing overlaps and every 201 is in the table."""
        return self.overlaps == 0 and all(load.is_kept for load in self.loads)


class Campaign:
    """One run on one PostgreSQL. `tell` is given a line for each measurement as it is made."""

    def __init__(self, url: str, seconds: int, tell: Callable[[str], None]) -> None:
        self.url = url
        self.measurements: list[Measurement] = []
        self._seconds = seconds
        self._tell = tell
        self._processors = Processors(url)
        self._slots = Slots()
        self._booked: list[Booked] = []
        self._listed = self._slots.rooms("listed")

    def prepare(self, rows: Sequence[Row]) -> None:
        """Put into the tables what loads find there."""
        postgres.ask(self.url, partial(postgres.take_hours, slots=self._slots))
        for row in rows:
            if isinstance(row, Listing):
                postgres.ask(self.url, partial(postgres.fill_list, room=self._listed, count=row.reservations))

    def run_round(self, number: int, rows: Sequence[Row], begin: Callable[[Row], None]) -> None:
        """Measure each row once. Services start with the round, and end with it."""
        with tested.Services(self.url) as services:
            for row in rows:
                begin(row)
                measurement = self._measure(row, number, services)
                self.measurements.append(measurement)
                self._tell(f"round {number}  {measurement.rate:>10,.0f} /s  {row.title}")

    def look_for_breaches(self) -> Promise:
        """Compare what was answered with what is in the table."""
        held = postgres.ask(self.url, partial(postgres.held_by_span, slots=self._slots))
        loads = [msgspec.structs.replace(load, held=held.get(load.span, 0)) for load in self._booked]
        return Promise(postgres.ask(self.url, postgres.count_overlaps), loads)

    def book(self, load: Load, service: tested.Service, seconds: int) -> wrk.Counted:
        """Run a load in rooms that all loads like it share, and remember what it was told."""
        purpose = "taken" if load.taken_in_ten else "one" if load.rooms == 1 else "many"
        span = self._slots.new_span()
        counted = wrk.book(load, service.url, rooms=self._slots.rooms(purpose), span=span, seconds=seconds)
        # When its time is up, wrk leaves without the answers that are under way.
        unknown = load.connections + counted.lost + counted.others
        self._booked.append(Booked(load.name, span, counted.created, unknown))
        return counted

    def _measure(self, row: Row, number: int, services: tested.Services) -> Measurement:
        match row:
            case Load():
                return self._load(row, number, services)
            case Listing():
                return self._list(row, number)
            case Yardstick():
                postgres.ask(self.url, pgbench.make_tables)
                postgres.ask(self.url, postgres.checkpoint)
                with self._processors.watched() as spent:
                    measurement = pgbench.measure(row, self.url, round_number=number, seconds=self._seconds)
                done = round(measurement.rate * self._seconds)
                return msgspec.structs.replace(measurement, cost=spent.each(done))
            case _:
                assert_never(row)

    def _load(self, load: Load, number: int, services: tested.Services) -> Measurement:
        is_cold = not services.has(load.workers)
        service = services.get(load.workers)
        if is_cold:
            self.book(WARM, service, WARM_SECONDS)
        postgres.ask(self.url, postgres.checkpoint)
        with self._processors.watched(services.all()) as spent:
            counted = self.book(load, service, self._seconds)
        # Of the load with conflicts every answer counts, of the others only what was created.
        done = counted.created + (counted.conflicts if load.taken_in_ten else 0)
        return Measurement(
            load.name, number, done / counted.seconds,
            p50_ms=counted.p50_ms, p99_ms=counted.p99_ms, max_ms=counted.max_ms,
            created=counted.created, conflicts=counted.conflicts, needless=_needless(load, counted),
            others=counted.others, lost=counted.lost, memory_mb=tested.memory_mb(service), cost=spent.each(done),
        )  # fmt: skip

    def _list(self, listing: Listing, number: int) -> Measurement:
        # A service of its own: in one that has worked, memory that was let go of would hide the growth.
        with tested.start(self.url, 1) as service:
            self.book(WARM, service, WARM_SECONDS)
            postgres.ask(self.url, postgres.checkpoint)
            seconds = max(self._seconds, LIST_SECONDS_MIN)
            with tested.watched(service) as growth, self._processors.watched([service]) as spent:
                counted = wrk.list_room(service.url, self._listed, seconds=seconds)
                length = asyncio.run(_length(service.url, self._listed))
        if length != listing.reservations:
            raise RuntimeError(f"the list of {listing.reservations} reservations has {length}")
        return Measurement(
            listing.name, number, counted.answers / counted.seconds,
            p50_ms=counted.p50_ms, p99_ms=counted.p99_ms, max_ms=counted.max_ms,
            others=counted.others, lost=counted.lost, memory_mb=growth.most_mb, growth_mb=growth.mb,
            megabytes_per_second=counted.bytes / counted.seconds / 1e6, cost=spent.each(counted.answers + 1),
        )  # fmt: skip


def _needless(load: Load, counted: wrk.Counted) -> int:
    """How many answers refused a free time."""
    return counted.needless if load.taken_in_ten else counted.conflicts


async def _length(url: str, room: str) -> int:
    """How many reservations a room's list has."""
    async with httpx.AsyncClient(base_url=url, timeout=wrk.ANSWER_SECONDS_MAX) as client:
        answer = await client.get(f"/reservations/{room}")
        answer.raise_for_status()
        return len(msgspec.json.decode(answer.content, type=list[msgspec.Raw]))
