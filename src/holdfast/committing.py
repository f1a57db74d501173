"""The engine's committer as the settings want it, for whichever process needs one."""

from collections.abc import Callable
from datetime import timedelta

from holdfast.clock import Clock
from holdfast.database.connections import Database
from holdfast.engine.committer import Bounds, Committer
from holdfast.engine.demands import Rules
from holdfast.engine.settler import Settler
from holdfast.kinds import KINDS
from holdfast.reservations.kinds import Kinds
from holdfast.settings import Settings


def committer(
    database: Database, settings: Settings, clock: Clock, stop: Callable[[], None], kinds: Kinds = KINDS
) -> Committer:
    """The committer of a process, with what all kinds of places demand. `stop` is to end the process."""
    longest = timedelta(days=settings.reservation_days_max)
    rules = Rules(longest, settings.place_holds_max, settings.user_holds_max)
    bounds = Bounds(
        lanes=settings.worker_lanes,
        batch_claims_max=settings.batch_claims_max,
        lane_claims_max=settings.lane_claims_max,
        place_claims_max=settings.place_claims_max,
        claim_seconds_max=settings.claim_seconds_max,
    )
    return Committer(database, bounds, Settler(clock, rules, kinds.demands), stop)
