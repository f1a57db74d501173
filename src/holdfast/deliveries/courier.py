"""The courier: queues messages for destinations and sends them, in the process that has the relay's lease.

All that it knows is in the database, and is changed only while the lease is held: killed at any moment, the next one
goes on from there. What was sent and not yet noted is sent again, under the same id.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Generic
from uuid import UUID

import msgspec
import structlog
from msgspec import Struct

from holdfast.clock import Clock
from holdfast.database.again import again_on_conflict
from holdfast.database.connections import AWAY, Connection, Database
from holdfast.deliveries import queries, retries
from holdfast.deliveries.destinations import Attempt, D, Delivery, Destination, Destinations
from holdfast.deliveries.queries import Queued
from holdfast.deliveries.retries import Disabled, Outcome
from holdfast.errors import Unavailable
from holdfast.outbox import positions
from holdfast.outbox.journal import Journal, LeadershipLost, Lease
from holdfast.outbox.messages import Entry
from holdfast.outbox.relay import LeaderTask

AT_ONCE = 4
"""Messages on their way to one destination; to one whose last attempt failed, one."""
WAITING_MAX = 100_000
"""Messages that wait for one destination; with more it is switched off."""
LOG_KEPT = timedelta(days=30)
FORGOTTEN_AT_ONCE = 1_000
QUEUE_SECONDS = 0.2
IDLE_SECONDS = 1.0
"""How often an idle courier looks for new destinations, and for messages whose time has come."""
TIDY_SECONDS = 60.0
PAUSE_SECONDS = 5.0
NONE_NEEDED = -1
logger = structlog.stdlib.get_logger("holdfast.deliveries")


class RoutedMessage(Struct):
    """What of a message decides who gets it."""

    id: UUID
    type: str
    place: str


class Courier(LeaderTask, Generic[D]):
    """Delivers to all destinations of a kind. Made once in each process that may relay; works where the lease is."""

    def __init__(
        self, database: Database, destinations: Destinations[D], clock: Clock, waiting_max: int = WAITING_MAX
    ) -> None:
        self._database = database
        self._journal = Journal(database)
        self._destinations = destinations
        self._clock = clock
        self._waiting_max = waiting_max
        self._active: dict[UUID, D] = {}
        self._queued = 0
        self._under_way: dict[tuple[UUID, UUID], asyncio.Task[None]] = {}
        self._news = asyncio.Event()
        # Of the few connections of the journal it takes one at a time, so the relay is never left without.
        self._turn = asyncio.Lock()

    def begin(self) -> None:
        """Know nothing: until destinations are looked at, every message may be needed."""
        self._active, self._queued = {}, 0

    def needs_after(self) -> int | None:
        """The position until which all is queued for every destination; `None` without any."""
        return None if self._queued == NONE_NEEDED else self._queued

    async def run(self, lease: Lease) -> None:
        """Queue, send and forget until the lease is lost. Raises `LeadershipLost`, in a group."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for step in (self._queue_step, self._send_step, self._tidy_step):
                    tasks.create_task(self._keep_at(step, lease))
        finally:
            await self._stop()

    async def queue(self, lease: Lease) -> bool:
        """Queue some of what the journal has for those that want it; whether there is more."""
        async with self._turn:
            async with self._database.pool.acquire() as connection:
                found = await self._destinations.active(connection, self._clock())
            self._active = {each.id: each for each in found}
            if not found:
                self._queued = NONE_NEEDED
                return False
            self._queued = min(each.queued_until for each in found)
            entries = await self._journal.read(self._queued)
            if entries:
                await self._note(lease, entries)
        return bool(entries)

    async def send(self, lease: Lease) -> None:
        """Begin to send what is due, as far as each destination may have more on its way."""
        active = dict(self._active)
        limits = {each.id: self._limit(each) for each in active.values()}
        free = {its_id: limit - self._count(its_id) for its_id, limit in limits.items()}
        limits = {its_id: limit for its_id, limit in limits.items() if free[its_id] > 0}
        if not limits:
            return
        # Whoever has lost the lease and does not know it reads what others write: what is due is due.
        async with self._database.pool.acquire() as connection:
            found = await queries.due(connection, limits, self._clock())
        for delivery in found:
            key = delivery.destination_id, delivery.message_id
            if free[delivery.destination_id] > 0 and key not in self._under_way:
                free[delivery.destination_id] -= 1
                task = asyncio.create_task(self._deliver(lease, active[delivery.destination_id], delivery))
                self._under_way[key] = task

    @property
    def is_busy(self) -> bool:
        """Whether anything is on its way."""
        return bool(self._under_way)

    async def idle(self) -> None:
        """Wait until nothing is on its way."""
        while self._under_way:
            await asyncio.wait(self._under_way.values())

    @again_on_conflict
    async def tidy(self, lease: Lease) -> bool:
        """Forget some of what is older than 30 days or was removed; whether there is more."""
        more = False
        now = self._clock()
        async with self._database.pool.acquire() as connection:
            logs = await self._destinations.logs(connection, now - LOG_KEPT)
        for log in logs:
            async with self._turn, lease.held() as connection:
                count = await queries.forget(connection, log, now, FORGOTTEN_AT_ONCE)
            more = more or count == FORGOTTEN_AT_ONCE
        async with self._turn, lease.held() as connection:
            await self._destinations.bury(connection)
        return more

    async def close(self) -> None:
        """Let go of connections."""
        await self._destinations.close()

    @again_on_conflict
    async def _note(self, lease: Lease, entries: list[Entry]) -> None:
        """Write down who gets these entries."""
        now, active = self._clock(), list(self._active.values())
        wanted = [each for entry in entries for each in _wanted(entry, active)]
        last = entries[-1].position
        async with lease.held() as connection:
            if wanted:
                await queries.queue(connection, wanted, now)
            await self._destinations.queued(connection, list(self._active), last)
        self._queued = last
        if wanted:
            self._news.set()
            await self._check_room(lease, list({each.destination_id for each in wanted}))

    @again_on_conflict
    async def _check_room(self, lease: Lease, ids: list[UUID]) -> None:
        """Switch off those for which too many messages wait. Looked for while nothing is locked."""
        async with self._database.pool.acquire() as connection:
            full = await queries.overfull(connection, ids, self._waiting_max)
        for its_id in full:
            async with lease.held() as connection:
                await self._destinations.disable(connection, its_id, Disabled.FULL, self._clock())
            self._active.pop(its_id, None)

    async def _deliver(self, lease: Lease, to: D, delivery: Delivery) -> None:
        """Send one message once, and write down what came of it."""
        try:
            came = await self._destinations.send(to, delivery, self._clock())
            async with self._turn:
                await self._settle(lease, delivery, came)
        except LeadershipLost:
            pass
        except (Unavailable, *AWAY):
            # It stays due, and is sent again: not at once, as that could not be written down either.
            await asyncio.sleep(PAUSE_SECONDS)
        except Exception:
            logger.exception("what came of a delivery is not known", destination_id=str(to.id))
            await asyncio.sleep(PAUSE_SECONDS)
        finally:
            del self._under_way[delivery.destination_id, delivery.message_id]
            self._news.set()

    @again_on_conflict
    async def _settle(self, lease: Lease, delivery: Delivery, came: Attempt) -> None:
        now, its_id = self._clock(), delivery.destination_id
        async with lease.held() as connection:
            if came.failure is None:
                await queries.settle(connection, delivery, Outcome.DELIVERED, came, now)
                await self._note_success(connection, its_id)
                return
            again = retries.next_attempt(delivery.attempts + 1, delivery.first_tried_at or now, now)
            if again is None:
                await queries.settle(connection, delivery, Outcome.GIVEN_UP, came, now)
            else:
                await queries.postpone(connection, delivery, again, came, now)
            since = await self._destinations.failed(connection, its_id, now)
            why = Disabled.GONE if came.is_gone else Disabled.FAILING if since and retries.is_dead(since, now) else None
            if why is not None and await self._destinations.disable(connection, its_id, why, now):
                self._active.pop(its_id, None)
        self._know(its_id, failing=True)

    async def _note_success(self, connection: Connection, its_id: UUID) -> None:
        """If the destination had failed, it does no more. Nobody else but this courier says that it does."""
        known = self._active.get(its_id)
        if known is None or known.failing_since is None:
            return
        since, now = await self._destinations.succeeded(connection, its_id), self._clock()
        if since is not None and retries.was_away(since, now):
            await queries.hurry(connection, its_id, now)
        self._know(its_id, failing=False)

    def _know(self, its_id: UUID, *, failing: bool) -> None:
        """Do not wait for the next look at the destinations."""
        known = self._active.get(its_id)
        if known is not None:
            since = (known.failing_since or self._clock()) if failing else None
            self._active[its_id] = msgspec.structs.replace(known, failing_since=since)

    def _limit(self, known: D) -> int:
        return AT_ONCE if known.failing_since is None else 1

    def _count(self, its_id: UUID) -> int:
        return sum(1 for each, _ in self._under_way if each == its_id)

    async def _queue_step(self, lease: Lease) -> float:
        more = await self.queue(lease)
        return 0 if more else QUEUE_SECONDS if self._active else IDLE_SECONDS

    async def _send_step(self, lease: Lease) -> float:
        self._news.clear()
        await self.send(lease)
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE_SECONDS):
                await self._news.wait()
        return 0

    async def _tidy_step(self, lease: Lease) -> float:
        return 0 if await self.tidy(lease) else TIDY_SECONDS

    async def _keep_at(self, step: Callable[[Lease], Awaitable[float]], lease: Lease) -> None:
        """Do a step for ever. What goes wrong with deliveries must not end the relay. Raises `LeadershipLost`."""
        while True:
            try:
                pause = await step(lease)
            except LeadershipLost:
                raise
            except (Unavailable, *AWAY):
                # The relay's own line in the log says that the database is away.
                pause = PAUSE_SECONDS
            except Exception:
                logger.exception("deliveries wait")
                pause = PAUSE_SECONDS
            await asyncio.sleep(pause)

    async def _stop(self) -> None:
        """Break off what is on its way: whoever has the lease next sends it again."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._under_way.clear()


def _wanted(entry: Entry, active: Sequence[Destination]) -> list[Queued]:
    """Who gets a message of the journal."""
    heard = msgspec.json.decode(entry.body, type=RoutedMessage)
    position, body = positions.as_time(entry.position), entry.body.decode()
    return [
        Queued(each.id, heard.id, heard.type, heard.place, position, body)
        for each in active
        if entry.position > each.queued_until and each.wants(heard.type)
    ]
