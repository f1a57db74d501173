"""Open files: how many this process may have, and how they are shared out, so that some are always left for bookings.

A process that has none left cannot accept a connection, nor make one to the database; the server under us then resets
new connections without a word. So connections are bounded below the limit, and listeners below connections.
"""

import resource
from typing import NamedTuple

import structlog

from holdfast.settings import Settings

OPEN_FILES_MAX = 1_048_576
"""More than that is never asked for: some programs walk through all that they may have."""
OWN = 80
"""Files, pipes, the log, the sockets of webhooks and of Redis."""
POOLS = 3
"""Times `DATABASE_CONNECTIONS`: the connections of all pools together are fewer."""
LISTENERS_SHARE = 0.75
"""Of the connections; the others are for requests that end."""
logger = structlog.stdlib.get_logger("holdfast")


class Budget(NamedTuple):
    """The connections of clients that one worker takes, and how many of them may listen to live updates."""

    connections: int
    listeners: int


def budget(settings: Settings) -> Budget:
    """The shares of a worker, by its limit of open files. At least half of it goes to clients."""
    limit = _limit()
    connections = limit - min(limit // 2, OWN + POOLS * settings.database_connections)
    return Budget(connections, min(settings.listeners_max, int(connections * LISTENERS_SHARE)))


def prepare(settings: Settings) -> None:
    """Raise the soft limit to the hard one, for the workers too; says when it is too low for `LISTENERS_MAX`."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES_MAX if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES_MAX)
    if _limit() < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    shares = budget(settings)
    if shares.listeners < settings.listeners_max:
        logger.warning(
            "the limit of open files is low: each worker takes fewer listeners than LISTENERS_MAX",
            open_files=_limit(),
            connections=shares.connections,
            listeners=shares.listeners,
        )


def _limit() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return OPEN_FILES_MAX if soft == resource.RLIM_INFINITY else min(soft, OPEN_FILES_MAX)
