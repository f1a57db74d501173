"""What a place demands is judged with what is in the way, in one look, on a real PostgreSQL."""

from itertools import count
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

import batches
from batches import confirm, grant, hold, key, move, otherwise, reserve, settle, settle_once, touch
from holdfast.engine import transaction
from holdfast.engine.claims import Change, Granted, Place, Reason, Refused, Retake
from holdfast.errors import HoldfastError, InvalidRequest, RoomClosed, TableNotFound, Unreadable
from integration.test_statement_counts import statements
from moved_time import move_time
from rooms import hours

Connection = "asyncpg.Connection"
MAKE = "INSERT INTO tables (name, seats, location) VALUES ('a', $1, 'b') RETURNING id"
RESIZE = "UPDATE tables SET seats = $2 WHERE 'table:' || id = $1"
STARTS = count(1)


async def table(connection: Connection, seats: int = 4) -> Place:
    """A table as a place with a row to lock."""
    place = Place("table", str(await connection.fetchval(MAKE, seats)))
    await batches.name(connection, place)
    return place


async def managed_room(connection: Connection) -> Place:
    """A room that is open from 9 to 17 on each day of the week."""
    room_id = uuid4()
    await connection.execute(
        "INSERT INTO rooms (id, name, description, capacity, created_at) VALUES ($1, 'a', NULL, NULL, now())", room_id
    )
    await connection.execute(
        "INSERT INTO schedules (id, room_id, days_of_week, start_minute, end_minute, created_at) "
        "VALUES ($1, $2, '{1,2,3,4,5,6,7}', 540, 1020, now())",
        uuid4(),
        room_id,
    )
    place = Place("room", str(room_id))
    await batches.name(connection, place)
    return place


def party(place: Place, size: int, **more: Any) -> Change:
    """A change that takes a table for a party, after all others."""
    start = next(STARTS) * 2
    return otherwise(reserve(place, start, start + 1, **more), type="table", details={"party_size": size})


def told(verdict: object) -> object:
    """A verdict, or the fields that an error names."""
    return verdict.details if isinstance(verdict, HoldfastError) else type(verdict)


TOO_LARGE = InvalidRequest({"party_size": "party_too_large"}).details


async def test_of_a_batch_only_what_does_not_fit_is_declined(connection: Connection) -> None:
    small, large = await table(connection, 2), await table(connection, 6)
    changes = [party(small, 4), party(large, 4), party(small, 2), reserve(batches.room("here"), 1, 2)]
    await batches.name(connection, changes[-1].place)
    verdicts = await settle(connection, *changes)
    assert [told(each) for each in verdicts] == [TOO_LARGE, Granted, Granted, Granted]


async def test_what_is_declined_writes_nothing(connection: Connection) -> None:
    place = await table(connection, 2)
    [verdict] = await settle(connection, party(place, 4, key=key()))
    assert told(verdict) == TOO_LARGE
    assert await batches.revision(connection, place) == 0


async def test_a_key_does_not_remember_that_it_was_declined(connection: Connection) -> None:
    place, once = await table(connection, 2), key()
    await settle(connection, party(place, 4, key=once))
    await connection.execute(RESIZE, place.key, 4)
    assert isinstance((await settle(connection, party(place, 4, key=once)))[0], Granted)


async def test_what_was_granted_with_a_key_is_told_again_whatever_is_demanded_now(connection: Connection) -> None:
    place, once = await table(connection, 4), key()
    asked = party(place, 4, key=once)
    made = await grant(connection, asked)
    await connection.execute(RESIZE, place.key, 2)
    for careful in (False, True):
        again = otherwise(party(place, 4, key=once), interval=made.interval)
        assert await settle_once(connection, again, careful=careful) == [Granted(made, replayed=True)]


async def test_who_comes_with_the_key_of_one_that_was_declined_is_judged_anew(connection: Connection) -> None:
    place, once = await table(connection, 2), key()
    other = type(once)(once.id, b"2" * 32)
    verdicts = await settle(
        connection, party(place, 4, key=once), party(place, 2, key=other), party(place, 2, key=once)
    )
    assert [told(each) for each in verdicts] == [TOO_LARGE, Granted, Refused]
    assert verdicts[2] == Refused(Reason.KEY_REUSED)


