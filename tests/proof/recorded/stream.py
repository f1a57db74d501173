"""Whether the Redis stream tells what is in the outbox: all of it, nothing else, each place's messages in order."""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import asyncpg
import redis

from proof.recorded.history import Violation

STREAM = "holdfast"
DELIVERED_SECONDS_MAX = 60.0
OUTBOX = "SELECT place, revision, id FROM outbox ORDER BY place, revision"
READ_AT_ONCE = 10_000


class Sent(NamedTuple):
    """A message by its place and its id."""

    place: str
    id: str


async def check(url: str, client: "redis.Redis") -> tuple[int, list[Violation]]:
    """How many messages there are, and every way in which the stream does not tell of them."""
    deadline = time.monotonic() + DELIVERED_SECONDS_MAX
    connection = await asyncpg.connect(url)
    try:
        while True:
            # Again and again: holds expire after all others have gone, and whoever sweeps them tells of it.
            found = await connection.fetch(OUTBOX)
            written = {Sent(row["place"], str(row["id"])): row["revision"] for row in found}
            told = read(client)
            if set(told) == written.keys() or time.monotonic() > deadline:
                return len(written), list(breaches(written, told))
            await asyncio.sleep(0.2)
    finally:
        await connection.close()


def read(client: "redis.Redis") -> list[Sent]:
    """What the stream has, in its order, repetitions too."""
    found: list[Sent] = []
    last = "-"
    while entries := client.xrange(STREAM, min=last, count=READ_AT_ONCE):
        for _, fields in entries:
            message = json.loads(fields["message"])
            found.append(Sent(message["place"], message["id"]))
        last = f"({entries[-1][0]}"
    return found


def breaches(written: Mapping[Sent, int], told: Sequence[Sent]) -> Iterator[Violation]:
    """Each committed message is told once or more, none that was not, and a place's in the order of its revisions.

    `written` has the revision that each message's change made.
    """
    missing, strange = written.keys() - set(told), set(told) - written.keys()
    if missing:
        yield Violation("not told", f"{len(missing)} messages, such as {min(missing)}", ())
    if strange:
        yield Violation("told and not so", f"{len(strange)} messages, such as {min(strange)}", ())
    reached: dict[str, int] = defaultdict(int)
    # Repetitions do not count: who listens knows a message by its id.
    for message in dict.fromkeys(told):
        revision = written.get(message, 0)
        if 0 < revision < reached[message.place]:
            yield Violation("out of order", f"{message} after revision {reached[message.place]}", ())
        reached[message.place] = max(revision, reached[message.place])
