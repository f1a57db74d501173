"""The SQL by which the engine looks before it decides. Each statement serves a whole batch, and reads no lock."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct

from holdfast.database.connections import Connection
from holdfast.engine.claims import STATES, Interval, Place, Reservation, SeatBooking
from holdfast.engine.occupancy import Seats
from holdfast.engine.schema import HELD_NOW, TAKES
from holdfast.engine.statements import event_key, event_place, place_of

# One descent of the index for each wish, however long the place's history: see `occupancy.py` for why one row is
# enough. What somebody typed that never ends, or ends after all years that can be read, is in the way as far as anybody
# can ask. The time is told once, with the first. `LIMIT 1` has each place looked up by itself: a plan that was made
# while there were few would read all of them.
LOOK = """
SELECT u.position, q.revision, q.closed_at IS NOT NULL AS is_closed, r.start_time, r.end_time, r.expires_at,
    CASE WHEN u.position = 1 THEN (SELECT engine_now()) END AS now
FROM ROWS FROM (json_to_recordset($1::json) AS (place text, claim_end timestamptz)) WITH ORDINALITY
    AS u (place, claim_end, position)
CROSS JOIN LATERAL (SELECT revision, closed_at FROM places WHERE place = u.place LIMIT 1) q
LEFT JOIN LATERAL (
    SELECT greatest(n.start_time, '0001-01-01') AS start_time, least(n.end_time, '9999-12-31') AS end_time, n.expires_at
    FROM reservations n WHERE n.place = u.place AND n.start_time < u.claim_end AND n.cancelled_at IS NULL
    ORDER BY n.start_time DESC LIMIT 1
) r ON true
"""

# The same, as it will be when some reservations have left.
LOOK_PAST = LOOK.replace("AND n.cancelled_at IS NULL", "AND n.cancelled_at IS NULL AND n.id <> ALL($2::uuid[])")

# Backwards from where a wish ends: what takes its place, expired holds among it.
BACKWARDS = """
SELECT u.position, u.place, r.id, greatest(r.start_time, '0001-01-01') AS start_time,
    least(r.end_time, '9999-12-31') AS end_time, r.created_at, r.user_id, r.details, r.type, r.state, r.expires_at,
    r.held_at, r.external_ref, r.revived
FROM ROWS FROM (json_to_recordset($1::json) AS (place text, claim_end timestamptz)) WITH ORDINALITY
    AS u (place, claim_end, position)
CROSS JOIN LATERAL (
    SELECT * FROM reservations n
    WHERE n.place = u.place AND n.start_time < u.claim_end AND n.cancelled_at IS NULL AND n.id <> ALL($2::uuid[])
    ORDER BY n.start_time DESC LIMIT $3
) r
ORDER BY u.position, r.start_time DESC
"""

# Places first, so that one without such a reservation tells its revision too. Those that ended as well, for on a table
# without statistics the planner would take the index of those that have not, and read all of a place's.
GIVEN = """
SELECT q.place, q.revision, (SELECT engine_now()) AS now, r.id, r.start_time, r.end_time, r.created_at, r.user_id,
    r.details, r.type, r.state, r.expires_at, r.held_at, r.external_ref, r.revived
FROM places q LEFT JOIN reservations r ON r.place = q.place AND r.id = ANY($2::uuid[])
WHERE q.place = ANY($1::text[])
"""

# In a look that tells more, of whoever wants to hold a place: how many holds there are at it, and of the same person.
COUNTS = f"""
    CASE WHEN u.holds THEN (SELECT count(*) FROM reservations WHERE place = u.place AND {HELD_NOW}) END AS at_place,
    CASE WHEN u.holds THEN (SELECT count(*) FROM reservations WHERE user_id = u.user_id AND {HELD_NOW}) END AS of_user
"""  # noqa: S608

# Holds that have expired and that nobody has ended, the oldest first. What somebody typed for a place of a kind that
# there is not is left to `holdfast check`.
EXPIRED = f"""
SELECT id, place FROM reservations WHERE {TAKES} AND expires_at <= (SELECT engine_now())
    AND split_part(place, ':', 1) = ANY($1::text[])
