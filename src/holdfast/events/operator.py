"""What the operator does with events at the terminal: mend counts that are wrong."""

from typing import NamedTuple

import asyncpg

from holdfast.clock import Clock
from holdfast.database.connections import connect_arguments, without_bounds
from holdfast.engine import pool_settlement, pool_statements
from holdfast.events import queries
from holdfast.settings import Settings


class Mended(NamedTuple):
    """An event whose count was mended, from what to what."""

    id: int
    before: int
    after: int


async def repair(url: str, settings: Settings, clock: Clock) -> list[Mended]:
    """Count the bookings of every event that is wrong anew, one at a time and locked, while bookings go on."""
    connection = await asyncpg.connect(url, **without_bounds(connect_arguments(settings)))
    try:
        found = [await _repair(connection, each, clock) for each in await queries.miscounted_events(connection)]
        return [each for each in found if each is not None]
    finally:
        await connection.close()


async def _repair(connection: "asyncpg.Connection[asyncpg.Record]", event_id: int, clock: Clock) -> Mended | None:
    async with connection.transaction():
        await pool_statements.lock(connection, [event_id])
        # In statements of their own: the one that waited for the lock saw what was before.
        event = (await queries.events_by_id(connection, [event_id])).get(event_id)
        bookings = await queries.count_bookings(connection, event_id)
        if event is None or event.booked_seats == bookings:
            return None
        await queries.set_booked(connection, event_id, bookings)
        told = {"name": event.name, "booked_seats": bookings}
        message = pool_settlement.event_message(event_id, event.revision + 1, "event.repaired", clock(), told)
        await pool_settlement.write_change(connection, event_id, message)
        return Mended(event_id, event.booked_seats, bookings)
