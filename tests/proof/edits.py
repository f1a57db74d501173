"""How a mistake is described: a change of the engine's source."""

from typing import NamedTuple


class Edit(NamedTuple):
    """One piece of source, which must be there exactly once, and what takes its place."""

    module: str
    old: str
    new: str


BATCH = "holdfast.engine.calendar_batch"
TRANSACTION = "holdfast.engine.transaction"
KEYS = "holdfast.engine.keys"
LINK = "holdfast.engine.link"
COMMITTER = "holdfast.engine.committer"
SETTLEMENT = "holdfast.engine.calendar_settlement"
STATEMENTS = "holdfast.engine.statements"
WRITING = "holdfast.engine.writing"
CALENDAR = "holdfast.engine.calendar"
READER = "holdfast.engine.reader"
POOL = "holdfast.engine.pool"
POOL_STATEMENTS = "holdfast.engine.pool_statements"
POOL_SETTLEMENT = "holdfast.engine.pool_settlement"

LOADING = (
    CALENDAR,
    POOL,
    TRANSACTION,
    STATEMENTS,
    KEYS,
    WRITING,
    BATCH,
    SETTLEMENT,
    POOL_STATEMENTS,
    POOL_SETTLEMENT,
    LINK,
    COMMITTER,
    READER,
)
"""The engine's modules in the order in which they import each other."""
