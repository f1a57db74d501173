"""Messages as values: as they are appended, as they are published, as the journal has them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct


class Message(Struct, frozen=True):
    """One change of one place. `revision` is the number the place has after it; `data` is sent as JSON."""

    place: str
    revision: int
    id: UUID
    type: str
    occurred_at: datetime
    data: Mapping[str, Any]


class Published(Struct, frozen=True):
    """A message as it is published: these fields, in JSON."""

    id: str
    type: str
    place: str
    occurred_at: datetime
    data: msgspec.Raw


class Entry(Struct, frozen=True):
    """A message of the journal, in JSON, and its position."""

    position: int
    body: bytes


class Lag(Struct, frozen=True):
    """How far publishing is behind: for how long nothing could be delivered, and the age of a message that waits."""

    stuck: timedelta | None
    waiting: timedelta | None
