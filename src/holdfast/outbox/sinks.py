"""Where the journal is delivered to: a Redis stream, or without Redis the subscribers in this process."""

from typing import Protocol

import structlog

from holdfast.outbox.journal import Journal, Lease
from holdfast.outbox.stream import RedisStream
from holdfast.outbox.subscribers import Subscribers

logger = structlog.stdlib.get_logger("holdfast.outbox")


class Sink(Protocol):
    """Takes the journal, piece by piece."""

    async def deliver(self, lease: Lease, delivered: int) -> int:
        """Deliver what comes next after `delivered`; the position until which all is delivered then.

        The same as before when nothing came next.
        """


class StreamSink:
    """Copies the journal to a Redis stream. What the stream has is asked of the stream itself, not remembered."""

    def __init__(self, journal: Journal, stream: RedisStream) -> None:
        self._journal = journal
        self._stream = stream

    async def deliver(self, lease: Lease, delivered: int) -> int:
        """Append what comes next, or find out that the stream is elsewhere. Raises `REDIS_AWAY`."""
        entries = await self._journal.read(delivered)
        last = await self._stream.append(delivered, entries)
        if last is None:
            return entries[-1].position if entries else delivered
        if last < delivered:
            # It came back from an older backup, or from none. What is still in the outbox has not been lost.
            logger.warning("the stream has lost messages; those still in the outbox are published again")
        elif not await self._journal.has(last):
            # Not an entry of ours, which a lost answer or another relay may have left there: no message may have an id
            # below it any more.
            logger.warning("somebody else writes to the stream; waiting messages get new ids")
            await lease.renumber(delivered, last)
        return last


class LocalSink:
    """Tells the subscribers in this process."""

    def __init__(self, journal: Journal, subscribers: Subscribers) -> None:
        self._journal = journal
        self._subscribers = subscribers

    async def deliver(self, lease: Lease, delivered: int) -> int:  # noqa: ARG002  others need it
        """Tell of what comes next; when nobody listens, it is all delivered."""
        if not self._subscribers:
            return max(delivered, await self._journal.last())
        entries = await self._journal.read(delivered)
        await self._subscribers.tell(entries)
        return entries[-1].position if entries else delivered
