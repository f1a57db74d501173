"""An invariant: a sentence that must be true of the whole database, and how to find where it is not."""

from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from holdfast.database.connections import Connection

FOUND_MAX = 1_000
"""Of one invariant; who has so many has no use for more."""
Look = Callable[[Connection], Awaitable[list[str]]]


class Invariant(Struct, frozen=True):
    """A sentence that must be true, what gives a line for each place where it is not, and what to do then.

    What gives the lines is SQL or, for what SQL cannot tell, a function.
    """

    sentence: str
    broken: str | Look
    advice: str


class Broken(Struct, frozen=True):
    """An invariant that does not hold, with a line for each place where it does not, `FOUND_MAX` at most."""

    invariant: Invariant
    lines: Sequence[str]


async def lines(connection: Connection, invariant: Invariant) -> list[str]:
    """A line for each place where it is not so."""
    if not isinstance(invariant.broken, str):
        return (await invariant.broken(connection))[:FOUND_MAX]
    rows = await connection.fetch(f"{invariant.broken.strip()}\nLIMIT {FOUND_MAX}")
    return [row[0] for row in rows]
