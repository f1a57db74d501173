"""The lists of reservations: order, windows, limits, pages."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from answers import NOBODYS_ID, error, faults, listed, pages, reserve
from rooms import hour, some_room
from tokens import bearer

UNREADABLE_CURSORS = ["x", "%%%", "AAAA", "кур", "a" * 501, "kw", "wsHBwcHBwQ", "=", ""]
INSERT = """
INSERT INTO reservations (id, place, room_id, start_time, end_time, created_at)
SELECT gen_random_uuid(), 'room:' || $1::text, $1, start, start + interval '15 minutes', now()
FROM generate_series(0, $3::int - 1) AS number,
LATERAL (SELECT $2::timestamptz + number * interval '15 minutes') AS at (start)
"""
Calendar = Callable[[int], Awaitable[str]]


def at(number: float) -> str:
    return hour(number).isoformat()


async def three(http: httpx.AsyncClient) -> tuple[str, list[str]]:
    """A room with three reservations that touch, 10-11, 11-12 and 12-14, made out of order; and their ids."""
    room = some_room()
    made = {start: await reserve(http, room, start, end) for start, end in ((12, 14), (10, 11), (11, 12))}
    return room, [made[start]["id"] for start in (10, 11, 12)]


@pytest.fixture
async def calendar(connection: "asyncpg.Connection") -> AsyncIterator[Calendar]:
    """Makes rooms with this many reservations of a quarter of an hour, one after another; they end with the test."""
    rooms: list[str] = []

    async def grown(count: int) -> str:
        rooms.append(some_room())
        await connection.execute(INSERT, rooms[-1], hour(0), count)
        return rooms[-1]

    yield grown
    await connection.execute("DELETE FROM reservations WHERE room_id = ANY($1)", rooms)


async def test_an_unknown_room_has_an_empty_list(http: httpx.AsyncClient) -> None:
    assert await listed(http, some_room()) == []


async def test_a_room_is_listed_by_start(http: httpx.AsyncClient) -> None:
    room, ids = await three(http)
    assert [each["id"] for each in await listed(http, room)] == ids


async def test_a_listed_reservation_reads_as_when_it_was_made(http: httpx.AsyncClient) -> None:
    room = some_room()
    made = await reserve(http, room, 10, 11)
    assert await listed(http, room) == [made]


async def test_a_list_is_json(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"/reservations/{some_room()}")
    assert answer.headers["content-type"] == "application/json"


async def test_a_cancelled_reservation_is_not_listed(http: httpx.AsyncClient) -> None:
    room, ids = await three(http)
    await http.delete(f"/reservations/{ids[1]}")
    assert [each["id"] for each in await listed(http, room)] == [ids[0], ids[2]]


WINDOWS = [
    pytest.param(10, 14, [0, 1, 2], id="all of it"),
    pytest.param(None, 11, [0], id="until an end that is a start"),
    pytest.param(None, 11.01, [0, 1], id="until just after a start"),
    pytest.param(12, None, [2], id="from an end that is a start"),
    pytest.param(11.99, None, [1, 2], id="from just before an end"),
    pytest.param(13, None, [2], id="from within one that began before"),
    pytest.param(13, 13.5, [2], id="within one reservation"),
    pytest.param(10.5, 11.5, [0, 1], id="across two"),
    pytest.param(14, None, [], id="from the last end"),
    pytest.param(None, 10, [], id="until the first start"),
    pytest.param(14, 20, [], id="after"),
    pytest.param(1, 10, [], id="before"),
]


@pytest.mark.parametrize(("start", "end", "expected"), WINDOWS)
async def test_a_window_shows_what_overlaps_it(
    http: httpx.AsyncClient, start: float | None, end: float | None, expected: list[int]
) -> None:
    room, ids = await three(http)
    query = {name: at(moment) for name, moment in (("from", start), ("to", end)) if moment is not None}
    chosen = [ids[number] for number in expected]
    assert [each["id"] for each in await listed(http, room, **query)] == chosen
    assert [[each["id"] for each in page] for page in await pages(http, "/reservations", room_id=room, **query)] == [
        chosen
    ]


async def test_a_window_of_all_rooms_shows_what_began_a_month_before(http: httpx.AsyncClient) -> None:
    owner = bearer(uuid4())
    made = await reserve(http, some_room(), 0, 31 * 24, headers=owner)
    window = {"from": at(31 * 24 - 1), "to": at(31 * 24)}
    answer = await http.get("/reservations", params=window | {"mine": "true"}, headers=owner)
    assert answer.json()["items"] == [made]


async def test_a_window_in_a_gap_is_empty(http: httpx.AsyncClient) -> None:
    room = some_room()
    await reserve(http, room, 10, 11)
    await reserve(http, room, 13, 14)
    assert await listed(http, room, **{"from": at(11), "to": at(13)}) == []


async def test_a_windows_bounds_may_have_offsets(http: httpx.AsyncClient) -> None:
    room, ids = await three(http)
    window = {"from": "2030-05-01T15:00:00+03:00", "to": "2030-05-01T13:00:00"}
    assert [each["id"] for each in await listed(http, room, **window)] == ids[2:]


@pytest.mark.parametrize("path", ["/reservations", "/reservations/{}"])
class TestImpossibleQueries:
    """A query that cannot be met is refused, and what is wrong with it is named."""

    @pytest.mark.parametrize("bound", ["from", "to"])
    @pytest.mark.parametrize("given", ["now", "", "2030-05-01", "1893495600", "1969-01-01T00:00:00Z"])
    async def test_a_bound_is_a_time(self, http: httpx.AsyncClient, path: str, bound: str, given: str) -> None:
        assert faults(await http.get(path.format(some_room()), params={bound: given})) == {bound}

    async def test_both_bounds_are_named_at_once(self, http: httpx.AsyncClient, path: str) -> None:
        answer = await http.get(path.format(some_room()), params={"from": "then", "to": "now"})
        assert faults(answer) == {"from", "to"}

    @pytest.mark.parametrize("end", [10, 9])
    async def test_a_window_ends_after_its_start(self, http: httpx.AsyncClient, path: str, end: float) -> None:
        answer = await http.get(path.format(some_room()), params={"from": at(10), "to": at(end)})
        assert faults(answer) == {"to"}

    @pytest.mark.parametrize("limit", ["0", "-1", "x", "", "1.5", "٣"])
    async def test_a_limit_is_a_positive_number(self, http: httpx.AsyncClient, path: str, limit: str) -> None:
        assert faults(await http.get(path.format(some_room()), params={"limit": limit})) == {"limit"}


async def test_a_limit_keeps_the_first(http: httpx.AsyncClient) -> None:
    room, ids = await three(http)
    assert [each["id"] for each in await listed(http, room, limit=2)] == ids[:2]


async def test_a_list_of_one_room_may_have_any_limit(http: httpx.AsyncClient) -> None:
    room, ids = await three(http)
    assert [each["id"] for each in await listed(http, room, limit="9" * 30)] == ids


async def test_a_limit_and_a_window_go_together(http: httpx.AsyncClient) -> None:
    room, ids = await three(http)
    assert [each["id"] for each in await listed(http, room, limit=1, **{"from": at(11)})] == [ids[1]]


async def test_a_long_list_comes_whole_and_in_order(http: httpx.AsyncClient, calendar: Calendar) -> None:
    room = await calendar(2_500)
    starts = [each["start_time"] for each in await listed(http, room)]
    expected = [hour(0) + timedelta(minutes=15 * number) for number in range(2_500)]
    assert starts == [moment.isoformat().replace("+00:00", "Z") for moment in expected]


@pytest.mark.parametrize("count", [999, 1_000, 1_001, 2_000])
async def test_a_limit_beside_the_size_of_a_read_is_kept(
    http: httpx.AsyncClient, calendar: Calendar, count: int
) -> None:
    room = await calendar(2_001)
    assert len(await listed(http, room, limit=count)) == count


async def test_a_page_has_fifty_items_unless_told(http: httpx.AsyncClient, calendar: Calendar) -> None:
    room = await calendar(120)
    assert [len(page) for page in await pages(http, "/reservations", room_id=room)] == [50, 50, 20]


async def test_a_page_has_at_most_five_hundred_items(http: httpx.AsyncClient, calendar: Calendar) -> None:
    room = await calendar(501)
    assert [len(page) for page in await pages(http, "/reservations", room_id=room, limit=500)] == [500, 1]
    assert faults(await http.get("/reservations", params={"limit": 501})) == {"limit"}


async def test_a_page_that_is_just_full_is_the_last(http: httpx.AsyncClient) -> None:
    room, ids = await three(http)
    found = await pages(http, "/reservations", room_id=room, limit=3)
    assert [[each["id"] for each in page] for page in found] == [ids]


async def test_pages_of_one_room_join_to_its_list(http: httpx.AsyncClient, calendar: Calendar) -> None:
    room = await calendar(23)
    found = await pages(http, "/reservations", room_id=room, limit=5)
    assert [len(page) for page in found] == [5, 5, 5, 5, 3]
    assert [each for page in found for each in page] == await listed(http, room)


async def test_pages_of_all_rooms_miss_nothing_that_starts_together(http: httpx.AsyncClient) -> None:
    # Hours that no other test of this database touches.
    window = {"from": at(100_000), "to": at(100_002)}
    made = [await reserve(http, some_room(), 100_000 + number // 4, 100_001 + number // 4) for number in range(8)]
    found = await pages(http, "/reservations", limit=3, **window)
    assert [len(page) for page in found] == [3, 3, 2]
    expected = sorted(made, key=lambda each: (each["start_time"], UUID(each["id"])))
    assert [each for page in found for each in page] == expected


async def test_a_cursor_goes_on_where_the_page_ended_whatever_was_made_since(http: httpx.AsyncClient) -> None:
    room, ids = await three(http)
    first = (await http.get("/reservations", params={"room_id": room, "limit": 2})).json()
    await reserve(http, room, 8, 9)
    query = {"room_id": room, "limit": 2, "cursor": first["next_cursor"]}
    assert [each["id"] for each in (await http.get("/reservations", params=query)).json()["items"]] == ids[2:]


async def test_a_cursor_holds_when_its_reservation_is_gone(http: httpx.AsyncClient) -> None:
    room, ids = await three(http)
    first = (await http.get("/reservations", params={"room_id": room, "limit": 2})).json()
    await http.delete(f"/reservations/{ids[1]}")
    query = {"room_id": room, "cursor": first["next_cursor"]}
    assert [each["id"] for each in (await http.get("/reservations", params=query)).json()["items"]] == ids[2:]


@pytest.mark.parametrize("cursor", UNREADABLE_CURSORS)
async def test_a_cursor_that_is_not_ours_is_refused(http: httpx.AsyncClient, cursor: str) -> None:
    assert faults(await http.get("/reservations", params={"cursor": cursor})) == {"cursor"}


async def test_a_cursor_of_another_list_is_refused(http: httpx.AsyncClient) -> None:
    await reserve(http, some_room(), 10, 11)
    await reserve(http, some_room(), 10, 11)
    places = (await http.get("/places", params={"limit": 1})).json()
    assert faults(await http.get("/reservations", params={"cursor": places["next_cursor"]})) == {"cursor"}


async def test_one_reservation_is_found_by_its_id(http: httpx.AsyncClient) -> None:
    made = await reserve(http, some_room(), 10, 11)
    for path in (f"/reservations/by-id/{made['id']}", f"/reservations/by-id/{made['id']}/"):
        assert (await http.get(path)).json() == made


@pytest.mark.parametrize("reservation_id", [NOBODYS_ID, "7", "x" * 300, "%00", "null", "%20", "%F0%9F%9B%8B"])
async def test_an_id_that_nothing_has_is_not_found(http: httpx.AsyncClient, reservation_id: str) -> None:
    error(await http.get(f"/reservations/by-id/{reservation_id}"), 404, "RESERVATION_NOT_FOUND")


async def test_a_cancelled_reservation_is_not_found(http: httpx.AsyncClient) -> None:
    made = await reserve(http, some_room(), 10, 11)
    await http.delete(f"/reservations/{made['id']}")
    error(await http.get(f"/reservations/by-id/{made['id']}"), 404, "RESERVATION_NOT_FOUND")
