"""One batch of claims on seats in one transaction, on a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from batches import key, settle, settle_once, work
from holdfast.engine import looks
from holdfast.engine.claims import Key, Reason, Refused, Seated
from holdfast.engine.statements import event_place
from holdfast.engine.transaction import KeyTaken, Stale
from races.locks import somebody_waits
from seats import WRONG_SEATS, book, cancel, make_event, seat

HOLDERS = "SELECT array_agg(user_id ORDER BY user_id) FROM bookings WHERE event_id = $1"
MESSAGES = "SELECT revision, type FROM outbox WHERE place = $1 ORDER BY revision"
CHANGES = "SELECT change FROM seat_changes WHERE event_id = $1 AND user_id = $2 ORDER BY revision"
FULL, BOOKED, UNKNOWN = (Refused(reason) for reason in (Reason.FULL, Reason.ALREADY_BOOKED, Reason.NOT_FOUND))


@pytest.fixture
async def peer(database_url: str) -> AsyncIterator["asyncpg.Connection"]:
    """A second session of the database."""
    peer = await asyncpg.connect(database_url)
    yield peer
    await peer.close()


@pytest.fixture
async def event(connection: "asyncpg.Connection") -> AsyncIterator[int]:
    """An event of two seats; afterwards its seats are what its bookings say."""
    event_id = await make_event(connection, 2)
    yield event_id
    assert not [row for row in await connection.fetch(WRONG_SEATS) if row["id"] == event_id]


async def test_each_claim_of_a_batch_gets_its_own_answer(connection: "asyncpg.Connection", event: int) -> None:
    other = await make_event(connection, 1)
    claims = [
        book(event, "anna"),
        book(event, "anna"),
        book(9_000_000_000, "anna"),
        book(event, "boris"),
        book(event, "vera"),
        book(other, "vera"),
    ]
    verdicts = await settle(connection, *claims)
    assert [each if isinstance(each, Refused) else each.booking.user_id for each in verdicts] == [
        "anna",
        BOOKED,
        UNKNOWN,
        "boris",
        FULL,
        "vera",
    ]
    assert await connection.fetchval(HOLDERS, event) == ["anna", "boris"]


async def test_a_seat_given_back_goes_to_a_claim_of_the_same_batch(
    connection: "asyncpg.Connection", event: int
) -> None:
    anna, _ = await seat(connection, event, "anna"), await seat(connection, event, "boris")
    refused, given, back = await settle(connection, book(event, "vera"), book(event, "grigori"), cancel(anna))
    assert isinstance(refused, Seated)
    assert given == FULL
    assert back == Seated(anna)
    assert await connection.fetchval(HOLDERS, event) == ["boris", "vera"]


async def test_whoever_gives_a_seat_back_may_book_again_in_the_same_batch(
    connection: "asyncpg.Connection", event: int
) -> None:
    anna = await seat(connection, event, "anna")
    _, again = await settle(connection, cancel(anna), book(event, "anna"))
    assert isinstance(again, Seated)
    assert again.booking.id != anna.id
    assert [row["change"] for row in await connection.fetch(CHANGES, event, "anna")] == [
        "created",
        "cancelled",
        "created",
    ]


async def test_a_seat_is_given_back_once(connection: "asyncpg.Connection", event: int) -> None:
    anna = await seat(connection, event, "anna")
    assert await settle(connection, cancel(anna), cancel(anna)) == [Seated(anna), UNKNOWN]
    assert await settle(connection, cancel(anna)) == [UNKNOWN]


async def test_a_booking_is_not_found_under_another_event(connection: "asyncpg.Connection", event: int) -> None:
    anna = await seat(connection, event, "anna")
    other = await make_event(connection, 1)
    elsewhere = cancel(anna)
    verdicts = await settle(connection, type(elsewhere)(elsewhere.id, event_place(other), anna.id))
    assert verdicts == [UNKNOWN]


async def test_every_change_raises_the_revision_and_tells_why(connection: "asyncpg.Connection", event: int) -> None:
    anna = await seat(connection, event, "anna")
    await settle(connection, cancel(anna), book(event, "boris"), book(event, "vera"))
    told = [tuple(row) for row in await connection.fetch(MESSAGES, event_place(event).key)]
    kinds = ["booking.created", "booking.cancelled", "booking.created", "booking.created"]
    assert told == list(enumerate(kinds, 1))
    assert await connection.fetchval("SELECT revision FROM events WHERE id = $1", event) == 4


async def test_a_refused_claim_changes_nothing(connection: "asyncpg.Connection", event: int) -> None:
    await settle(connection, book(event, "anna"), book(event, "boris"))
    before = await connection.fetchrow("SELECT * FROM events WHERE id = $1", event)
    assert await settle(connection, book(event, "vera"), book(event, "anna")) == [FULL, BOOKED]
    assert await connection.fetchrow("SELECT * FROM events WHERE id = $1", event) == before


async def test_a_key_has_one_effect_and_one_answer(connection: "asyncpg.Connection", event: int) -> None:
    wish = key()
    [first] = await settle(connection, book(event, "anna", wish))
    assert isinstance(first, Seated)
    [again] = await settle(connection, book(event, "anna", wish))
    assert again == Seated(first.booking, replayed=True)
    [other] = await settle(connection, book(event, "anna", Key(wish.id, b"2" * 32)))
    assert other == Refused(Reason.KEY_REUSED)


async def test_a_refusal_is_remembered_too(connection: "asyncpg.Connection", event: int) -> None:
    wish, unknown = key(), key()
    await settle(connection, book(event, "anna"), book(event, "boris"))
    assert await settle(connection, book(event, "vera", wish)) == [FULL]
    assert await settle(connection, book(9_000_000_000, "vera", unknown)) == [UNKNOWN]
    await connection.execute("UPDATE events SET total_seats = 9 WHERE id = $1", event)
    assert await settle(connection, book(event, "vera", wish)) == [Refused(Reason.FULL, replayed=True)]
    assert await settle(connection, book(9_000_000_000, "vera", unknown)) == [Refused(Reason.NOT_FOUND, replayed=True)]


async def test_one_key_twice_in_a_batch_has_one_effect(connection: "asyncpg.Connection", event: int) -> None:
    wish = key()
    first, second = await settle(connection, book(event, "anna", wish), book(event, "anna", wish))
    assert isinstance(first, Seated)
    assert second == Seated(first.booking, replayed=True)


async def test_a_known_key_is_found_out_when_the_answer_is_written(
    connection: "asyncpg.Connection", event: int
) -> None:
    wish = key()
    await settle(connection, book(event, "anna", wish))
    with pytest.raises(KeyTaken):
        await settle_once(connection, book(event, "boris", wish))


async def test_a_batch_decided_on_what_has_changed_since_writes_nothing(
    connection: "asyncpg.Connection", peer: "asyncpg.Connection", event: int
) -> None:
    await seat(connection, event, "anna")
    late = await work(connection, [book(event, "boris")])
    await late.decide(connection, careful=False)
    await seat(peer, event, "vera")
    with pytest.raises(asyncpg.PostgresError) as stale:
        await late.write(connection)
    assert stale.value.sqlstate == "HF001"
    assert await connection.fetchval(HOLDERS, event) == ["anna", "vera"]


async def test_a_careful_batch_waits_for_the_lock_and_sees_what_was_done_meanwhile(
    connection: "asyncpg.Connection", peer: "asyncpg.Connection", event: int
) -> None:
    await seat(connection, event, "anna")
    await peer.execute("BEGIN")
    await peer.execute("SELECT FROM events WHERE id = $1 FOR UPDATE", event)
    waiting = asyncio.create_task(settle_once(connection, book(event, "boris"), careful=True))
    await somebody_waits(peer)
    await peer.execute("UPDATE events SET total_seats = 1, revision = revision + 1 WHERE id = $1", event)
    await peer.execute("COMMIT")
    assert await waiting == [FULL]


async def test_fewer_seats_typed_in_between_look_and_write_are_respected(
    connection: "asyncpg.Connection", peer: "asyncpg.Connection", event: int
) -> None:
    """Whoever types it need not know of revisions."""
    await seat(connection, event, "anna")
    late = await work(connection, [book(event, "boris")])
    await late.decide(connection, careful=False)
    await peer.execute("UPDATE events SET total_seats = 1 WHERE id = $1", event)
    with pytest.raises(asyncpg.PostgresError) as stale:
        await late.write(connection)
    assert stale.value.sqlstate == "HF001"


async def test_a_booking_typed_in_between_look_and_write_is_found_by_the_unique_index(
    connection: "asyncpg.Connection", peer: "asyncpg.Connection", event: int
) -> None:
    late = await work(connection, [book(event, "anna")])
    await late.decide(connection, careful=False)
    await peer.execute("INSERT INTO bookings (event_id, user_id) VALUES ($1, 'anna')", event)
    with pytest.raises(asyncpg.UniqueViolationError) as error:
        await late.write(connection)
    assert isinstance(late.refused(error.value), Stale)
    assert await settle(connection, book(event, "anna")) == [BOOKED]
    await peer.execute("DELETE FROM bookings WHERE event_id = $1", event)


async def test_a_booking_deleted_by_hand_between_look_and_write_is_not_cancelled_again(
    connection: "asyncpg.Connection", peer: "asyncpg.Connection", event: int
) -> None:
    anna = await seat(connection, event, "anna")
    late = await work(connection, [cancel(anna)])
    await late.decide(connection, careful=False)
    await peer.execute("DELETE FROM bookings WHERE id = $1", anna.id)
    with pytest.raises(asyncpg.PostgresError) as stale:
        await late.write(connection)
    assert stale.value.sqlstate == "HF001"
    await peer.execute("UPDATE events SET booked_seats = 0 WHERE id = $1", event)


async def test_more_booked_than_there_are_seats_gives_no_more(connection: "asyncpg.Connection") -> None:
    event = await make_event(connection, 3)
    holders = [await seat(connection, event, name) for name in ("anna", "boris", "vera")]
    await connection.execute("UPDATE events SET total_seats = 1 WHERE id = $1", event)
    assert await settle(connection, book(event, "grigori")) == [FULL]
    assert await settle(connection, cancel(holders[0]), book(event, "grigori")) == [Seated(holders[0]), FULL]


async def test_an_event_that_was_never_booked_costs_no_place(connection: "asyncpg.Connection", event: int) -> None:
    await seat(connection, event, "anna")
    assert await connection.fetchval("SELECT count(*) FROM places WHERE place = $1", event_place(event).key) == 0


async def test_two_people_with_one_name_are_one(connection: "asyncpg.Connection", event: int) -> None:
    user = str(uuid4())
    assert [type(each) for each in await settle(connection, book(event, user), book(event, user))] == [Seated, Refused]


async def test_an_event_that_changes_between_the_two_looks_of_a_batch_is_looked_at_again(
    connection: "asyncpg.Connection", peer: "asyncpg.Connection", event: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look is for what is given back, the second for what is taken at the same event."""
    anna = await seat(connection, event, "anna")
    given_seats = looks.given_seats

    async def then_another_books(*arguments: Any) -> Any:
        found = await given_seats(*arguments)
        monkeypatch.setattr(looks, "given_seats", given_seats)
        await seat(peer, event, "boris")
        return found

    monkeypatch.setattr(looks, "given_seats", then_another_books)
    with pytest.raises(Stale):
        await settle_once(connection, cancel(anna), book(event, "vera"))
    assert await connection.fetchval(HOLDERS, event) == ["anna", "boris"]
