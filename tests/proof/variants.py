"""What the simulated server does with the statements that planted errors have changed."""

import msgspec

from holdfast.engine import writing
from proof import sql
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


async def lock_nothing(server: Server, mine: Transaction, seen: State, asked: Writing) -> None:
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
