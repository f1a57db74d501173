"""What a page does while the service or its stream of messages is away."""

import asyncio

import httpx
from browsing import Visits, board, book, item, make_room, slot, somebody
from playwright.async_api import Route, expect

from service import Service

AWAY = "The connection is lost"


async def test_a_page_survives_a_restart_and_is_read_only_meanwhile(visits: Visits, own_service: Service) -> None:
    visits.url = own_service.url
    visits.expected += [
        "ERR_CONNECTION_REFUSED",
        "ERR_EMPTY_RESPONSE",
        "ERR_CONNECTION_RESET",
        "ERR_INCOMPLETE_CHUNKED",
    ]
    page = await visits.page("/")
    await page.get_by_role("button", name="User").click()
    await page.get_by_role("button", name="Reserve").click()
    await page.get_by_label("Name").fill("kitchen")
    await page.get_by_role("dialog").get_by_role("button", name="Reserve").click()
    await expect(page.locator("[data-item]")).to_have_count(1)
    own_service.stop()
    await expect(page.get_by_text(AWAY)).to_be_visible()
    await expect(page.get_by_role("button", name="Reserve")).to_have_count(0)
    await expect(page.locator("[data-drag-slot-index]")).to_have_count(0)
    await expect(page.locator("[data-item]")).to_have_count(1)
    own_service.start()
    await expect(page.get_by_text(AWAY)).to_have_count(0)
    await page.get_by_role("button", name="Reserve").click()
    await expect(page.get_by_role("dialog")).to_be_visible()


async def test_a_message_of_the_stream_is_a_hint_to_look_again(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    token, _ = await somebody(http)
    _, other = await somebody(http)
    asked: list[dict[str, str]] = []
    is_shown_free, is_shown_taken = asyncio.Event(), asyncio.Event()

    async def stream(route: Route) -> None:
        """One message, of what the page does not know; once it shows it, the connection breaks off for good."""
        asked.append(route.request.headers)
        if len(asked) > 1:
            # Until then the page believes that it listens, and does not ask by itself.
            await is_shown_taken.wait()
            await route.abort()
            return
        await is_shown_free.wait()
        await book(http, room, other, "10:00")
        message = "id: 7\nevent: reservation.created\ndata: {}\n\n"
        await route.fulfill(status=200, content_type="text/event-stream", body=message)

    visits.expected.append("net::ERR_FAILED")
    page = await visits.window(token)
    await page.route("**/stream", stream)
    await page.goto(f"/app{board(room)}")
    await expect(slot(page, room, "10:00")).to_be_visible()
    is_shown_free.set()
    await expect(item(page, "10:00")).to_have_attribute("data-kind", "taken")
    is_shown_taken.set()
    await expect(page.get_by_text(AWAY)).to_be_visible()
    assert asked[0]["authorization"] == f"Bearer {token}"
    assert asked[1]["last-event-id"] == "7"


async def test_without_a_stream_the_page_asks_by_itself(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    token, _ = await somebody(http)
    _, other = await somebody(http)
    page = await visits.window(token)
    await page.route("**/stream", lambda route: route.fulfill(status=404, body=""))
    await page.goto(f"/app{board(room)}")
    await expect(slot(page, room, "10:00")).to_be_visible()
    await book(http, room, other, "10:00")
    await expect(item(page, "10:00")).to_have_attribute("data-kind", "taken")
    await expect(page.get_by_text(AWAY)).to_have_count(0)
