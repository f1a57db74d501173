"""The free slots of a day: dates, order, what is taken, `ETag`."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from answers import faults, reserve
from offices import (
    DATE,
    admin,
    ask_slots,
    booked,
    cancel,
    free_slots,
    made_room,
    open_room,
    schedule,
    starts,
    stretch,
    user,
)
from rooms import hour, some_room
from service import Service
from tokens import SECRET

SIX = ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]


async def stored(connection: "asyncpg.Connection", room: str) -> list[UUID]:
    rows = await connection.fetch("SELECT id FROM slots WHERE room_id = $1 ORDER BY start_time", UUID(room))
    return [row["id"] for row in rows]


async def test_a_slot_is_half_an_hour_of_its_room(http: httpx.AsyncClient) -> None:
    room = await open_room(http)
    first = (await free_slots(http, room))[0]
    assert UUID(first.pop("id")).version == 5
    assert first == {"roomId": room, "start": f"{DATE}T09:00:00Z", "end": f"{DATE}T09:30:00Z"}


async def test_slots_are_listed_by_start(http: httpx.AsyncClient) -> None:
    assert await starts(http, await open_room(http)) == SIX


async def test_only_days_of_the_schedule_have_slots(http: httpx.AsyncClient) -> None:
    room = await open_room(http, days=[1, 7])
    week = [DATE + timedelta(days=number) for number in range(7)]
    assert [day.isoweekday() for day in week if await starts(http, room, day)] == [7, 1]


@pytest.mark.parametrize(
    "day",
    [
        date(2030, 12, 31),
        date(2031, 1, 1),
        date(2028, 2, 29),
        date(2030, 2, 28),
        date(2030, 3, 31),
        date(2030, 10, 27),
        date(2020, 2, 29),
    ],
    ids=str,
)
async def test_every_kind_of_date_has_its_slots(http: httpx.AsyncClient, day: date) -> None:
    room = await open_room(http, "00:00", "23:59")
    found = await free_slots(http, room, day)
    assert len(found) == 47
    assert (found[0]["start"], found[-1]["end"]) == (f"{day}T00:00:00Z", f"{day}T23:30:00Z")


@pytest.mark.parametrize(
    "given",
    [
        "",
        "today",
        "2030-5-1",
        "2030-05-01T00:00:00Z",
        "2030-05-01 ",
        " 2030-05-01",
        "20300501",
        "2030-W18-3",
        "2030-13-01",
        "2030-00-10",
        "2030-02-29",
        "2030-04-31",
        "0000-01-01",
        "-030-05-01",
        "+2030-05-01",
        "02030-05-01",
        "2030/05/01",
        "1893456000",
        "٢٠٣٠-٠٥-٠١",
        "2030-05-01\u0000",
        "2030-05-01,2030-05-02",
    ],
)
async def test_a_date_is_a_day_of_the_calendar(http: httpx.AsyncClient, given: str) -> None:
    assert faults(await ask_slots(http, await open_room(http), given)) == {"date"}


async def test_a_date_is_needed(http: httpx.AsyncClient) -> None:
    room = await open_room(http)
    for query in ("", "?", "?day=2030-05-01", "?Date=2030-05-01", "?date", "?date="):
        assert faults(await http.get(f"/rooms/{room}/slots/list{query}", headers=user())) == {"date"}


async def test_other_parameters_are_ignored(http: httpx.AsyncClient) -> None:
    room = await open_room(http)
    for query in (f"x=1&date={DATE}", f"date={DATE}&page=0", "date=2030%2D05-01", f"date=x&date={DATE}"):
        answer = await http.get(f"/rooms/{room}/slots/list?{query}", headers=user())
        assert len(answer.json()["slots"]) == 6


async def test_date_and_room_are_named_at_once(http: httpx.AsyncClient) -> None:
    assert faults(await ask_slots(http, "blue", "today")) == {"roomId", "date"}


async def test_a_trailing_slash_changes_nothing(http: httpx.AsyncClient) -> None:
    room = await open_room(http)
    answer = await http.get(f"/rooms/{room}/slots/list/?date={DATE}", headers=user())
    assert len(answer.json()["slots"]) == 6


async def test_the_past_is_listed(http: httpx.AsyncClient) -> None:
    assert await starts(http, await open_room(http), date(2020, 5, 1)) == SIX


@pytest.mark.parametrize("day", ["0001-01-01", "1970-01-01", "2100-01-01", "9999-12-31"])
async def test_far_dates_are_empty_and_nothing_is_stored(
    http: httpx.AsyncClient, connection: "asyncpg.Connection", day: str
) -> None:
    room = await open_room(http)
    assert (await ask_slots(http, room, day)).json() == {"slots": []}
    assert await stored(connection, room) == []


async def test_slots_are_stored_only_for_the_date_that_is_asked_for(
    http: httpx.AsyncClient, connection: "asyncpg.Connection"
) -> None:
    room = await open_room(http)
    assert await stored(connection, room) == []
    found = await free_slots(http, room)
    assert await stored(connection, room) == [UUID(each["id"]) for each in found]


async def test_slots_keep_their_ids(http: httpx.AsyncClient) -> None:
    room = await open_room(http)
    assert await free_slots(http, room) == await free_slots(http, room)


async def test_slots_that_were_purged_come_back_the_same(
    http: httpx.AsyncClient, connection: "asyncpg.Connection", start: Callable[..., Service], database_url: str
) -> None:
    room = await open_room(http)
    found = await free_slots(http, room)
    await connection.execute("DELETE FROM slots WHERE room_id = $1", UUID(room))
    other = start(DATABASE_URL=database_url, JWT_SECRET=SECRET)
    async with httpx.AsyncClient(base_url=other.url, verify=False, timeout=30) as client:
        assert await free_slots(client, room) == found
    assert await stored(connection, room) == [UUID(each["id"]) for each in found]


async def test_a_booked_slot_is_not_listed_and_a_cancelled_one_is_again(http: httpx.AsyncClient) -> None:
    room, owner = await open_room(http), user()
    before = await free_slots(http, room)
    booking = await booked(http, before[2]["id"], owner)
    assert await free_slots(http, room) == before[:2] + before[3:]
    await cancel(http, booking, owner)
    assert await free_slots(http, room) == before


@pytest.mark.parametrize(
    ("start", "end", "left"),
    [
        (9, 9.5, ["09:30", "10:00", "10:30", "11:00", "11:30"]),
        (9.25, 9.3, ["09:30", "10:00", "10:30", "11:00", "11:30"]),
        (9.25, 9.75, ["10:00", "10:30", "11:00", "11:30"]),
        (9.5, 11, ["09:00", "11:00", "11:30"]),
        (9.45, 11.1, ["11:30"]),
        (9, 12, []),
        (11.5, 12, ["09:00", "09:30", "10:00", "10:30", "11:00"]),
    ],
)
async def test_slots_under_any_reservation_of_the_room_are_not_listed(
    http: httpx.AsyncClient, start: float, end: float, left: list[str]
) -> None:
    room = await open_room(http)
    answer = await http.post("/reservations", json=stretch(room, start, end), headers=user())
    assert answer.status_code == 201
    assert await starts(http, room) == left


async def test_what_reaches_in_from_the_day_before_takes_slots(
    http: httpx.AsyncClient, connection: "asyncpg.Connection"
) -> None:
    room = await open_room(http, "00:00", "02:00")
    await connection.execute(
        "INSERT INTO reservations (id, place, room_id, start_time, end_time, created_at) "
        "VALUES ($1, 'room:' || $2::text, $2, $3, $4, now())",
        uuid4(),
        room,
        hour(-20),
        hour(0.75),
    )
    assert await starts(http, room) == ["01:00", "01:30"]
    assert await starts(http, room, DATE - timedelta(days=1)) == ["00:00", "00:30", "01:00", "01:30"]


async def test_reservations_of_other_rooms_take_nothing(http: httpx.AsyncClient) -> None:
    room, other = await open_room(http), await open_room(http)
    await reserve(http, some_room(), 9, 12)
    await booked(http, (await free_slots(http, other))[0]["id"], user())
    assert await starts(http, room) == SIX


class TestTags:
    """`ETag` and `If-None-Match`."""

    async def poll(self, http: httpx.AsyncClient, room: str, tag: str, day: date = DATE) -> httpx.Response:
        return await ask_slots(http, room, day, user() | {"If-None-Match": tag})

    async def tag(self, http: httpx.AsyncClient, room: str) -> str:
        return str((await ask_slots(http, room)).headers["etag"])

    async def test_an_unchanged_list_is_not_sent_again(self, http: httpx.AsyncClient) -> None:
        room = await open_room(http)
        tag = await self.tag(http, room)
        answer = await self.poll(http, room, tag)
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)

    async def test_lists_may_be_kept_but_not_used_unasked(self, http: httpx.AsyncClient) -> None:
        assert (await ask_slots(http, await open_room(http))).headers["cache-control"] == "no-cache"

    async def test_whatever_changes_the_room_changes_the_tag(self, http: httpx.AsyncClient) -> None:
        room, owner = await made_room(http), user()
        tags = [await self.tag(http, room)]
        await schedule(http, room)
        tags.append(await self.tag(http, room))
        booking = await booked(http, (await free_slots(http, room))[0]["id"], owner)
        tags.append(await self.tag(http, room))
        await cancel(http, booking, owner)
        tags.append(await self.tag(http, room))
        made = await http.post("/reservations", json=stretch(room, 9, 9.5), headers=owner)
        tags.append(await self.tag(http, room))
        await http.patch(f"/reservations/{made.json()['id']}", json=stretch(room, 10, 11), headers=owner)
        tags.append(await self.tag(http, room))
        await http.delete(f"/reservations/{made.json()['id']}", headers=owner)
        tags.append(await self.tag(http, room))
        await http.post(f"/rooms/{room}/retire", headers=admin())
        tags.append(await self.tag(http, room))
        assert len(set(tags)) == len(tags)
        assert (await self.poll(http, room, tags[0])).status_code == 200

    async def test_a_tag_of_far_days_is_not_one_of_near_days(self, http: httpx.AsyncClient) -> None:
        room = await open_room(http)
        far = (await ask_slots(http, room, "9999-12-31")).headers["etag"]
        assert (await self.poll(http, room, far, date(9999, 12, 31))).status_code == 304
        assert (await self.poll(http, room, far)).status_code == 200

    async def test_a_tag_opens_nothing(self, http: httpx.AsyncClient) -> None:
        room = await open_room(http)
        tag = await self.tag(http, room)
        answer = await http.get(f"/rooms/{room}/slots/list?date={DATE}", headers={"If-None-Match": tag})
        assert answer.status_code == 401

    async def test_only_the_head_is_sent_for_head(self, http: httpx.AsyncClient) -> None:
        room = await open_room(http)
        answer = await http.head(f"/rooms/{room}/slots/list?date={DATE}", headers=user())
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["etag"] == await self.tag(http, room)
