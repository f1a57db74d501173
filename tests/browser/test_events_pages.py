"""Events: book my seat, give it back, lose a race for the last one, look without signing in; and what admins do."""

import asyncio

import httpx
from browsing import Visits, bearer, make_event, somebody, take_seat
from playwright.async_api import Page, expect

from people import PASSWORD, dummy, register, signed_in

COUNT_DELETES = """
window.deletes = 0;
const send = window.fetch;
window.fetch = (request, ...more) => {
  if (request.method === "DELETE") window.deletes += 1;
  return send(request, ...more);
};
"""


async def left(http: httpx.AsyncClient, event: dict[str, object]) -> int:
    return int((await http.get(f"/api/events/{event['id']}")).json()["available_seats"])


async def test_a_seat_is_booked_from_its_card(http: httpx.AsyncClient, visits: Visits) -> None:
    event = await make_event(http, seats=3)
    page = await visits.page("/events", (await somebody(http))[0])
    card = page.get_by_role("group", name=event["name"])
    await expect(card.get_by_test_id("seats")).to_have_text("3 of 3 seats are left")
    await card.get_by_role("button", name="Book my seat").click()
    await expect(card.get_by_text("You have a seat")).to_be_visible()
    await expect(card.get_by_test_id("seats")).to_have_text("2 of 3 seats are left")
    assert await left(http, event) == 2


async def test_a_seat_that_is_given_back_can_be_had_back(http: httpx.AsyncClient, visits: Visits) -> None:
    event = await make_event(http)
    me, headers = await signed_in(http)
    await take_seat(http, event, me["id"], headers=headers)
    page = await visits.page(f"/events/{event['id']}", bearer(headers))
    await page.get_by_role("button", name="Give it back").click()
    await expect(page.get_by_text("Being cancelled", exact=True)).to_be_visible()
    await page.locator("#main").get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("You have a seat")).to_be_visible()
    assert await left(http, event) == 9


async def test_a_seat_goes_back_after_ten_seconds(http: httpx.AsyncClient, visits: Visits) -> None:
    event = await make_event(http)
    me, headers = await signed_in(http)
    await take_seat(http, event, me["id"], headers=headers)
    page = await visits.window(bearer(headers))
    await page.clock.install()
    await page.add_init_script(COUNT_DELETES)
    await page.goto(f"/app/events/{event['id']}")
    await page.get_by_role("button", name="Give it back").click()
    await page.clock.run_for(9_000)
    assert await page.evaluate("window.deletes") == 0
    async with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        await page.clock.run_for(1_500)
    await expect(page.get_by_role("button", name="Book my seat")).to_be_visible()
    assert await left(http, event) == 10


async def test_the_last_seat_goes_to_one_of_two_browsers(http: httpx.AsyncClient, visits: Visits) -> None:
    event = await make_event(http, seats=1)
    pages = [await visits.page(f"/events/{event['id']}", (await somebody(http))[0]) for _ in range(2)]
    buttons = [page.get_by_role("button", name="Book my seat") for page in pages]
    for button in buttons:
        await expect(button).to_be_visible()
    # Both at once, from the pages themselves: the stream takes the other's button away within a moment.
    await asyncio.gather(*(button.evaluate("button => button.click()") for button in buttons))
    results = [await outcome(page) for page in pages]
    assert sorted(results) == ["lost", "won"]
    loser = pages[results.index("lost")]
    await expect(loser.get_by_text("Sold out")).to_be_visible()
    assert await left(http, event) == 0


async def outcome(page: Page) -> str:
    won, lost = page.get_by_text("You have a seat"), page.get_by_text("Sold out")
    await expect(won.or_(lost).first).to_be_visible()
    return "won" if await won.count() else "lost"


async def test_who_comes_too_late_is_told_why(http: httpx.AsyncClient, visits: Visits) -> None:
    event = await make_event(http, seats=1)
    page = await visits.window((await somebody(http))[0])
    # A page that hears nothing of what others do.
    await page.route("**/stream", lambda route: route.abort())
    visits.expected.append("net::ERR_FAILED")
    await page.clock.install()
    await page.goto(f"/app/events/{event['id']}")
    button = page.get_by_role("button", name="Book my seat")
    await expect(button).to_be_visible()
    await take_seat(http, event, "quicker")
    await button.click()
    await expect(page.get_by_text("No seats are left.")).to_be_visible()
    await expect(page.get_by_text("Sold out")).to_be_visible()


async def test_what_others_book_shows_by_itself(http: httpx.AsyncClient, visits: Visits) -> None:
    event = await make_event(http, seats=2)
    page = await visits.page(f"/events/{event['id']}", (await somebody(http))[0])
    seats = page.get_by_test_id("seats")
    await expect(seats).to_have_text("2 of 2 seats are left")
    await take_seat(http, event, "anna")
    await expect(seats).to_have_text("1 of 2 seats is left")
    await take_seat(http, event, "boris")
    await expect(seats).to_have_text("None of the 2 seats are left")
    await expect(page.get_by_text("Sold out")).to_be_visible()


