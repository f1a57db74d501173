"""Where focus is after a dialog or a message has gone, and that no message is before Undo."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from browsing import DAY, Visits, bearer, board, book, dine, item, make_event, make_room, make_table, slot, somebody
from playwright.async_api import Locator, Page, expect

from people import dummy, signed_in


async def close_by(page: Page, way: str) -> None:
    """Close the dialog that is open."""
    if way == "Escape":
        await page.keyboard.press("Escape")
    else:
        await page.get_by_role("dialog").get_by_role("button", name="Close").first.click()
    await expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("way", ["Escape", "Close"])
async def test_focus_returns_to_the_slot_the_item_and_the_button(
    http: httpx.AsyncClient, visits: Visits, way: str
) -> None:
    room = await make_room(http)
    token, headers = await somebody(http)
    await book(http, room, headers, "10:00")
    page = await visits.page(board(room), token)
    reserve = page.get_by_role("button", name="Reserve").first
    for opener in (slot(page, room, "11:00"), item(page, "10:00"), reserve):
        await opener.focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await close_by(page, way)
        await expect(opener).to_be_focused()


@pytest.mark.parametrize(
    ("path", "opener"), [("/admin/rooms", "New room"), ("/admin/tables", "New table"), ("/events", "New event")]
)
async def test_focus_returns_to_what_makes_things(
    http: httpx.AsyncClient, visits: Visits, path: str, opener: str
) -> None:
    page = await visits.page(path, bearer(await dummy(http, "admin")))
    button = page.get_by_role("button", name=opener)
    await button.focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("dialog").get_by_label("Name").fill("x")
    await close_by(page, "Escape")
    await expect(button).to_be_focused()


async def test_focus_returns_after_two_dialogs_in_a_row(http: httpx.AsyncClient, visits: Visits) -> None:
    page = await visits.page("/admin/rooms", bearer(await dummy(http, "admin")))
    button = page.get_by_role("button", name="New room")
    await button.click()
    await page.get_by_label("Name").fill("Attic")
    await page.get_by_role("button", name="Create").click()
    await page.get_by_role("button", name="Later").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(button).to_be_focused()


async def test_focus_goes_to_a_neighbour_when_what_opened_is_gone(http: httpx.AsyncClient, visits: Visits) -> None:
    rooms = [await make_room(http) for _ in range(3)]
    page = await visits.page("/admin/rooms", bearer(await dummy(http, "admin")))

    def retire(room: dict[str, object]) -> Locator:
        return page.get_by_role("group", name=str(room["name"])).get_by_role("button", name="Retire")

    await retire(rooms[1]).focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("dialog").get_by_role("button", name="Retire").click()
    await expect(page.get_by_role("group", name=rooms[1]["name"])).to_have_count(0)
    await expect(retire(rooms[2])).to_be_focused()


async def test_focus_stays_with_what_was_moved_and_with_what_was_cancelled(
    http: httpx.AsyncClient, visits: Visits
) -> None:
    room = await make_room(http)
    token, headers = await somebody(http)
    await book(http, room, headers, "10:00")
    page = await visits.page(board(room), token)
    await item(page, "10:00").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Move…").click()
    await page.get_by_label("Start").select_option(label="11:00")
    await page.get_by_role("button", name="Move", exact=True).click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(item(page, "11:00")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Cancel booking").click()
    await expect(item(page, "11:00")).to_be_focused()


async def test_focus_returns_from_the_floors_dialogs(http: httpx.AsyncClient, visits: Visits) -> None:
    day = "2030-08-01"
    token, headers = await somebody(http)
    await dine(http, await make_table(http), f"{day}T18:00:00Z", headers, name="Focused")
    page = await visits.page(f"/floor?day={day}", token)
    awaited = page.get_by_role("listitem").get_by_role("button", name="Focused")
    # The page is drawn anew when its data comes: until then a key may meet a button that is replaced.
    await expect(awaited).to_be_visible()
    for opener in (page.get_by_role("button", name="New reservation"), awaited):
        await opener.focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog")).to_be_visible()
        await close_by(page, "Escape")
        await expect(opener).to_be_focused()


async def test_focus_returns_from_a_days_calendar(http: httpx.AsyncClient, visits: Visits) -> None:
    page = await visits.page(f"/?day={DAY}", (await somebody(http))[0])
    day = page.get_by_role("button", name="Wed, 1 May 2030")
    await day.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(day).to_be_focused()


async def test_focus_returns_from_a_message(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    token, headers = await somebody(http)
    await book(http, room, headers, "10:00")
    page = await visits.page("/bookings", token)
    cancel = page.get_by_role("listitem").get_by_role("button")
    await cancel.focus()
    await page.keyboard.press("Enter")
    await page.locator("[data-toasts=undo]").get_by_role("button", name="Undo").focus()
    await page.keyboard.press("Enter")
    await expect(cancel).to_have_text("Cancel booking")
    await expect(cancel).to_be_focused()


async def top_at(button: Locator) -> bool:
    """Whether a press at the button's middle meets the button."""
    return bool(
        await button.evaluate(
            """button => {
                const { left, top, width, height } = button.getBoundingClientRect();
                return button.contains(document.elementFromPoint(left + width / 2, top + height / 2));
            }"""
        )
    )


