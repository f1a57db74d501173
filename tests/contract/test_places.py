"""`GET /places`: what has been named, and whether anything has changed there."""

from typing import Any

import httpx
import pytest

from answers import faults, pages, reserve
from rooms import body, hour, some_room


async def place(http: httpx.AsyncClient, room: str) -> dict[str, Any] | None:
    found = [each for page in await pages(http, "/places", limit=500) for each in page if each["id"] == room]
    assert len(found) <= 1
    return found[0] if found else None


async def revision(http: httpx.AsyncClient, room: str) -> int:
    known = await place(http, room)
    assert known is not None
    return int(known["revision"])


async def test_a_room_is_known_once_it_was_reserved(http: httpx.AsyncClient) -> None:
    room = some_room()
    assert await place(http, room) is None
    await reserve(http, room, 10, 11)
    known = await place(http, room)
    assert known is not None
    assert known | {"revision": 0} == {"kind": "room", "id": room, "name": room, "revision": 0}


async def test_a_room_called_like_a_table_is_a_room(http: httpx.AsyncClient) -> None:
    room = f"table:{some_room()}"
    await reserve(http, room, 10, 11)
    known = await place(http, room)
    assert known is not None
    assert known["kind"] == "room"


async def test_a_room_stays_known_when_all_is_cancelled(http: httpx.AsyncClient) -> None:
    room = some_room()
    made = await reserve(http, room, 10, 11)
    await http.delete(f"/reservations/{made['id']}")
    assert await place(http, room) is not None


async def test_a_reservation_raises_the_revision(http: httpx.AsyncClient) -> None:
    room = some_room()
    await reserve(http, room, 10, 11)
    before = await revision(http, room)
    await reserve(http, room, 11, 12)
    assert await revision(http, room) > before


async def test_a_cancellation_raises_the_revision(http: httpx.AsyncClient) -> None:
    room = some_room()
    made = await reserve(http, room, 10, 11)
    before = await revision(http, room)
    await http.delete(f"/reservations/{made['id']}")
    assert await revision(http, room) > before


async def test_a_move_in_time_raises_the_revision(http: httpx.AsyncClient) -> None:
    room = some_room()
    made = await reserve(http, room, 10, 11)
    before = await revision(http, room)
    await http.patch(f"/reservations/{made['id']}", json={"end_time": hour(12).isoformat()})
    assert await revision(http, room) > before


async def test_a_move_to_another_room_raises_both_revisions(http: httpx.AsyncClient) -> None:
    old, new = some_room(), some_room()
    made = await reserve(http, old, 10, 11)
    await reserve(http, new, 14, 15)
    before = await revision(http, old), await revision(http, new)
    await http.patch(f"/reservations/{made['id']}", json={"room_id": new})
    after = await revision(http, old), await revision(http, new)
    assert (after[0] > before[0], after[1] > before[1]) == (True, True)


async def test_a_refusal_leaves_the_revision(http: httpx.AsyncClient) -> None:
    room = some_room()
    await reserve(http, room, 10, 11)
    before = await revision(http, room)
    await http.post("/reservations", json=body(room, 10, 11))
    assert await revision(http, room) == before


async def test_pages_hold_every_place_once_and_in_order(http: httpx.AsyncClient) -> None:
    rooms = {some_room() for _ in range(7)}
    for room in rooms:
        await reserve(http, room, 10, 11)
    found = await pages(http, "/places", limit=3)
    assert {len(page) for page in found[:-1]} <= {3}
    keys = [f"{each['kind']}:{each['id']}" for page in found for each in page]
    assert keys == sorted(set(keys), key=str.encode)
    assert {f"room:{room}" for room in rooms} <= set(keys)


async def test_a_list_goes_on_after_the_longest_of_names(http: httpx.AsyncClient) -> None:
    room = "\U0001f600" * 255
    await http.post("/reservations", json=body(room, 10, 11))
    # Others may stand before and behind it: one of these pages ends with it, and the next begins there.
    assert room in [each["id"] for page in await pages(http, "/places", limit=1) for each in page]


@pytest.mark.parametrize("limit", ["0", "501", "x", "", "9" * 30])
async def test_a_limit_is_from_1_to_500(http: httpx.AsyncClient, limit: str) -> None:
    assert faults(await http.get("/places", params={"limit": limit})) == {"limit"}


@pytest.mark.parametrize("cursor", ["x", "%%%", "AAAA", "a" * 2_001, "wsHBwcHBwQ", ""])
async def test_a_cursor_that_is_not_ours_is_refused(http: httpx.AsyncClient, cursor: str) -> None:
    assert faults(await http.get("/places", params={"cursor": cursor})) == {"cursor"}


async def test_a_trailing_slash_changes_nothing(http: httpx.AsyncClient) -> None:
    assert (await http.get("/places/")).status_code == 200
