"""Claims for tests, and a batch of them settled straight by the engine."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg

from holdfast.engine import statements, transaction
from holdfast.engine.calendar_settlement import Calendars
from holdfast.engine.claims import Claim, Granted, Key, Kind, Move, Place, Release, Reservation, Reserve, Verdict
from holdfast.engine.transaction import KeyTaken, Stale
from rooms import DAY, hours

LONGEST = timedelta(days=31)


def room(room_id: str) -> Place:
    """A room as a place."""
    return Place(Kind.ROOM, room_id)


def reserve(place: Place, start: float, end: float, key: Key | None = None) -> Reserve:
    """A claim for some hours."""
    return Reserve(uuid4(), place, hours(start, end), key=key)


def release(reservation: Reservation) -> Release:
    """A claim that gives a reservation back."""
    return Release(uuid4(), reservation.place, reservation.id)


def move(
    reservation: Reservation, target: Place | None = None, start: datetime | None = None, end: datetime | None = None
) -> Move:
    """A claim that moves a reservation."""
    return Move(uuid4(), reservation.place, reservation.id, target, start, end)


def key(body: bytes = b"1" * 32) -> Key:
    """An idempotency key that nobody has used, sent with a body of this hash."""
    return Key(uuid4(), body)


async def name(connection: "asyncpg.Connection", *places: Place) -> None:
    """Give places their rows, as the engine does before it settles."""
    await statements.ensure_places(connection, places)


async def settle(connection: "asyncpg.Connection", *claims: Claim) -> list[Verdict]:
    """Settle a batch: quickly, and with more care if that is refused."""
    try:
        return await settle_once(connection, *claims)
    except (Stale, KeyTaken):
        return await settle_once(connection, *claims, careful=True)


async def settle_once(connection: "asyncpg.Connection", *claims: Claim, careful: bool = False) -> list[Verdict]:
    """Try to settle a batch. Raises what the engine tries again after."""
    work = Calendars(lambda: DAY, LONGEST).work(claims)
    await transaction.settle(connection, work, careful=careful)
    return work.verdicts()


async def grant(connection: "asyncpg.Connection", claim: Claim) -> Reservation:
    """Settle one claim that is met."""
    [verdict] = await settle(connection, claim)
    assert isinstance(verdict, Granted)
    return verdict.reservation


async def active(connection: "asyncpg.Connection", *places: Place) -> Sequence[UUID]:
    """The ids of the places' active reservations, by start."""
    rows = await connection.fetch(
        "SELECT id FROM reservations WHERE place = ANY($1) AND cancelled_at IS NULL ORDER BY start_time",
        [place.key for place in places],
    )
    return [row["id"] for row in rows]


async def touch(connection: "asyncpg.Connection", place: Place) -> None:
    """Change a place, as far as its revision and messages tell."""
    raised = await connection.fetchval(
        "UPDATE places SET revision = revision + 1 WHERE place = $1 RETURNING revision", place.key
    )
    await connection.execute(
        "INSERT INTO outbox (place, revision, id, type, occurred_at, data) VALUES ($1, $2, $3, 'test', now(), '{}')",
        place.key,
        raised,
        uuid4(),
    )


async def revision(connection: "asyncpg.Connection", place: Place) -> int:
    """How many changes a place has seen."""
    found: int = await connection.fetchval("SELECT revision FROM places WHERE place = $1", place.key)
    return found


async def messages(connection: "asyncpg.Connection", place: Place) -> list[tuple[int, str]]:
    """Revision and type of everything that the outbox tells of a place."""
    rows = await connection.fetch("SELECT revision, type FROM outbox WHERE place = $1 ORDER BY revision", place.key)
    return [(row["revision"], row["type"]) for row in rows]
