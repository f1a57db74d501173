"""One batch in one transaction: who gets what, and what is written, on a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from batches import (
    active,
    grant,
    key,
    messages,
    move,
    name,
    otherwise,
    release,
    reserve,
    revision,
    room,
    settle,
    settle_once,
    touch,
)
from holdfast.engine.claims import Change, Granted, Place, Reason, Refused, Seated
from holdfast.engine.statements import event_place
from holdfast.engine.transaction import KeyTaken, PlacesMissing, Stale
from races.locks import somebody_waits
from rooms import hour, hours, overlaps, some_room
from seats import book, make_event

CREATED, MOVED, CANCELLED = "reservation.created", "reservation.moved", "reservation.cancelled"


@pytest.fixture
async def place(connection: "asyncpg.Connection") -> Place:
    """A room with a row to lock."""
    place = room(some_room())
    await name(connection, place)
    return place


@pytest.fixture
async def peer(database_url: str) -> AsyncIterator["asyncpg.Connection"]:
    """A second session of the database."""
    peer = await asyncpg.connect(database_url)
    yield peer
    await peer.close()


async def test_claims_of_a_batch_are_settled_in_order_of_arrival(
    connection: "asyncpg.Connection", place: Place
) -> None:
    first, second, third = reserve(place, 10, 12), reserve(place, 11, 13), reserve(place, 12, 13)
    verdicts = await settle(connection, first, second, third)
    assert [isinstance(each, Granted) for each in verdicts] == [True, False, True]
    assert verdicts[1] == Refused(Reason.TIME_CONFLICT, hours(10, 12))
    assert await active(connection, place) == [first.id, third.id]


async def test_a_stretch_given_back_goes_to_a_claim_of_the_same_batch(
    connection: "asyncpg.Connection", place: Place
) -> None:
    old = await grant(connection, reserve(place, 10, 11))
    wanted = reserve(place, 10, 11)
    verdicts = await settle(connection, wanted, release(old))
    assert [isinstance(each, Granted) for each in verdicts] == [True, True]
    assert await active(connection, place) == [wanted.id]


async def test_of_two_releases_in_a_batch_the_second_finds_nothing(
    connection: "asyncpg.Connection", place: Place
) -> None:
    old = await grant(connection, reserve(place, 10, 11))
    first, second = await settle(connection, release(old), release(old))
    assert first == Granted(old)
    assert second == Refused(Reason.NOT_FOUND)
    assert await messages(connection, place) == [(1, CREATED), (2, CANCELLED)]


async def test_a_key_twice_in_a_batch_has_one_effect_and_one_answer(
    connection: "asyncpg.Connection", place: Place
) -> None:
    shared = key()
    first, second = reserve(place, 10, 11, shared), reserve(place, 10, 11, shared)
    one, other = await settle(connection, first, second)
    assert isinstance(one, Granted)
    assert other == Granted(one.reservation, replayed=True)
    assert await active(connection, place) == [first.id]


async def test_a_key_gets_the_first_answer_in_a_later_batch_too(connection: "asyncpg.Connection", place: Place) -> None:
    shared = key()
    made = await grant(connection, reserve(place, 10, 11, shared))
    await grant(connection, release(made))
    assert await settle(connection, reserve(place, 10, 11, shared)) == [Granted(made, replayed=True)]
    assert await active(connection, place) == []


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "in two"])
async def test_a_key_with_another_body_is_refused(
    connection: "asyncpg.Connection", place: Place, together: bool
) -> None:
    shared = key()
    reused = type(shared)(shared.id, b"2" * 32)
    first, second = reserve(place, 10, 11, shared), reserve(place, 12, 13, reused)
    batches = [[first, second]] if together else [[first], [second]]
    verdicts = [verdict for batch in batches for verdict in await settle(connection, *batch)]
    assert verdicts[1] == Refused(Reason.KEY_REUSED)
    assert await active(connection, place) == [first.id]


@pytest.mark.parametrize("careful", [False, True])
async def test_a_key_used_elsewhere_in_the_meantime_undoes_the_batch(
    connection: "asyncpg.Connection", peer: "asyncpg.Connection", place: Place, careful: bool
) -> None:
    shared = key()
    elsewhere = room(some_room())
    await name(connection, elsewhere)
    async with peer.transaction():
        await peer.execute("INSERT INTO idempotency_keys VALUES ($1, $2, $1, '{}', now())", shared.id, shared.body)
        batch = asyncio.create_task(settle_once(connection, reserve(place, 10, 11, shared), careful=careful))
        await somebody_waits(peer)
    with pytest.raises(KeyTaken):
        await batch
    assert await active(peer, place) == []
    assert await revision(peer, place) == 0


async def test_a_twin_that_comes_late_is_told_what_the_first_was_told(
    connection: "asyncpg.Connection", place: Place
) -> None:
    """Two requests with one key make one id of it. The first is granted and cancelled when the second is settled."""
    shared, own = key(), uuid4()
    first, twin = (otherwise(reserve(place, 10, 11, shared), id=own) for _ in range(2))
    granted = await grant(connection, first)
    await settle(connection, release(granted))
    with pytest.raises(KeyTaken):
        await settle_once(connection, twin)
    assert await settle_once(connection, twin, careful=True) == [Granted(granted, replayed=True)]
    assert await active(connection, place) == []


async def test_a_place_without_a_row_stops_the_whole_batch(connection: "asyncpg.Connection", place: Place) -> None:
    with pytest.raises(PlacesMissing):
        await settle(connection, reserve(place, 10, 11), reserve(room(some_room()), 10, 11))
    assert await active(connection, place) == []
    assert not connection.is_in_transaction()


async def test_revisions_rise_by_one_for_each_message(connection: "asyncpg.Connection", place: Place) -> None:
    first, _ = await settle(connection, reserve(place, 10, 11), reserve(place, 12, 13))
    assert isinstance(first, Granted)
    await settle(connection, release(first.reservation), reserve(place, 10, 11), reserve(place, 14, 15))
    assert await messages(connection, place) == [
        (1, CREATED), (2, CREATED), (3, CANCELLED), (4, CREATED), (5, CREATED),
    ]  # fmt: skip
    assert await revision(connection, place) == 5


async def test_a_move_to_another_place_is_told_at_both(connection: "asyncpg.Connection", place: Place) -> None:
    target = room(some_room())
    await name(connection, target)
    made = await grant(connection, reserve(place, 10, 11))
    await grant(connection, move(made, target))
    assert await messages(connection, place) == [(1, CREATED), (2, MOVED)]
    assert await messages(connection, target) == [(1, MOVED)]
    assert await active(connection, place, target) == [made.id]


async def test_a_refused_move_changes_nothing(connection: "asyncpg.Connection", place: Place) -> None:
    made = await grant(connection, reserve(place, 10, 11))
    await grant(connection, reserve(place, 12, 13))
    assert await settle(connection, move(made, end=hour(12.5))) == [Refused(Reason.TIME_CONFLICT, hours(12, 13))]
    row = await connection.fetchrow("SELECT start_time, end_time FROM reservations WHERE id = $1", made.id)
    assert tuple(row) == hours(10, 11)
    assert await revision(connection, place) == 2


async def test_a_move_is_not_in_its_own_way(connection: "asyncpg.Connection", place: Place) -> None:
    made = await grant(connection, reserve(place, 10, 12))
    moved = await grant(connection, move(made, start=hour(11), end=hour(13)))
    assert moved.interval == hours(11, 13)


async def test_details_stay_with_a_reservation_through_moves_and_until_its_end(
    connection: "asyncpg.Connection",
) -> None:
    # Only bookings of managed rooms have details, and those rooms' ids are UUIDs.
    place, elsewhere = room(str(uuid4())), room(str(uuid4()))
    await name(connection, place, elsewhere)
    details = {"text": "\u00ab\u2603\u00bb", "number": 3, "nothing": None}
    asked = otherwise(reserve(place, 10, 11), details=details)
    granted = await grant(connection, asked)
    assert granted.details == details
    (moved,) = await settle(connection, move(granted, target=elsewhere))
    assert isinstance(moved, Granted)
    assert moved.reservation.details == details
    (ended,) = await settle(connection, release(moved.reservation))
    assert ended == moved


async def test_a_move_that_changes_nothing_writes_nothing(connection: "asyncpg.Connection", place: Place) -> None:
    made = await grant(connection, reserve(place, 10, 12))
    assert await settle(connection, move(made)) == [Granted(made)]
    assert await revision(connection, place) == 1


async def test_change_message_and_revision_become_visible_at_once(fresh_database_url: str) -> None:
    # Where no relay writes a message anew, to give it a position.
    connection, place = await asyncpg.connect(fresh_database_url), room(some_room())
    await name(connection, place)
    written_by = """
    SELECT count(DISTINCT x) FROM (
        SELECT xmin::text FROM places WHERE place = $1
        UNION ALL SELECT xmin::text FROM reservations WHERE place = $1
        UNION ALL SELECT xmin::text FROM outbox WHERE place = $1
        UNION ALL SELECT xmin::text FROM idempotency_keys WHERE id = $2
    ) AS rows (x)
    """
    shared = key()
    await grant(connection, reserve(place, 10, 11, shared))
    assert await connection.fetchval(written_by, place.key, shared.id) == 1
    await connection.close()


@pytest.mark.parametrize("with_key", [True, False])
async def test_a_refused_claim_writes_nothing_but_its_remembered_answer(
    connection: "asyncpg.Connection", place: Place, with_key: bool
) -> None:
    await grant(connection, reserve(place, 10, 12))
    shared = key()
    [verdict] = await settle(connection, reserve(place, 11, 13, shared if with_key else None))
    assert verdict == Refused(Reason.TIME_CONFLICT, hours(10, 12))
    assert await connection.fetchval("SELECT count(*) FROM reservations WHERE place = $1", place.key) == 1
    assert await messages(connection, place) == [(1, CREATED)]
    assert await revision(connection, place) == 1
    remembered = await connection.fetchval("SELECT count(*) FROM idempotency_keys WHERE id = $1", shared.id)
    assert remembered == (1 if with_key else 0)


async def test_a_claim_that_waited_for_the_lock_sees_what_was_committed_meanwhile(
    connection: "asyncpg.Connection", peer: "asyncpg.Connection", place: Place
) -> None:
    async with peer.transaction():
        await touch(peer, place)
        waiting = asyncio.create_task(settle(connection, reserve(place, 10, 11)))
        await somebody_waits(peer)
        await peer.execute(
            "INSERT INTO reservations (id, place, start_time, end_time, created_at) "
            "VALUES (gen_random_uuid(), $1, $2, $3, now())",
            place.key,
            *hours(10, 12),
        )
    assert await waiting == [Refused(Reason.TIME_CONFLICT, hours(10, 12))]
    assert await overlaps(peer) == []


@pytest.mark.parametrize("asked", ["reserve", "release", "move"])
async def test_nothing_is_written_when_a_place_has_changed_since_it_was_looked_at(
    connection: "asyncpg.Connection", peer: "asyncpg.Connection", place: Place, asked: str
) -> None:
    held = await grant(connection, reserve(place, 10, 11))
    claim = {"reserve": reserve(place, 12, 13), "release": release(held), "move": move(held, end=hour(12))}[asked]
    async with peer.transaction():
        await touch(peer, place)
        waiting = asyncio.create_task(settle_once(connection, claim))
        await somebody_waits(peer)
    with pytest.raises(Stale):
        await waiting
    assert await active(connection, place) == [held.id]
    assert await messages(connection, place) == [(1, CREATED), (2, "test")]
    assert not connection.is_in_transaction()


async def test_batches_that_name_places_in_opposite_orders_do_not_deadlock(
    connection: "asyncpg.Connection", peer: "asyncpg.Connection"
) -> None:
    places = [room(some_room()) for _ in range(4)]
    await name(connection, *places)

    async def work(session: "asyncpg.Connection", order: list[Place], minute: float) -> None:
        for number in range(30):
            batch: list[Change] = [reserve(each, number + minute, number + minute + 0.1) for each in order]
            await settle(session, *batch)

    await asyncio.gather(work(connection, places, 0), work(peer, places[::-1], 0.5))
    assert len(await active(connection, *places)) == 2 * 30 * 4
    assert await overlaps(connection) == []


@pytest.mark.parametrize("traces", ["a reservation", "messages only"])
async def test_a_place_whose_row_was_deleted_by_hand_is_made_anew_above_its_revisions(
    connection: "asyncpg.Connection", place: Place, traces: str
) -> None:
    made = await grant(connection, reserve(place, 10, 11))
    if traces == "messages only":
        await grant(connection, release(made))
    before = await revision(connection, place)
    await connection.execute("DELETE FROM places WHERE place = $1", place.key)
    with pytest.raises(PlacesMissing):
        await settle(connection, reserve(place, 12, 13))
    await name(connection, place)
    await grant(connection, reserve(place, 12, 13))
    assert await revision(connection, place) > 1_000_000 > before


async def test_a_new_place_counts_from_nothing_and_keeps_its_count(connection: "asyncpg.Connection") -> None:
    place = room(some_room())
    await name(connection, place)
    assert await revision(connection, place) == 0
    await grant(connection, reserve(place, 10, 11))
    await name(connection, place)
    assert await revision(connection, place) == 1


async def test_rooms_and_seats_of_one_batch_are_settled_together(
    connection: "asyncpg.Connection", place: Place
) -> None:
    event = await make_event(connection, 1)
    first, seat, other, full = await settle(
        connection, reserve(place, 10, 11), book(event, "anna"), reserve(place, 10, 11), book(event, "boris")
    )
    assert isinstance(first, Granted)
    assert isinstance(seat, Seated)
    assert (other, full) == (Refused(Reason.TIME_CONFLICT, hours(10, 11)), Refused(Reason.FULL))
    assert await active(connection, place) == [first.reservation.id]
    assert await messages(connection, place) == [(1, CREATED)]
    assert await messages(connection, event_place(event)) == [(1, "booking.created")]
