"""The outbox's SQL: messages are appended; the journal gives them positions, is read, and forgets."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from holdfast.database.connections import Connection
from holdfast.outbox import positions
from holdfast.outbox.messages import Entry, Lag, Message, Published

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

# Gives positions to messages that wait, in one trip and one transaction. The function is made by a migration, and is
# never changed. It locks the lease until it commits, so that positions become visible in their own order. Messages are
# taken by revision, so a place's come in their order, and one that is seen has those before it in sight: they were
# committed before it was begun. The commit need not reach the disk at once: what a crash forgets is done again.
NUMBER = "SELECT number_messages_1($1, $2, $3, $4)"
DEPOSED = -1
"""What `NUMBER_FUNCTION` answers when somebody else has taken the lease."""
NUMBER_FUNCTION = """
CREATE FUNCTION number_messages_1(my_fence bigint, floor timestamptz, lasting interval, at_once integer)
RETURNS integer LANGUAGE plpgsql
-- Only plans that are right however many wait: they are made when few do.
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    base timestamptz;
    found_messages integer;
BEGIN
    -- In an order of which there is one index only, that of the messages that wait.
    PERFORM FROM outbox WHERE published_at IS NULL ORDER BY revision, place LIMIT 1;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    UPDATE relays
    SET numbered_at = greatest(numbered_at, clock_timestamp(), floor) + at_once * interval '1 microsecond',
        expires_at = clock_timestamp() + lasting
    WHERE name = 'outbox' AND fence = my_fence
    RETURNING numbered_at - at_once * interval '1 microsecond' INTO base;
    IF NOT FOUND THEN
        RETURN -1;
    END IF;
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE outbox o SET published_at = base + w.position * interval '1 microsecond'
    FROM (
        SELECT u.place, u.revision, row_number() OVER (ORDER BY u.revision, u.place) AS position
        FROM (
            SELECT place, revision FROM outbox WHERE published_at IS NULL ORDER BY revision, place LIMIT at_once
        ) u
    ) w
    WHERE o.place = w.place AND o.revision = w.revision;
    GET DIAGNOSTICS found_messages = ROW_COUNT;
    RETURN found_messages;
END
$$
"""

RENUMBER = "UPDATE outbox SET published_at = NULL WHERE published_at > $1"

# One message that cannot be read must not keep those behind it from anybody: what of it can be read is published.
ENTRY = """
SELECT published_at, id::text, type, place, greatest(least(occurred_at, '9999-12-31'), '0001-01-01'),
    CASE jsonb_typeof(data) WHEN 'object' THEN data ELSE '{}' END
FROM outbox
"""
READ = f"{ENTRY} WHERE published_at > $1 ORDER BY published_at LIMIT $2"

# Without an upper end: with one, and without statistics, the planner would read and sort all before the first.
REREAD = f"""
{ENTRY}
WHERE published_at > $1 AND ($3::text[] IS NULL OR place = ANY($3)) AND ($4::text[] IS NULL OR type = ANY($4))
ORDER BY published_at LIMIT $2
"""

# What was delivered and is removed by now counts too.
LAST = """
SELECT greatest(
    (SELECT max(published_at) FROM outbox WHERE published_at IS NOT NULL),
    (SELECT delivered_at FROM relays WHERE name = 'outbox')
)
"""

IS_THERE = "SELECT EXISTS (SELECT FROM outbox WHERE published_at = $1)"

REMOVE = """
DELETE FROM outbox o USING (
    SELECT place, revision FROM outbox WHERE published_at < least($1, now() - $2::interval)
    ORDER BY published_at LIMIT $3
) u WHERE o.place = u.place AND o.revision = u.revision
"""

# Taken by whoever finds it expired. In one statement, so two who try at once have two different numbers, or one none.
TAKE = """
INSERT INTO relays AS r (name, fence, holder, expires_at) VALUES ('outbox', 1, $1, clock_timestamp() + $2::interval)
ON CONFLICT (name) DO UPDATE
SET fence = r.fence + 1, holder = excluded.holder, expires_at = clock_timestamp() + $2::interval
WHERE r.expires_at < clock_timestamp()
RETURNING fence, delivered_at
"""

RENEW = """
UPDATE relays SET expires_at = clock_timestamp() + $2::interval, delivered_at = $3,
    stuck_since = CASE WHEN $4 THEN coalesce(stuck_since, clock_timestamp()) END
WHERE name = 'outbox' AND fence = $1 RETURNING fence
"""

LET_GO = """
UPDATE relays SET expires_at = clock_timestamp() - interval '1 second', delivered_at = $2
WHERE name = 'outbox' AND fence = $1
"""

# Locks the lease until the transaction ends, for changes that only its holder may make.
HOLD = """
UPDATE relays SET numbered_at = greatest(numbered_at, $2), expires_at = clock_timestamp() + $3::interval
WHERE name = 'outbox' AND fence = $1
RETURNING set_config('synchronous_commit', 'off', true), set_config('enable_seqscan', 'off', true),
    set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)
