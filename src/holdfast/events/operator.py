"""What the operator does with events at the terminal: mend counts that are wrong."""

from typing import NamedTuple

from holdfast.clock import Clock
from holdfast.database.again import again_on_conflict
from holdfast.database.connections import Connection, alone, transaction
from holdfast.engine import batch, statements
from holdfast.events import queries


class Mended(NamedTuple):
    """An event whose count was mended, from what to what."""

    id: int
    before: int
    after: int
    noted: int = 0

    @property
    def words(self) -> str:
        """One line for the person at the terminal."""
        if self.before == self.after:
            return f"event {self.id}: {self.noted} changes of seats were written down"
        return f"event {self.id}: {self.before} became {self.after}"


async def repair(url: str, clock: Clock) -> list[Mended]:
    """Count the bookings of every event that is wrong anew, one at a time and locked, while bookings go on."""
    async with alone(url) as connection:
        found = [await _repair(connection, each, clock) for each in await queries.miscounted_events(connection)]
        return [each for each in found if each is not None]


@again_on_conflict
async def _repair(connection: Connection, event_id: int, clock: Clock) -> Mended | None:
    place = statements.event_place(event_id)
    async with transaction(connection):
        await statements.lock(connection, [place.key])
        # In statements of their own: the one that waited for the lock saw what was before.
        event = (await queries.events_by_id(connection, [event_id])).get(event_id)
        bookings = await queries.count_bookings(connection, event_id)
        if event is None:
            return None
        # What was typed in, or deleted, past the engine is written down as if it happened now.
        noted = await queries.note_changes(connection, event_id, event.revision + 1, clock())
        if event.booked_seats == bookings and not noted:
            return None
        await queries.set_booked(connection, event_id, bookings)
        told = {"name": event.name, "booked_seats": bookings}
        await batch.tell(connection, place, event.revision, ("event.repaired", told), clock())
        return Mended(event_id, event.booked_seats, bookings, noted)
