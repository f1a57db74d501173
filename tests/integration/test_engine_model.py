"""Random work through the real engine on a real PostgreSQL, compared with a model that scans everything it holds."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)
from msgspec import Struct

from batches import RULES, confirm, extend, move, release, settle_once, sweep, take
from holdfast.clock import utc_now
from holdfast.database.connections import Database
from holdfast.engine.claims import (
    Change,
    Granted,
    Interval,
    Kind,
    Place,
    Reason,
    Refused,
    Reservation,
    State,
    Stretch,
    Verdict,
)  # fmt: skip
from holdfast.engine.committer import Bounds, Committer
from holdfast.engine.settler import Settler
from holdfast.settings import load
from moved_time import move_time
from rooms import hour, hours

MOMENTS = st.integers(0, 24)
STRETCHES = st.builds(lambda start, length: hours(start, start + length), MOMENTS, st.integers(1, 6))
PLACES = st.integers(0, 2)
WANTED = st.lists(st.tuples(PLACES, STRETCHES, st.none() | st.sampled_from([60, 300, 900])), min_size=1, max_size=6)
HELD = """
SELECT id, place, start_time, end_time, state FROM reservations
WHERE place = ANY($1) AND cancelled_at IS NULL AND (expires_at IS NULL OR expires_at > engine_now())
"""
OVERLAPS = """
SELECT a.id FROM reservations a JOIN reservations b ON a.place = b.place AND a.id < b.id
WHERE a.cancelled_at IS NULL AND b.cancelled_at IS NULL AND a.start_time < b.end_time AND b.start_time < a.end_time
"""


class Engine:
    """The real engine on a database, to be called from a test that is not asynchronous."""

    def __init__(self, url: str, runner: asyncio.Runner) -> None:
        configured = load({"DATABASE_URL": url, "LANES": "4"}, env_file=None)
        self.run = runner.run
        self.database = Database(url, configured)
        self.run(self.database.open())
        bounds = Bounds(
            lanes=4,
            batch_claims_max=5,
            lane_claims_max=1_000,
            place_claims_max=1_000,
            claim_seconds_max=10.0,
        )
        settler = Settler(utc_now, RULES)
        self.committer = Committer(self.database, bounds, settler, stop=lambda: pytest.fail("a lane has died"))

    def submit(self, *changes: Change) -> list[Verdict]:
        """Send claims in at once, as requests do."""

        async def all_at_once() -> list[Verdict]:
            return await asyncio.gather(*map(self.committer.submit, changes))

        return self.run(all_at_once())

    def settle(self, *changes: Change) -> list[Verdict]:
        """Settle claims in one batch."""

        async def in_one_batch() -> list[Verdict]:
            async with self.database.pool.acquire() as connection:
                return await settle_once(connection, *changes)

        return self.run(in_one_batch())

    def held(self, places: list[Place]) -> dict[UUID, tuple[str, Interval, str]]:
        """What the database says is active."""
        rows: list[asyncpg.Record] = self.run(self.database.pool.fetch(HELD, [place.key for place in places]))
        return {row["id"]: (row["place"], Interval(row["start_time"], row["end_time"]), row["state"]) for row in rows}

    def move_time(self, seconds: int) -> None:
        """Have the database say that it is so much later than it is."""

        async def moving() -> None:
            async with self.database.pool.acquire() as connection:
                await move_time(connection, seconds)

        self.run(moving())

    def overlapping(self) -> list[asyncpg.Record]:
        """Rows that take a place together, expired ones included."""
        return self.run(self.database.pool.fetch(OVERLAPS))


class Known(Struct):
    """What the model knows of a reservation. `until` is when a hold ends, in seconds of the model's time."""

    place: Place
    interval: Interval
    until: int | None = None
    began: int | None = None
    has_ended: bool = False


