"""What is held up by a stuck peer is refused in time, and nothing that was refused is booked."""

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest

from races.ledger import acknowledged, active_ids, check_promise, statuses
from races.locks import room_locked, somebody_waits
from races.volley import Loaded, Shot, volley
from rooms import body, some_room
from service import Service

BOUNDS = {"LANES": 1, "LANE_CLAIMS_MAX": 3, "LOCK_SECONDS_MAX": 0.5, "CLAIM_SECONDS_MAX": 4}


@pytest.fixture(scope="module")
def service(database_url: str) -> Iterator[Service]:
    """A service that takes little on, and gives up soon."""
    with Service({"DATABASE_URL": database_url, **BOUNDS}) as service:
        yield service


@pytest.fixture
def shot(service: Service) -> Callable[[str, int], Shot]:
    """Makes a request for one hour of a room."""
    return lambda room, start: Shot(service.port, "POST", "/reservations", body(room, start, start + 1))


async def test_claims_beyond_the_bound_are_refused_at_once(database_url: str, shot: Callable[[str, int], Shot]) -> None:
    room = some_room()
    with Loaded([shot(room, number) for number in range(10)]) as first:
        async with room_locked(database_url, room) as connection:
            first.send()
            await somebody_waits(connection)
            refused = await asyncio.to_thread(volley, [shot(room, number) for number in range(20, 30)], 2)
        answers = await asyncio.to_thread(first.answers)
    assert statuses(refused) == {503: 10}
    assert {(answer.code, answer.headers["retry-after"]) for answer in refused} == {("UNAVAILABLE", "1")}
    assert statuses(answers).keys() == {201, 503}
    assert acknowledged(answers) <= await active_ids(database_url)
    again = await asyncio.to_thread(volley, [shot(room, 20)])
    assert statuses(again) == {201: 1}
    await check_promise(database_url)


async def test_a_lock_held_too_long_is_answered_503_and_nothing_is_booked(
    database_url: str, shot: Callable[[str, int], Shot]
) -> None:
    room = some_room()
    before = await active_ids(database_url)
    started = time.monotonic()
    async with room_locked(database_url, room):
        [refused] = await asyncio.to_thread(volley, [shot(room, 1)])
    assert (refused.status, refused.code) == (503, "UNAVAILABLE")
    assert time.monotonic() - started < 8
    assert await active_ids(database_url) == before
    await check_promise(database_url)


async def test_after_the_lock_is_gone_the_place_can_be_booked(
    database_url: str, shot: Callable[[str, int], Shot]
) -> None:
    room = some_room()
    with Loaded([shot(room, 1)]) as loaded:
        async with room_locked(database_url, room) as connection:
            loaded.send()
            await somebody_waits(connection)
        [answer] = await asyncio.to_thread(loaded.answers)
    assert answer.status == 201
    await check_promise(database_url)
