"""Holds as the engine settles them: batch by batch, on a real PostgreSQL whose time the test moves."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
from msgspec.structs import replace

from batches import (
    RULES,
    confirm,
    extend,
    grant,
    hold,
    key,
    messages,
    move,
    name,
    otherwise,
    release,
    reserve,
    room,
    settle,
    settle_once,
    sweep,
    work,
)
from holdfast.engine import looks, statements, transaction
from holdfast.engine.claims import Change, Granted, Interval, Place, Reason, Refused, Reservation, State
from holdfast.engine.settler import Settler
from moved_time import move_time
from rooms import DAY, hour, hours, overlaps, some_room

HELD, CREATED, EXPIRED = "reservation.held", "reservation.created", "reservation.expired"
ROW = "SELECT state, expires_at IS NOT NULL, cancelled_at IS NULL FROM reservations WHERE id = $1"


@pytest.fixture
async def place(connection: "asyncpg.Connection") -> AsyncIterator[Place]:
    """A room with a row to lock, and time as it is; afterwards nothing that takes it overlaps."""
    place = room(some_room())
    await name(connection, place)
    await move_time(connection, 0)
    yield place
    await move_time(connection, 0)
    assert await overlaps(connection) == []


async def row(connection: "asyncpg.Connection", reservation: Reservation) -> tuple[str, bool, bool]:
    """A reservation's state, whether it expires, and whether it takes its place."""
    state, expires, takes = await connection.fetchrow(ROW, reservation.id)
    return state, expires, takes


async def test_a_hold_takes_the_place_for_everybody_else(connection: "asyncpg.Connection", place: Place) -> None:
    held = await grant(connection, hold(place, 10, 11, 60))
    assert held.state is State.HELD
    assert held.held_at is not None
    assert held.expires_at is not None
    assert (held.expires_at - held.held_at).total_seconds() == 60
    assert await settle(connection, reserve(place, 10, 11), hold(place, 10.5, 12)) == [
        Refused(Reason.TIME_CONFLICT, hours(10, 11)),
        Refused(Reason.TIME_CONFLICT, hours(10, 11)),
    ]
    assert await messages(connection, place) == [(1, HELD)]


@pytest.mark.parametrize("wanted", [hours(10, 11), hours(9, 10.5), hours(10.25, 10.5), hours(9, 12)], ids=str)
async def test_an_expired_hold_is_in_nobodys_way_and_ends_with_the_grant(
    connection: "asyncpg.Connection", place: Place, wanted: Interval
) -> None:
    held = await grant(connection, hold(place, 10, 11, 60))
    await move_time(connection, 61)
    await grant(connection, otherwise(reserve(place, 0, 1), interval=wanted))
    assert await row(connection, held) == (State.EXPIRED, False, False)
    assert await messages(connection, place) == [(1, HELD), (2, EXPIRED), (3, CREATED)]


