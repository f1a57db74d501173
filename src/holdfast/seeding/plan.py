"""What is sown: which rooms, people and bookings there are. Pure: the same day gives the same plan.

Every id is a UUIDv5 of what it stands for, so what was sown once is known again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from uuid import UUID, uuid5

from msgspec import Struct

from holdfast.rooms import slots
from holdfast.rooms.queries import Room
from holdfast.rooms.slots import Schedule, Slot

NAMESPACE = UUID("0f7b9d6e-3a52-4f4e-8d0b-6f3c1f0a9e11")
"""Never to be changed: what was sown is known by ids made of it."""
PASSWORD = "holdfast-demo"  # noqa: S105  meant to be known: see docs/load-test.md
USERS = 10_000
ACTIVE_EACH, CANCELLED_EACH = 1_800, 200
"""Bookings of one room."""
PAST_DAYS, FUTURE_DAYS = 180, 60
BEFORE = timedelta(days=14)
"""Bookings are made up to this long before; those that were cancelled, in the two weeks before that."""
LINK_SHARE = 0.25
NAMES = (
    "Amber", "Aspen", "Atrium", "Aurora", "Balcony", "Bamboo", "Birch", "Board room", "Cedar", "Chestnut",
    "Cinema", "Clover", "Cobalt", "Compass", "Corner", "Courtyard", "Cypress", "Fireside", "Focus 1", "Focus 2",
    "Focus 3", "Garden", "Ginger", "Green room", "Harbour", "Hazel", "Horizon", "Indigo", "Interview 1", "Interview 2",
    "Juniper", "Lagoon", "Lantern", "Large hall", "Lavender", "Library", "Lighthouse", "Linden", "Loft", "Magnolia",
    "Maple", "Meridian", "Olive", "Orchard", "Oval", "Press room", "Rowan", "Saffron", "Studio", "Workshop",
)  # fmt: skip
HOURS = ((8, 18), (9, 18), (8, 19), (9, 19), (8, 18))
"""Opening and closing hours, taken in turn: ten hours a day on average, so fifty rooms have a thousand slots."""
CAPACITIES = (4, 6, 8, 10, 12, 20)
WEEKEND_ROOMS = (6, 33)
"""Open on Saturday and Sunday as well."""


class Person(Struct, frozen=True):
    """A user to be."""

    id: UUID
    email: str
    created_at: datetime


class Sown(Struct, frozen=True):
    """A booking to be."""

    id: UUID
    slot: Slot
    user_id: UUID
    created_at: datetime
    cancelled_at: datetime | None
    conference_link: str | None


def people(now: datetime) -> list[Person]:
    """The users, from `user00001@example.com` on."""
    first = now - timedelta(days=PAST_DAYS + 60)
    emails = [f"user{number:05}@example.com" for number in range(1, USERS + 1)]
    return [Person(_id(email), email, first + timedelta(minutes=n)) for n, email in enumerate(emails)]


def rooms(now: datetime) -> list[Room]:
    """The rooms with their schedules."""
    first = now - timedelta(days=PAST_DAYS + 60)
    return [_room(number, first + timedelta(minutes=number)) for number in range(len(NAMES))]


def window(room: Room, now: datetime) -> list[Slot]:
    """A room's slots from the first day of bookings to the last."""
    assert room.schedule is not None, "every room here has one"
    days = [now.date() + timedelta(days=offset) for offset in range(-PAST_DAYS, FUTURE_DAYS + 1)]
    return [slot for day in days for slot in slots.of_day(room.id, room.schedule, day)]


def bookings(room: Room, free: Sequence[Slot], users: Sequence[UUID], now: datetime) -> list[Sown]:
    """A room's bookings on slots that are free: no two active ones on the same, ever."""
    random = Random(str(room.id))  # noqa: S311  the same each time is what is wanted
    active = random.sample(free, min(ACTIVE_EACH, len(free)))
    cancelled = random.sample(free, min(CANCELLED_EACH, len(free)))
    return [_booking(slot, users, now, random) for slot in active] + [
        _cancelled(slot, users, now, random) for slot in cancelled
    ]


def _room(number: int, created_at: datetime) -> Room:
    name = NAMES[number]
    capacity = CAPACITIES[number % len(CAPACITIES)]
    opening, closing = HOURS[number % len(HOURS)]
    days = (1, 2, 3, 4, 5, 6, 7) if number in WEEKEND_ROOMS else (1, 2, 3, 4, 5)
    schedule = Schedule(_id(f"schedule {name}"), days, opening * 60, closing * 60)
    description = f"Floor {number // 10 + 1}, for {capacity} people"
    return Room(_id(f"room {name}"), name, description, capacity, created_at, schedule=schedule)


def _booking(slot: Slot, users: Sequence[UUID], now: datetime, random: Random) -> Sown:
    booking_id = _id(f"booking {slot.id}")
    created_at = min(slot.start, now) - BEFORE * random.random()
    link = f"https://meet.example.com/{booking_id}" if random.random() < LINK_SHARE else None
    return Sown(booking_id, slot, random.choice(users), created_at, None, link)


def _cancelled(slot: Slot, users: Sequence[UUID], now: datetime, random: Random) -> Sown:
    """Made and cancelled before anybody else booked the slot."""
    created_at = min(slot.start, now) - BEFORE * (1 + random.random())
    cancelled_at = created_at + (min(slot.start, now) - BEFORE - created_at) * random.random()
    return Sown(_id(f"cancelled {slot.id}"), slot, random.choice(users), created_at, cancelled_at, None)


def _id(text: str) -> UUID:
    return uuid5(NAMESPACE, text)
