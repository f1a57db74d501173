"""The Redis stream that the journal is copied to: its entries have the journal's positions as their ids."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from holdfast.outbox import positions
from holdfast.outbox.messages import Entry

T = TypeVar("T")
REDIS_AWAY = (RedisError, OSError)
"""What a Redis that is away, full or not ours to write says; asking again later may help."""
SECONDS_MAX = 3.0
BLOCK_SECONDS = 1.0
READ_AT_ONCE = 500
GROUP = "holdfast"
NO_GROUP = "NOGROUP"

# All or nothing happens at the place in the stream that the sender knows. Whoever was stopped for a while, and whoever
# does not know that Redis has lost its memory, is told the last id instead, and nothing is appended.
APPEND = """
local last = '0-0'
if redis.call('EXISTS', KEYS[1]) == 1 then
    local facts = redis.call('XINFO', 'STREAM', KEYS[1])
    for i = 1, #facts, 2 do
        if facts[i] == 'last-generated-id' then last = facts[i + 1] end
    end
end
if last ~= ARGV[1] then return last end
for i = 3, #ARGV, 2 do redis.call('XADD', KEYS[1], ARGV[i], 'message', ARGV[i + 1]) end
if #ARGV > 2 then redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', ARGV[2]) end
return ''
"""


def connect(address: str) -> "redis.Redis":
    """A client that says at once when Redis is away, and that leaves trying again to its caller."""
    return redis.Redis.from_url(
        address,
        socket_timeout=SECONDS_MAX,
        socket_connect_timeout=SECONDS_MAX,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )


class RedisStream:
    """One stream of one Redis. All raise `REDIS_AWAY`."""

    def __init__(self, client: "redis.Redis", name: str, length_max: int) -> None:
        self._client = client
        self._name = name
        self._length_max = length_max
        self._append = client.register_script(APPEND)

    async def append(self, after: int, entries: Sequence[Entry]) -> int | None:
        """Append entries to a stream whose last entry is at `after`; else nothing, and answers where its last one is.

        Without entries this only asks. An id that is none of ours answers the position behind it.
        """
        arguments: list[Any] = [positions.shown(after), self._length_max]
        for entry in entries:
            arguments += (positions.shown(entry.position), entry.body)
        last = (await _answered(self._append(keys=[self._name], args=arguments))).decode()
        if not last:
            return None
        found = positions.read(last)
        return positions.after(last) if found is None else found

    async def read(self, after: int, *, block: bool = True) -> list[Entry]:
        """The next entries after a position; waits up to a second for one."""
        milliseconds = int(BLOCK_SECONDS * 1000) if block else None
        streams: Any = {self._name: positions.shown(after)}
        found: Any = await _answered(self._client.xread(streams, count=READ_AT_ONCE, block=milliseconds))
        return _entries(found[0][1]) if found else []

    async def make_group(self) -> None:
        """Make the consumer group, which begins with the oldest entry there is, unless it is there."""
        try:
            await _answered(self._client.xgroup_create(self._name, GROUP, id="0", mkstream=True))
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def claim(self, consumer: str, idle_seconds: float) -> list[Entry]:
        """Take over some of the entries that a consumer of the group was given and has not done in this time."""
        idle = int(idle_seconds * 1000)
        found: Any = await _answered(self._client.xautoclaim(self._name, GROUP, consumer, idle, count=READ_AT_ONCE))
        return _entries(found[1])

    async def consume(self, consumer: str) -> list[Entry]:
        """The group's next entries; waits up to a second for one."""
        streams: Any = {self._name: ">"}
        milliseconds = int(BLOCK_SECONDS * 1000)
        found: Any = await _answered(
            self._client.xreadgroup(GROUP, consumer, streams, count=READ_AT_ONCE, block=milliseconds)
        )
        return _entries(found[0][1]) if found else []

    async def done(self, entries: Sequence[Entry]) -> None:
        """Tell the group that entries are done."""
        done = (positions.shown(entry.position) for entry in entries)
        await _answered(self._client.xack(self._name, GROUP, *done))


async def _answered(call: Awaitable[T]) -> T:
    """What Redis answers. Cancelled, this ends at once: the client itself may lose a cancellation, and go on."""
    task = asyncio.ensure_future(call)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(_forget)
        task.cancel()
        raise


def _forget(task: "asyncio.Future[Any]") -> None:
    """Nobody waits for it any more, nor for what has gone wrong in it."""
    if not task.cancelled():
        task.exception()


def _entries(found: Any) -> list[Entry]:
    # What is trimmed while somebody has it comes back without fields; what others have written, without ours.
    return [
        Entry(positions.after(entry_id.decode()), fields[b"message"])
        for entry_id, fields in found
        if fields and b"message" in fields
    ]
