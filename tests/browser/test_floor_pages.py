"""The restaurant: offers that fit, guests who walk in, moves, two tablets and one table, who is next; its tables."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import httpx
import pytest
from browsing import Visits, bearer, dine, item, make_table, slot, somebody
from playwright.async_api import Page, expect

from people import dummy

TABLET = {"width": 1024, "has_touch": True}
_days = count(1)


@pytest.fixture
def day() -> str:
    """A day of one test."""
    return f"2030-06-{next(_days):02}"


@pytest.fixture
async def host(restaurant: str, visits: Visits) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the restaurant, which the test's windows visit, too."""
    visits.url = restaurant
    async with httpx.AsyncClient(base_url=restaurant, timeout=30, verify=False) as client:
        yield client


def at(day: str, time: str) -> str:
    return f"{day}T{time}:00Z"


async def held(http: httpx.AsyncClient, table: dict[str, Any]) -> list[tuple[str, str, str, int]]:
    """Who has a table, from when until when."""
    found = (await http.get("/reservations", params={"table_id": table["id"]})).json()["items"]
    return [
        (each["customer_name"], each["reservation_time"][11:16], each["end_time"][11:16], each["party_size"])
        for each in found
    ]


async def offered(page: Page) -> list[str]:
    return [text.split(",")[0] for text in await page.get_by_role("radio").evaluate_all(
        "cards => cards.map(card => card.getAttribute('aria-label')).filter(Boolean)"
    )]  # fmt: skip


async def test_only_tables_that_fit_are_offered_the_tightest_first(
    host: httpx.AsyncClient, visits: Visits, day: str
) -> None:
    token, headers = await somebody(host)
    large, tight, small, taken = [await make_table(host, seats) for seats in (90, 81, 80, 82)]
    await dine(host, taken, at(day, "19:30"), headers)
    page = await visits.page(f"/floor?day={day}", token)
    await page.get_by_role("button", name="New reservation").click()
    await page.get_by_label("Guest's name").fill("Natasha")
    await page.get_by_role("spinbutton", name="Guests").fill("81")
    await expect(page.get_by_role("radio")).to_have_count(2)
    assert await offered(page) == [tight["name"], large["name"]]
    await page.get_by_role("spinbutton", name="Guests").fill("91")
    await expect(page.get_by_text("No table of this size is free then.")).to_be_visible()
    await page.get_by_role("spinbutton", name="Guests").fill("80")
    await expect(page.get_by_role("radio")).to_have_count(3)
    assert (await offered(page))[0] == small["name"]
    await page.get_by_role("button", name="Reserve").click()
    await expect(item(page, "19:00")).to_have_attribute("data-kind", "mine")
    assert await held(host, small) == [("Natasha", "19:00", "20:30", 80)]


async def test_when_all_is_taken_the_next_time_is_offered(host: httpx.AsyncClient, visits: Visits, day: str) -> None:
    token, headers = await somebody(host)
    table = await make_table(host, 200)
    await dine(host, table, at(day, "18:30"), headers)
    page = await visits.page(f"/floor?day={day}", token)
    await page.get_by_role("button", name="New reservation").click()
    await page.get_by_label("Guest's name").fill("Pierre")
    await page.get_by_role("spinbutton", name="Guests").fill("150")
    await page.get_by_role("button", name="Free at 20:00").click()
    await page.get_by_role("button", name="Reserve").click()
    await expect(item(page, "20:00")).to_have_attribute("data-kind", "mine")
    assert [each[0] for each in await held(host, table)] == ["Anna", "Pierre"]


async def test_a_click_on_a_table_reserves_it(host: httpx.AsyncClient, visits: Visits, day: str) -> None:
    token, _ = await somebody(host)
    table = await make_table(host, 4)
    page = await visits.page(f"/floor?day={day}", token)
    await slot(page, table, "18:00", day).click()
    await page.get_by_label("Guest's name").fill("Levin")
    await page.get_by_role("button", name="Reserve").click()
    await expect(item(page, "18:00")).to_have_attribute("data-kind", "mine")
    assert await held(host, table) == [("Levin", "18:00", "19:30", 2)]