async def test_an_expired_hold_ends_with_the_grant_that_covers_it_whoever_else_was_shown_it(
    connection: "asyncpg.Connection", place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two wishes of one batch look behind expired holds; the second sees the first hold before the first does."""
    monkeypatch.setattr(looks, "BACKWARDS_ROWS", 1)
    held = [await grant(connection, hold(place, start, start + 2, 60)) for start in (9, 12)]
    await move_time(connection, 61)
    granted, refused = await settle(connection, reserve(place, 10, 13), reserve(place, 10, 11))
    assert isinstance(granted, Granted)
    assert refused == Refused(Reason.TIME_CONFLICT, hours(10, 13))
    for each in held:
        assert await row(connection, each) == (State.EXPIRED, False, False)


async def test_an_expired_hold_that_nobody_covers_stays_until_it_is_swept(
    connection: "asyncpg.Connection", place: Place
) -> None:
    held = await grant(connection, hold(place, 10, 11, 60))
    await move_time(connection, 61)
    await grant(connection, reserve(place, 11, 12))
    assert await row(connection, held) == (State.HELD, True, True)
    assert (held.id, place) in await looks.expired(connection, ["room"], 1_000)
    assert await settle(connection, sweep(held)) == [Granted(held)]
    assert await row(connection, held) == (State.EXPIRED, False, False)
    assert (held.id, place) not in await looks.expired(connection, ["room"], 1_000)
    assert await messages(connection, place) == [(1, HELD), (2, CREATED), (3, EXPIRED)]


async def test_a_hold_is_not_swept_before_it_expires(connection: "asyncpg.Connection", place: Place) -> None:
    held = await grant(connection, hold(place, 10, 11, 60))
    assert await settle(connection, sweep(held)) == [Refused(Reason.NOT_FOUND)]
    assert await row(connection, held) == (State.HELD, True, True)


async def test_a_live_reservation_behind_an_expired_hold_is_in_the_way(
    connection: "asyncpg.Connection", place: Place
) -> None:
    """The nearest one has expired; the one before it has not, and reaches in."""
    await grant(connection, reserve(place, 8, 9))
    expired = await grant(connection, hold(place, 10, 11, 60))
    await move_time(connection, 61)
    assert await settle(connection, reserve(place, 8.5, 12)) == [Refused(Reason.TIME_CONFLICT, hours(8, 9))]
    # Whoever was refused has ended nothing.
    assert await row(connection, expired) == (State.HELD, True, True)


async def test_a_live_hold_among_expired_ones_is_in_the_way(connection: "asyncpg.Connection", place: Place) -> None:
    dead = [await grant(connection, hold(place, start, start + 0.5, 30)) for start in (9, 11)]
    await grant(connection, hold(place, 10, 10.5, 300))
    await move_time(connection, 60)
    assert await settle(connection, reserve(place, 8, 12)) == [Refused(Reason.TIME_CONFLICT, hours(10, 10.5))]
    await grant(connection, reserve(place, 10.5, 12))
    assert [await row(connection, each) for each in dead] == [
        (State.HELD, True, True),
        (State.EXPIRED, False, False),
    ]


async def test_a_grant_over_more_expired_holds_than_one_look_finds_ends_them_all(
    connection: "asyncpg.Connection", place: Place
) -> None:
    await place_with_many(connection, place, 2 * looks.BACKWARDS_ROWS + 5)
    await move_time(connection, 61)
    await grant(connection, reserve(place, 0, 24))
    states = await connection.fetch("SELECT DISTINCT state FROM reservations WHERE place = $1", place.key)
    assert {each["state"] for each in states} == {State.EXPIRED, State.CONFIRMED}


async def place_with_many(connection: "asyncpg.Connection", place: Place, number: int) -> None:
    """Hold each minute of a day, for sixty seconds; as many as are asked for."""
    await grant(connection, hold(place, 0, 1 / 60, 60))
    await connection.execute(
        """
        INSERT INTO reservations (id, place, room_id, start_time, end_time, created_at, state, expires_at, held_at)
        SELECT gen_random_uuid(), place, room_id, start_time + n * interval '1 minute',
            end_time + n * interval '1 minute', created_at, state, expires_at, held_at
        FROM reservations, generate_series(1, $2) n WHERE place = $1
        """,
        place.key,
        number - 1,
    )


async def test_two_grants_of_a_batch_over_one_expired_hold_end_it_once(
    connection: "asyncpg.Connection", place: Place
) -> None:
    held = await grant(connection, hold(place, 10, 12, 60))
    await move_time(connection, 61)
    first, second = await settle(connection, reserve(place, 9, 11), reserve(place, 11, 13))
    assert isinstance(first, Granted)
    assert isinstance(second, Granted)
    assert await row(connection, held) == (State.EXPIRED, False, False)
    assert await messages(connection, place) == [(1, HELD), (2, EXPIRED), (3, CREATED), (4, CREATED)]


async def test_what_one_wish_of_a_batch_has_passed_over_ends_with_the_grant_of_another(
    connection: "asyncpg.Connection", place: Place
) -> None:
    """The first is refused, behind more expired holds than one look finds; the second is granted among them."""
    await place_with_many(connection, place, looks.BACKWARDS_ROWS + 30)
    await grant(connection, reserve(place, -1, 0))
    await move_time(connection, 61)
    long, short = reserve(place, -0.5, 24), reserve(place, 0, 0.5)
    refused, granted = await settle(connection, long, short)
    assert refused == Refused(Reason.TIME_CONFLICT, hours(-1, 0))
    assert isinstance(granted, Granted)
    assert (
        await connection.fetchval("SELECT count(*) FROM reservations WHERE state = 'expired' AND place = $1", place.key)
        == 30
    )


async def test_a_confirmed_hold_is_a_reservation(connection: "asyncpg.Connection", place: Place) -> None:
    held = await grant(connection, hold(place, 10, 11, 60))
    [confirmed] = await settle(connection, confirm(held, "order 7"))
    expected = replace(held, state=State.CONFIRMED, expires_at=None, external_ref="order 7")
    assert confirmed == Granted(expected)
    assert await settle(connection, confirm(held, "order 8")) == [Granted(expected)]
    await move_time(connection, 61)
    assert await settle(connection, reserve(place, 10, 11)) == [Refused(Reason.TIME_CONFLICT, hours(10, 11))]
    assert await messages(connection, place) == [(1, HELD), (2, CREATED)]


@pytest.mark.parametrize("swept", [False, True])
async def test_an_expired_hold_is_neither_confirmed_nor_extended_nor_moved_nor_released(
    connection: "asyncpg.Connection", place: Place, swept: bool
) -> None:
    held = await grant(connection, hold(place, 10, 11, 60))
    await move_time(connection, 61)
    if swept:
        await settle(connection, sweep(held))
    for change in (confirm(held), extend(held, 60), move(held, end=hour(12))):
        assert await settle(connection, change) == [Refused(Reason.HOLD_EXPIRED)]
    assert await settle(connection, release(held)) == [Refused(Reason.NOT_FOUND)]


@pytest.mark.parametrize("swept", [False, True])
async def test_an_expired_hold_is_revived_if_it_is_still_free(
    connection: "asyncpg.Connection", place: Place, swept: bool
) -> None:
    held = await grant(connection, hold(place, 10, 11, 60))
    await move_time(connection, 61)
    if swept:
        await settle(connection, sweep(held))
    revived = await grant(connection, confirm(held, revives=True))
    assert revived == replace(held, state=State.CONFIRMED, expires_at=None, revived=True)
    assert await row(connection, held) == (State.CONFIRMED, False, True)


async def test_an_expired_hold_whose_place_somebody_took_is_not_revived(
    connection: "asyncpg.Connection", place: Place
) -> None:
    held = await grant(connection, hold(place, 10, 11, 60))
    await move_time(connection, 61)
    await grant(connection, reserve(place, 10.5, 11.5))
    refused = Refused(Reason.TIME_CONFLICT, hours(10.5, 11.5))
    assert await settle(connection, confirm(held, revives=True)) == [refused]


async def test_a_hold_is_extended_and_expires_later(connection: "asyncpg.Connection", place: Place) -> None:
    held = await grant(connection, hold(place, 10, 11, 60))
    longer = await grant(connection, extend(held, 600))
    assert longer.expires_at is not None
    assert held.expires_at is not None
    assert longer.expires_at > held.expires_at
    assert (await grant(connection, extend(held, 10))).expires_at == longer.expires_at
    await move_time(connection, 300)
    assert await settle(connection, reserve(place, 10, 11)) == [Refused(Reason.TIME_CONFLICT, hours(10, 11))]


async def test_a_released_hold_is_told_as_such_and_frees_its_place(
    connection: "asyncpg.Connection", place: Place
) -> None:
    held = await grant(connection, hold(place, 10, 11, 60))
    _, made = await settle(connection, release(held), reserve(place, 10, 11))
    assert isinstance(made, Granted)
    assert await row(connection, held) == (State.RELEASED, False, False)
    assert await messages(connection, place) == [(1, HELD), (2, "reservation.released"), (3, CREATED)]


async def test_a_hold_that_moves_is_told_to_nobody_as_a_reservation(
    connection: "asyncpg.Connection", place: Place
) -> None:
    other = room(some_room())
    await name(connection, other)
    held = await grant(connection, hold(place, 10, 11, 60))
    moved = await grant(connection, move(held, other, hour(12), hour(13)))
    assert moved == replace(held, place=other, start=hour(12), end=hour(13))
    assert await messages(connection, place) == [(1, HELD), (2, "reservation.released")]
    assert await messages(connection, other) == [(1, HELD)]


async def test_confirmed_and_released_in_one_batch_it_is_cancelled(
    connection: "asyncpg.Connection", place: Place
) -> None:
    """In order of arrival: what is released then is a reservation."""
    held = await grant(connection, hold(place, 10, 11, 60))
    confirmed, ended = await settle(connection, confirm(held), release(held))
    assert isinstance(confirmed, Granted)
    assert ended == confirmed
    assert await row(connection, held) == (State.CANCELLED, False, False)
    assert await messages(connection, place) == [(1, HELD), (2, CREATED), (3, "reservation.cancelled")]


@pytest.mark.parametrize("act", ["confirm", "extend", "release", "move"])
async def test_a_hold_that_expires_between_look_and_write_is_found_out(
    connection: "asyncpg.Connection", place: Place, act: str
) -> None:
    held = await grant(connection, hold(place, 10, 11, 60))
    change: Change = {
        "confirm": confirm(held),
        "extend": extend(held, 600),
        "release": release(held),
        "move": move(held, end=hour(12)),
    }[act]
    late = await work(connection, [change])
    await late.decide(connection, careful=False)
    await move_time(connection, 61)
    with pytest.raises(asyncpg.PostgresError) as stale:
        await late.write(connection)
    assert stale.value.sqlstate == transaction.STALE
    assert await row(connection, held) == (State.HELD, True, True)


async def test_time_that_goes_back_between_look_and_write_frees_nothing(
    connection: "asyncpg.Connection", place: Place
) -> None:
    """A clock that was set back, or a failover to a machine whose clock is behind."""
    held = await grant(connection, hold(place, 10, 11, 60))
    await move_time(connection, 61)
    late = await work(connection, [reserve(place, 10, 11)])
    await late.decide(connection, careful=False)
    await move_time(connection, 0)
    with pytest.raises(asyncpg.PostgresError) as stale:
        await late.write(connection)
    assert stale.value.sqlstate == transaction.STALE
    assert await row(connection, held) == (State.HELD, True, True)


async def test_a_careful_batch_judges_holds_by_the_time_it_has_after_its_lock(
    connection: "asyncpg.Connection", place: Place
) -> None:
    held = await grant(connection, hold(place, 10, 11, 60))
    await move_time(connection, 61)
    assert await settle_once(connection, confirm(held), careful=True) == [Refused(Reason.HOLD_EXPIRED)]
    [made] = await settle_once(connection, reserve(place, 10, 11), careful=True)
    assert isinstance(made, Granted)


async def test_a_place_and_a_user_have_no_more_holds_than_allowed(
    connection: "asyncpg.Connection", place: Place
) -> None:
    other, user = room(some_room()), uuid4()
    await name(connection, other)

    async def tried(*changes: Change) -> list[Reason | None]:
        batch = Settler(lambda: DAY, replace(RULES, place_holds_max=3, user_holds_max=2)).work(changes)
        await transaction.settle(connection, batch)
        return [each.reason if isinstance(each, Refused) else None for each in batch.verdicts()]

    def mine(where: Place, start: int) -> Change:
        return otherwise(hold(where, start, start + 1, 60), user_id=user)

    assert await tried(mine(place, 1), mine(other, 1), mine(place, 2), hold(place, 3, 4), hold(place, 4, 5)) == [
        None,
        None,
        Reason.HOLD_LIMIT,
        None,
        None,
    ]
    assert await tried(hold(place, 5, 6), reserve(place, 6, 7), mine(other, 2)) == [
        Reason.HOLD_LIMIT,
        None,
        Reason.HOLD_LIMIT,
    ]
    await move_time(connection, 61)
    assert await tried(mine(place, 8), hold(place, 9, 10)) == [None, None]


async def test_a_tag_is_another_when_a_hold_expires_though_nothing_was_written(
    connection: "asyncpg.Connection", place: Place
) -> None:
    async def tag() -> bytes:
        return (await statements.tags(connection, [place.key]))[place.key]

    tags = [await tag()]
    for seconds in (60, 120):
        await grant(connection, hold(place, seconds, seconds + 1, seconds))
        tags.append(await tag())
    assert await tag() == tags[-1]
    for seconds in (61, 121):
        await move_time(connection, seconds)
        tags.append(await tag())
    assert len(set(tags)) == 5


async def test_ten_thousand_expired_holds_of_a_room_cost_a_look_no_more_than_a_few(fresh_database_url: str) -> None:
    connection, place = await asyncpg.connect(fresh_database_url), room("full")
    await name(connection, place)
    await place_with_many(connection, place, 10_000)
    await move_time(connection, 61)
    read = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'reservations'"
    await connection.execute("SET enable_seqscan = off; SELECT pg_stat_force_next_flush()")
    before = await connection.fetchval(read)
    await grant(connection, reserve(place, 5, 5.1))
    await connection.execute("SELECT pg_stat_force_next_flush()")
    assert await connection.fetchval(read) - before < 10 * looks.BACKWARDS_ROWS
    await connection.close()


async def test_a_key_is_answered_with_the_hold_that_it_made_whatever_became_of_it(
    connection: "asyncpg.Connection", place: Place
) -> None:
    shared = key()
    held = await grant(connection, hold(place, 10, 11, 60, shared))
    await move_time(connection, 61)
    assert await settle(connection, hold(place, 10, 11, 60, shared)) == [Granted(held, replayed=True)]
