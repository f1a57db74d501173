"""Tells the subscribers of what is in the Redis stream, as a consumer of their group."""

import asyncio

import structlog
from redis.exceptions import ResponseError

from holdfast.outbox.stream import NO_GROUP, REDIS_AWAY, RedisStream
from holdfast.outbox.subscribers import Subscribers

CLAIM_SECONDS = 5.0
"""An entry that its consumer has not done in this time is given to another."""
PAUSE_SECONDS = 0.5
logger = structlog.stdlib.get_logger("holdfast.outbox")


class Consumer:
    """One consumer of the group. The active relay runs one, so a place's messages are told in order."""

    def __init__(self, stream: RedisStream, subscribers: Subscribers, name: str) -> None:
        self._stream = stream
        self._subscribers = subscribers
        self._name = name

    async def run(self) -> None:
        """Tell for ever; while Redis is away, wait. The relay's line in the log says that it is."""
        while True:
            try:
                await self._stream.make_group()
                await self._consume()
            except ResponseError as error:
                # The group is gone with all that Redis had in its memory: it is made anew.
                if NO_GROUP not in str(error):
                    logger.warning("subscribers are told nothing", error=error)
                await asyncio.sleep(PAUSE_SECONDS)
            except REDIS_AWAY:
                await asyncio.sleep(PAUSE_SECONDS)

    async def _consume(self) -> None:
        """What another consumer has left undone first: it is older."""
        loop = asyncio.get_running_loop()
        look_at = loop.time()
        while True:
            if loop.time() >= look_at:
                if await self.claim():
                    continue
                look_at = loop.time() + CLAIM_SECONDS
            entries = await self._stream.consume(self._name)
            if entries:
                await self._subscribers.tell(entries)
                await self._stream.done(entries)

    async def claim(self, idle_seconds: float = CLAIM_SECONDS) -> int:
        """Do some of what another consumer has had for so long; how much."""
        entries = await self._stream.claim(self._name, idle_seconds)
        if entries:
            await self._subscribers.tell(entries)
            await self._stream.done(entries)
        return len(entries)