async def test_who_walks_in_sits_after_two_clicks(host: httpx.AsyncClient, visits: Visits) -> None:
    token, _ = await somebody(host)
    await make_table(host, 14)
    table = await make_table(host, 12)
    page = await visits.window(token, **TABLET)
    await page.clock.install(time="2031-01-05T19:07:30Z")
    await page.goto("/app/floor")
    await page.get_by_role("button", name="Walk-in").tap()
    await page.get_by_role("menuitem", name="12 guests").tap()
    await expect(item(page, "19:07")).to_have_attribute("data-kind", "mine")
    await expect(page.get_by_text(f"Walk-in: {table['name']}, 19:07–20:37")).to_be_visible()
    assert await held(host, table) == [("Walk-in", "19:07", "20:37", 12)]


async def test_one_table_goes_to_one_of_two_tablets(host: httpx.AsyncClient, visits: Visits, day: str) -> None:
    table = await make_table(host, 300)
    pages = [await visits.page(f"/floor?day={day}", (await somebody(host))[0], **TABLET) for _ in range(2)]
    buttons = []
    for page, name in zip(pages, ("Oblomov", "Stolz"), strict=True):
        await slot(page, table, "19:00", day).tap()
        await page.get_by_label("Guest's name").fill(name)
        buttons.append(page.get_by_role("dialog").get_by_role("button", name="Reserve"))
        await expect(buttons[-1]).to_be_enabled()
    await asyncio.gather(*(button.evaluate("button => button.click()") for button in buttons))
    told = [page.get_by_text("Somebody was faster") for page in pages]
    await expect(told[0].or_(pages[0].locator("[data-item][data-kind='mine']")).first).to_be_visible()
    for page in pages:
        await expect(item(page, "19:00")).to_have_count(1)
    kinds = [await settled_kind(page) for page in pages]
    assert sorted(kinds) == ["guest", "mine"]
    await expect(told[kinds.index("guest")]).to_be_visible()
    assert len(await held(host, table)) == 1


async def settled_kind(page: Page) -> str:
    """Whose the one reservation on a page is, once it is known."""
    await expect(page.locator("[data-item][data-kind='waiting']")).to_have_count(0)
    return str(await item(page, "19:00").get_attribute("data-kind"))


async def test_a_dinner_is_dragged_to_another_table(host: httpx.AsyncClient, visits: Visits, day: str) -> None:
    token, headers = await somebody(host)
    table, other = await make_table(host, 4), await make_table(host, 4)
    await dine(host, table, at(day, "18:00"), headers)
    page = await visits.page(f"/floor?day={day}", token)
    await drag(page, "18:00", other, day, "20:00")
    await expect(page.locator("[data-drop='allowed']")).to_have_count(1)
    async with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        await page.mouse.up()
    await expect(item(page, "20:00")).to_have_attribute("data-kind", "mine")
    assert (await held(host, table), await held(host, other)) == ([], [("Anna", "20:00", "21:30", 2)])


async def test_a_party_is_not_dropped_at_a_table_that_is_too_small(
    host: httpx.AsyncClient, visits: Visits, day: str
) -> None:
    token, headers = await somebody(host)
    table, small = await make_table(host, 6), await make_table(host, 2)
    await dine(host, table, at(day, "18:00"), headers, party=5)
    page = await visits.page(f"/floor?day={day}", token)
    await drag(page, "18:00", small, day, "20:00")
    await expect(page.locator("[data-drop='forbidden']")).to_have_count(1)
    await page.mouse.up()
    assert [each[1] for each in await held(host, table)] == ["18:00"]


async def drag(page: Page, start: str, table: dict[str, Any], day: str, end: str) -> None:
    """Drag a dinner to a table and a half hour, and hold it there."""
    await item(page, start).hover(position={"x": 4, "y": 20})
    await page.mouse.down()
    box = await slot(page, table, end, day).bounding_box()
    assert box is not None
    for step in (2, 4):
        await page.mouse.move(box["x"] + step, box["y"] + 20, steps=4)


async def test_a_tablet_moves_by_dialog(host: httpx.AsyncClient, visits: Visits, day: str) -> None:
    token, headers = await somebody(host)
    table, other = await make_table(host, 400), await make_table(host, 401)
    await dine(host, table, at(day, "18:00"), headers, party=399)
    page = await visits.page(f"/floor?day={day}", token, width=768, has_touch=True)
    await item(page, "18:00").tap()
    await page.get_by_role("button", name="Move…").tap()
    await page.get_by_label("Start").select_option(label="18:15")
    assert await offered(page) == [table["name"], other["name"]]
    await page.get_by_role("radio", name=other["name"]).tap()
    # It is drawn at its new place before it is there.
    async with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        await page.get_by_role("button", name="Move", exact=True).tap()
    await expect(item(page, "18:15")).to_have_attribute("data-kind", "mine")
    assert await held(host, other) == [("Anna", "18:15", "19:45", 399)]


