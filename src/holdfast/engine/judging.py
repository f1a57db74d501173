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
from holdfast.engine.looks import Near, Wish
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
    batch.note(look.revisions, list({wish.place for wish in wishes}), look.now)
    nearest = [None if near is None else Interval(near.start, near.end) for near in look.nearest]
    hidden = [position for position, near in enumerate(look.nearest) if _hides(near, wanted[position], batch)]
    lapsed = await _behind(connection, batch, wanted, hidden, away) if hidden else {}
    for position, (_, found) in lapsed.items():
        nearest[position] = found
    refusals = occupancy.settle(wanted, nearest, look.closed)
    for position, (dead, _) in lapsed.items():
        if refusals[position] is None:
            _lapse(batch, dead)
    return refusals


def _hides(near: Near | None, wanted: Wanted, batch: Batch) -> bool:
    """Whether what is nearest is a hold that has expired, and reaches into what is wanted."""
    if near is None or near.expires_at is None:
        return False
    return near.expires_at <= batch.time and near.end > wanted.interval.start


async def _behind(
    connection: Connection, batch: Batch, wanted: Sequence[Wanted], hidden: Sequence[int], away: Sequence[UUID]
) -> dict[int, tuple[list[Reservation], Interval | None]]:
    """By position the expired holds in what is wanted, and what else reaches into it."""
    found: dict[int, tuple[list[Reservation], Interval | None]] = {position: ([], None) for position in hidden}
    while hidden:
        passed = [*away, *(each.id for position in hidden for each in found[position][0])]
        wishes = [Wish(wanted[position].place, wanted[position].interval.end) for position in hidden]
        further: list[int] = []
        for position, rows in zip(hidden, await looks.backwards(connection, wishes, passed), strict=True):
            dead, alive = _split(rows, wanted[position].interval, batch)
            found[position] = ([*found[position][0], *dead], alive)
            if len(dead) == looks.BACKWARDS_ROWS:
                further.append(position)
        hidden = further
    return found


def _split(rows: Sequence[Reservation], wanted: Interval, batch: Batch) -> tuple[list[Reservation], Interval | None]:
    """The expired holds in a stretch, from the last one back, and what ends the row of them: it has not expired."""
    reaching = list(takewhile(lambda each: each.end > wanted.start, rows))
    dead = list(takewhile(lambda each: occupancy.has_expired(each, batch.time), reaching))
    return dead, reaching[len(dead)].interval if len(dead) < len(reaching) else None


def _lapse(batch: Batch, dead: Sequence[Reservation]) -> None:
    """End holds that have expired."""
    for each in dead:
        ended = occupancy.ended(each, lapses=True, now=batch.time)
        # Two grants may share what is between them.
        if ended is not None and each.id not in batch.left:
            batch.end(uuids.uuid7(), ended, "expired")
