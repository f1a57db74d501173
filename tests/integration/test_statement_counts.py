"""A batch takes a fixed handful of statements, however many claims it has."""

from typing import Any

import asyncpg
import pytest

import batches
import seats
from rooms import some_room


@pytest.fixture
async def sent(connection: "asyncpg.Connection") -> list[str]:
    """The statements that the connection was given, from now on."""
    found: list[str] = []

    def note(record: Any) -> None:
        found.append(record.query)

    connection.add_query_logger(note)
    return found


@pytest.mark.parametrize("claims", [1, 10, 200])
async def test_a_batch_of_reservations_takes_two(
    connection: "asyncpg.Connection", sent: list[str], claims: int
) -> None:
    places = [batches.room(some_room()) for _ in range(min(claims, 20))]
    await batches.name(connection, *places)
    sent.clear()
    wanted = [batches.reserve(places[number % len(places)], number, number + 1) for number in range(claims)]
    await batches.settle_once(connection, *wanted)
    assert len(sent) == 2


@pytest.mark.parametrize("claims", [1, 10, 200])
async def test_a_batch_of_seats_takes_two(connection: "asyncpg.Connection", sent: list[str], claims: int) -> None:
    events = [await seats.make_event(connection, 1_000) for _ in range(min(claims, 20))]
    wanted = [seats.book(events[number % len(events)], f"user{number}") for number in range(claims)]
    work = await seats.work(connection, wanted)
    sent.clear()
    await seats.transaction.settle(connection, work)
    assert len(sent) == 2


async def test_a_batch_with_cancellations_takes_three(connection: "asyncpg.Connection", sent: list[str]) -> None:
    place = batches.room(some_room())
    await batches.name(connection, place)
    held = [await batches.grant(connection, batches.reserve(place, hour, hour + 1)) for hour in range(20)]
    sent.clear()
    again = [batches.reserve(place, hour, hour + 1) for hour in range(20)]
    await batches.settle_once(connection, *again, *map(batches.release, held))
    assert len(sent) == 3
