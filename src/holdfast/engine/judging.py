"""Whether stretches of time are free where they are wanted, holds that have expired among what is there.

What takes a place never overlaps, holds that nobody has ended yet included. So whoever is granted a stretch ends the
expired holds in it; and behind such a hold may lie something that has not expired and reaches into what is wanted.
"""

from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple
from uuid import UUID

import uuid_utils.compat as uuids

from holdfast.database.connections import Connection
from holdfast.engine import looks, occupancy
from holdfast.engine.batch import Batch
from holdfast.engine.claims import Interval, Place, Refused, Reservation
from holdfast.engine.demands import Demands, Proposal
from holdfast.engine.looks import Look, LookRow, NamedLookRow
from holdfast.engine.occupancy import Wanted
from holdfast.errors import HoldfastError


class Seen(NamedTuple):
    """The result of a look at what is asked for, with the expired holds in it."""

    proposals: Sequence[Proposal]
    wanted: Sequence[Wanted]
    look: Look
    dead: list[Reservation]


async def look(
    connection: Connection, batch: Batch, demands: Demands, proposals: Sequence[Proposal], leaving: Sequence[UUID] = ()
) -> tuple[Seen, dict[int, HoldfastError]]:
    """What is in the way of what is asked for, and by position what the places themselves have against it.

    What is given back, and `leaving`, is in nobody's way. Raises `PlacesMissing`, `Stale`.
    """
    away = [*leaving, *(each.id for each in batch.left.values() if each.state not in occupancy.TAKING)]
    wanted = [Wanted(each.place.key, each.interval) for each in proposals]
    concerned = demands.concerned(proposals)
    tells_more = bool(concerned) or any(each.is_hold for each in proposals)
    rows = _named(proposals, concerned) if tells_more else [LookRow(place, interval.end) for place, interval in wanted]
    seen = await looks.look(connection, rows, away, demands.looks if tells_more else None)
    batch.note(seen.revisions, {wish.place for wish in rows}, seen.now)
    dead = await _behind(connection, batch, wanted, seen, away) if seen.expiring else []
    against = {
        position: error
        for position in concerned
        if (error := demands.against(seen.facts.get(position), proposals[position], batch.now)) is not None
    }
    return Seen(proposals, wanted, seen, dead), against


def settle(batch: Batch, seen: Seen, positions: Sequence[int]) -> list[Refused | None]:
    """Why each of those at these positions gets no stretch, or `None` when it does; in order of arrival.

    Expired holds that are granted over are ended by the batch.
    """
    wanted = [seen.wanted[position] for position in positions]
    refusals = occupancy.settle(wanted, [seen.look.nearest[position] for position in positions], seen.look.closed)
    for hold in seen.dead:
        if any(refused is None and _covers(each, hold) for each, refused in zip(wanted, refusals, strict=True)):
            _lapse(batch, hold)  # [the expired end]
    return refusals


def beyond(seen: Seen, positions: Sequence[int], bounds: tuple[int, int]) -> set[int]:
    """The positions, of these, of holds that are more than a place or a user may have; each sees those before it.

    `bounds` are of a place and of a user. What is beyond a place's is found out by its revision; somebody's, over all
    places, is not exact.
    """
    at_places: dict[Place, int] = {}
    of_users: dict[UUID | None, int] = {}
    found: set[int] = set()
    for position in positions:
        if not seen.proposals[position].is_hold:
            continue
        place, user_id = seen.proposals[position].place, seen.proposals[position].user_id
        at_place, of_user = (at_places.get(place, 0), of_users.get(user_id, 0))
        there = seen.look.holds[position]
        if there[0] + at_place < bounds[0] and (user_id is None or there[1] + of_user < bounds[1]):
            at_places[place], of_users[user_id] = at_place + 1, of_user + 1  # [own holds]
        else:
            found.add(position)
    return found


def _named(proposals: Sequence[Proposal], concerned: Sequence[int]) -> Sequence[LookRow]:
    """The rows for a look that tells more; those that are concerned with the names of their places."""
    rows = [
        NamedLookRow(
            each.place.key, each.interval.end, holds=each.is_hold, user_id=each.user_id if each.is_hold else None
        )
        for each in proposals
    ]
    for position in concerned:
        rows[position].kind, rows[position].id = proposals[position].place
    return rows


async def _behind(
    connection: Connection, batch: Batch, wanted: Sequence[Wanted], look: Look, away: Sequence[UUID]
) -> list[Reservation]:
    """The expired holds in what is wanted. What is behind them, and has not expired, becomes the nearest in `look`.

    What one wish was shown is passed over for all: so the holds found are those of the batch, not of a wish.
    """
    dead: dict[UUID, Reservation] = {}
    hidden = _hidden(wanted, look, batch)
    while hidden:
        rows = [LookRow(wanted[position].place, wanted[position].interval.end) for position in hidden]
        further: list[int] = []
        for position, found in zip(hidden, await looks.backwards(connection, rows, [*away, *dead]), strict=True):
            # What has not expired is in the way, if it reaches that far. [behind the expired]
            expired, look.nearest[position] = _split(found, wanted[position].interval, batch)
            dead |= {each.id: each for each in expired}
            if len(expired) == looks.BACKWARDS_ROWS:  # [further behind the expired]
                further.append(position)
        hidden = further
    return list(dead.values())


def _hidden(wanted: Sequence[Wanted], look: Look, batch: Batch) -> list[int]:
    """The positions of rows into which a hold reaches that has expired."""
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
