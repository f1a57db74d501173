"""Changes for tests, and a batch of them settled straight by the engine."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from msgspec.structs import replace

from holdfast.engine import looks, statements, transaction
from holdfast.engine.claims import (
    Change,
    Confirm,
    Extend,
    Granted,
    Interval,
    Key,
    Place,
    Reservation,
    Retake,
    Seat,
    Stretch,
    Verdict,
)
from holdfast.engine.demands import Rules
from holdfast.engine.settlement import Settlement
from holdfast.engine.settler import Settler
from holdfast.engine.transaction import KeyTaken, Stale
from holdfast.errors import HoldfastError
from holdfast.kinds import KINDS
from rooms import DAY, hours

RULES = Rules(timedelta(days=31))


def room(room_id: str) -> Place:
    """A room as a place."""
    return Place("room", room_id)


def reserve(place: Place, start: float, end: float, key: Key | None = None) -> Change:
    """A change that takes some hours."""
    return take(place, hours(start, end), key=key)


def hold(place: Place, start: float, end: float, seconds: int = 60, key: Key | None = None) -> Change:
    """A change that holds some hours for a while."""
    return take(place, hours(start, end), seconds, key)


def take(place: Place, interval: Interval, hold_seconds: int | None = None, key: Key | None = None) -> Change:
    """A change that takes a stretch of time."""
    change_id = uuid4()
    return Change(change_id, place, takes=Stretch(change_id, interval, hold_seconds=hold_seconds), key=key)


def otherwise(change: Change, **takes: Any) -> Change:
    """The same, but for what it takes."""
    assert change.takes is not None
    return replace(change, takes=replace(change.takes, **takes))


def release(reservation: Reservation) -> Change:
    """A change that gives a reservation back."""
    return Change(uuid4(), reservation.place, reservation.id)


def sweep(reservation: Reservation) -> Change:
    """A change that ends a hold which has expired."""
    return Change(uuid4(), reservation.place, reservation.id, lapses=True)


def confirm(reservation: Reservation, external_ref: str | None = None, *, revives: bool = False) -> Change:
    """A change that makes a hold a reservation."""
    return Change(uuid4(), reservation.place, reservation.id, Confirm(external_ref, revives))


def extend(reservation: Reservation, seconds: int) -> Change:
    """A change that lets a hold last longer."""
    return Change(uuid4(), reservation.place, reservation.id, Extend(seconds))


def move(
    reservation: Reservation, target: Place | None = None, start: datetime | None = None, end: datetime | None = None
) -> Change:
    """A change that moves a reservation."""
    return Change(uuid4(), reservation.place, reservation.id, Retake(target, start, end))


def key(body: bytes = b"1" * 32) -> Key:
    """An idempotency key that nobody has used, sent with a body of this hash."""
    return Key(uuid4(), body)


async def name(connection: "asyncpg.Connection", *places: Place) -> None:
    """Give places their rows, as the engine does before it settles."""
    await statements.ensure_places(connection, places)


async def settle(connection: "asyncpg.Connection", *changes: Change) -> list[Verdict | HoldfastError]:
    """Settle a batch: quickly, and with more care if that is refused."""
    try:
        return await settle_once(connection, *changes)
    except (Stale, KeyTaken):
        return await settle_once(connection, *changes, careful=True)


async def settle_once(
    connection: "asyncpg.Connection", *changes: Change, careful: bool = False
) -> list[Verdict | HoldfastError]:
    """Try to settle a batch. Raises what the engine tries again after."""
    batch = await work(connection, changes)
    await transaction.settle(connection, batch, careful=careful)
    return batch.verdicts()


async def work(connection: "asyncpg.Connection", changes: Sequence[Change]) -> Settlement:
    """A batch to be settled, whose places are named already."""
    settler = Settler(lambda: DAY, RULES, KINDS.demands)
    if seats := sum(isinstance(change.takes, Seat) for change in changes):
        settler._ids.extend(await looks.new_ids(connection, seats))
    return settler.work(changes)


async def grant(connection: "asyncpg.Connection", change: Change) -> Reservation:
    """Settle one change that is made."""
    [verdict] = await settle(connection, change)
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
