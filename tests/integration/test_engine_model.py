"""Random work through the real engine on a real PostgreSQL, compared with a model that scans everything it holds.

The test moves the database's time: holds expire when the model says so, and at no other moment.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, rule, run_state_machine_as_test
from msgspec.structs import replace

from batches import RULES, confirm, extend, hold, move, release, reserve, sweep
from holdfast.clock import utc_now
from holdfast.database.connections import Database
from holdfast.engine.claims import (
    Change,
    Granted,
    Interval,
    Place,
    Reason,
    Refused,
    Reservation,
    SeatBooking,
    Seated,
    State,
    Stretch,
    Verdict,
)
from holdfast.engine.committer import Bounds, Committer
from holdfast.engine.settler import Settler
from holdfast.settings import load
from moved_time import move_time
from rooms import OVERLAPS, hour
from seats import GAPS, WRONG_SEATS, book, cancel, make_event

MOMENTS = st.integers(0, 24)
STRETCHES = st.tuples(MOMENTS, st.integers(1, 6)).map(lambda drawn: (drawn[0], drawn[0] + drawn[1]))
PLACES = st.integers(0, 2)
SECONDS = st.none() | st.sampled_from([1_000, 2_000, 4_000])
"""How long a hold lasts: so long that what the machine itself takes does not matter."""
WANTED = st.lists(st.tuples(PLACES, STRETCHES, SECONDS), min_size=1, max_size=5)
PEOPLE = st.sampled_from(["anna", "boris", "vera"])
BOUNDS = Bounds(lanes=4, batch_claims_max=5, lane_claims_max=1_000, place_claims_max=1_000, claim_seconds_max=10.0)
ROWS = "SELECT id, place, start_time, end_time, state FROM reservations WHERE place = ANY($1)"
TAKING = (State.HELD, State.CONFIRMED)


class Engine:
    """The real engine on a database, to be called from a test that is not asynchronous."""

    def __init__(self, url: str, runner: asyncio.Runner) -> None:
        self.run = runner.run
        self.database = Database(url, load({"DATABASE_URL": url, "LANES": "4"}, env_file=None))
        self.run(self.database.open())
        settler = Settler(utc_now, RULES)
        self.committer = Committer(self.database, BOUNDS, settler, stop=lambda: pytest.fail("a lane has died"))

    def submit(self, *changes: Change) -> list[Verdict]:
        """Send changes in at once, as requests do."""

        async def all_at_once() -> list[Verdict]:
            return await asyncio.gather(*map(self.committer.submit, changes))

        return self.run(all_at_once())

    def on_a_connection(self, do: Any, *arguments: Any) -> Any:
        """Do something on a connection of its own."""

        async def doing() -> Any:
            async with self.database.pool.acquire() as connection:
                return await do(connection, *arguments)

        return self.run(doing())


class Office(RuleBasedStateMachine):
    """What people may do; after each step the answers are those of the model."""

    known: "Bundle[UUID]" = Bundle("known")
    bookings: "Bundle[SeatBooking]" = Bundle("bookings")
    engine: Engine

    @initialize(totals=st.lists(st.integers(0, 3), min_size=2, max_size=2))
    def open_places(self, totals: list[int]) -> None:
        name = str(uuid4())
        self.places = [Place("room", f"a-{name}"), Place("room", f"b-{name}"), Place("table", f"a-{name}")]
        self.model: dict[UUID, Reservation] = {}
        """Each as it was told last; whether a hold has expired is asked anew each time."""
        self.events = [self.engine.on_a_connection(make_event, total) for total in totals]
        self.totals = dict(zip(self.events, totals, strict=True))
        self.guests: dict[int, dict[str, int]] = {event: {} for event in self.events}
        self.seconds = 0
        self.engine.on_a_connection(move_time, 0)

    @rule(seconds=st.sampled_from([500, 1_500, 5_000]))
    def let_time_pass(self, seconds: int) -> None:
        self.seconds += seconds
        self.engine.on_a_connection(move_time, self.seconds)

    @rule(target=known, wanted=WANTED)
    def reserve_and_hold(self, wanted: list[tuple[int, tuple[int, int], int | None]]) -> Any:
        changes = [
            reserve(self.places[place], *stretch) if seconds is None else hold(self.places[place], *stretch, seconds)
            for place, stretch, seconds in wanted
        ]
        made = [self._check_taken(*each) for each in zip(changes, self.engine.submit(*changes), strict=True)]
        return multiple(*(each for each in made if each is not None))

    @rule(old=known)
    def release(self, old: UUID) -> None:
        before = self.model[old]
        [verdict] = self.engine.submit(release(before))
        if not self._is_active(before):
            assert verdict == Refused(Reason.NOT_FOUND)
            return
        assert verdict == Granted(before)
        self.model[old] = replace(before, state=State.RELEASED if before.state is State.HELD else State.CANCELLED)

    @rule(old=known)
    def sweep(self, old: UUID) -> None:
        before = self.model[old]
        [verdict] = self.engine.submit(sweep(before))
        is_left = self._is_expired(before) and before.state is State.HELD
        assert verdict == (Granted(before) if is_left else Refused(Reason.NOT_FOUND))
        if is_left:
            self.model[old] = replace(before, state=State.EXPIRED)

    @rule(old=known, reference=st.none() | st.just("cart 7"), revives=st.booleans())
    def confirm(self, old: UUID, reference: str | None, revives: bool) -> None:
        before = self.model[old]
        [verdict] = self.engine.submit(confirm(before, reference, revives=revives))
        done = replace(before, state=State.CONFIRMED, expires_at=None, external_ref=reference)
        if self._is_expired(before):
            if not revives:
                assert verdict == Refused(Reason.HOLD_EXPIRED)
            elif not self._check_conflict(before.place, before.interval, old, verdict):
                self._check_again(replace(done, revived=True), verdict)
        elif before.state is State.HELD:
            self._check_again(done, verdict)
        else:
            self._check_not_held(before, verdict, is_harmless=before.held_at is not None)

    @rule(old=known, seconds=st.sampled_from([500, 3_000, 20_000]))
    def extend(self, old: UUID, seconds: int) -> None:
        before = self.model[old]
        [verdict] = self.engine.submit(extend(before, seconds))
        if self._is_expired(before):
            assert verdict == Refused(Reason.HOLD_EXPIRED)
        elif before.state is not State.HELD:
            self._check_not_held(before, verdict, is_harmless=False)
        else:
            assert isinstance(verdict, Granted)
            ends = verdict.reservation.expires_at
            assert ends is not None
            assert before.held_at is not None
            assert before.expires_at is not None
            asked = min(self._now() + timedelta(seconds=seconds), before.held_at + timedelta(hours=2))
            wanted = max(before.expires_at, asked)
            assert wanted - timedelta(seconds=30) <= ends <= wanted + timedelta(seconds=1)
            assert ends >= before.expires_at
            self._check_again(replace(before, expires_at=ends), verdict)

    @rule(old=known, to=st.none() | PLACES, start=st.none() | MOMENTS, end=st.none() | MOMENTS)
    def move(self, old: UUID, to: int | None, start: int | None, end: int | None) -> None:
        before = self.model[old]
        target = None if to is None else self.places[to]
        [verdict] = self.engine.submit(move(before, target, _hour(start), _hour(end)))
        if self._is_expired(before):
            assert verdict == Refused(Reason.HOLD_EXPIRED)
            return
        if before.state not in TAKING:
            assert verdict == Refused(Reason.NOT_FOUND)
            return
        wanted = Interval(_hour(start) or before.start, _hour(end) or before.end)
        place = target or before.place
        if wanted.end <= wanted.start:
            assert verdict == Refused(Reason.END_NOT_AFTER_START)
        elif not self._check_conflict(place, wanted, old, verdict):
            self._check_again(replace(before, place=place, start=wanted.start, end=wanted.end), verdict)

    @rule(target=bookings, wanted=st.lists(st.tuples(st.integers(0, 1), PEOPLE), min_size=1, max_size=5))
    def book(self, wanted: list[tuple[int, str]]) -> Any:
        made: list[SeatBooking] = []
        changes = [book(self.events[event], person) for event, person in wanted]
        for (event, person), verdict in zip(wanted, self.engine.submit(*changes), strict=True):
            guests = self.guests[self.events[event]]
            if person in guests:
                assert verdict == Refused(Reason.ALREADY_BOOKED)
            elif len(guests) >= self.totals[self.events[event]]:
                assert verdict == Refused(Reason.FULL)
            else:
                assert isinstance(verdict, Seated)
                guests[person] = verdict.booking.id
                made.append(verdict.booking)
        return multiple(*made)

    @rule(old=bookings)
    def cancel(self, old: SeatBooking) -> None:
        [verdict] = self.engine.submit(cancel(old))
        guests = self.guests[int(old.place.id)]
        if guests.get(old.user_id) == old.id:
            assert verdict == Seated(old)
            del guests[old.user_id]
        else:
            assert verdict == Refused(Reason.NOT_FOUND)

    def teardown(self) -> None:
        if hasattr(self, "places"):
            self.engine.on_a_connection(self._look)

    async def _look(self, connection: "asyncpg.Connection") -> None:
        rows = await connection.fetch(ROWS, [place.key for place in self.places])
        there = {row["id"]: (row["place"], row["start_time"], row["end_time"]) for row in rows}
        assert there == {each.id: (each.place.key, each.start, each.end) for each in self.model.values()}
        active = {each.id for each in self.model.values() if self._is_active(each)}
        assert active <= {row["id"] for row in rows if row["state"] in TAKING}
        for statement in (OVERLAPS, WRONG_SEATS, GAPS):
            assert await connection.fetch(statement) == []

    def _now(self) -> datetime:
        return utc_now() + timedelta(seconds=self.seconds)

    def _is_expired(self, each: Reservation) -> bool:
        if each.state is State.HELD:
            assert each.expires_at is not None
            return each.expires_at <= self._now()
        return each.state is State.EXPIRED

    def _is_active(self, each: Reservation) -> bool:
        return each.state in TAKING and not self._is_expired(each)

    def _check_taken(self, change: Change, verdict: Verdict) -> UUID | None:
        takes = change.takes
        assert isinstance(takes, Stretch)
        if self._check_conflict(change.place, takes.interval, takes.id, verdict):
            return None
        assert isinstance(verdict, Granted)
        made = verdict.reservation
        assert (made.id, made.place, made.interval) == (takes.id, change.place, takes.interval)
        assert (made.state is State.HELD) == (takes.hold_seconds is not None)
        self._take(made)
        return made.id

    def _check_conflict(self, place: Place, wanted: Interval, own: UUID, verdict: Verdict) -> bool:
        """Whether something is in the way; then the answer says what."""
        others = [each for each in self.model.values() if each.place == place and each.id != own]
        in_the_way = [each.interval for each in others if self._is_active(each) and each.interval.overlaps(wanted)]
        if in_the_way:
            assert isinstance(verdict, Refused)
            assert verdict.reason is Reason.TIME_CONFLICT
            assert verdict.taken in in_the_way
        return bool(in_the_way)

    def _check_again(self, wanted: Reservation, verdict: Verdict) -> None:
        assert verdict == Granted(wanted)
        self._take(wanted)

    def _check_not_held(self, before: Reservation, verdict: Verdict, *, is_harmless: bool) -> None:
        if before.state is not State.CONFIRMED:
            assert verdict == Refused(Reason.NOT_FOUND)
        else:
            assert verdict == (Granted(before) if is_harmless else Refused(Reason.NOT_HELD))

    def _take(self, made: Reservation) -> None:
        """Note what somebody has now; expired holds in it end with that."""
        self.model[made.id] = made
        for each in list(self.model.values()):
            is_in_it = each.id != made.id and each.place == made.place and each.interval.overlaps(made.interval)
            if is_in_it and each.state is State.HELD:
                self.model[each.id] = replace(each, state=State.EXPIRED)


@pytest.mark.filterwarnings("default")
def test_the_engine_answers_as_a_model_that_scans_everything(fresh_database_url: str) -> None:
    with asyncio.Runner() as runner:
        engine = Engine(fresh_database_url, runner)
        try:
            run_state_machine_as_test(
                type("OfficeHere", (Office,), {"engine": engine}),
                settings=settings(
                    max_examples=80,
                    stateful_step_count=30,
                    deadline=None,
                    # Without shrinking, which takes minutes here: the steps that failed are printed as they were.
                    phases=[Phase.reuse, Phase.generate],
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(engine.database.close())


def _hour(number: int | None) -> datetime | None:
    return None if number is None else hour(number)
