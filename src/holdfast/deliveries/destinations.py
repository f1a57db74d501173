"""Where messages are delivered to: what the courier knows of a destination, and what each kind of them supplies."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Protocol, TypeVar
from uuid import UUID

from msgspec import Struct

from holdfast.database.connections import Connection
from holdfast.deliveries.retries import Disabled


class Failure(StrEnum):
    """What was wrong with an attempt."""

    NAME = "name"
    ADDRESS = "address"
    CONNECTION = "connection"
    TLS = "tls"
    TIMEOUT = "timeout"
    REDIRECT = "redirect"
    STATUS = "status"


class Attempt(Struct, frozen=True):
    """What came of an attempt. `failure` is `None` when the message has arrived."""

    status: int | None = None
    failure: Failure | None = None

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants nothing more, ever."""
        return self.status == HTTPStatus.GONE


class Destination(Struct, frozen=True):
    """A destination that is switched on. `queued_until` is a position in the journal."""

    id: UUID
    types: frozenset[str]
    queued_until: int
    failing_since: datetime | None

    def wants(self, kind: str) -> bool:
        """Whether it gets messages of a type."""
        return not self.types or kind in self.types


class Delivery(Struct, frozen=True):
    """A message that is due at a destination."""

    destination_id: UUID
    message_id: UUID
    place: str
    body: bytes
    attempts: int
    first_tried_at: datetime | None


class Log(Struct, frozen=True):
    """A destination's deliveries before a time; those that wait as well, if it is switched off."""

    destination_id: UUID
    before: datetime
    with_waiting: bool


D = TypeVar("D", bound=Destination)


class Destinations(Protocol[D]):
    """All destinations of one kind, as webhooks are. Who they are, and how they fare, is in tables of that kind."""

    async def send(self, to: D, delivery: Delivery, now: datetime, /) -> Attempt:
        """Send a message once. Whatever goes wrong is in the answer."""

    async def close(self) -> None:
        """Let go of connections."""

    async def active(self, connection: Connection, now: datetime, /) -> list[D]:
        """Those that are switched on."""

    async def queued(self, connection: Connection, ids: Sequence[UUID], position: int, /) -> None:
        """Remember that everything until a position is queued for these."""

    async def succeeded(self, connection: Connection, its_id: UUID, /) -> datetime | None:
        """A destination takes messages; since when it had not, if that was so."""

    async def failed(self, connection: Connection, its_id: UUID, now: datetime, /) -> datetime | None:
        """A destination has failed; since when it does, or `None` when it is switched off."""

    async def disable(self, connection: Connection, its_id: UUID, why: Disabled, now: datetime, /) -> bool:
        """Switch a destination off, with a line in the log; false when it was."""

    async def logs(self, connection: Connection, before: datetime, /) -> list[Log]:
        """What is to be forgotten of each: what is older than this, and all of those that are removed."""

    async def bury(self, connection: Connection, /) -> None:
        """Delete those that are removed and have no deliveries left."""