@pytest.mark.parametrize("width", [390, 1440])
async def test_no_message_covers_undo(http: httpx.AsyncClient, visits: Visits, width: int) -> None:
    event = await make_event(http)
    room = await make_room(http)
    me, headers = await signed_in(http)
    for hour in range(6):
        await book(http, room, headers, f"{10 + hour}:00")
    page = await visits.window(bearer(headers), width=width)
    await page.clock.install()
    await page.goto("/app/bookings")
    await expect(page.get_by_role("listitem")).to_have_count(6)
    for row in range(6):
        await page.get_by_role("listitem").nth(row).get_by_role("button").evaluate("button => button.click()")
    undo = page.locator("[data-toasts=undo]").get_by_role("button", name="Undo")
    await expect(undo).to_have_count(6)
    await page.evaluate(
        "path => history.pushState({}, '', path) ?? dispatchEvent(new PopStateEvent('popstate'))",
        f"/app/events/{event['id']}",
    )
    await page.get_by_role("button", name="Book my seat").evaluate("button => button.click()")
    told = page.locator("[data-toasts=told]")
    await expect(told).to_contain_text("your seat is booked")
    await expect(told).to_contain_text("Closes in 8 seconds")
    for number in range(6):
        await undo.nth(number).scroll_into_view_if_needed()
        assert await top_at(undo.nth(number)), number
    # Each of them works, the page's own as well.
    await undo.first.click()
    await expect(undo).to_have_count(5)
    assert me["id"]


async def test_a_success_goes_when_it_says_and_waits_while_it_is_read(http: httpx.AsyncClient, visits: Visits) -> None:
    event = await make_event(http)
    page = await visits.window((await somebody(http))[0])
    await page.clock.install()
    await page.goto(f"/app/events/{event['id']}")
    await page.get_by_role("button", name="Book my seat").click()
    told = page.locator("[data-toasts=told]").get_by_text("your seat is booked")
    await expect(told).to_be_visible()
    # Stopped, so that it does not go before the pointer is over it, however busy the machine is.
    await page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=1))
    await told.hover()
    await page.clock.run_for(30_000)
    await expect(told).to_be_visible()
    await page.mouse.move(5, 600)
    await page.clock.run_for(6_000)
    await expect(told).to_be_visible()
    await page.clock.run_for(4_000)
    await expect(told).to_have_count(0)


async def test_a_refusal_stays_until_it_is_closed(http: httpx.AsyncClient, visits: Visits) -> None:
    event = await make_event(http)
    page = await visits.window((await somebody(http))[0])
    await page.clock.install()
    await page.route(
        "**/api/bookings/reserve",
        lambda route: route.fulfill(status=503, json={"error": {"code": "UNAVAILABLE", "message": ""}}),
    )
    await page.goto(f"/app/events/{event['id']}")
    await page.get_by_role("button", name="Book my seat").click()
    alert = page.get_by_role("alert").filter(has_text="The seat was not booked")
    await expect(alert).to_be_visible()
    await page.clock.run_for(60_000)
    await expect(alert).to_be_visible()
    await alert.get_by_role("button", name="Close").click()
    await expect(alert).to_have_count(0)
