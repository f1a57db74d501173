"""Rows that cannot be read, as somebody may have typed into psql: none takes a page or a list down.

Such a row is logged once by each process and left out; `holdfast check` finds it. Nothing is paid for this while every
row can be read: only when a list has failed it is read again, in halves, until the rows at fault stand alone.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

import msgspec
import structlog
from sqlalchemy import Column, Select
from sqlalchemy.ext.asyncio import AsyncConnection

from holdfast.database.connections import AWAY, Connection

T = TypeVar("T")
UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, msgspec.MsgspecError)
"""What a value raises that no value of ours would: a year after 9999, an unknown word, JSON of another shape."""
TIMES = (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))
"""The first and the last time that can be read, whatever the zone."""
TOLD_MAX = 10_000
logger = structlog.stdlib.get_logger("holdfast.database")
_told: set[tuple[str, str]] = set()


class Source(Protocol):
    """A list in the database whose rows have keys. Rows with the keys in `without` are not there."""

    name: str

    async def all(self, without: Sequence[Any]) -> Collection[Any]:
        """The rows of the list, in its order and within its limit."""

    async def keys(self, without: Sequence[Any]) -> Sequence[Any]:
        """Their keys alone."""

    async def some(self, keys: Sequence[Any], without: Sequence[Any]) -> Collection[Any]:
        """Those of the rows that have these keys."""


class Selected:
    """A list that is asked for with SQLAlchemy; `key` is a column of the table that the list is of."""

    def __init__(self, connection: AsyncConnection, query: Select[Any], key: "Column[Any]") -> None:
        self._connection, self._query, self._key = connection, query, key
        self.name = key.table.name

    async def all(self, without: Sequence[Any]) -> Collection[Any]:
        """The rows of the list."""
        return list(await self._connection.execute(self._but(without)))

    async def keys(self, without: Sequence[Any]) -> Sequence[Any]:
        """Their keys alone."""
        return (await self._connection.execute(self._but(without).with_only_columns(self._key))).scalars().all()

    async def some(self, keys: Sequence[Any], without: Sequence[Any]) -> Collection[Any]:  # noqa: ARG002
        """Those of the rows that have these keys."""
        query = self._query.limit(None).offset(None).where(self._key.in_(keys))
        return list(await self._connection.execute(query))

    def _but(self, without: Sequence[Any]) -> Select[Any]:
        return self._query.where(self._key.not_in(without)) if without else self._query


class Fetched:
    """A list that is asked for with asyncpg. The statement's last argument is the keys, UUIDs, that it leaves out."""

    def __init__(self, connection: Connection, name: str, statement: str, *arguments: object, key: str) -> None:
        self._connection, self.name, self._statement, self._key = connection, name, statement, key
        self._arguments = arguments

    async def all(self, without: Sequence[Any]) -> Collection[Any]:
        """The rows of the list."""
        return list(await self._connection.fetch(self._statement, *self._arguments, without))

    async def keys(self, without: Sequence[Any]) -> Sequence[Any]:
        """Their keys alone."""
        statement = f"SELECT q.{self._key} FROM ({self._statement}) q"  # noqa: S608  nothing of it is anybody's input
        return [row[0] for row in await self._connection.fetch(statement, *self._arguments, without)]

    async def some(self, keys: Sequence[Any], without: Sequence[Any]) -> Collection[Any]:
        """Those of the rows that have these keys."""
        place = len(self._arguments) + 2
        statement = f"SELECT q.* FROM ({self._statement}) q WHERE q.{self._key} = ANY(${place}::uuid[])"  # noqa: S608
        return list(await self._connection.fetch(statement, *self._arguments, without, keys))


async def read(source: Source, make: Callable[[Any], T], *, numbered: bool = False) -> list[T]:
    """A list, each row made a value. What cannot be read is left out, and the list goes on behind it.

    A list within a limit is filled up with what follows, so who goes on after its last value misses nothing; one whose
    pages are `numbered` is not, else the next page would begin with what this one has shown.
    """
    without: list[Any] = []
    while True:
        try:
            return [make(row) for row in await source.all(without)]
        except UNREADABLE as error:
            if isinstance(error, AWAY):
                raise
            keys = await source.keys(without)
            found = await _unreadable(source, make, keys, without)
            if not found:
                raise
            without += found
            if numbered:
                good = [key for key in keys if key not in set(found)]
                return [make(row) for row in await source.some(good, ())] if good else []


async def _unreadable(
    source: Source, make: Callable[[Any], T], keys: Sequence[Any], without: Sequence[Any]
) -> list[Any]:
    """Of these keys those whose rows cannot be read, each of them told."""
    if not keys:
        return []
    try:
        for row in await source.some(keys, without):
            make(row)
    except UNREADABLE as error:
        if isinstance(error, AWAY):
            raise
        if len(keys) == 1:
            leave_out(source.name, keys[0], error)
            return list(keys)
        half = len(keys) // 2
        first = await _unreadable(source, make, keys[:half], without)
        return first + await _unreadable(source, make, keys[half:], without)
    return []


def leave_out(name: str, key: object, error: BaseException) -> None:
    """Log that a row of a table is left out, once; without what is in it, for that may be about a person."""
    row = (name, str(key))
    if row in _told:
        return
    if len(_told) >= TOLD_MAX:
        _told.clear()
    _told.add(row)
    # The error's sort alone: its text may repeat what is in the row.
    kind = type(error).__name__
    logger.error("a row cannot be read and is left out: see `holdfast check`", table=name, key=row[1], error=kind)
