"""What the simulated server does with the statements that planted errors have changed."""

from typing import Any

from holdfast.engine import statements
from proof import sql
from proof.server import Server, State, Transaction
from proof.sql import Row


def install() -> None:
    """Teach the server whichever changed statements the loaded engine has."""
    if "FOR UPDATE" not in statements.LOCK:
        sql.HANDLERS[statements.LOCK] = sql.revisions
    elif "ORDER BY" not in statements.LOCK:
        sql.HANDLERS[statements.LOCK] = lock_in_any_order
    if "FOR UPDATE" in statements.NEAREST:
        sql.HANDLERS[statements.NEAREST] = lock_and_nearest
    if "<> $3" not in statements.NEAREST_BUT:
        sql.HANDLERS[statements.NEAREST_BUT] = nearest_with_itself


async def lock_in_any_order(server: Server, mine: Transaction, seen: State, places: list[str]) -> list[Row]:
    """Lock in the order in which the rows happen to lie."""
    return await sql.lock_in_order(server, mine, seen, server.random.sample(sorted(places), len(places)))


async def lock_and_nearest(server: Server, mine: Transaction, seen: State, *arguments: Any) -> list[Row]:
    """Lock, and then read from the snapshot of before the wait, as one statement does."""
    await sql.lock(server, mine, seen, arguments[2])
    return await sql.nearest(server, mine, seen, *arguments)


async def nearest_with_itself(server: Server, mine: Transaction, seen: State, *arguments: Any) -> list[Row]:
    """No reservation is left out."""
    return await sql.nearest_but(server, mine, seen, arguments[0], arguments[1], sql.POISON)