"""

# A row that nobody has held yet lets the next relay take the lease.
ENSURE = """
INSERT INTO relays (name, fence, holder, expires_at) VALUES ('outbox', 0, '', 'epoch') ON CONFLICT DO NOTHING
"""
PAUSE = "SELECT numbered_at FROM relays WHERE name = 'outbox' FOR UPDATE"

STATE = """
SELECT clock_timestamp() - r.stuck_since, clock_timestamp() - (
    SELECT occurred_at FROM outbox WHERE published_at IS NULL ORDER BY revision, place LIMIT 1
), clock_timestamp() - (
    SELECT occurred_at FROM outbox WHERE published_at > r.delivered_at ORDER BY published_at LIMIT 1
)
FROM (SELECT 1) one LEFT JOIN relays r ON r.name = 'outbox'
"""


async def append(connection: Connection, messages: Sequence[Message]) -> None:
    """Write messages in the caller's transaction, to be published if and only if it commits."""
    # As JSON, which costs us a third of what arrays do: those are looked at value by value.
    rows = msgspec.json.encode(messages).decode()
    await connection.execute(APPEND, rows, list({message.place for message in messages}))


async def number(connection: Connection, fence: int, floor: int, lasting: timedelta, limit: int) -> int:
    """Give positions, all greater than `floor`, to messages that wait; how many, or `DEPOSED`."""
    count: int = await connection.fetchval(NUMBER, fence, positions.as_time(floor), lasting, limit)
    return count


async def renumber(connection: Connection, after: int) -> int:
    """Take the positions after this one from their messages, which wait for others then; how many there were."""
    done: str = await connection.execute(RENUMBER, positions.as_time(after))
    return int(done.rpartition(" ")[2])


async def read(connection: Connection, after: int, limit: int) -> list[Entry]:
    """The journal's next messages after a position."""
    return [_entry(row) for row in await connection.fetch(READ, positions.as_time(after), limit)]


async def reread(
    connection: Connection, after: int, places: Sequence[str] | None, types: Sequence[str] | None, limit: int
) -> list[Entry]:
    """The next messages after a position; `None` for those of all places, of all types."""
    return [_entry(row) for row in await connection.fetch(REREAD, positions.as_time(after), limit, places, types)]


async def last(connection: Connection) -> int:
    """The position of the last message, 0 when there is none."""
    found: datetime | None = await connection.fetchval(LAST)
    return 0 if found is None else positions.of_time(found)


async def is_there(connection: Connection, position: int) -> bool:
    """Whether a message has this position."""
    return bool(await connection.fetchval(IS_THERE, positions.as_time(position)))


async def remove(connection: Connection, before: int, age: timedelta, limit: int) -> int:
    """Delete messages older than `age` and before a position, oldest first; how many that were."""
    done: str = await connection.execute(REMOVE, positions.as_time(before), age, limit)
    return int(done.rpartition(" ")[2])


async def take(connection: Connection, holder: str, lasting: timedelta) -> tuple[int, int] | None:
    """Take the lease if nobody has it: its fencing number, and the position until which all was delivered."""
    row = await connection.fetchrow(TAKE, holder, lasting)
    return None if row is None else (row["fence"], positions.of_time(row["delivered_at"]))


async def renew(connection: Connection, fence: int, lasting: timedelta, delivered: int, *, stuck: bool) -> bool:
    """Keep the lease for so long, and tell how far delivering has come; false when somebody else has taken it."""
    return await connection.fetchval(RENEW, fence, lasting, positions.as_time(delivered), stuck) is not None


async def let_go(connection: Connection, fence: int, delivered: int) -> None:
    """Give the lease up, if it is still held."""
    await connection.execute(LET_GO, fence, positions.as_time(delivered))


async def hold(connection: Connection, fence: int, floor: int, lasting: timedelta) -> bool:
    """Lock the lease for this transaction; false when somebody else has taken it.

    All positions that are given after it are greater than `floor`.
    """
    return await connection.fetchval(HOLD, fence, positions.as_time(floor), lasting) is not None


async def pause(connection: Connection) -> int:
    """Let no position be given until this transaction ends; all that are given then are greater than the answer."""
    await connection.execute(ENSURE)
    return positions.of_time(await connection.fetchval(PAUSE))


async def lag(connection: Connection) -> Lag:
    """How far publishing is behind."""
    row = await connection.fetchrow(STATE)
    assert row is not None
    ages = [age for age in row[1:] if age is not None]
    return Lag(row[0], max(ages, default=None))


def _entry(row: Any) -> Entry:
    published_at, message_id, kind, place, occurred_at, data = row
    body = Published(message_id, kind, place, occurred_at, msgspec.Raw(data.encode()))
    return Entry(positions.of_time(published_at), msgspec.json.encode(body))
