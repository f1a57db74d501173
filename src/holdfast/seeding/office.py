"""What the office consists of. Pure: the same day gives the same office, and its ids are the same on every day."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID, uuid5

from msgspec import Struct

from holdfast.engine.claims import Kind, Place
from holdfast.rooms.slots import SLOT, Schedule, Slot, of_day

NAMESPACE = UUID("d1b0a9a0-4c6e-4f0e-8f43-3f3f7b9f2f11")
PEOPLE, BOOKINGS, CANCELLED = 10_000, 100_000, 10_000
PASSWORD = "holdfast demo"  # noqa: S105  meant to be known
"""Everybody's. Known to all the world, so such data does not belong on a public server."""
DAYS_BEFORE, DAYS_AFTER = 200, 100
WEEKDAYS, EVERY_DAY = (1, 2, 3, 4, 5), (1, 2, 3, 4, 5, 6, 7)
OPENING, CLOSING = 8 * 60, 18 * 60
NAMES = (
    "Alder", "Aspen", "Birch", "Cedar", "Cherry", "Chestnut", "Cypress", "Elder", "Elm", "Fir", "Hazel", "Hawthorn",
    "Holly", "Hornbeam", "Juniper", "Larch", "Laurel", "Linden", "Maple", "Mulberry", "Oak", "Olive", "Pear", "Pine",
    "Plane", "Plum", "Poplar", "Quince", "Rowan", "Spruce", "Sycamore", "Walnut", "Willow", "Yew", "Amber", "Basalt",
    "Beryl", "Chalk", "Coral", "Flint", "Garnet", "Granite", "Jade", "Lapis", "Marble", "Onyx", "Opal", "Quartz",
    "Slate", "Topaz",
)  # fmt: skip
CAPACITIES = (2, 4, 4, 6, 6, 8, 10, 12, 20)


class SeededRoom(Struct, frozen=True):
    """A managed room with its schedule."""

    id: UUID
    name: str
    capacity: int
    schedule: Schedule

    @property
    def place(self) -> Place:
        """The room as the engine knows it."""
        return Place(Kind.ROOM, str(self.id))


class SeededBooking(Struct, frozen=True):
    """A booked slot, or one that was."""

    id: UUID
    room: SeededRoom
    slot: Slot
    user_id: UUID
    created_at: datetime
    cancelled_at: datetime | None


def rooms() -> list[SeededRoom]:
    """Fifty rooms, the last two of them open at weekends as well: a thousand slots on a weekday."""
    found = []
    for number, name in enumerate(NAMES):
        room_id = _id(f"room {number}")
        days = EVERY_DAY if number >= len(NAMES) - 2 else WEEKDAYS
        schedule = Schedule(_id(f"schedule {number}"), days, OPENING, CLOSING)
        found.append(SeededRoom(room_id, name, CAPACITIES[number % len(CAPACITIES)], schedule))
    return found


def person(number: int) -> UUID:
    """The id of a user, counted from 1."""
    return _id(f"person {number}")


def email(number: int) -> str:
    """The address of a user."""
    return f"user{number:05}@holdfast.example"


def bookings(today: date) -> Iterator[SeededBooking]:
    """All bookings, spread over past and future; those that are active share no slot."""
    random = Random(1)  # noqa: S311  nothing here is to be hard to guess
    noon = datetime.combine(today, time(12), UTC)
    days = [today + timedelta(days=number) for number in range(-DAYS_BEFORE, DAYS_AFTER)]
    slots = [(room, slot) for room in rooms() for day in days for slot in of_day(room.id, room.schedule, day)]
    # Each slot at most once among the active, and any among the cancelled.
    chosen = random.sample(slots, BOOKINGS - CANCELLED) + random.choices(slots, k=CANCELLED)
    for number, (room, slot) in enumerate(chosen):
        latest = min(noon, slot.start)
        created = latest - timedelta(minutes=random.randrange(1, 30 * 24 * 60))
        is_cancelled = number >= BOOKINGS - CANCELLED
        cancelled = created + (latest - created) / 2 if is_cancelled else None
        user_id = person(random.randrange(1, PEOPLE + 1))
        yield SeededBooking(_id(f"booking {number}"), room, slot, user_id, created, cancelled)


def end(slot: Slot) -> datetime:
    """When the room is free again."""
    return slot.start + SLOT


def _id(text: str) -> UUID:
    return uuid5(NAMESPACE, text)
