"""`DELETE /reservations/{id}`: the stretch is free at once."""

import asyncpg
import httpx
import pytest

from answers import NOBODYS_ID, error, listed, reserve
from rooms import some_room


async def test_a_reservation_is_cancelled(http: httpx.AsyncClient) -> None:
    room = some_room()
    made = await reserve(http, room, 10, 11)
    answer = await http.delete(f"/reservations/{made['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert await listed(http, room) == []


async def test_the_stretch_is_free_at_once(http: httpx.AsyncClient) -> None:
    room = some_room()
    for _ in range(3):
        made = await reserve(http, room, 10, 11)
        await http.delete(f"/reservations/{made['id']}")


async def test_only_that_reservation_goes(http: httpx.AsyncClient) -> None:
    room = some_room()
    made = [await reserve(http, room, start, start + 1) for start in (10, 11, 12)]
    await http.delete(f"/reservations/{made[1]['id']}")
    assert await listed(http, room) == [made[0], made[2]]


async def test_a_second_cancellation_finds_nothing(http: httpx.AsyncClient) -> None:
    made = await reserve(http, some_room(), 10, 11)
    await http.delete(f"/reservations/{made['id']}")
    error(await http.delete(f"/reservations/{made['id']}"), 404, "RESERVATION_NOT_FOUND")


@pytest.mark.parametrize("reservation_id", [NOBODYS_ID, "7", "by-id", "%00", "x" * 300, "null", "%20"])
async def test_an_id_that_nothing_has_is_not_found(http: httpx.AsyncClient, reservation_id: str) -> None:
    error(await http.delete(f"/reservations/{reservation_id}"), 404, "RESERVATION_NOT_FOUND")


async def test_a_trailing_slash_changes_nothing(http: httpx.AsyncClient) -> None:
    made = await reserve(http, some_room(), 10, 11)
    assert (await http.delete(f"/reservations/{made['id']}/")).status_code == 204


async def test_a_body_is_ignored(http: httpx.AsyncClient) -> None:
    made = await reserve(http, some_room(), 10, 11)
    answer = await http.request("DELETE", f"/reservations/{made['id']}", content=b"{not json")
    assert answer.status_code == 204


async def test_what_was_cancelled_is_remembered_in_the_database(
    http: httpx.AsyncClient, connection: "asyncpg.Connection"
) -> None:
    made = await reserve(http, some_room(), 10, 11)
    await http.delete(f"/reservations/{made['id']}")
    assert await connection.fetchval("SELECT cancelled_at IS NOT NULL FROM reservations WHERE id = $1", made["id"])