ORDER BY expires_at LIMIT $2
"""  # noqa: S608

# For each wish its event, and the booking that the same person may have there: one descent of the unique index.
LOOK_SEATS = """
SELECT u.position, e.revision, e.total_seats, e.booked_seats, b.id
FROM ROWS FROM (json_to_recordset($1::json) AS (event_id bigint, user_id text)) WITH ORDINALITY
    AS u (event_id, user_id, position)
CROSS JOIN LATERAL (SELECT revision, total_seats, booked_seats FROM events WHERE id = u.event_id LIMIT 1) e
LEFT JOIN LATERAL (SELECT id FROM bookings WHERE event_id = u.event_id AND user_id = u.user_id LIMIT 1) b ON true
"""

# Events first, so that one without such a booking tells its revision too.
GIVEN_SEATS = """
SELECT e.id AS event_id, e.revision, b.id, b.user_id, b.created_at
FROM events e LEFT JOIN bookings b ON b.event_id = e.id AND b.id = ANY($2::bigint[])
WHERE e.id = ANY($1::bigint[])
"""

IDS = "SELECT nextval('bookings_id_seq') AS id FROM generate_series(1, $1)"

BACKWARDS_ROWS = 64
"""How far back one look goes for expired holds. When all that it finds have expired, another goes on behind them."""


class LookRow(Struct):
    """A stretch of time that is wanted at a place, by when it ends."""

    place: str
    claim_end: datetime


class NamedLookRow(LookRow):
    """The same, with what a look that tells more asks for: facts of the place, unless `kind` is `None`; holds."""

    kind: str | None = None
    id: str | None = None
    holds: bool = False
    user_id: UUID | None = None


class Look(NamedTuple):
    """The places' revisions, what is nearest to each wish, the places where nothing may be reserved, and the time.

    `expiring` tells of wishes, by position, to which a hold is nearest, and when that expires. Of a look that
    tells more, by position: `facts` of the place, and the `holds` that there are at it and of who wants to hold it.
    """

    revisions: dict[str, int]
    nearest: list[Interval | None]
    expiring: dict[int, datetime]
    closed: set[str]
    now: datetime | None
    facts: dict[int, str]
    holds: dict[int, tuple[int, int]]


class SeatLookRow(Struct, frozen=True):
    """A seat that somebody wants."""

    event_id: int
    user_id: str


class SeatLook(NamedTuple):
    """The revisions and seats of those events that exist, and the bookings that people who want seats have already."""

    revisions: dict[str, int]
    seats: dict[Place, Seats]
    booked: dict[SeatLookRow, int]


def telling(facts: Mapping[str, str]) -> tuple[str, str]:
    """Both looks, made to tell more; `facts` are expressions of JSON, by kind: see `demands.py`."""
    of_kinds = "".join(f" WHEN '{kind}' THEN ({expression})" for kind, expression in facts.items())
    return (_telling(LOOK, of_kinds), _telling(LOOK_PAST, of_kinds))


def _telling(look: str, of_kinds: str) -> str:
    columns = {"kind": "text", "id": "text", "holds": "boolean", "user_id": "uuid"}
    typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    named = look.replace("claim_end timestamptz)", f"claim_end timestamptz, {typed})")
    named = named.replace("claim_end, position)", f"claim_end, {', '.join(columns)}, position)")
    facts = f"CASE u.kind{of_kinds} END" if of_kinds else "NULL"
    return named.replace(" AS now", f" AS now, {facts} AS facts, {COUNTS}")


async def look(
    connection: Connection,
    wanted: Sequence[LookRow],
    leaving: Sequence[UUID] = (),
    more: tuple[str, str] | None = None,
) -> Look:
    """What there is where something is wanted, as it is committed. The reservations in `leaving` count as gone.

    A place that has no row has no revision either. With `more`, looks that were made by `telling`.
    """
    revisions: dict[str, int] = {}
    nearest: list[Interval | None] = [None] * len(wanted)
    expiring: dict[int, datetime] = {}
    closed: set[str] = set()
    now: datetime | None = None
    facts: dict[int, str] = {}
    holds: dict[int, tuple[int, int]] = {}
    # As JSON, which costs us a third of what arrays do: those are looked at value by value.
    wishes = msgspec.json.encode(wanted).decode()
    plain, past = more or (LOOK, LOOK_PAST)
    rows = await (connection.fetch(past, wishes, leaving) if leaving else connection.fetch(plain, wishes))
    if more:
        for position, *_, told_facts, at_place, of_user in rows:
            if told_facts is not None:
                facts[position - 1] = told_facts
            if at_place is not None:
                holds[position - 1] = (at_place, of_user)
    for position, revision, is_closed, start, end, expires_at, told, *_ in rows:
        place = wanted[position - 1].place
        revisions[place] = revision
        if is_closed:
            closed.add(place)
        if start is not None:
            nearest[position - 1] = Interval(start, end)
        if expires_at is not None:
            expiring[position - 1] = expires_at
        if told is not None:
            now = told
    return Look(revisions, nearest, expiring, closed, now, facts, holds)


async def backwards(
    connection: Connection, wanted: Sequence[LookRow], leaving: Sequence[UUID]
) -> list[list[Reservation]]:
    """For each wish what takes its place, back from where it ends, those in `leaving` excepted."""
    found: list[list[Reservation]] = [[] for _ in wanted]
    wishes = msgspec.json.encode(wanted).decode()
    for row in await connection.fetch(BACKWARDS, wishes, leaving, BACKWARDS_ROWS):
        found[row["position"] - 1].append(_reservation(row))
    return found


async def given(
    connection: Connection, places: Sequence[str], ids: Sequence[UUID]
) -> tuple[dict[str, int], dict[UUID, Reservation], datetime | None]:
    """The places' revisions, by id those of the reservations that are there, ended ones too, and the time."""
    rows = await connection.fetch(GIVEN, places, ids)
    revisions = {row["place"]: row["revision"] for row in rows}
    found = {row["id"]: _reservation(row) for row in rows if row["id"] is not None}
    return revisions, found, rows[0]["now"] if rows else None


