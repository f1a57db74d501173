"""Reads of revisions that must be true, combined: all that arrive in one turn of the event loop share one query."""

import asyncio

from holdfast.database.connections import AWAY, Database
from holdfast.engine import statements
from holdfast.errors import Unavailable

KEYS_AT_ONCE = 1_000
READERS_MAX = 2
"""Queries under way at once. While all are busy, what arrives gathers for the next."""


class RevisionReader:
    """Answers a place's revision, read from the database after the question was asked. Made once in each process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[str, list[asyncio.Future[int | None]]] = {}
        self._readers: set[asyncio.Task[None]] = set()
        self._is_due = False

    def revision(self, place: str) -> "asyncio.Future[int | None]":
        """The revision of the place with this key, `None` for one never named. The future raises `Unavailable`."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[int | None] = loop.create_future()
        self._waiting.setdefault(place, []).append(answer)
        if not self._is_due:
            self._is_due = True
            # At the end of this turn, when everything that arrived together has asked.
            loop.call_soon(self._begin)
        return answer

    def _begin(self) -> None:
        """Start a reader, if there is something to read and one may be started."""
        self._is_due = False
        if self._waiting and len(self._readers) < READERS_MAX:
            reader = asyncio.create_task(self._read())
            self._readers.add(reader)
            reader.add_done_callback(self._ended)

    def _ended(self, reader: "asyncio.Task[None]") -> None:
        """Read what arrived while all readers were busy, or while this one was putting its connection back."""
        self._readers.discard(reader)
        self._begin()

    async def _read(self) -> None:
        asked = self._take()
        if not asked:
            # Another reader, begun in the same turn, was quicker.
            return
        try:
            async with self._database.engine_connection() as connection:
                found = await statements.revisions(connection, list(asked))
        except BaseException as error:
            self._fail(asked, Unavailable())
            if not isinstance(error, AWAY):
                raise
        else:
            for place, answers in asked.items():
                for answer in answers:
                    if not answer.done():
                        answer.set_result(found.get(place))

    def _fail(self, asked: "dict[str, list[asyncio.Future[int | None]]]", error: Exception) -> None:
        for answers in asked.values():
            for answer in answers:
                if not answer.done():
                    answer.set_exception(error)

    def _take(self) -> "dict[str, list[asyncio.Future[int | None]]]":
        if len(self._waiting) <= KEYS_AT_ONCE:
            asked, self._waiting = self._waiting, {}
            return asked
        return {place: self._waiting.pop(place) for place in list(self._waiting)[:KEYS_AT_ONCE]}
