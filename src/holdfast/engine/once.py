"""Work that has one effect for one idempotency key, for what is made without the committer: rooms, events, tables."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from holdfast.database.again import again_on_conflict
from holdfast.database.connections import Connection, Database, transaction, translated
from holdfast.engine import statements
from holdfast.engine.claims import Key
from holdfast.engine.transaction import KeyTaken
from holdfast.errors import IdempotencyKeyReused, Unavailable

ATTEMPTS_MAX = 3
"""How often work is tried whose key another request uses at the same moment."""


class Made(NamedTuple):
    """The answer to a request that makes something; `replayed` when an earlier one with the same key did."""

    body: bytes
    replayed: bool


class Errand(NamedTuple):
    """A request to do something once. `id` is the claim's, as it is kept with the key; `locked` are places' keys."""

    id: UUID
    key: Key | None
    now: datetime
    locked: Sequence[str] = ()


@again_on_conflict
async def once(database: Database, errand: Errand, work: Callable[[Connection], Awaitable[bytes]]) -> Made:
    """Work in one transaction, which remembers the answer, or find that this was done before.

    Raises `IdempotencyKeyReused`, `Unavailable`, and what the work raises, after which nothing has changed.
    """
    with translated():
        for _ in range(ATTEMPTS_MAX):
            try:
                async with database.engine_connection() as connection, transaction(connection):
                    return await _attempt(connection, errand, work)
            except KeyTaken:
                # Rolled back; the next attempt finds what the other request was answered.
                continue
    raise Unavailable


async def _attempt(connection: Connection, errand: Errand, work: Callable[[Connection], Awaitable[bytes]]) -> Made:
    if errand.locked:
        await statements.lock(connection, errand.locked)
    key = errand.key
    before = None if key is None else await _remembered(connection, key)
    if before is not None:
        return Made(before, True)
    answer = await work(connection)
    if key is not None and not await statements.remember(connection, errand.id, key, answer, errand.now):
        raise KeyTaken
    return Made(answer, False)


async def _remembered(connection: Connection, key: Key) -> bytes | None:
    """The answer to an earlier request with this key. Raises `IdempotencyKeyReused`."""
    known = (await statements.remembered(connection, [key.id])).get(key.id)
    if known is None:
        return None
    if known.body != key.body:
        raise IdempotencyKeyReused
    return known.answer