async def expired(connection: Connection, kinds: Collection[str], at_most: int) -> list[tuple[UUID, Place]]:
    """Holds at places of these kinds that have expired and that nobody has ended, with their places."""
    return [(row["id"], place_of(row["place"])) for row in await connection.fetch(EXPIRED, kinds, at_most)]


async def look_seats(connection: Connection, wanted: Sequence[SeatLookRow]) -> SeatLook:
    """What there is of what is wanted, as it is committed."""
    found = SeatLook({}, {}, {})
    rows = await connection.fetch(LOOK_SEATS, msgspec.json.encode(wanted).decode())
    for position, revision, total, booked, booking_id in rows:
        wish = wanted[position - 1]
        place = event_place(wish.event_id)
        found.revisions[place.key] = revision
        found.seats[place] = Seats(total, booked)
        if booking_id is not None:
            found.booked[wish] = booking_id
    return found


async def given_seats(
    connection: Connection, events: Sequence[int], ids: Sequence[int]
) -> tuple[dict[str, int], dict[int, SeatBooking]]:
    """The events' revisions, and by id those of the bookings that are there."""
    rows = await connection.fetch(GIVEN_SEATS, events, ids)
    revisions = {event_key(row["event_id"]): row["revision"] for row in rows}
    return revisions, {row["id"]: _booking(row) for row in rows if row["id"] is not None}


async def new_ids(connection: Connection, number: int) -> list[int]:
    """Ids for bookings to come. Those that are not used are never given to others."""
    return [row["id"] for row in await connection.fetch(IDS, number)]


def _reservation(row: Mapping[str, object]) -> Reservation:
    details = row["details"]
    return Reservation(
        id=row["id"],  # type: ignore[arg-type]
        place=place_of(str(row["place"])),
        start=row["start_time"],  # type: ignore[arg-type]
        end=row["end_time"],  # type: ignore[arg-type]
        created_at=row["created_at"],  # type: ignore[arg-type]
        user_id=row["user_id"],  # type: ignore[arg-type]
        details=None if details is None else msgspec.json.decode(str(details)),
        type=str(row["type"]),
        state=STATES[str(row["state"])],
        expires_at=row["expires_at"],  # type: ignore[arg-type]
        held_at=row["held_at"],  # type: ignore[arg-type]
        external_ref=row["external_ref"],  # type: ignore[arg-type]
        revived=bool(row["revived"]),
    )


def _booking(row: Mapping[str, object]) -> SeatBooking:
    return SeatBooking(
        id=row["id"],  # type: ignore[arg-type]
        place=event_place(row["event_id"]),  # type: ignore[arg-type]
        user_id=row["user_id"],  # type: ignore[arg-type]
        created_at=row["created_at"],  # type: ignore[arg-type]
    )
