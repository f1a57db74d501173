"""The conference service hears of bookings that are cancelled and moved, by either door, and later if it must be."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx

from conference_service import Asked, ConferenceService
from offices import admin, at, booked, cancel, free_slots, my_bookings, open_room, user
from service import Service
from tokens import SECRET

Start = Callable[..., Service]


def asking(start: Start, url: str, conference: ConferenceService, **more: Any) -> Service:
    return start(
        DATABASE_URL=url,
        JWT_SECRET=SECRET,
        RATE_LIMIT_MAX=0,
        CONFERENCE_PROVIDER="http",
        CONFERENCE_URL=conference.url,
        CONFERENCE_TOKEN="letmein",
        **more,
    )


def client(service: Service) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=service.url, verify=False, timeout=30)


async def heard(conference: ConferenceService, method: str, booking: dict[str, Any], times: int = 1) -> list[Asked]:
    """The requests with this method about this booking, as soon as there are so many."""
    return await asyncio.to_thread(conference.wait_for, method, booking["id"], times)


async def test_it_hears_of_what_becomes_of_bookings(start: Start, fresh_database_url: str) -> None:
    owner = user(uuid4())
    with ConferenceService() as conference:
        async with client(asking(start, fresh_database_url, conference)) as http:
            room = await open_room(http)
            slots = [each["id"] for each in await free_slots(http, room)]
            one, two, three = [await booked(http, slot, owner, createConferenceLink=True) for slot in slots[:3]]
            plain = await booked(http, slots[3], owner)
            await cancel(http, plain, owner)
            await cancel(http, one, owner)
            await heard(conference, "DELETE", one)
            moved = await http.patch(
                f"/reservations/{two['id']}", json={"start_time": at(11), "end_time": at(11.5)}, headers=owner
            )
            assert moved.status_code == 200, moved.text
            [put] = await heard(conference, "PUT", two)
            times = {"start": "2030-05-01T11:00:00Z", "end": "2030-05-01T11:30:00Z"}
            assert (put.body, put.token, put.key) == ({"bookingId": two["id"]} | times, "Bearer letmein", None)
            await http.delete(f"/reservations/{three['id']}", headers=owner)
            await heard(conference, "DELETE", three)
            # Cancelled again, it is no news; and what has no link never was.
            await cancel(http, one, owner)
            await http.delete(f"/reservations/{two['id']}", headers=admin())
            await heard(conference, "DELETE", two)
            assert [each.method for each in conference.asked] == ["POST"] * 3 + ["DELETE", "PUT", "DELETE", "DELETE"]

            mine = {each["id"]: each for each in await my_bookings(http, owner)}
            assert {each["conferenceLink"] for each in mine.values()} == {None}
            listed = (await http.get("/bookings/list", headers=admin())).json()["bookings"]
            assert {each["conferenceLink"] for each in listed} == {None}
            shown = (await http.get("/board/bookings", headers=admin())).json()["bookings"]
            assert {each["conferenceLink"] for each in shown} == {None}


async def test_it_hears_later_when_it_is_away_and_nobody_waits(start: Start, fresh_database_url: str) -> None:
    """Its failures hold no answer up; what it has not taken is told again, by another process if need be."""
    owner = user(uuid4())
    with ConferenceService("ok", "ok", "never") as conference:
        service = asking(start, fresh_database_url, conference)
        async with client(service) as http:
            slots = [each["id"] for each in await free_slots(http, await open_room(http))]
            one, two = [await booked(http, slot, owner, createConferenceLink=True) for slot in slots[:2]]
            async with asyncio.timeout(10):
                assert (await cancel(http, one, owner)).status_code == 200
            await heard(conference, "DELETE", one)
        service.kill()
        before = len(conference.asked)
        # Three attempts of one call, and one more later: 404 says that it is gone, which is all that was wanted.
        conference.steps = ["500"] * 3 + ["404", "ok"]
        conference.ends.set()
        service.start()
        async with client(service) as http:
            await heard(conference, "DELETE", one, before - 2 + 4)
            assert (await cancel(http, two, owner)).status_code == 200
            await heard(conference, "DELETE", two)
        assert len(conference.asked) == before + 5
