"""A relay alone, in a process of its own: what `holdfast relay` runs."""

import asyncio
import signal
from collections.abc import Callable

from holdfast import committing, logs
from holdfast.clock import utc_now
from holdfast.database.connections import Database
from holdfast.kinds import KINDS
from holdfast.leading import leader_tasks
from holdfast.outbox.publishing import Publishing, shipped
from holdfast.rooms.conference import provider
from holdfast.settings import Settings


async def run(settings: Settings, url: str, tell: Callable[[str], None]) -> None:
    """Publish the messages of a database whose tables are up to date, until told to stop."""
    logs.configure(settings.log_level)
    stopped = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stopped.set)
    database = Database(url, settings)
    await database.open()
    conference = provider(settings)
    # For the sweeper, and for subscribers that change something: both must do it through the engine's one door.
    committer = committing.committer(database, settings, utc_now, stopped.set)
    tasks = leader_tasks(settings, utc_now, committer, conference, KINDS)
    publishing = Publishing(database, settings, shipped(settings), tasks)
    try:
        async with publishing.relaying():
            where = "the subscribers here" if publishing.stream is None else f"the Redis stream {settings.stream}"
            tell(f"Publishing messages to {where}, whenever no other process does")
            await stopped.wait()
    finally:
        await committer.drain()
        await conference.close()
        await publishing.close()
        await database.close()