class Booking(RuleBasedStateMachine):
    """What people may do; after each step the answers are those of the model.

    Time is moved by far more than a test takes, so that what has expired and what has not is never a matter of moments.
    """

    reservations: "Bundle[Reservation]" = Bundle("reservations")
    engine: Engine

    @initialize()
    def open_places(self) -> None:
        name = str(uuid4())
        self.places = [Place(Kind.ROOM, f"a-{name}"), Place(Kind.ROOM, f"b-{name}"), Place(Kind.TABLE, f"a-{name}")]
        self.model: dict[UUID, Known] = {}
        self.now = 0
        self.engine.move_time(0)
        # So that batches, which lock what is there, find the rows.
        for place in self.places:
            self.engine.submit(Change(uuid4(), place, uuid4()))

    @rule(target=reservations, wanted=WANTED)
    def take_at_once(self, wanted: list[tuple[int, Interval, int | None]]) -> Any:
        changes = [take(self.places[place], interval, hold) for place, interval, hold in wanted]
        return multiple(*self._check_all(changes, self.engine.submit(*changes)))

    @rule(target=reservations, wanted=WANTED, old=st.lists(consumes(reservations), max_size=3))
    def release_and_take_in_one_batch(
        self, wanted: list[tuple[int, Interval, int | None]], old: list[Reservation]
    ) -> Any:
        changes = [take(self.places[place], interval, hold) for place, interval, hold in wanted]
        verdicts = self.engine.settle(*changes, *map(release, old))
        for each, verdict in zip(old, verdicts[len(changes) :], strict=True):
            self._check_release(each, verdict)
        return multiple(*self._check_all(changes, verdicts[: len(changes)]))

    @rule(old=reservations)
    def release(self, old: Reservation) -> None:
        [verdict] = self.engine.submit(release(old))
        self._check_release(old, verdict)

    @rule(seconds=st.sampled_from([100, 400, 1_000]))
    def wait(self, seconds: int) -> None:
        self.now += seconds
        self.engine.move_time(self.now)

    @rule(old=reservations)
    def sweep(self, old: Reservation) -> None:
        [verdict] = self.engine.submit(sweep(old))
        known = self.model[old.id]
        is_swept = known.place == old.place and not known.has_ended and self._has_expired(known)
        assert isinstance(verdict, Granted) == is_swept

    @rule(old=reservations, revives=st.booleans())
    def confirm(self, old: Reservation, revives: bool) -> None:
        [verdict] = self.engine.submit(confirm(old, revives=revives))
        known = self._there(old)
        if known is None:
            assert verdict == Refused(Reason.NOT_FOUND)
        elif known.began is None:
            assert verdict == Refused(Reason.NOT_HELD)
        elif not self._has_expired(known):
            assert isinstance(verdict, Granted)
            known.until = None
        elif not revives:
            assert verdict == Refused(Reason.HOLD_EXPIRED)
        elif self._check(old.id, known.place, known.interval, verdict):
            known.until = None

    @rule(old=reservations, seconds=st.sampled_from([50, 500]))
    def extend(self, old: Reservation, seconds: int) -> None:
        [verdict] = self.engine.submit(extend(old, seconds))
        known = self._there(old)
        if known is None:
            assert verdict == Refused(Reason.NOT_FOUND)
        elif known.until is None:
            assert verdict == Refused(Reason.NOT_HELD)
        elif self._has_expired(known):
            assert verdict == Refused(Reason.HOLD_EXPIRED)
        else:
            assert isinstance(verdict, Granted)
            assert known.began is not None
            known.until = max(known.until, min(self.now + seconds, known.began + 7_200))

    @rule(
        old=reservations,
        to=st.none() | PLACES,
        start=st.none() | MOMENTS,
        end=st.none() | MOMENTS,
    )
    def move(self, old: Reservation, to: int | None, start: int | None, end: int | None) -> None:
        target = None if to is None else self.places[to]
        [verdict] = self.engine.submit(move(old, target, _hour(start), _hour(end)))
        known = self._there(old)
        if known is None:
            assert verdict == Refused(Reason.NOT_FOUND)
            return
        if self._has_expired(known):
            assert verdict == Refused(Reason.HOLD_EXPIRED)
            return
        wanted = Interval(_hour(start) or known.interval.start, _hour(end) or known.interval.end)
        if wanted.end <= wanted.start:
            assert verdict == Refused(Reason.END_NOT_AFTER_START)
        elif self._check(old.id, target or known.place, wanted, verdict):
            known.place, known.interval = target or known.place, wanted

    def teardown(self) -> None:
        if hasattr(self, "places"):
            expected = {
                each: (known.place.key, known.interval, State.CONFIRMED if known.until is None else State.HELD)
                for each, known in self.model.items()
                if self._is_active(known)
            }
            assert self.engine.held(self.places) == expected
            assert self.engine.overlapping() == []

    def _has_expired(self, known: Known) -> bool:
        return known.until is not None and known.until <= self.now

    def _is_active(self, known: Known) -> bool:
        return not known.has_ended and not self._has_expired(known)

    def _there(self, old: Reservation) -> Known | None:
        """What is known of a reservation, if it is where it was seen and did not end but by expiring."""
        known = self.model[old.id]
        return None if known.has_ended or known.place != old.place else known

    def _check_all(self, changes: list[Change], verdicts: list[Verdict]) -> list[Reservation]:
        made: list[Reservation] = []
        for change, verdict in zip(changes, verdicts, strict=True):
            assert isinstance(change.takes, Stretch)
            granted = self._check(change.id, change.place, change.takes.interval, verdict)
            if granted is not None:
                seconds = change.takes.hold_seconds
                held = (None, None) if seconds is None else (self.now + seconds, self.now)
                self.model[change.id] = Known(change.place, change.takes.interval, *held)
                made.append(granted)
        return made

    def _check(self, reservation_id: UUID, place: Place, wanted: Interval, verdict: Verdict) -> Reservation | None:
        """Compare an answer with the model's; what was granted."""
        in_the_way = [
            known.interval
            for each, known in self.model.items()
            if each != reservation_id
            and known.place == place
            and self._is_active(known)
            and known.interval.overlaps(wanted)
        ]
        if in_the_way:
            assert isinstance(verdict, Refused)
            assert verdict.reason is Reason.TIME_CONFLICT
            assert verdict.taken in in_the_way
            return None
        assert isinstance(verdict, Granted)
        made = verdict.reservation
        assert (made.id, made.place, made.interval) == (reservation_id, place, wanted)
        return made

    def _check_release(self, old: Reservation, verdict: Verdict) -> None:
        known = self._there(old)
        if known is None or self._has_expired(known):
            assert verdict == Refused(Reason.NOT_FOUND)
            return
        assert isinstance(verdict, Granted)
        assert verdict.reservation.interval == known.interval
        known.has_ended = True


@pytest.mark.filterwarnings("default")
def test_the_engine_answers_as_a_model_that_scans_everything(fresh_database_url: str) -> None:
    with asyncio.Runner() as runner:
        engine = Engine(fresh_database_url, runner)
        try:
            run_state_machine_as_test(
                type("BookingHere", (Booking,), {"engine": engine}),
                settings=settings(
                    max_examples=100,
                    stateful_step_count=25,
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
