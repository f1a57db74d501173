"""The outbox's SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from holdfast.database.connections import Connection

# From `places`, not from bare `unnest`: a database of several shards then runs it where the place's rows are.
APPEND = """
INSERT INTO outbox (place, revision, id, type, occurred_at, data)
SELECT u.place, u.revision, u.id, u.type, u.occurred_at, u.data
FROM places q
JOIN json_to_recordset($1::json) AS u (
    place text, revision bigint, id uuid, type text, occurred_at timestamptz, data jsonb
) ON u.place = q.place
WHERE q.place = ANY($2::text[])
"""


class Message(Struct, frozen=True):
    """One change of one place. `revision` is the number the place has after it; `data` is sent as JSON."""

    place: str
    revision: int
    id: UUID
    type: str
    occurred_at: datetime
    data: Mapping[str, Any]


async def append(connection: Connection, messages: Sequence[Message]) -> None:
    """Write messages in the caller's transaction, to be published if and only if it commits."""
    # As JSON, which costs us a third of what arrays do: those are looked at value by value.
    rows = msgspec.json.encode(messages).decode()
    await connection.execute(APPEND, rows, list({message.place for message in messages}))
