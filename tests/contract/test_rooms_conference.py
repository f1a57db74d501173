"""Bookings with a link from a conference service over HTTP, which the settings name."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from answers import error
from conference_service import ConferenceService
from inprocess import Clock, running
from offices import book, booked, free_slots, open_room, starts, user


@asynccontextmanager
async def asking(database_url: str, conference: ConferenceService) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service that asks this conference service. Whatever it gives back has been when it has ended."""
    # Without the relay, which would tell it what became of other tests' bookings.
    settings: dict[str, object] = {"conference_url": conference.url, "conference_token": "letmein", "relay": False}
    settings["conference_provider"] = "http"
    async with running(database_url, Clock(), **settings) as client:
        yield client


async def first_slot(http: httpx.AsyncClient) -> tuple[str, str]:
    """A new room, and its first slot."""
    room = await open_room(http)
    return room, (await free_slots(http, room))[0]["id"]


async def test_the_booking_has_the_link_that_the_service_gave(database_url: str) -> None:
    with ConferenceService() as conference:
        async with asking(database_url, conference) as http:
            _, slot = await first_slot(http)
            booking = await booked(http, slot, user(), createConferenceLink=True)
        [asked] = conference.asked
    assert booking["conferenceLink"] == f"https://call.example/{booking['id']}"
    assert (asked.key, asked.token, asked.body["bookingId"]) == (booking["id"], "Bearer letmein", booking["id"])


@pytest.mark.parametrize(
    ("step", "status", "code"),
    [
        ("500", 502, "CONFERENCE_SERVICE_ERROR"),
        ("400", 502, "CONFERENCE_SERVICE_ERROR"),
        ("drop", 502, "CONFERENCE_SERVICE_ERROR"),
        ("redirect", 502, "CONFERENCE_SERVICE_ERROR"),
        ("<html>", 502, "CONFERENCE_SERVICE_ERROR"),
        ('{"url": "javascript:alert(1)"}', 500, "INTERNAL_ERROR"),
    ],
)
async def test_without_a_link_nothing_is_booked(database_url: str, step: str, status: int, code: str) -> None:
    with ConferenceService(step) as conference:
        async with asking(database_url, conference) as http:
            room, slot = await first_slot(http)
            answer = await book(http, slot, user(), createConferenceLink=True)
            error(answer, status, code)
            assert conference.url not in answer.text
            assert len(await starts(http, room)) == 6


async def test_a_link_whose_slot_was_lost_is_given_back(database_url: str) -> None:
    with ConferenceService("wait", "ok") as conference:
        async with asking(database_url, conference) as http:
            _, slot = await first_slot(http)
            waiting = asyncio.create_task(book(http, slot, user(), createConferenceLink=True))
            await asyncio.to_thread(conference.has_come.wait, 30)
            await booked(http, slot, user())
            conference.may_answer.set()
            error(await waiting, 409, "SLOT_ALREADY_BOOKED")
        lost = conference.asked[0].key
        assert [(each.method, each.path) for each in conference.asked[1:]] == [("DELETE", f"/links/{lost}")]
