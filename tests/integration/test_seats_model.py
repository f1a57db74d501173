"""Seats on a real PostgreSQL, through several lanes, step by step as in a model that keeps guest lists."""

import asyncio
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, multiple, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from batches import RULES, settle
from holdfast.clock import utc_now
from holdfast.database.connections import Database
from holdfast.engine.claims import Booking, Change, Reason, Refused, Seated, Verdict
from holdfast.engine.committer import Bounds, Committer
from holdfast.engine.settler import Settler
from holdfast.settings import load
from seats import GAPS, WRONG_SEATS, book, cancel, make_event

PEOPLE = st.sampled_from(["anna", "boris", "vera", "grigori", "daria"])
WANTED = st.lists(st.tuples(st.integers(0, 3), PEOPLE), min_size=1, max_size=8)


class Engine:
    """A committer for seats, in an event loop of its own."""

    def __init__(self, url: str, runner: asyncio.Runner) -> None:
        self.run = runner.run
        self.database = Database(url, load({"DATABASE_URL": url, "LANES": "4"}, env_file=None))
        self.run(self.database.open())
        bounds = Bounds(
            lanes=4, batch_claims_max=5, lane_claims_max=1_000, place_claims_max=1_000, claim_seconds_max=10.0
        )
        stop = lambda: pytest.fail("a lane has died")  # noqa: E731
        self.committer = Committer(self.database, bounds, Settler(utc_now, RULES), stop)

    def submit(self, *claims: Change) -> list[Verdict]:
        """Send claims in at once, as requests do."""

        async def all_at_once() -> list[Verdict]:
            return await asyncio.gather(*map(self.committer.submit, claims))

        return self.run(all_at_once())

    def on_a_connection(self, do: Any, *arguments: Any) -> Any:
        """Do something on a connection of its own."""

        async def doing() -> Any:
            async with self.database.pool.acquire() as connection:
                return await do(connection, *arguments)

        return self.run(doing())


class Selling(RuleBasedStateMachine):
    """What people may do; after each step the answers are those of the model."""

    bookings: "Bundle[Booking]" = Bundle("bookings")
    engine: Engine

    @initialize(totals=st.lists(st.integers(0, 3), min_size=3, max_size=3))
    def open_events(self, totals: list[int]) -> None:
        self.events = [self.engine.on_a_connection(make_event, total) for total in totals]
        self.totals = dict(zip(self.events, totals, strict=True))
        self.guests: dict[int, dict[str, int]] = {event: {} for event in self.events}
        # The last one is an event that nobody made.
        self.events.append(9_000_000_002)

    @rule(target=bookings, wanted=WANTED)
    def book_at_once(self, wanted: list[tuple[int, str]]) -> Any:
        claims = [book(self.events[event], person) for event, person in wanted]
        return multiple(*self._check(wanted, self.engine.submit(*claims)))

    @rule(target=bookings, wanted=WANTED, old=st.lists(consumes(bookings), max_size=3))
    def cancel_and_book_in_one_batch(self, wanted: list[tuple[int, str]], old: list[Booking]) -> Any:
        claims = [book(self.events[event], person) for event, person in wanted]
        verdicts = self.engine.on_a_connection(settle, *claims, *map(cancel, old))
        for each, verdict in zip(old, verdicts[len(claims) :], strict=True):
            self._check_cancel(each, verdict)
        return multiple(*self._check(wanted, verdicts[: len(claims)]))

    @rule(old=bookings)
    def cancel(self, old: Booking) -> None:
        [verdict] = self.engine.submit(cancel(old))
        self._check_cancel(old, verdict)

    @rule(event=st.integers(0, 2), total=st.integers(0, 4))
    def give_it_other_seats_by_hand(self, event: int, total: int) -> None:
        event_id = self.events[event]
        if total >= len(self.guests[event_id]):
            statement = "UPDATE events SET total_seats = $2 WHERE id = $1"
            self.engine.run(self.engine.database.pool.execute(statement, event_id, total))
            self.totals[event_id] = total

    def _check(self, wanted: list[tuple[int, str]], verdicts: list[Verdict]) -> Iterator[Booking]:
        for (event, person), verdict in zip(wanted, verdicts, strict=True):
            event_id = self.events[event]
            if event_id not in self.guests:
                assert verdict == Refused(Reason.NOT_FOUND)
            elif person in self.guests[event_id]:
                assert verdict == Refused(Reason.ALREADY_BOOKED)
            elif len(self.guests[event_id]) >= self.totals[event_id]:
                assert verdict == Refused(Reason.FULL)
            else:
                assert isinstance(verdict, Seated)
                assert (verdict.booking.place.id, verdict.booking.user_id) == (str(event_id), person)
                self.guests[event_id][person] = verdict.booking.id
                yield verdict.booking

    def _check_cancel(self, old: Booking, verdict: Verdict) -> None:
        guests = self.guests[int(old.place.id)]
        if guests.get(old.user_id) == old.id:
            assert verdict == Seated(old)
            del guests[old.user_id]
        else:
            assert verdict == Refused(Reason.NOT_FOUND)

    def teardown(self) -> None:
        async def look(connection: "asyncpg.Connection") -> None:
            assert await connection.fetch(WRONG_SEATS) == []
            assert await connection.fetch(GAPS) == []
            for event_id, guests in self.guests.items():
                rows = await connection.fetch("SELECT user_id, id FROM bookings WHERE event_id = $1", event_id)
                assert dict(map(tuple, rows)) == guests

        if hasattr(self, "guests"):
            self.engine.on_a_connection(look)


def test_seats_are_sold_as_in_the_model(fresh_database_url: str) -> None:
    with asyncio.Runner() as runner:
        engine = Engine(fresh_database_url, runner)
        machine = type("Machine", (Selling,), {"engine": engine})
        checks = settings(
            max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        )
        run_machine(machine, settings=checks)
        engine.run(engine.database.close())