async def test_a_visitor_sees_an_event_live_signs_in_and_is_back(http: httpx.AsyncClient, visits: Visits) -> None:
    event = await make_event(http)
    email = (await register(http)).json()["user"]["email"]
    page = await visits.page(f"/events/{event['id']}")
    await expect(page.get_by_role("heading", name=event["name"])).to_be_visible()
    await take_seat(http, event, "anna")
    await expect(page.get_by_test_id("seats")).to_have_text("9 of 10 seats are left")
    await page.get_by_role("link", name="Sign in to book").click()
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_role("textbox", name="Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("button", name="Book my seat").click()
    await expect(page.get_by_text("You have a seat")).to_be_visible()


async def test_who_signs_out_of_an_event_is_a_visitor(http: httpx.AsyncClient, visits: Visits) -> None:
    event = await make_event(http)
    me, headers = await signed_in(http)
    await take_seat(http, event, me["id"], headers=headers)
    page = await visits.page(f"/events/{event['id']}", bearer(headers))
    await expect(page.get_by_text("You have a seat")).to_be_visible()
    await page.get_by_role("button", name="Account:").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await expect(page.get_by_role("link", name="Sign in to book")).to_be_visible()
    await expect(page.get_by_text("You have a seat")).to_have_count(0)


async def test_where_tokens_are_needed_a_visitor_is_asked_to_sign_in(
    http: httpx.AsyncClient, visits: Visits, guarded_app: str
) -> None:
    visits.url = guarded_app
    event = await make_event(http)
    page = await visits.page(f"/events/{event['id']}")
    await expect(page.get_by_text("Sign in to see what is on")).to_be_visible()


async def test_an_event_that_is_not_there_is_said_to_be_gone(visits: Visits) -> None:
    for wrong in ("999999999", "nonsense"):
        page = await visits.page(f"/events/{wrong}")
        await expect(page.get_by_text("There is no such event.")).to_be_visible()


async def test_events_are_searched(http: httpx.AsyncClient, visits: Visits) -> None:
    event, other = await make_event(http), await make_event(http)
    page = await visits.page("/events")
    await page.get_by_label("Find an event").fill(event["name"][5:].upper())
    await expect(page.get_by_role("group", name=other["name"])).to_have_count(0)
    await expect(page.get_by_role("group", name=event["name"])).to_be_visible()


async def test_an_admin_makes_renames_and_resizes_an_event(http: httpx.AsyncClient, visits: Visits) -> None:
    page = await visits.page("/events", bearer(await dummy(http, "admin")))
    await page.get_by_role("button", name="New event").click()
    await page.get_by_label("Name").fill("Yoga on the roof")
    await page.get_by_label("Seats").fill("5")
    await page.get_by_role("button", name="Create").click()
    await expect(page.get_by_role("heading", name="Yoga on the roof")).to_be_visible()
    event = {"id": page.url.rpartition("/")[2]}
    for person in ("anna", "boris"):
        await take_seat(http, {"id": int(event["id"])}, person)
    await expect(page.get_by_test_id("seats")).to_have_text("3 of 5 seats are left")
    await page.get_by_role("button", name="Change").click()
    await page.get_by_label("Seats").fill("1")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("2 seats are booked, so there cannot be fewer")
    await page.get_by_label("Name").fill("Yoga inside")
    await page.get_by_label("Seats").fill("2")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="Yoga inside")).to_be_visible()
    await expect(page.get_by_test_id("seats")).to_have_text("None of the 2 seats are left")


async def test_an_admin_finds_an_attendee_and_cancels_their_seat(http: httpx.AsyncClient, visits: Visits) -> None:
    event = await make_event(http)
    me, headers = await signed_in(http)
    await take_seat(http, event, me["id"], headers=headers)
    await take_seat(http, event, "Boris")
    page = await visits.page(f"/admin/events/{event['id']}", bearer(await dummy(http, "admin")))
    await expect(page.get_by_role("row")).to_have_count(3)
    await page.get_by_label("Find by name or e-mail").fill(me["email"][:10])
    await expect(page.get_by_role("row")).to_have_count(2)
    await page.get_by_role("button", name=f"Cancel the seat of {me['email']}").click()
    await expect(page.get_by_role("row").get_by_text("Being cancelled")).to_be_visible()
    await page.get_by_role("link", name=me["email"]).click()
    await expect(page.get_by_role("heading", name=f"Statistics: {me['email']}")).to_be_visible()


async def test_a_person_sees_what_they_booked_gave_back_and_hold(http: httpx.AsyncClient, visits: Visits) -> None:
    events = [await make_event(http) for _ in range(4)]
    me, headers = await signed_in(http)
    booked = [await take_seat(http, event, me["id"], headers=headers) for event in events]
    await http.delete(f"/api/bookings/{booked[0]}", headers=headers)
    page = await visits.page("/", bearer(headers))
    await page.get_by_role("button", name="Account:").click()
    await page.get_by_role("menuitem", name="My statistics").click()
    await expect(page.get_by_role("img", name="75 percent kept: 4 booked, 1 cancelled")).to_be_visible()
    await expect(page.get_by_role("img", name="3 seats in twelve months")).to_be_visible()
    seats = page.get_by_role("region", name="Seats held now")
    await expect(seats.get_by_role("listitem")).to_have_count(3)
    await seats.get_by_role("link", name=events[3]["name"]).click()
    await expect(page.get_by_text("You have a seat")).to_be_visible()


async def test_who_never_booked_is_told_so(http: httpx.AsyncClient, visits: Visits) -> None:
    me, headers = await signed_in(http)
    page = await visits.page(f"/people/{me['id']}", bearer(headers))
    await expect(page.get_by_text("No seats have been booked yet")).to_be_visible()
