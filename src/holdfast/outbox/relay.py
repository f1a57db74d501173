"""The relay: publishes what the outbox has. Any number may run; the one that has the lease works, the others wait.

Nothing is published that was not committed, and all that was; at least once, a place's messages in order. Whoever
stalls and wakes up when another has the lease can do no harm: without the lease it can give no position, and to the
stream it can append only what comes next there.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from secrets import token_hex

import structlog
from redis.exceptions import RedisError

from holdfast.database.connections import AWAY
from holdfast.errors import Unavailable
from holdfast.outbox.consumer import Consumer
from holdfast.outbox.journal import NUMBERED_AT_ONCE, REMOVED_AT_ONCE, Journal, LeadershipLost, Lease
from holdfast.outbox.sinks import Sink

TRY_SECONDS = 0.5
"""How often one that waits tries to take the lease. With the lease's length: takes over in less than four seconds."""
RENEW_SECONDS = 0.5
REMOVE_SECONDS = 5.0
BUSY_SECONDS = 0.03
"""How often the outbox is looked at while messages come: what comes meanwhile is numbered together."""
IDLE_SECONDS = 0.12
"""How often it is looked at for messages of other processes while none come. Those of this one wake the relay."""
PROBE_SECONDS = 1.0
"""How often an idle relay looks whether the stream is still what it was."""
PAUSE_SECONDS = 0.5
FAREWELL_SECONDS = 1.0
logger = structlog.stdlib.get_logger("holdfast.outbox")


def process_name() -> str:
    """A name for this process that no other has."""
    return f"{socket.gethostname()}-{os.getpid()}-{token_hex(4)}"


class LeaderTask:
    """Works beside the relay, wherever the lease is; what it does with the journal, if anything, is for it to say."""

    def begin(self) -> None:
        """Hear that the lease was taken: what was known of the journal may be old."""

    async def run(self, lease: Lease) -> None:
        """Work for ever. Raises `LeadershipLost`."""
        raise NotImplementedError

    def needs_after(self) -> int | None:
        """The position after which it still needs every message; `None` when it needs none."""
        return None

    async def close(self) -> None:
        """Let go of what it has, as the process ends."""


class Relay:
    """One of them. Made once in each process that may relay; `consumer` and `tasks` run where the lease is."""

    def __init__(
        self,
        journal: Journal,
        sink: Sink,
        name: str,
        consumer: Consumer | None = None,
        *,
        tasks: Sequence[LeaderTask] = (),
    ) -> None:
        self._journal = journal
        self._sink = sink
        self._name = name
        self._consumer = consumer
        self._tasks = tasks
        self._links = Connectivity()

    async def run(self) -> None:
        """Wait for the lease, work until it is lost, and again. Cancelled, it gives the lease up."""
        while True:
            try:
                lease = await self._journal.take(self._name)
                self._links.found_database()
                if lease is not None:
                    await self._work(lease)
            except (Unavailable, *AWAY) as error:
                self._links.lost_database(error)
            except Exception:
                logger.exception("the relay begins anew")
            await asyncio.sleep(TRY_SECONDS)

    async def _work(self, lease: Lease) -> None:
        logger.info("this process publishes messages now", fence=lease.fence)
        term = Term(lease, self._sink, self._links, self._journal.written, self._tasks)
        try:
            async with asyncio.TaskGroup() as tasks:
                for step in (term.number, term.deliver, term.renew, term.remove):
                    tasks.create_task(term.keep_at(step))
                if self._consumer is not None:
                    tasks.create_task(self._consumer.run())
                for each in self._tasks:
                    tasks.create_task(each.run(lease))
        except* LeadershipLost:
            logger.warning("another process publishes messages now", fence=lease.fence)
        finally:
            with suppress(TimeoutError, Unavailable, *AWAY):
                async with asyncio.timeout(FAREWELL_SECONDS):
                    await lease.let_go(term.delivered)


class Term:
    """One relay's time with the lease: four steps, each done again and again, in tasks of their own.

    A step answers how many seconds to wait before the next time.
    """

    def __init__(
        self,
        lease: Lease,
        sink: Sink,
        links: "Connectivity",
        written: asyncio.Event,
        tasks: Sequence[LeaderTask] = (),
    ) -> None:
        self.delivered = lease.delivered
        self._tasks = tasks
        for each in tasks:
            each.begin()
        self._lease = lease
        self._sink = sink
        self._links = links
        self._written = written
        self._news = asyncio.Event()

    async def keep_at(self, step: Callable[[], Awaitable[float]]) -> None:
        """Do a step for ever, also when the database or Redis is away for a while. Raises `LeadershipLost`."""
        while True:
            try:
                pause = await step()
            except RedisError as error:
                self._links.lost_redis(error)
                pause = PAUSE_SECONDS
            except (Unavailable, *AWAY) as error:
                self._links.lost_database(error)
                pause = PAUSE_SECONDS
            await asyncio.sleep(pause)

    async def number(self) -> float:
        """Give positions to messages that wait."""
        self._written.clear()
        count = await self._lease.number()
        if count:
            self._news.set()
            return 0 if count == NUMBERED_AT_ONCE else BUSY_SECONDS
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE_SECONDS):
                await self._written.wait()
        return 0

    async def deliver(self) -> float:
        """Deliver what has a position."""
        self._news.clear()
        before = self.delivered
        self.delivered = await self._sink.deliver(self._lease, before)
        self._links.found_redis()
        if self.delivered == before:
            with suppress(TimeoutError):
                async with asyncio.timeout(PROBE_SECONDS):
                    await self._news.wait()
        return 0

    async def renew(self) -> float:
        """Keep the lease."""
        await self._lease.renew(self.delivered, stuck=self._links.is_stuck)
        self._links.found_database()
        return RENEW_SECONDS

    async def remove(self) -> float:
        """Delete what has been kept long enough."""
        needed = [position for each in self._tasks if (position := each.needs_after()) is not None]
        before = min([self.delivered, *needed])
        return 0 if await self._lease.remove(before) == REMOVED_AT_ONCE else REMOVE_SECONDS


class Connectivity:
    """Whether the database and Redis answer; each change is one line in the log."""

    def __init__(self) -> None:
        self.is_stuck = False
        self._is_cut_off = False

    def lost_redis(self, error: Exception) -> None:
        """Redis does not answer, or refuses."""
        if not self.is_stuck:
            logger.warning("Redis is away: messages wait in the outbox", error=error)
        self.is_stuck = True

    def found_redis(self) -> None:
        """Something was delivered, or could have been."""
        if self.is_stuck:
            logger.warning("Redis is back: messages are published again")
        self.is_stuck = False

    def lost_database(self, error: Exception) -> None:
        """The database does not answer, or refuses."""
        if not self._is_cut_off:
            logger.warning("the database is away: no messages are published", error=error)
        self._is_cut_off = True

    def found_database(self) -> None:
        """The database answers."""
        if self._is_cut_off:
            logger.warning("the database is back: messages are published again")
        self._is_cut_off = False
