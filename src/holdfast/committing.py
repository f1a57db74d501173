"""The engine's committer as the settings want it, for whichever process needs one."""

from collections.abc import Callable
from datetime import timedelta

from holdfast.clock import Clock
from holdfast.database.connections import Database
from holdfast.engine.claims import Kind
from holdfast.engine.committer import Bounds, Committer
from holdfast.engine.demands import Demands, Rules
from holdfast.engine.settler import Settler
from holdfast.rooms.rules import RoomDemand
from holdfast.settings import Settings
from holdfast.tables.rules import TableDemand

DEMANDS = Demands({Kind.ROOM: RoomDemand(), Kind.TABLE: TableDemand()})
"""The demands of all features, each at its own places."""


def committer(database: Database, settings: Settings, clock: Clock, stop: Callable[[], None]) -> Committer:
    """The committer of a process. `stop` is to end the process."""
    longest = timedelta(days=settings.reservation_days_max)
    rules = Rules(longest, settings.place_holds_max, settings.user_holds_max)
    bounds = Bounds(
        lanes=settings.worker_lanes,
        batch_claims_max=settings.batch_claims_max,
        lane_claims_max=settings.lane_claims_max,
        place_claims_max=settings.place_claims_max,
        claim_seconds_max=settings.claim_seconds_max,
    )
    return Committer(database, bounds, Settler(clock, rules, DEMANDS), stop)
