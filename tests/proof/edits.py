"""How a mistake in a copy of the service is described: a change of its source."""

from typing import NamedTuple


class Edit(NamedTuple):
    """One piece of source, which must be there exactly once, and what takes its place."""

    module: str
    old: str
    new: str


OCCUPANCY = "holdfast.engine.occupancy"
SETTLEMENT = "holdfast.engine.settlement"
SETTLER = "holdfast.engine.settler"
WRITING = "holdfast.engine.writing"
