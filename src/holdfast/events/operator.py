"""What the operator does with events at the terminal: mend counts that are wrong."""

from datetime import datetime
from typing import NamedTuple

from holdfast.clock import Clock
from holdfast.database.connections import Connection, alone
from holdfast.engine import places
from holdfast.engine.claims import Edit, Edited
from holdfast.engine.statements import event_place
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
        found = [await _repair(connection, each, clock()) for each in await queries.miscounted_events(connection)]
        return [each for each in found if each is not None]


async def _repair(connection: Connection, event_id: int, now: datetime) -> Mended | None:
    mended: list[Mended] = []

    async def work(connection: Connection, revision: int | None) -> Edited:
        mended.clear()
        event = (await queries.events_by_id(connection, [event_id])).get(event_id)
        bookings = await queries.count_bookings(connection, event_id)
        if event is None or revision is None:
            return Edited(b"")
        # What was typed in, or deleted, past the engine is written down as if it happened now.
        noted = await queries.note_changes(connection, event_id, revision + 1, now)
        if event.booked_seats == bookings and not noted:
            return Edited(b"")
        await queries.set_booked(connection, event_id, bookings)
        mended.append(Mended(event_id, event.booked_seats, bookings, noted))
        return Edited(b"", [("event.repaired", {"name": event.name, "booked_seats": bookings})])

    await places.edit(connection, event_place(event_id), Edit(work), now)
    return mended[0] if mended else None