async def test_nothing_is_written_that_was_decided_on_an_old_demand(connection: Connection) -> None:
    place = await table(connection, 4)
    wanted = party(place, 4)
    work = await batches.work(connection, [wanted])
    await work.decide(connection, careful=False)
    await connection.execute(RESIZE, place.key, 2)
    await touch(connection, place)
    with pytest.raises(asyncpg.PostgresError) as refused:
        await work.write(connection)
    assert refused.value.sqlstate == transaction.STALE
    [verdict] = await settle_once(connection, wanted, careful=True)
    assert told(verdict) == TOO_LARGE


async def test_a_demand_is_read_in_the_look_that_reads_the_revision(connection: Connection) -> None:
    places = [await table(connection) for _ in range(5)] + [await managed_room(connection)]
    await settle(connection, party(places[0], 1), reserve(places[-1], 10, 11))
    wanted = [party(place, 4) for place in places[:-1]] + [reserve(places[-1], 11, 12)]
    assert await statements(connection, lambda: settle_once(connection, *wanted)) == 2


async def test_a_party_stays_at_a_table_that_has_become_too_small(connection: Connection) -> None:
    place, other = await table(connection, 4), await table(connection, 4)
    made = await grant(connection, party(place, 4))
    for each in (place, other):
        await connection.execute(RESIZE, each.key, 2)
    start, end = made.interval
    later = move(made, start=end, end=end + (end - start))
    [moved] = await settle(connection, later)
    assert isinstance(moved, Granted)
    larger = Change(uuid4(), place, made.id, Retake(details={"party_size": 3}))
    verdicts = [(await settle(connection, each))[0] for each in (larger, move(made, other))]
    assert [told(each) for each in verdicts] == [TOO_LARGE, TOO_LARGE]


async def test_a_hold_is_confirmed_whatever_is_demanded_now(connection: Connection) -> None:
    place = await managed_room(connection)
    held, revived = [await grant(connection, hold(place, start, start + 1, 60)) for start in (10, 12)]
    await connection.execute("UPDATE schedules SET days_of_week = '{}' WHERE 'room:' || room_id = $1", place.key)
    assert isinstance((await settle(connection, confirm(held)))[0], Granted)
    await move_time(connection, 61)
    assert isinstance((await settle(connection, confirm(revived, revives=True)))[0], Granted)
    assert isinstance((await settle(connection, reserve(place, 14, 15)))[0], RoomClosed)


async def test_a_booking_moves_to_no_room_that_has_no_slots(connection: Connection) -> None:
    place, plain = await managed_room(connection), batches.room("plain")
    await batches.name(connection, plain)
    booked = await grant(connection, otherwise(reserve(place, 10, 10.5), type="slot"))
    assert isinstance((await settle(connection, move(booked, plain)))[0], RoomClosed)
    ranged = await grant(connection, reserve(place, 12, 12.5))
    assert isinstance((await settle(connection, move(ranged, plain)))[0], Granted)


async def test_what_was_moved_meanwhile_is_judged_where_it_is(connection: Connection) -> None:
    """Whoever moves the end alone moves what starts where others have put it."""
    place = await managed_room(connection)
    found = await grant(connection, reserve(place, 10, 11))
    await settle(connection, move(found, start=hours(15, 16).start, end=hours(15, 16).end))
    [verdict] = await settle(connection, move(found, end=hours(10, 18).end))
    assert isinstance(verdict, RoomClosed)


async def test_facts_that_cannot_be_read_refuse_whoever_needs_them(connection: Connection) -> None:
    bad, good = await managed_room(connection), await managed_room(connection)
    await connection.execute("UPDATE schedules SET days_of_week = '{NULL}' WHERE 'room:' || room_id = $1", bad.key)
    verdicts = await settle(connection, reserve(bad, 10, 11), reserve(good, 10, 11))
    assert [type(each) for each in verdicts] == [Unreadable, Granted]


async def test_what_nobody_made_is_no_table(connection: Connection) -> None:
    place = Place("table", "999999")
    await batches.name(connection, place)
    assert isinstance((await settle(connection, party(place, 1)))[0], TableNotFound)
