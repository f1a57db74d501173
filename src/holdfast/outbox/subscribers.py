"""Who is told of messages in this service: functions, each with the types that it wants.

A subscriber is told of each message at least once, and of those of a place in order; a message that it has been told of
before bears the same `id`. It must not take long, as all others wait: what takes time belongs in a queue of its own, as
webhooks have one. If it fails it is tried a few times, and then the message is passed over with a line in the log.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog
from msgspec import Struct

from holdfast.outbox.messages import Entry

ATTEMPTS = 3
PAUSE_SECONDS = 0.2
logger = structlog.stdlib.get_logger("holdfast.messages")


class SubscribedMessage(Struct, frozen=True):
    """A message, as subscribers are told of it."""

    id: UUID
    type: str
    place: str
    occurred_at: datetime
    data: Mapping[str, Any]


Handle = Callable[[SubscribedMessage], Awaitable[None]]


class Subscriber(Struct, frozen=True):
    """A function, and the types of the messages it wants; all of them when it names none."""

    handle: Handle
    types: frozenset[str] = frozenset()

    def wants(self, told: SubscribedMessage) -> bool:
        """Whether it is to be told."""
        return not self.types or told.type in self.types


class Subscribers:
    """Those of this installation. Registered at start, before anything is told."""

    def __init__(self) -> None:
        self._all: list[Subscriber] = []

    def __len__(self) -> int:
        return len(self._all)

    def register(self, handle: Handle, *types: str) -> None:
        """Have a function told of the messages of these types, or of all."""
        self._all.append(Subscriber(handle, frozenset(types)))

    async def tell(self, entries: Sequence[Entry]) -> None:
        """Tell everybody who wants it of these messages, one after the other."""
        for entry in entries:
            told = msgspec.json.decode(entry.body, type=SubscribedMessage)
            for subscriber in self._all:
                if subscriber.wants(told):
                    await _tell(subscriber, told)


async def log_message(told: SubscribedMessage) -> None:
    """Write a line about a message; without `data`, in which there may be persons."""
    logger.info("message", id=str(told.id), type=told.type, place=told.place, occurred_at=told.occurred_at.isoformat())


async def _tell(subscriber: Subscriber, told: SubscribedMessage) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await subscriber.handle(told)
        except Exception as error:
            if attempt == ATTEMPTS:
                logger.exception("a subscriber fails; the message is passed over", id=str(told.id), type=told.type)
                return None
            logger.warning("a subscriber fails", id=str(told.id), type=told.type, error=error)
            await asyncio.sleep(PAUSE_SECONDS * attempt)
    return None
