"""How a mistake is described: a change of the product's source."""

from typing import NamedTuple


class Edit(NamedTuple):
    """One piece of source, which must be there exactly once, and what takes its place."""

    module: str
    old: str
    new: str


OCCUPANCY = "holdfast.engine.occupancy"
SETTLEMENT = "holdfast.engine.settlement"
WRITING = "holdfast.engine.writing"
