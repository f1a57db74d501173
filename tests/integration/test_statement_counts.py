"""A batch takes a fixed handful of statements, however many claims it has."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import batches
import seats
from holdfast.engine import transaction
from rooms import some_room

Connection = "asyncpg.Connection"
END = "SELECT 'the end'"


async def statements(connection: Any, do: Callable[[], Awaitable[Any]]) -> int:
    """How many statements the connection is given meanwhile."""
    sent: list[str] = []

    def note(record: Any) -> None:
        sent.append(record.query)

    # What has been carried out is told a moment later: so each side is bounded by something else.
    await connection.fetchval(END)
    connection.add_query_logger(note)
    await do()
    await connection.fetchval(END)
    await connection.fetchval(END)
    connection.remove_query_logger(note)
    return len([query for query in sent if query != END])


@pytest.mark.parametrize("claims", [1, 10, 200])
async def test_a_batch_of_reservations_takes_two(connection: Connection, claims: int) -> None:
    places = [batches.room(some_room()) for _ in range(min(claims, 20))]
    await batches.name(connection, *places)
    # The first of a session makes asyncpg ask for types.
    await batches.grant(connection, batches.reserve(places[0], -2, -1))
    wanted = [batches.reserve(places[number % len(places)], number, number + 1) for number in range(claims)]
    assert await statements(connection, lambda: batches.settle_once(connection, *wanted)) == 2


@pytest.mark.parametrize("claims", [1, 10, 200])
async def test_a_batch_of_seats_takes_two(connection: Connection, claims: int) -> None:
    events = [await seats.make_event(connection, 1_000) for _ in range(min(claims, 20))]
    await seats.seat(connection, events[0], "the first")
    wanted = [seats.book(events[number % len(events)], f"user{number}") for number in range(claims)]
    work = await batches.work(connection, wanted)
    assert await statements(connection, lambda: transaction.settle(connection, work)) == 2


async def test_a_batch_with_cancellations_takes_three(connection: Connection) -> None:
    place = batches.room(some_room())
    await batches.name(connection, place)
    held = [await batches.grant(connection, batches.reserve(place, hour, hour + 1)) for hour in range(20)]
    await batches.settle(connection, batches.release(held.pop()), batches.reserve(place, 100, 101))
    again = [batches.reserve(place, hour, hour + 1) for hour in range(19)]
    claims = [*again, *map(batches.release, held)]
    assert await statements(connection, lambda: batches.settle_once(connection, *claims)) == 3
