"""From a link that somebody was sent, over signing in or registering, and back."""

from typing import Any

import httpx
import pytest
from browsing import DAY, Visits, make_event, make_room
from playwright.async_api import Locator, Page, expect

from people import PASSWORD, register, some_email


async def shows_form(page: Page, button: str) -> Locator:
    """The button of the form, once it is there: the page before has fields of the same names."""
    found = page.get_by_role("button", name=button)
    await expect(found).to_be_visible()
    return found


async def fill_in(page: Page, email: str, button: str) -> None:
    """Fill in the form that this button sends, and send it."""
    found = await shows_form(page, button)
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_role("textbox", name="Password").fill(PASSWORD)
    await found.click()


async def test_who_registers_from_an_events_link_is_back_at_the_event(http: httpx.AsyncClient, visits: Visits) -> None:
    event = await make_event(http)
    page = await visits.page(f"/events/{event['id']}")
    await page.get_by_role("link", name="Sign in to book").click()
    await page.get_by_role("link", name="Register").click()
    await fill_in(page, some_email(), "Register")
    await page.get_by_role("button", name="Book my seat").click()
    await expect(page.get_by_text("You have a seat")).to_be_visible()


async def test_the_way_back_survives_detours_and_reloads(http: httpx.AsyncClient, visits: Visits) -> None:
    event = await make_event(http)
    email = (await register(http)).json()["user"]["email"]
    page = await visits.page(f"/events/{event['id']}")
    await page.get_by_role("link", name="Sign in", exact=True).click()
    await page.get_by_role("link", name="Register").click()
    await shows_form(page, "Register")
    await page.reload()
    await page.get_by_role("link", name="Sign in").click()
    await shows_form(page, "Sign in")
    await page.reload()
    await fill_in(page, email, "Sign in")
    await expect(page.get_by_role("heading", name=event["name"])).to_be_visible()


async def test_the_way_to_register_may_be_opened_in_another_tab(http: httpx.AsyncClient, visits: Visits) -> None:
    event = await make_event(http)
    page = await visits.page(f"/events/{event['id']}")
    await page.get_by_role("link", name="Sign in to book").click()
    href = await page.get_by_role("link", name="Register").get_attribute("href")
    tab = await page.context.new_page()
    await tab.goto(str(href))
    await fill_in(tab, some_email(), "Register")
    await expect(tab.get_by_role("heading", name=event["name"])).to_be_visible()


async def test_the_demo_comes_back_to_the_event_too(http: httpx.AsyncClient, visits: Visits) -> None:
    event = await make_event(http)
    page = await visits.page(f"/events/{event['id']}")
    await page.get_by_role("link", name="Sign in to book").click()
    await page.get_by_role("button", name="User").click()
    await expect(page.get_by_role("heading", name=event["name"])).to_be_visible()


async def test_a_list_keeps_what_was_looked_for(http: httpx.AsyncClient, visits: Visits, guarded_app: str) -> None:
    visits.url = guarded_app
    page = await visits.page("/events?from=newsletter")
    await page.locator("#main").get_by_role("link", name="Sign in").click()
    await page.get_by_role("link", name="Register").click()
    await fill_in(page, some_email(), "Register")
    await page.wait_for_url("**/app/events?from=newsletter")


async def test_who_registers_from_a_boards_link_sees_that_day(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    page = await visits.page(f"/?day={DAY}&q={room['name'].replace(' ', '+')}")
    await page.get_by_role("link", name="Register").click()
    await fill_in(page, some_email(), "Register")
    await expect(page.get_by_label("Find a room")).to_have_value(room["name"])
    assert f"day={DAY}" in page.url


@pytest.mark.parametrize("next_page", ["//evil.example/x", "https://evil.example/x", "/\\evil.example"])
async def test_no_link_leads_to_another_site(http: httpx.AsyncClient, visits: Visits, next_page: str) -> None:
    email = (await register(http)).json()["user"]["email"]
    page = await visits.page(f"/sign-in?next={next_page}")
    await fill_in(page, email, "Sign in")
    await expect(page.get_by_role("button", name="Account:")).to_be_visible()
    assert page.url.startswith(visits.url)


async def test_who_was_registered_when_the_connection_broke_is_signed_in_by_the_same_form(
    http: httpx.AsyncClient, visits: Visits
) -> None:
    page = await visits.page("/register")
    logins: list[Any] = []

    async def login(route: Any) -> None:
        logins.append(route)
        if len(logins) == 1:
            await route.fulfill(status=503, json={"error": {"code": "UNAVAILABLE", "message": "busy"}})
        else:
            await route.continue_()

    await page.route("**/login", login)
    email = some_email()
    await fill_in(page, email, "Register")
    await expect(page.get_by_role("alert")).to_contain_text("The server is busy")
    await expect(page.get_by_label("E-mail")).to_have_value(email)
    await page.get_by_role("button", name="Register").click()
    await expect(page.get_by_role("button", name="Account:")).to_be_visible()
