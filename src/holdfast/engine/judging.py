"""Whether stretches of time are free where they are wanted, holds that have expired among what is there.

What takes a place never overlaps, holds that nobody has ended yet included. So whoever is granted a stretch ends the
expired holds in it; and behind such a hold may lie something that has not expired and reaches into what is wanted.
"""

from collections.abc import Sequence
from itertools import takewhile
from uuid import UUID

import uuid_utils.compat as uuids

from holdfast.database.connections import Connection
from holdfast.engine import looks, occupancy
from holdfast.engine.batch import Batch
from holdfast.engine.claims import Interval, Refused, Reservation
from holdfast.engine.looks import Look, Wish
from holdfast.engine.occupancy import Wanted


async def judge(
    connection: Connection, batch: Batch, wanted: Sequence[Wanted], leaving: Sequence[UUID] = ()
) -> list[Refused | None]:
    """Why each gets no stretch, or `None` when it does; what is given back, and `leaving`, is in nobody's way.

    Expired holds that are granted over are ended by the batch. Raises `PlacesMissing`, `Stale`.
    """
    if not wanted:
        return []
    away = [*leaving, *(each.id for each in batch.left.values() if each.state not in occupancy.TAKING)]
    wishes = [Wish(place, interval.end) for place, interval in wanted]
    look = await looks.look(connection, wishes, away)
    batch.note(look.revisions, {wish.place for wish in wishes}, look.now)
    dead = await _behind(connection, batch, wanted, look, away) if look.expiring else []
    refusals = occupancy.settle(wanted, look.nearest, look.closed)
    for hold in dead:
        if any(refused is None and _covers(each, hold) for each, refused in zip(wanted, refusals, strict=True)):
            _lapse(batch, hold)  # [the expired end]
    return refusals


async def _behind(
    connection: Connection, batch: Batch, wanted: Sequence[Wanted], look: Look, away: Sequence[UUID]
) -> list[Reservation]:
    """The expired holds in what is wanted. What is behind them, and has not expired, becomes the nearest in `look`.

    What one wish was shown is passed over for all: so the holds found are those of the batch, not of a wish.
    """
    dead: dict[UUID, Reservation] = {}
    hidden = _hidden(wanted, look, batch)
    while hidden:
        wishes = [Wish(wanted[position].place, wanted[position].interval.end) for position in hidden]
        further: list[int] = []
        for position, rows in zip(hidden, await looks.backwards(connection, wishes, [*away, *dead]), strict=True):
            # What has not expired is in the way, if it reaches that far. [behind the expired]
            expired, look.nearest[position] = _split(rows, wanted[position].interval, batch)
            dead |= {each.id: each for each in expired}
            if len(expired) == looks.BACKWARDS_ROWS:  # [further behind the expired]
                further.append(position)
        hidden = further
    return list(dead.values())


def _hidden(wanted: Sequence[Wanted], look: Look, batch: Batch) -> list[int]:
    """The positions of wishes into which a hold reaches that has expired."""
    return [
        position
        for position, expires_at in look.expiring.items()
        if expires_at <= batch.time and occupancy.obstacle(wanted[position].interval, look.nearest[position])
    ]


def _split(rows: Sequence[Reservation], wanted: Interval, batch: Batch) -> tuple[list[Reservation], Interval | None]:
    """The expired holds in a stretch, from the last one back, and what ends the row of them: it has not expired."""
    reaching = list(takewhile(lambda each: each.end > wanted.start, rows))
    dead = list(takewhile(lambda each: occupancy.has_expired(each, batch.time), reaching))
    return dead, reaching[len(dead)].interval if len(dead) < len(reaching) else None


def _covers(wanted: Wanted, hold: Reservation) -> bool:
    return wanted.place == hold.place.key and wanted.interval.overlaps(hold.interval)


def _lapse(batch: Batch, hold: Reservation) -> None:
    """End a hold that has expired."""
    ended = occupancy.ended(hold, lapses=True, now=batch.time)
    if ended is not None:
        batch.end(uuids.uuid7(), ended, "expired")
