"""Reads that must be true, combined: all that arrive in one turn of the event loop share one query."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Generic, TypeVar
from uuid import UUID

from holdfast.database.again import again_on_conflict
from holdfast.database.connections import AWAY, Connection, Database
from holdfast.database.readable import UNREADABLE, leave_out
from holdfast.engine import keys, statements
from holdfast.engine.claims import Key, Verdict
from holdfast.engine.kept_connection import KeptConnection
from holdfast.engine.statements import Remembered
from holdfast.errors import Unavailable, Unreadable

K = TypeVar("K")
V = TypeVar("V")
KEYS_AT_ONCE = 1_000
READERS_MAX = 2
"""Queries under way at once, of one reader. While all are busy, what arrives gathers for the next."""


class BatchLoader(Generic[K, V]):
    """Answers questions of one kind, each from what the database has after it was asked. Made once in each process.

    `read` asks for many keys with one query; what it does not find is not in its answer.
    """

    def __init__(
        self,
        database: Database,
        read: Callable[[Connection, list[K]], Coroutine[Any, Any, Mapping[K, V]]],
        readers_max: int = READERS_MAX,
    ) -> None:
        self._database = database
        self._find = again_on_conflict(read)
        self._readers_max = readers_max
        self._waiting: dict[K, list[asyncio.Future[V | None]]] = {}
        self._readers: set[asyncio.Task[None]] = set()
        self._is_due = False

    def get(self, key: K) -> "asyncio.Future[V | None]":
        """What there is under this key, `None` for nothing. The future raises `Unavailable`, `Unreadable`."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[V | None] = loop.create_future()
        self._waiting.setdefault(key, []).append(answer)
        if not self._is_due:
            self._is_due = True
            # At the end of this turn, when everything that arrived together has asked.
            loop.call_soon(self._begin)
        return answer

    def _begin(self) -> None:
        """Start a reader, if there is something to read and one may be started."""
        self._is_due = False
        if self._waiting and len(self._readers) < self._readers_max:
            reader = asyncio.create_task(self._read())
            self._readers.add(reader)
            reader.add_done_callback(self._ended)

    def _ended(self, reader: "asyncio.Task[None]") -> None:
        """Read what arrived while all readers were busy, or while this one was putting its connection back."""
        self._readers.discard(reader)
        self._begin()

    async def _read(self) -> None:
        link = KeptConnection(self._database)
        try:
            # Another reader, begun in the same turn, may have been quicker.
            while asked := self._take():
                try:
                    await self._answer(await link.take(), asked)
                except BaseException as error:
                    self._fail(asked, Unavailable())
                    await link.let_go(error)
                    if not isinstance(error, AWAY):
                        raise
        finally:
            await link.let_go()

    async def _answer(self, connection: Connection, asked: "dict[K, list[asyncio.Future[V | None]]]") -> None:
        """Answer what was asked together. A row that cannot be read fails only whoever has asked for it."""
        try:
            found = await self._find(connection, list(asked))
        except UNREADABLE as error:
            if isinstance(error, AWAY):
                raise
            if len(asked) == 1:
                leave_out(self._find.__name__, next(iter(asked)), error)
                self._fail(asked, Unreadable())
                return
            keys = list(asked)
            for half in (keys[: len(keys) // 2], keys[len(keys) // 2 :]):
                await self._answer(connection, {key: asked[key] for key in half})
        else:
            _tell(asked, found)

    def _fail(self, asked: "dict[K, list[asyncio.Future[V | None]]]", error: Exception) -> None:
        for answers in asked.values():
            for answer in answers:
                if not answer.done():
                    answer.set_exception(error)

    def _take(self) -> "dict[K, list[asyncio.Future[V | None]]]":
        if len(self._waiting) <= KEYS_AT_ONCE:
            asked, self._waiting = self._waiting, {}
            return asked
        return {key: self._waiting.pop(key) for key in list(self._waiting)[:KEYS_AT_ONCE]}


def _tell(asked: "Mapping[K, list[asyncio.Future[V | None]]]", found: Mapping[K, V]) -> None:
    for key, answers in asked.items():
        for answer in answers:
            if not answer.done():
                answer.set_result(found.get(key))


class TagLoader(BatchLoader[str, bytes]):
    """Answers what places are tagged by, as they were after the question was asked: every change makes it another."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, statements.tags)

    def tag(self, place: str) -> "asyncio.Future[bytes | None]":
        """The tag of the place with this key, `None` for one never named. The future raises `Unavailable`."""
        return self.get(place)


class KeyLoader(BatchLoader[UUID, Remembered]):
    """Answers what requests with idempotency keys were told before, for what is to be known before a claim is made."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, statements.remembered, readers_max=1)

    async def verdict(self, key: Key) -> Verdict | None:
        """The answer to repeat, or `None` when the key was not used yet. Raises `Unavailable`."""
        known = await self.get(key.id)
        return None if known is None else keys.repeated(known, key, None)
