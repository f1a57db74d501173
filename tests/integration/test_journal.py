"""The journal: positions are given in an order that nobody can miss, by one relay at a time."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from holdfast.outbox import journal as journals
from holdfast.outbox import positions, queries
from holdfast.outbox.journal import Journal, LeadershipLost
from messages import change, ids, leading, numbered, opened
from rooms import some_room


@pytest.fixture
async def journal(fresh_database_url: str) -> AsyncIterator[Journal]:
    """The journal of a database of its own."""
    async with opened(fresh_database_url) as database:
        yield Journal(database)


@pytest.fixture
async def connection(fresh_database_url: str) -> "AsyncIterator[asyncpg.Connection]":
    """Another process's connection to it."""
    connection = await asyncpg.connect(fresh_database_url)
    yield connection
    await connection.close()


async def test_a_message_that_becomes_visible_after_later_ones_is_not_skipped(
    journal: Journal, connection: "asyncpg.Connection", fresh_database_url: str
) -> None:
    """The trap: who remembers the last id or time that it saw has seen a later one, and never looks back."""
    lease = await leading(journal)
    slow = await asyncpg.connect(fresh_database_url)
    transaction = slow.transaction()
    await transaction.start()
    early = await change(slow, some_room())
    late = await change(connection, some_room())
    await numbered(lease)
    seen = await journal.read(0)
    assert ids(seen) == [late]
    await transaction.commit()
    await slow.close()
    await numbered(lease)
    assert ids(await journal.read(seen[-1].position)) == [early]
    when = await connection.fetch("SELECT id FROM outbox ORDER BY occurred_at")
    assert [row["id"] for row in when] == [early, late]


async def test_messages_of_a_place_come_in_the_order_of_its_revisions(
    journal: Journal, connection: "asyncpg.Connection"
) -> None:
    rooms = [some_room() for _ in range(3)]
    written = [await change(connection, room) for _ in range(4) for room in rooms]
    await numbered(await leading(journal))
    entries = await journal.read(0)
    assert sorted(ids(entries)) == sorted(written)
    for number, _ in enumerate(rooms):
        mine = written[number::3]
        assert [each for each in ids(entries) if each in mine] == mine


async def test_more_messages_than_fit_into_one_step_all_get_positions(
    journal: Journal, connection: "asyncpg.Connection", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "NUMBERED_AT_ONCE", 2)
    room = some_room()
    written = [await change(connection, room) for _ in range(7)]
    assert await numbered(await leading(journal)) == 7
    assert ids(await journal.read(0)) == written


async def test_positions_only_grow_when_the_clock_is_set_back(
    journal: Journal, connection: "asyncpg.Connection"
) -> None:
    lease = await leading(journal)
    future = await connection.fetchval(
        "UPDATE relays SET numbered_at = now() + interval '1 hour' RETURNING numbered_at"
    )
    await change(connection, some_room())
    await numbered(lease)
    assert await journal.last() > positions.of_time(future)


async def test_only_one_process_has_the_lease(journal: Journal) -> None:
    await leading(journal)
    assert await journal.take("another") is None


async def test_of_many_that_try_at_once_one_gets_the_lease(journal: Journal) -> None:
    leases = await asyncio.gather(*(journal.take(str(number)) for number in range(20)))
    assert len([lease for lease in leases if lease is not None]) == 1


async def test_a_lease_that_was_let_go_is_taken_at_once(journal: Journal) -> None:
    lease = await leading(journal)
    await lease.let_go(7)
    after = await journal.take("another")
    assert after is not None
    assert (after.fence, after.delivered) == (lease.fence + 1, 7)


async def test_who_was_deposed_can_give_no_positions(journal: Journal, connection: "asyncpg.Connection") -> None:
    stalled = await leading(journal, "stalled")
    await leading(journal, "quick")
    await change(connection, some_room())
    for attempt in (stalled.number, lambda: stalled.renumber(0, 0), lambda: stalled.remove(0)):
        with pytest.raises(LeadershipLost):
            await attempt()
    with pytest.raises(LeadershipLost):
        await stalled.renew(0, stuck=False)
    assert await journal.last() == 0


async def test_who_was_deposed_while_giving_positions_has_given_them_before_the_next_one_does(
    journal: Journal, connection: "asyncpg.Connection", fresh_database_url: str
) -> None:
    """The next one waits for a transaction under way, so positions are visible in their own order."""
    lease = await leading(journal)
    under_way = await asyncpg.connect(fresh_database_url)
    transaction = under_way.transaction()
    await transaction.start()
    assert await queries.hold(under_way, lease.fence, 0, timedelta(seconds=-9))
    taking = asyncio.create_task(journal.take("next"))
    done, _ = await asyncio.wait([taking], timeout=0.2)
    assert not done
    await transaction.commit()
    await under_way.close()
    assert await taking is not None


async def test_messages_are_removed_when_they_are_old_and_delivered(
    journal: Journal, connection: "asyncpg.Connection"
) -> None:
    lease = await leading(journal)
    first, second = await change(connection, some_room()), await change(connection, some_room())
    await numbered(lease)
    both = await journal.read(0)
    assert await lease.remove(both[-1].position) == 0
    assert await lease.remove(both[-1].position, timedelta(0)) == 1
    left = await connection.fetch("SELECT id FROM outbox")
    assert [row["id"] for row in left] == [ids(both)[1]]
    assert {first, second} == set(ids(both))


async def test_a_message_that_waits_is_never_removed(journal: Journal, connection: "asyncpg.Connection") -> None:
    await change(connection, some_room())
    lease = await leading(journal)
    assert await lease.remove(positions.of_time(positions.as_time(2**52)), timedelta(0)) == 0


def test_a_position_is_read_as_it_is_shown() -> None:
    assert positions.shown(1_767_225_600_000_123) == "1767225600000-123"
    assert positions.read("1767225600000-123") == 1_767_225_600_000_123
    assert positions.of_time(positions.as_time(1_767_225_600_000_123)) == 1_767_225_600_000_123


@pytest.mark.parametrize("text", ["", "1", "1-", "-1", "1-1000", "x-1", "1-1-1", "١-1", "1" * 30 + "-0"])
def test_what_is_no_position_is_not_read_as_one(text: str) -> None:
    assert positions.read(text) is None
