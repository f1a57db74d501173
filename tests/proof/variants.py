"""What the simulated server does with the statements that planted errors have changed."""

import msgspec

from holdfast.engine import pool_statements, writing
from proof import seats_sql, sql
from proof.server import Server, State, Transaction
from proof.sql import Writing


def install() -> None:
    """Teach the server whichever changed statements the loaded engine has."""
    source = writing.WRITE_FUNCTION
    if "PERFORM FROM places" not in source:
        sql.STEPS["lock"] = lock_nothing
    elif "ORDER BY place FOR UPDATE" not in source:
        sql.STEPS["lock"] = lock_in_any_order
    if "q.seen_before" in source:
        sql.STEPS["lock"], sql.STEPS["raise"] = look_and_lock, raise_if_it_was_so
    elif "q.revision = u.seen" not in source:
        sql.STEPS["raise"] = raise_whatever_it_is
    elif "found_places = 0" in source:
        sql.STEPS["raise"] = raise_some
    elif "SET revision = u.seen" in source:
        sql.STEPS["raise"] = raise_nothing
    if "ON CONFLICT" in source:
        sql.STEPS["remember"] = remember_if_new
    install_seats(pool_statements.WRITE_FUNCTION)


def install_seats(source: str) -> None:
    """Teach the server the changed statement about seats."""
    if "PERFORM FROM events" not in source:
        seats_sql.STEPS["lock"] = lock_nothing
    elif "ORDER BY id FOR UPDATE" not in source:
        seats_sql.STEPS["lock"] = lock_events_in_any_order
    if "SELECT FROM bookings" in source:
        seats_sql.STEPS["cancel"] = lock_nothing
    checks_revision = "e.revision = u.seen" in source
    raises, counts = "SET revision = u.raised" in source, "+ u.taken\n" in source
    if not (checks_revision and raises and counts):

        async def step(server: Server, mine: Transaction, seen: State, asked: seats_sql.Writing) -> None:
            for one in asked.changed:
                await server.lock(mine, "events", one.event_id)
                event = server.latest(mine, "events", one.event_id)
                is_stale = checks_revision and event.revision != one.seen
                if is_stale or (one.taken > 0 and event.booked + one.taken > event.total):
                    raise sql.Stale("stale")
                revision = one.raised if raises else one.seen
                booked = event.booked + (one.taken if counts else 0)
                mine.write("events", one.event_id, seats_sql.Event(revision, event.total, booked))

        seats_sql.STEPS["raise"] = step


async def lock_events_in_any_order(server: Server, mine: Transaction, seen: State, asked: seats_sql.Writing) -> None:
    """Lock in the order in which the rows happen to lie."""
    for event_id in server.random.sample(asked.locked, len(asked.locked)):
        if event_id in server.view(seen, mine, "events"):
            await server.lock(mine, "events", event_id)


async def lock_nothing(server: Server, mine: Transaction, seen: State, asked: object) -> None:
    """There is no such statement."""


async def lock_in_any_order(server: Server, mine: Transaction, seen: State, asked: Writing) -> None:
    """Lock in the order in which the rows happen to lie."""
    await sql.lock_in_order(server, mine, seen, server.random.sample(asked.locked, len(asked.locked)))


BEFORE: dict[Transaction, State] = {}


async def look_and_lock(server: Server, mine: Transaction, seen: State, asked: Writing) -> None:
    """Read the revisions in the statement that locks, which sees what was there before it waited."""
    BEFORE[mine] = seen
    await sql.lock_what_changes(server, mine, seen, asked)


async def raise_if_it_was_so(server: Server, mine: Transaction, seen: State, asked: Writing) -> None:
    """Trust what was read before the wait."""
    before = BEFORE.pop(mine)
    if any(before.places.get(one.place) != one.seen for one in asked.changed):
        raise sql.Stale("stale")
    await raise_whatever_it_is(server, mine, seen, asked)


async def raise_whatever_it_is(server: Server, mine: Transaction, seen: State, asked: Writing) -> None:
    """Ask nothing."""
    for one in asked.changed:
        await server.lock(mine, "places", one.place)
        mine.write("places", one.place, one.raised)


async def raise_some(server: Server, mine: Transaction, seen: State, asked: Writing) -> None:
    """Raise those that are as they were seen."""
    raised = 0
    for one in asked.changed:
        await server.lock(mine, "places", one.place)
        if server.latest(mine, "places", one.place) == one.seen:
            mine.write("places", one.place, one.raised)
            raised += 1
    if not raised:
        raise sql.Stale("stale")


async def raise_nothing(server: Server, mine: Transaction, seen: State, asked: Writing) -> None:
    """Check, and leave the revisions as they are."""
    await sql.raise_revisions(server, mine, seen, asked)
    for one in asked.changed:
        mine.write("places", one.place, one.seen)


async def remember_if_new(server: Server, mine: Transaction, seen: State, asked: Writing) -> None:
    """Leave out the keys that are there."""
    for row in msgspec.json.decode(asked.keys or "[]", type=list[sql.NewKey]):
        if await server.claim_key(mine, "keys", row.id):
            mine.write("keys", row.id, row.stored())
