"""All SQL that reads reservations and places. Changes are the engine's."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import Row, Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from holdfast.database import readable
from holdfast.database.connections import Connection
from holdfast.engine.claims import STATES, Place, Reservation
from holdfast.engine.occupancy import has_expired
from holdfast.engine.schema import ACTIVE, START_OF_ALL, TAKES, places, reservations
from holdfast.engine.statements import place_of
from holdfast.http.paging import Moment
from holdfast.reservations.kinds import Kinds
from holdfast.settings import RESERVATION_DAYS_LIMIT

LONGEST = timedelta(days=RESERVATION_DAYS_LIMIT)
COLUMNS = (
    reservations.c.id,
    reservations.c.place,
    reservations.c.start_time,
    reservations.c.end_time,
    reservations.c.created_at,
    reservations.c.user_id,
    reservations.c.type,
    reservations.c.state,
    reservations.c.expires_at,
    reservations.c.held_at,
    reservations.c.external_ref,
    reservations.c.revived,
    reservations.c.details,
)
# What is to be changed: that it has expired must be told, so what has is found too, swept or not.
KNOWN = f"""
SELECT {", ".join(column.name for column in COLUMNS)}, (SELECT engine_now()) AS now
FROM reservations WHERE id = ANY($1::uuid[]) AND ({TAKES} OR state = 'expired')
"""  # noqa: S608


class Window(Struct, frozen=True):
    """Only what overlaps `[start, end)`; `None` leaves that side open."""

    start: datetime | None = None
    end: datetime | None = None


class Filter(Struct, frozen=True):
    """Which reservations a list of all is narrowed to; `None` narrows nothing."""

    window: Window
    place: Place | None = None
    owner: UUID | None = None
    types: Sequence[str] | None = None


class Position(Struct, frozen=True, array_like=True):
    """Where a page ended: the last reservation's start and id."""

    start: Moment
    id: UUID


class KnownPlace(Struct, frozen=True):
    """A place that has been named. `revision` grows with every change of its reservations."""

    place: Place
    revision: int


class Known(NamedTuple):
    """A reservation that has not ended, or a hold that has expired."""

    reservation: Reservation
    has_expired: bool


async def known(connection: Connection, kinds: Kinds, ids: Sequence[UUID]) -> dict[UUID, Known]:
    """Those of these reservations that have not ended otherwise than by expiring."""
    found: dict[UUID, Known] = {}
    for *before, details, now in await connection.fetch(KNOWN, ids):
        reservation = _reservation(kinds, (*before, None if details is None else msgspec.json.decode(details)))
        found[reservation.id] = Known(reservation, has_expired(reservation, now))
    return found


async def find(connection: AsyncConnection, kinds: Kinds, reservation_id: UUID) -> Reservation | None:
    """The active reservation with this id."""
    found = await _read(connection, kinds, select(*COLUMNS).where(reservations.c.id == reservation_id, ACTIVE))
    return found[0] if found else None


async def of_place(
    connection: AsyncConnection, kinds: Kinds, chosen: Filter, *, after: datetime | None, limit: int
) -> list[Reservation]:
    """Active reservations of the one place of a filter by start, those after the start `after`; at most `limit`."""
    assert chosen.place is not None, "else it is `of_all` that lists"
    key = chosen.place.key
    query = _in_window_of_place(select(*COLUMNS).where(reservations.c.place == key, ACTIVE), key, chosen.window)
    if after is not None:
        # No two active reservations of a place start together, so the start alone says where to go on.
        query = query.where(reservations.c.start_time > after)
    return await _read(connection, kinds, query.order_by(reservations.c.start_time).limit(limit))


async def of_all(
    connection: AsyncConnection, kinds: Kinds, chosen: Filter, *, after: Position | None, limit: int
) -> list[Reservation]:
    """Active reservations of all places by start and id; those after a position; at most `limit`."""
    query = select(*COLUMNS).where(ACTIVE)
    window = chosen.window
    if chosen.owner is not None:
        query = query.where(reservations.c.user_id == chosen.owner)
    if chosen.place is not None:
        query = query.where(reservations.c.place == chosen.place.key)
    if chosen.types is not None:
        query = query.where(reservations.c.type.in_(chosen.types))
    if window.start is not None:
        # The first bound is for the index: nothing that is still on can have begun earlier.
        query = query.where(_naive(window.start - LONGEST) < START_OF_ALL, reservations.c.end_time > window.start)
    if window.end is not None:
        query = query.where(_naive(window.end) > START_OF_ALL)
    if after is not None:
        query = query.where(tuple_(START_OF_ALL, reservations.c.id) > tuple_(_naive(after.start), after.id))
    return await _read(connection, kinds, query.order_by(START_OF_ALL, reservations.c.id).limit(limit))


async def known_places(connection: AsyncConnection, kinds: Kinds, *, after: str | None, limit: int) -> list[KnownPlace]:
    """Places by their key, those after the key `after`; at most `limit`."""
    query = select(places.c.place, places.c.revision).order_by(places.c.place).limit(limit)
    if after is not None:
        query = query.where(places.c.place > after)
    source = readable.Selected(connection, query, places.c.place)
    return await readable.read(source, lambda row: KnownPlace(kinds.known(place_of(row.place)), row.revision))


def _in_window_of_place(query: Select[Any], place: str, window: Window) -> Select[Any]:
    start = reservations.c.start_time
    if window.end is not None:
        query = query.where(start < window.end)
    if window.start is None:
        return query
    # As in the engine: of those that begin before the window, only the one with the greatest start can reach into it.
    nearest = (
        select(start, reservations.c.end_time)
        .where(reservations.c.place == place, ACTIVE, start < window.start)
        .order_by(start.desc())
        .limit(1)
        .subquery()
    )
    reaching = select(nearest.c.start_time).where(nearest.c.end_time > window.start).scalar_subquery()
    return query.where(start >= func.coalesce(reaching, window.start))


def _naive(moment: datetime) -> datetime:
    """A moment as the index of all starts has it: in UTC, and not saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None)


async def _read(connection: AsyncConnection, kinds: Kinds, query: Select[Any]) -> list[Reservation]:
    return await readable.read(readable.Selected(connection, query, reservations.c.id), partial(_reservation, kinds))


def _reservation(kinds: Kinds, row: Row[*tuple[Any, ...]] | tuple[Any, ...]) -> Reservation:
    """A row as a value that can be shown to anybody. Raises `readable.UNREADABLE`."""
    reservation_id, key, start, end, created_at, user_id, type_, state, *rest, details = row
    place = place_of(key)
    # The driver tells infinity by a time without a zone.
    is_endless = start.tzinfo is None or end.tzinfo is None or created_at.tzinfo is None
    found = Reservation(reservation_id, place, start, end, created_at, user_id, details, type_, STATES[state], *rest)
    if is_endless or type_ not in kinds.types or not kinds.of(place).is_readable(found):
        raise ValueError
    return found
