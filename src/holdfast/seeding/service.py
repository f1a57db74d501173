"""Seeding: people, then one room after the other, each with its bookings in a transaction of its own.

What was sown before is left as it is, so a run that was broken off is finished by the next.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from holdfast.accounts.passwords import Passwords
from holdfast.database.connections import Connection, alone
from holdfast.engine import places
from holdfast.engine.claims import Edit, Edited
from holdfast.rooms import queries as rooms_queries
from holdfast.rooms import slots
from holdfast.rooms.queries import Room
from holdfast.seeding import plan, queries

PEOPLE_AT_ONCE = 1_000
TOTAL = plan.USERS + len(plan.NAMES) * (plan.ACTIVE_EACH + plan.CANCELLED_EACH)
"""Steps of the whole: users and bookings."""

Tell = Callable[[int], None]
"""Is told how many steps were done, or found done, since it was told last."""


class Overlap(Exception):
    """What was about to be written overlaps, so it was not. A mistake of ours, or of who wrote rows by hand."""


class Report(Struct, frozen=True):
    """What was added."""

    users: int
    rooms: int
    bookings: int


def words(report: Report) -> str:
    """One line for the person at the terminal."""
    if not report.users and not report.rooms:
        return "Everything is there already: nothing was changed"
    return (
        f"Added {report.users:,} users, {report.rooms:,} rooms and {report.bookings:,} bookings; "
        f"sign in as user00001@example.com with the password {plan.PASSWORD}"
    )


async def seed(url: str, now: datetime, password_cost: int, tell: Tell) -> Report:
    """Add what is missing of the plan to a migrated database, and check that nothing overlaps. Raises `Overlap`."""
    async with alone(url) as connection:
        users = await _add_people(connection, now, password_cost, tell)
        owners = await queries.users_there(connection, [each.id for each in plan.people(now)])
        wanted = plan.rooms(now)
        there = await queries.rooms_there(connection, [room.id for room in wanted])
        rooms = bookings = 0
        for room in wanted:
            added = None if room.id in there else await _add_room(connection, room, owners, now)
            if added is not None:
                rooms, bookings = rooms + 1, bookings + added
            tell(plan.ACTIVE_EACH + plan.CANCELLED_EACH)
        if users or rooms:
            await queries.analyse(connection)
        if await queries.count_overlaps(connection, [room.place.key for room in wanted]):
            raise Overlap("active reservations of a room overlap")
        return Report(users, rooms, bookings)


async def _add_people(connection: Connection, now: datetime, password_cost: int, tell: Tell) -> int:
    """Add the users that are missing, with one password for all; how many that were."""
    wanted = plan.people(now)
    there = set(await queries.users_there(connection, [each.id for each in wanted]))
    missing = [each for each in wanted if each.id not in there]
    tell(len(there))
    if not missing:
        return 0
    passwords = Passwords(password_cost)
    # One for all: ten thousand would take the better part of an hour.
    password_hash = await passwords.hash(plan.PASSWORD)
    passwords.close()
    added = 0
    for first in range(0, len(missing), PEOPLE_AT_ONCE):
        some = missing[first : first + PEOPLE_AT_ONCE]
        added += await queries.add_users(connection, some, password_hash)
        tell(len(some))
    return added


async def _add_room(connection: Connection, room: Room, owners: Sequence[UUID], now: datetime) -> int | None:
    """Add a room, its schedule and its bookings; how many bookings that were.

    `None` when somebody else has added it in the meantime.
    """
    schedule = room.schedule
    assert schedule is not None, "every room here has one"
    added: list[int] = []

    async def work(connection: Connection, _: int | None) -> Edited:
        added.clear()
        if await queries.rooms_there(connection, [room.id]):
            return Edited(b"")
        # Somebody may have reserved the room by its id, before it was one of an office.
        free = slots.free(plan.window(room, now), await queries.taken(connection, room.place))
        bookings = plan.bookings(room, free, owners, now)
        await rooms_queries.insert_room(connection, room)
        await rooms_queries.insert_schedule(connection, room.id, schedule, room.created_at)
        # A slot may have been booked, cancelled and booked again.
        await rooms_queries.store_slots(connection, list({each.slot.id: each.slot for each in bookings}.values()))
        await queries.add_bookings(connection, room.place, bookings)
        if await queries.count_overlaps(connection, [room.place.key]):
            raise Overlap(f"active reservations of {room.name} overlap")
        added.append(len(bookings))
        return Edited(b"", [("room.seeded", {"name": room.name, "bookings": len(bookings)})])

    await places.edit(connection, room.place, Edit(work, names=True), now)
    return added[0] if added else None