async def test_a_dinner_that_is_cancelled_can_be_had_back(host: httpx.AsyncClient, visits: Visits, day: str) -> None:
    token, headers = await somebody(host)
    table = await make_table(host)
    await dine(host, table, at(day, "18:00"), headers)
    page = await visits.page(f"/floor?day={day}", token)
    await item(page, "18:00").click()
    await page.get_by_role("button", name="Cancel booking").click()
    await expect(item(page, "18:00")).to_have_attribute("data-kind", "leaving")
    await page.get_by_role("button", name="Undo").click()
    await expect(item(page, "18:00")).to_have_attribute("data-kind", "mine")
    assert len(await held(host, table)) == 1


async def test_what_another_host_reserves_shows_and_is_theirs(
    host: httpx.AsyncClient, visits: Visits, day: str
) -> None:
    token, _ = await somebody(host)
    _, other = await somebody(host)
    table = await make_table(host)
    page = await visits.page(f"/floor?day={day}", token)
    await expect(slot(page, table, "18:00", day)).to_be_visible()
    await dine(host, table, at(day, "18:00"), other, name="Bela")
    await expect(item(page, "18:00")).to_have_attribute("data-kind", "guest")
    await item(page, "18:00").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Bela, 2 guests")
    await expect(page.get_by_role("button", name="Cancel booking")).to_have_count(0)


async def test_who_is_next_stands_first(host: httpx.AsyncClient, visits: Visits) -> None:
    token, headers = await somebody(host)
    day = "2031-02-03"
    for time, name in (("21:00", "Third"), ("19:20", "Second"), ("18:55", "First"), ("17:00", "Long here")):
        await dine(host, await make_table(host), at(day, time), headers, name=name)
    page = await visits.window(token, **TABLET)
    await page.clock.install(time=f"{day}T19:05:00Z")
    await page.goto("/app/floor")
    awaited = page.get_by_role("region", name="Who is next").get_by_role("listitem")
    await expect(awaited).to_have_count(3)
    for row, words in enumerate(("First", "Second", "Third")):
        await expect(awaited.nth(row)).to_contain_text(words)
    await expect(awaited.nth(0)).to_contain_text("10 min late")
    await expect(awaited.nth(1)).to_contain_text("in 15 min")
    await page.clock.run_for(120_000)
    await expect(awaited.nth(1)).to_contain_text("in 13 min")
    await awaited.nth(1).get_by_role("button").tap()
    await expect(page.get_by_role("dialog")).to_contain_text("Second, 2 guests")


async def test_an_admin_makes_a_table_and_takes_it_away(host: httpx.AsyncClient, visits: Visits) -> None:
    page = await visits.page("/admin/tables", bearer(await dummy(host, "admin")))
    await page.get_by_role("button", name="New table").click()
    await page.get_by_label("Name").fill("By the window")
    await page.get_by_label("Seats").fill("2")
    await page.get_by_label("Location").fill("Terrace")
    await page.get_by_role("button", name="Create").click()
    table = page.get_by_role("group", name="By the window")
    await expect(table).to_contain_text("2 seats · Terrace")
    await table.get_by_role("button", name="Remove").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(table).to_have_count(0)


async def test_a_table_with_guests_to_come_stays(host: httpx.AsyncClient, visits: Visits, day: str) -> None:
    _, headers = await somebody(host)
    table = await make_table(host)
    await dine(host, table, at(day, "19:00"), headers)
    page = await visits.page("/admin/tables", bearer(await dummy(host, "admin")))
    await page.get_by_role("group", name=table["name"]).get_by_role("button", name="Remove").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(page.get_by_text("This table has bookings that have not ended.")).to_be_visible()


async def test_ones_own_bookings_lead_to_the_floor(host: httpx.AsyncClient, visits: Visits, day: str) -> None:
    token, headers = await somebody(host)
    table = await make_table(host)
    await dine(host, table, at(day, "19:00"), headers)
    page = await visits.page("/bookings", token)
    await page.get_by_role("link", name=table["name"]).click()
    await expect(item(page, "19:00")).to_be_visible()
