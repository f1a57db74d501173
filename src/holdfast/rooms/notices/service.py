"""Notices: the conference service hears of bookings that were cancelled or moved, through whichever call.

They are made of the journal's messages, by the process that has the relay's lease. A notice tells the booking's state
of now, so it may be sent twice; and the journal keeps a message until its notice was taken. So nothing of it is kept
elsewhere: who gets the lease next reads the journal from its beginning, and sends again what is there.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

import structlog
from msgspec import Struct

from holdfast.database.connections import AWAY, Database
from holdfast.outbox.journal import Journal, Lease
from holdfast.outbox.relay import LeaderTask
from holdfast.rooms.conference import ConferenceError, ConferenceProvider, Declined
from holdfast.rooms.notices import queries
from holdfast.rooms.notices.queries import Linked

AT_ONCE = 8
LOOK_SECONDS = 0.3
STRETCH = 5_000_000
"""Microseconds of the journal that are read at once: a look costs little however much the journal holds."""
PAUSE_SECONDS, PAUSE_SECONDS_MAX = 1.0, 60.0
GIVE_UP_SECONDS = 3600.0
"""So long a notice is tried, and so long the journal is kept for it."""
logger = structlog.stdlib.get_logger("holdfast.rooms")


class PendingNotice(Struct):
    """A notice on its way: the position of its first message, since when it is tried, how often, when again."""

    position: int
    since: float
    due: float
    attempts: int = 0
    is_under_way: bool = False
    is_old: bool = False
    """Whether there was another message after the attempt had begun."""


class Notices(LeaderTask):
    """Made once in each process that may relay; works where the lease is."""

    def __init__(self, database: Database, provider: ConferenceProvider) -> None:
        self._database = database
        self._journal = Journal(database)
        self._provider = provider
        self._read = 0
        self._waiting: dict[UUID, PendingNotice] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    def begin(self) -> None:
        """Know nothing: the journal is read from its beginning."""
        self._read, self._waiting = 0, {}

    def needs_after(self) -> int | None:
        """The position until which every notice was taken."""
        return min([self._read, *(each.position - 1 for each in self._waiting.values())])

    async def run(self, lease: Lease) -> None:  # noqa: ARG002  it writes nothing that the lease guards
        """Read and send for ever."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._keep_at(self.look)
                for booking_id in self._due():
                    self._waiting[booking_id].is_under_way = True
                    tasks.create_task(self._keep_at(partial(self._send, booking_id)))
                await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Note the bookings with a link that the journal tells of."""
        last = await self._journal.last()
        while self._read < last:
            async with self._database.journal.acquire() as connection:
                start = await queries.next_message(connection, self._read)
                until = last if start is None else min(last, start + STRETCH)
                heard = await queries.changed_reservations(connection, self._read, until)
                linked = await queries.linked(connection, list(heard)) if heard else {}
            for booking_id in linked:
                self._note(booking_id, heard[booking_id])
            self._read = until

    def _note(self, booking_id: UUID, position: int) -> None:
        now = time.monotonic()
        waiting = self._waiting.get(booking_id)
        if waiting is None:
            self._waiting[booking_id] = PendingNotice(position, now, now)
        else:
            waiting.is_old, waiting.due = True, now

    def _due(self) -> list[UUID]:
        now = time.monotonic()
        return [key for key, each in self._waiting.items() if each.due <= now and not each.is_under_way]

    async def _send(self, booking_id: UUID) -> None:
        """Send a notice once."""
        waiting = self._waiting[booking_id]
        try:
            async with self._turns:
                waiting.is_old = False
                async with self._database.journal.acquire() as connection:
                    booking = (await queries.linked(connection, [booking_id])).get(booking_id)
                if booking is not None:
                    await self._tell(booking)
            if not waiting.is_old:
                del self._waiting[booking_id]
        except Declined as error:
            logger.warning("the conference service declines a notice", booking_id=str(booking_id), error=repr(error))
            self._waiting.pop(booking_id, None)
        except (ConferenceError, *AWAY) as error:
            self._postpone(booking_id, waiting, error)
        except Exception as error:
            logger.exception("a notice to the conference service fails", booking_id=str(booking_id))
            self._postpone(booking_id, waiting, error)
        finally:
            waiting.is_under_way = False

    async def _tell(self, booking: Linked) -> None:
        if booking.is_cancelled:
            await self._provider.give_back(booking.id)
        else:
            await self._provider.move(booking.id, booking.start, booking.end)

    def _postpone(self, booking_id: UUID, waiting: PendingNotice, error: Exception) -> None:
        now = time.monotonic()
        if now - waiting.since > GIVE_UP_SECONDS:
            logger.error("the conference service was not told", booking_id=str(booking_id), error=repr(error))
            self._waiting.pop(booking_id, None)
            return
        if not waiting.attempts:
            logger.warning("the conference service is told later", booking_id=str(booking_id), error=repr(error))
        pause = min(PAUSE_SECONDS * 2**waiting.attempts, PAUSE_SECONDS_MAX)
        waiting.attempts = min(waiting.attempts + 1, 10)
        waiting.due = now + pause * random.uniform(0.7, 1)  # noqa: S311

    async def _keep_at(self, step: Callable[[], Awaitable[None]]) -> None:
        """Do a step. What goes wrong with notices must not end the relay."""
        try:
            await step()
        except AWAY:
            # The relay's own line in the log says that the database is away.
            await asyncio.sleep(PAUSE_SECONDS)
        except Exception:
            logger.exception("notices to the conference service wait")
            await asyncio.sleep(PAUSE_SECONDS)
