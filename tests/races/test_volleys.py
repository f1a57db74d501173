"""Four processes ask for the same things at the same moment; the promise holds and every answer is true."""

import random
from collections.abc import Iterator
from uuid import uuid4

import pytest

from races.ledger import acknowledged, active_ids, check_promise, statuses
from races.volley import Answer, Shot, volley_from_processes
from rooms import body, hour, some_room
from service import Service


@pytest.fixture(scope="module")
def ports(database_url: str) -> Iterator[list[int]]:
    """Two services on one database, the first with two workers."""
    with Service({"DATABASE_URL": database_url, "WORKERS": 2}) as one, Service({"DATABASE_URL": database_url}) as other:
        yield [one.port, other.port]


def reserve(port: int, room: str, start: float, end: float, key: str | None = None) -> Shot:
    """A request for a room."""
    return Shot(port, "POST", "/reservations", body(room, start, end), {"Idempotency-Key": key} if key else {})


def somewhere(rng: random.Random, rooms: list[str]) -> tuple[str, float, float]:
    """A stretch of up to three hours that begins on a quarter of an hour, so many overlap and many touch."""
    start = rng.randrange(0, 80) / 4
    return rng.choice(rooms), start, start + rng.randrange(1, 13) / 4


async def test_of_fifty_equal_requests_from_four_processes_one_wins(database_url: str, ports: list[int]) -> None:
    room = some_room()
    answers = volley_from_processes([reserve(ports[0], room, 10, 11)] * 50)
    assert statuses(answers) == {201: 1, 409: 49}
    assert acknowledged(answers) <= await active_ids(database_url)
    await check_promise(database_url)


async def test_of_fifty_equal_requests_to_two_services_one_wins(database_url: str, ports: list[int]) -> None:
    room = some_room()
    answers = volley_from_processes([reserve(ports[number // 4 % 2], room, 10, 11) for number in range(50)])
    assert statuses(answers) == {201: 1, 409: 49}
    assert acknowledged(answers) <= await active_ids(database_url)
    await check_promise(database_url)


@pytest.mark.parametrize("services", [1, 2], ids=["two workers", "two services"])
async def test_random_overlapping_requests_leave_no_overlap(database_url: str, ports: list[int], services: int) -> None:
    rng = random.Random(4711 + services)
    rooms = [some_room() for _ in range(3)]
    before = await active_ids(database_url)
    answers = volley_from_processes(
        [reserve(ports[number // 4 % services], *somewhere(rng, rooms)) for number in range(400)]
    )
    assert statuses(answers).keys() == {201, 409}
    assert acknowledged(answers) == await active_ids(database_url) - before
    await check_promise(database_url)


async def test_creates_moves_and_cancels_at_once_leave_no_overlap(database_url: str, ports: list[int]) -> None:
    rng = random.Random(815)
    rooms = [some_room() for _ in range(3)]
    before = await active_ids(database_url)
    first = volley_from_processes([reserve(ports[0], *somewhere(rng, rooms)) for _ in range(150)])
    ids = [answer.json["id"] for answer in first if answer.status == 201]
    shots = [reserve(ports[number % 2], *somewhere(rng, rooms)) for number in range(100)]
    for number, each in enumerate(ids):
        path = f"/reservations/{each}"
        shots += [Shot(ports[number % 2], "DELETE", path)] * (2 if number % 3 == 0 else 0)
        for port in ports:
            room, start, end = somewhere(rng, rooms)
            change = {"room_id": room, "start_time": hour(start).isoformat(), "end_time": hour(end).isoformat()}
            shots.append(Shot(port, "PATCH", path, change))
    rng.shuffle(shots)
    answers = volley_from_processes(shots)

    assert statuses(answers).keys() <= {200, 201, 204, 404, 409}
    cancelled = [shot.path for shot, answer in zip(shots, answers, strict=True) if answer.status == 204]
    assert len(cancelled) == len(set(cancelled)) == len(ids[::3])
    expected = {str(each) for each in acknowledged([*first, *answers])} - {path[-36:] for path in cancelled}
    assert expected == {str(each) for each in await active_ids(database_url) - before}
    await check_promise(database_url)


async def test_two_moves_that_swap_places_do_not_block_each_other(database_url: str, ports: list[int]) -> None:
    rooms = [some_room(), some_room()]
    made = [volley_from_processes([reserve(ports[0], room, 1, 2)], 1)[0].json["id"] for room in rooms]
    shots = [
        Shot(ports[side], "PATCH", f"/reservations/{made[side]}", body(rooms[1 - side], 3 + number, 3.5 + number))
        for number in range(20)
        for side in (0, 1)
    ]
    answers = volley_from_processes(shots)
    # A move that finds its reservation elsewhere again and again gives up with 404.
    assert statuses(answers).keys() <= {200, 404, 409}
    await check_promise(database_url)


async def test_fifty_retries_at_once_have_one_effect_and_one_answer(database_url: str, ports: list[int]) -> None:
    room = some_room()
    answers = volley_from_processes([reserve(ports[0], room, 10, 11, key=str(uuid4()))] * 50)
    assert statuses(answers) == {201: 50}
    assert len({answer.text for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert acknowledged(answers) <= await active_ids(database_url)
    await check_promise(database_url)


async def test_retries_of_a_refused_request_get_one_answer(database_url: str, ports: list[int]) -> None:
    room = some_room()
    [blocker] = volley_from_processes([reserve(ports[0], room, 10, 12)], 1)
    answers = volley_from_processes([reserve(ports[0], room, 11, 13, key=str(uuid4()))] * 20)
    assert statuses(answers) == {409: 20}
    assert len({answer.text for answer in answers}) == 1
    assert acknowledged([blocker]) <= await active_ids(database_url)
    await check_promise(database_url)


async def test_one_key_for_two_rooms_at_once_books_one_of_them(database_url: str, ports: list[int]) -> None:
    for _ in range(10):
        before = await active_ids(database_url)
        key = str(uuid4())
        answers: list[Answer] = volley_from_processes(
            [reserve(port, some_room(), 10, 11, key=key) for port in ports], processes=2
        )
        assert statuses(answers) == {201: 1, 422: 1}
        [refused] = [answer for answer in answers if answer.status == 422]
        assert refused.code == "IDEMPOTENCY_KEY_REUSED"
        assert await active_ids(database_url) - before == acknowledged(answers)
    await check_promise(database_url)
