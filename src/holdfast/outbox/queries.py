"""The outbox's SQL."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from holdfast.database.connections import Connection

# From `places`, not from bare `unnest`: a database of several shards then runs it where the place's rows are.
APPEND = """
INSERT INTO outbox (place, revision, id, type, occurred_at, data)
SELECT u.place, u.revision, u.id, u.type, u.occurred_at, u.data::jsonb
FROM places q
JOIN unnest($1::text[], $2::bigint[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[])
     AS u (place, revision, id, type, occurred_at, data) ON u.place = q.place
WHERE q.place = ANY($1::text[])
"""


class Message(Struct, frozen=True):
    """One change of one place. `revision` is the number the place has after it; `data` is JSON."""

    place: str
    revision: int
    id: UUID
    type: str
    occurred_at: datetime
    data: str


async def append(connection: Connection, messages: Sequence[Message]) -> None:
    """Write messages in the caller's transaction, to be published if and only if it commits."""
    await connection.execute(
        APPEND,
        [message.place for message in messages],
        [message.revision for message in messages],
        [message.id for message in messages],
        [message.type for message in messages],
        [message.occurred_at for message in messages],
        [message.data for message in messages],
    )
