"""What one process needs to publish messages and to read what was published, put together by its settings."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from holdfast.database.connections import Database
from holdfast.outbox import stream as streams
from holdfast.outbox.consumer import Consumer
from holdfast.outbox.journal import Journal
from holdfast.outbox.relay import LeaderTask, Relay, process_name
from holdfast.outbox.sinks import LocalSink, Sink, StreamSink
from holdfast.outbox.stream import RedisStream
from holdfast.outbox.subscribers import Subscribers, log_message
from holdfast.settings import Settings


class Publishing:
    """Made once in each process. `stream` is there when Redis is; `tasks` work where the lease is."""

    def __init__(
        self, database: Database, settings: Settings, subscribers: Subscribers, tasks: Sequence[LeaderTask] = ()
    ) -> None:
        self.journal = Journal(database)
        address = settings.redis_address
        self._client = None if address is None else streams.connect(address)
        self.stream = (
            None if self._client is None else RedisStream(self._client, settings.stream, settings.stream_maxlen)
        )
        self._subscribers = subscribers
        self._tasks = tasks

    @asynccontextmanager
    async def relaying(self) -> AsyncIterator[None]:
        """Publish while the block runs, whenever no other process does."""
        task = asyncio.create_task(self._relay().run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def close(self) -> None:
        """Let go of Redis, and have the tasks let go of what they have."""
        for each in self._tasks:
            await each.close()
        if self._client is not None:
            await self._client.aclose()

    def _relay(self) -> Relay:
        name = process_name()
        sink: Sink = LocalSink(self.journal, self._subscribers)
        consumer = None
        if self.stream is not None:
            sink = StreamSink(self.journal, self.stream)
            consumer = Consumer(self.stream, self._subscribers, name) if self._subscribers else None
        return Relay(self.journal, sink, name, consumer, tasks=self._tasks)


def shipped(settings: Settings) -> Subscribers:
    """The subscribers that come with the service, by its settings."""
    subscribers = Subscribers()
    if settings.log_messages:
        subscribers.register(log_message)
    return subscribers
