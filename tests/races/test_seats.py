"""Many want the same seats at the same moment, through several processes."""

import random
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from races.ledger import statuses
from races.volley import Answer, Shot, volley_from_processes
from seats import check_seats, make_event
from service import Service

HOLDERS = "SELECT user_id FROM bookings WHERE event_id = $1"


@pytest.fixture(scope="module")
def ports(database_url: str) -> Iterator[list[int]]:
    """Two services on one database, the first with two workers."""
    settings = {"DATABASE_URL": database_url, "RATE_LIMIT_MAX": 0}
    with Service(settings | {"WORKERS": 2}) as one, Service(settings) as other:
        yield [one.port, other.port]


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator["asyncpg.Connection"]:
    """A connection; afterwards every event is looked at."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()
    await check_seats(database_url)


def book(port: int, event: int, user: str, key: str | None = None) -> Shot:
    """Somebody wants a seat."""
    headers = {"Idempotency-Key": key} if key else {}
    return Shot(port, "POST", "/api/bookings/reserve", {"event_id": event, "user_id": user}, headers)


def cancel(port: int, booking: int) -> Shot:
    """Somebody gives a seat back."""
    return Shot(port, "DELETE", f"/api/bookings/{booking}")


def codes(answers: list[Answer]) -> set[str]:
    """The codes of the refusals."""
    return {answer.code for answer in answers if answer.status >= 400}


def ids(answers: list[Answer]) -> list[int]:
    """The bookings that were made."""
    return [answer.json["id"] for answer in answers if answer.status == 201]


async def test_of_a_thousand_that_want_the_last_seat_one_gets_it(
    connection: "asyncpg.Connection", ports: list[int]
) -> None:
    """The seed's own race: 1,000 requests from four processes, to three workers."""
    event = await make_event(connection, 1)
    answers = volley_from_processes([book(ports[number // 4 % 2], event, f"user{number}") for number in range(1_000)])
    assert statuses(answers) == {201: 1, 409: 999}
    assert codes(answers) == {"EVENT_FULL"}
    assert await connection.fetchval("SELECT count(*) FROM bookings WHERE event_id = $1", event) == 1


async def test_of_a_hundred_requests_of_one_person_one_wins(connection: "asyncpg.Connection", ports: list[int]) -> None:
    event = await make_event(connection, 1_000)
    shots = [book(ports[number // 4 % 2], event, "anna") for number in range(100)]
    answers = volley_from_processes([shot._replace(headers={"Accept-Language": "ru"}) for shot in shots])
    assert statuses(answers) == {201: 1, 409: 99}
    assert codes(answers) == {"ALREADY_BOOKED"}
    told = {answer.json["error"]["message"] for answer in answers if answer.status == 409}
    assert told == {"Вы уже забронировали место"}


async def test_an_event_sells_exactly_its_seats(connection: "asyncpg.Connection", ports: list[int]) -> None:
    event = await make_event(connection, 100)
    answers = volley_from_processes([book(ports[number // 4 % 2], event, f"user{number}") for number in range(600)])
    assert statuses(answers) == {201: 100, 409: 500}
    holders = {row["user_id"] for row in await connection.fetch(HOLDERS, event)}
    assert holders == {answer.json["user_id"] for answer in answers if answer.status == 201}


async def test_seats_given_back_and_taken_at_once_are_never_too_many_and_never_lost(
    connection: "asyncpg.Connection", ports: list[int]
) -> None:
    rng = random.Random(4711)
    event = await make_event(connection, 20)
    booked = ids(volley_from_processes([book(ports[0], event, f"first{number}") for number in range(20)]))
    for turn in range(4):
        shots = [cancel(ports[number % 2], each) for number, each in enumerate(booked)]
        shots += [book(ports[number // 4 % 2], event, f"{turn}-{number % 60}") for number in range(100)]
        rng.shuffle(shots)
        answers = volley_from_processes(shots)
        assert statuses(answers).keys() <= {201, 204, 409}
        assert codes(answers) <= {"EVENT_FULL", "ALREADY_BOOKED"}
        assert statuses(answers).get(204, 0) == len(booked)
        booked = ids(answers)
        now = await connection.fetchval("SELECT count(*) FROM bookings WHERE event_id = $1", event)
        assert now == len(booked) <= 20
    # Whatever was given back can be had again.
    rest = volley_from_processes([book(ports[0], event, f"last{number}") for number in range(40)])
    assert statuses(rest).get(201, 0) == 20 - len(booked)


async def test_a_booking_cancelled_many_times_at_once_frees_one_seat(
    connection: "asyncpg.Connection", ports: list[int]
) -> None:
    event = await make_event(connection, 3)
    booked = ids(volley_from_processes([book(ports[0], event, f"user{number}") for number in range(3)]))
    answers = volley_from_processes([cancel(ports[number // 4 % 2], booked[0]) for number in range(60)])
    assert statuses(answers) == {204: 1, 404: 59}
    assert await connection.fetchval("SELECT booked_seats FROM events WHERE id = $1", event) == 2


async def test_one_key_at_once_through_all_doors_books_once(connection: "asyncpg.Connection", ports: list[int]) -> None:
    event = await make_event(connection, 50)
    shots = [book(ports[number // 4 % 2], event, "anna", "the same") for number in range(60)]
    answers = volley_from_processes(shots)
    assert statuses(answers) == {201: 60}
    assert len(set(ids(answers))) == 1


async def test_many_events_at_once_each_sell_their_own(connection: "asyncpg.Connection", ports: list[int]) -> None:
    rng = random.Random(815)
    events = [await make_event(connection, 5) for _ in range(8)]
    shots = [book(ports[number // 4 % 2], rng.choice(events), f"user{rng.randrange(30)}") for number in range(400)]
    answers = volley_from_processes(shots)
    assert statuses(answers).keys() == {201, 409}
    for event in events:
        assert await connection.fetchval("SELECT booked_seats FROM events WHERE id = $1", event) == 5


async def test_fewer_seats_while_they_are_sold_are_never_too_few(
    connection: "asyncpg.Connection", ports: list[int]
) -> None:
    event = await make_event(connection, 100)
    shots = [book(ports[number % 2], event, f"user{number}") for number in range(100)]
    shots += [Shot(ports[number % 2], "PATCH", f"/api/events/{event}", {"total_seats": 40}) for number in range(20)]
    random.Random(3).shuffle(shots)
    answers = volley_from_processes(shots)
    assert codes(answers) <= {"EVENT_FULL", "SEATS_ALREADY_BOOKED"}
    total, booked = await connection.fetchrow("SELECT total_seats, booked_seats FROM events WHERE id = $1", event)
    assert booked == statuses(answers)[201] <= total
