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

from batches import LONGEST, settle_once
from holdfast.clock import utc_now
from holdfast.database.connections import Database
from holdfast.engine.calendar_settlement import Calendars
from holdfast.engine.claims import (
    Claim,
    Granted,
    Interval,
    Kind,
    Move,
    Place,
    Reason,
    Refused,
    Release,
    Reservation,
    Reserve,
    Verdict,
)  # fmt: skip
from holdfast.engine.committer import Bounds, Committer
from holdfast.settings import load
from rooms import hour, hours

MOMENTS = st.integers(0, 24)
STRETCHES = st.builds(lambda start, length: hours(start, start + length), MOMENTS, st.integers(1, 6))
PLACES = st.integers(0, 2)
WANTED = st.lists(st.tuples(PLACES, STRETCHES), min_size=1, max_size=6)
HELD = "SELECT id, place, start_time, end_time FROM reservations WHERE place = ANY($1) AND cancelled_at IS NULL"


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
        calendars = Calendars(utc_now, LONGEST)
        self.committer = Committer(self.database, bounds, calendars, stop=lambda: pytest.fail("a lane has died"))

    def submit(self, *claims: Claim) -> list[Verdict]:
        """Send claims in at once, as requests do."""

        async def all_at_once() -> list[Verdict]:
            return await asyncio.gather(*map(self.committer.submit, claims))

        return self.run(all_at_once())

    def settle(self, *claims: Claim) -> list[Verdict]:
        """Settle claims in one batch."""

        async def in_one_batch() -> list[Verdict]:
            async with self.database.pool.acquire() as connection:
                return await settle_once(connection, *claims)

        return self.run(in_one_batch())

    def held(self, places: list[Place]) -> dict[UUID, tuple[str, Interval]]:
        """What the database says is held."""
        rows: list[asyncpg.Record] = self.run(self.database.pool.fetch(HELD, [place.key for place in places]))
        return {row["id"]: (row["place"], Interval(row["start_time"], row["end_time"])) for row in rows}


class Booking(RuleBasedStateMachine):
    """What people may do; after each step the answers are those of the model."""

    reservations: "Bundle[Reservation]" = Bundle("reservations")
    engine: Engine

    @initialize()
    def open_places(self) -> None:
        name = str(uuid4())
        self.places = [Place(Kind.ROOM, f"a-{name}"), Place(Kind.ROOM, f"b-{name}"), Place(Kind.TABLE, f"a-{name}")]
        self.model: dict[UUID, tuple[Place, Interval]] = {}
        # So that batches, which lock what is there, find the rows.
        for place in self.places:
            self.engine.submit(Release(uuid4(), place, uuid4()))

    @rule(target=reservations, wanted=WANTED)
    def reserve_at_once(self, wanted: list[tuple[int, Interval]]) -> Any:
        claims = [Reserve(uuid4(), self.places[place], interval) for place, interval in wanted]
        return multiple(*self._check_all(claims, self.engine.submit(*claims)))

    @rule(target=reservations, wanted=WANTED, old=st.lists(consumes(reservations), max_size=3))
    def release_and_reserve_in_one_batch(self, wanted: list[tuple[int, Interval]], old: list[Reservation]) -> Any:
        claims = [Reserve(uuid4(), self.places[place], interval) for place, interval in wanted]
        releases = [Release(uuid4(), each.place, each.id) for each in old]
        verdicts = self.engine.settle(*claims, *releases)
        for each, verdict in zip(old, verdicts[len(claims) :], strict=True):
            # The batch has locked the places of all that it releases, so it finds what moved between them.
            self._check_release(each, verdict, {other.place for other in old})
        return multiple(*self._check_all(claims, verdicts[: len(claims)]))

    @rule(old=reservations)
    def release(self, old: Reservation) -> None:
        [verdict] = self.engine.submit(Release(uuid4(), old.place, old.id))
        self._check_release(old, verdict, {old.place})

    @rule(
        target=reservations,
        old=reservations,
        to=st.none() | PLACES,
        start=st.none() | MOMENTS,
        end=st.none() | MOMENTS,
    )
    def move(self, old: Reservation, to: int | None, start: int | None, end: int | None) -> Any:
        target = None if to is None else self.places[to]
        claim = Move(uuid4(), old.place, old.id, target, _hour(start), _hour(end))
        [verdict] = self.engine.submit(claim)
        place, interval = self.model.get(old.id, (None, None))
        if place != old.place or interval is None:
            assert verdict == Refused(Reason.NOT_FOUND)
            return multiple()
        wanted = Interval(claim.start or interval.start, claim.end or interval.end)
        if wanted.end <= wanted.start:
            assert verdict == Refused(Reason.END_NOT_AFTER_START)
            return multiple()
        return multiple(*self._check(old.id, target or place, wanted, verdict))

    def teardown(self) -> None:
        if hasattr(self, "places"):
            expected = {each: (place.key, interval) for each, (place, interval) in self.model.items()}
            assert self.engine.held(self.places) == expected

    def _check_all(self, claims: list[Reserve], verdicts: list[Verdict]) -> list[Reservation]:
        found = zip(claims, verdicts, strict=True)
        return [
            made for claim, verdict in found for made in self._check(claim.id, claim.place, claim.interval, verdict)
        ]

    def _check(self, claim_id: UUID, place: Place, wanted: Interval, verdict: Verdict) -> list[Reservation]:
        """Compare an answer with the model's, and bring the model up to date."""
        others = [held for each, (other, held) in self.model.items() if other == place and each != claim_id]
        in_the_way = [held for held in others if held.overlaps(wanted)]
        if in_the_way:
            assert isinstance(verdict, Refused)
            assert verdict.reason is Reason.TIME_CONFLICT
            assert verdict.taken in in_the_way
            return []
        assert isinstance(verdict, Granted)
        made = verdict.reservation
        assert (made.id, made.place, made.interval) == (claim_id, place, wanted)
        self.model[claim_id] = (place, wanted)
        return [made]

    def _check_release(self, old: Reservation, verdict: Verdict, looked_at: set[Place]) -> None:
        place, interval = self.model.get(old.id, (None, None))
        if place not in looked_at:
            assert verdict == Refused(Reason.NOT_FOUND)
            return
        assert isinstance(verdict, Granted)
        assert verdict.reservation.interval == interval
        del self.model[old.id]


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
