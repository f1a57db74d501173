"""Forms keep what was typed: through an outage, through a refusal, and for the one who loses a race."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from browsing import DAY, Visits, bearer, board, book, dine, make_event, make_room, make_table, slot, somebody
from playwright.async_api import Locator, Page, Route, expect

from people import dummy
from service import Service

KEPT = "What you have entered stays here"
NO_ANSWER = [
    "ERR_CONNECTION_REFUSED",
    "ERR_EMPTY_RESPONSE",
    "ERR_CONNECTION_RESET",
    "ERR_INCOMPLETE_CHUNKED",
    "ERR_FAILED",
]


def busy(times: int = 1) -> tuple[Callable[[Route], Awaitable[None]], list[str | None]]:
    """A server that answers 503 so many times, and the keys of all requests."""
    keys: list[str | None] = []

    async def answer(route: Route) -> None:
        if route.request.method not in ("POST", "PATCH"):
            await route.continue_()
            return
        keys.append(route.request.headers.get("idempotency-key"))
        if len(keys) > times:
            await route.continue_()
        else:
            await route.fulfill(status=503, json={"error": {"code": "UNAVAILABLE", "message": "busy"}})

    return answer, keys


async def test_a_reservation_that_is_typed_survives_an_outage(visits: Visits, own_service: Service) -> None:
    visits.url = own_service.url
    visits.expected += NO_ANSWER
    page = await visits.page("/")
    await page.get_by_role("button", name="User").click()
    await page.get_by_role("button", name="Reserve").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("kitchen")
    await dialog.get_by_label("Start").select_option(label="20:45")
    end = await dialog.get_by_label("End").input_value()
    own_service.stop()
    await expect(dialog.get_by_text(KEPT)).to_be_visible()
    await expect(dialog.get_by_role("button", name="Reserve")).to_be_disabled()
    own_service.start()
    await expect(dialog.get_by_text(KEPT)).to_have_count(0)
    await expect(dialog.get_by_label("Name")).to_have_value("kitchen")
    await expect(dialog.get_by_label("End")).to_have_value(end)
    assert await dialog.get_by_label("Start").evaluate("list => list.selectedOptions[0].label") == "20:45"
    await dialog.get_by_role("button", name="Reserve").click()
    await expect(dialog).to_have_count(0)
    await expect(page.locator("[data-item]")).to_have_count(1)


async def test_an_outage_leaves_the_board_where_it_was(visits: Visits, own_service: Service) -> None:
    visits.url = own_service.url
    visits.expected += NO_ANSWER
    async with httpx.AsyncClient(base_url=own_service.url, timeout=30) as http:
        room = await make_room(http)
        await book(http, room, (await somebody(http))[1], "20:00")
        page = await visits.page(board(room), (await somebody(http))[0], width=800)
    far = page.locator("[data-item]")
    await far.scroll_into_view_if_needed()
    before = await far.bounding_box()
    own_service.stop()
    await expect(page.get_by_text("The connection is lost")).to_be_visible()
    assert await left(far) == pytest.approx((before or {})["x"], abs=2)
    own_service.start()
    await expect(page.get_by_text("The connection is lost")).to_have_count(0)
    assert await left(far) == pytest.approx((before or {})["x"], abs=2)


async def left(found: Locator) -> float:
    box = await found.bounding_box()
    assert box is not None
    return box["x"]


async def test_a_party_that_is_typed_survives_an_outage_of_the_floor(visits: Visits, own_service: Service) -> None:
    visits.url = own_service.url
    visits.expected += NO_ANSWER
    async with httpx.AsyncClient(base_url=own_service.url, timeout=30) as http:
        await make_table(http, 8)
        page = await visits.page("/floor?day=2030-06-01", (await somebody(http))[0])
    await page.get_by_role("button", name="New reservation").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Guest's name").fill("Natasha")
    await dialog.get_by_role("spinbutton", name="Guests").fill("7")
    own_service.stop()
    await expect(dialog.get_by_text(KEPT)).to_be_visible()
    own_service.start()
    await expect(dialog.get_by_text(KEPT)).to_have_count(0)
    await expect(dialog.get_by_label("Guest's name")).to_have_value("Natasha")
    await expect(dialog.get_by_role("spinbutton", name="Guests")).to_have_value("7")
    await dialog.get_by_role("button", name="Reserve").click()
    await expect(dialog).to_have_count(0)


ROOM = ("/admin/rooms", "New room", {"Name": "Attic", "Seats": "5"}, "Create", "**/rooms/create")
TABLE = ("/admin/tables", "New table", {"Name": "Bay", "Seats": "5", "Location": "Hall"}, "Create", "**/tables")
EVENT = ("/events", "New event", {"Name": "Yoga", "Seats": "5"}, "Create", "**/api/events")


@pytest.mark.parametrize(
    ("path", "opener", "fields", "action", "call"), [ROOM, TABLE, EVENT], ids=["room", "table", "event"]
)
async def test_what_an_admin_typed_stays_when_the_server_is_busy_and_is_made_once(
    http: httpx.AsyncClient, visits: Visits, path: str, opener: str, fields: dict[str, str], action: str, call: str
) -> None:
    page = await visits.page(path, bearer(await dummy(http, "admin")))
    answer, keys = busy(2)
    await page.route(call, answer)
    await page.get_by_role("button", name=opener).click()
    dialog = page.get_by_role("dialog")
    for label, text in fields.items():
        await dialog.get_by_label(label).fill(text if label != "Name" else f"{text} {uuid4().hex[:8]}")
    for _ in range(2):
        await dialog.get_by_role("button", name=action).click()
        await expect(dialog.get_by_role("alert")).to_contain_text("The server is busy")
        await expect(dialog.get_by_label("Seats")).to_have_value("5")
    await dialog.get_by_role("button", name=action).click()
    await expect(dialog.get_by_label("Seats")).to_have_count(0)
    # One wish, one key: had the first one taken effect, the third would not have made another.
    assert (len(keys), len(set(keys))) == (3, 1)


async def test_a_reservation_that_fails_keeps_its_form_and_its_key(http: httpx.AsyncClient, visits: Visits) -> None:
    name = f"kitchen {uuid4().hex[:8]}"
    page = await visits.page(f"/?day={DAY}", (await somebody(http))[0])
    answer, keys = busy()
    await page.route("**/reservations", answer)
    await page.get_by_role("button", name="Reserve").click()
    dialog = page.get_by_role("dialog")
    await choose(dialog, "Another place")
    await dialog.get_by_label("Name").fill(name)
    await dialog.get_by_role("button", name="Reserve").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("The server is busy")
    await expect(dialog.get_by_label("Name")).to_have_value(name)
    await dialog.get_by_role("button", name="Reserve").click()
    await expect(dialog).to_have_count(0)
    assert (len(keys), len(set(keys))) == (2, 1)
    assert len((await http.get(f"/reservations/{name}")).json()) == 1


async def choose(dialog: Locator, room: str) -> None:
    """Choose a room from the form's list."""
    await dialog.get_by_role("combobox", name="Room").or_(dialog.get_by_role("textbox", name="Room")).click()
    await dialog.page.get_by_role("option", name=room).click()


async def test_who_loses_a_race_keeps_the_form_and_goes_on_from_it(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    token, _ = await somebody(http)
    _, other = await somebody(http)
    page = await visits.page(board(room), token)
    lost: list[Route] = []

    async def be_slower(route: Route) -> None:
        if not lost:
            await book(http, room, other, "10:00")
        lost.append(route)
        await route.continue_()

    await page.route("**/bookings/create", be_slower)
    await slot(page, room, "10:00").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("With a video meeting link").check()
    await dialog.get_by_role("button", name="Book").click()
    alert = dialog.get_by_role("alert")
    await expect(alert).to_contain_text("Somebody was faster")
    await expect(alert).to_contain_text(f"{room['name']} is taken 10:00–10:30.")
    await expect(dialog.get_by_label("With a video meeting link")).to_be_checked()
    await expect(dialog.get_by_role("button", name="Book")).to_be_disabled()
    await dialog.get_by_role("button", name=f"{room['name']} is free at 10:30").click()
    await expect(dialog.get_by_label("With a video meeting link")).to_be_checked()
    await dialog.get_by_role("button", name="Book").click()
    await expect(dialog).to_have_count(0)
    held = (await http.get(f"/reservations/{room['id']}")).json()
    assert [each["start_time"][11:16] for each in held] == ["10:00", "10:30"]


async def test_who_loses_a_race_for_a_named_place_keeps_its_name(http: httpx.AsyncClient, visits: Visits) -> None:
    name = f"kitchen {uuid4().hex[:8]}"
    page = await visits.page(f"/?day={DAY}", (await somebody(http))[0])

    async def be_slower(route: Route) -> None:
        sent: Any = route.request.post_data_json
        await http.post("/reservations", json=sent)
        await route.continue_()

    await page.route("**/reservations", be_slower)
    await page.get_by_role("button", name="Reserve").click()
    dialog = page.get_by_role("dialog")
    await choose(dialog, "Another place")
    await dialog.get_by_label("Name").fill(name)
    await dialog.get_by_label("Start").select_option(label="13:15")
    await dialog.get_by_role("button", name="Reserve").click()
    await expect(dialog.get_by_role("alert")).to_contain_text(f"{name} is taken 13:15–")
    await expect(dialog.get_by_label("Name")).to_have_value(name)


async def test_who_loses_a_race_for_a_table_keeps_the_form(http: httpx.AsyncClient, visits: Visits) -> None:
    table, day = await make_table(http, 990), "2030-07-01"
    _, other = await somebody(http)
    page = await visits.page(f"/floor?day={day}", (await somebody(http))[0])

    async def be_slower(route: Route) -> None:
        await dine(http, table, f"{day}T19:00:00Z", other)
        await route.continue_()

    await page.route("**/reservations", be_slower)
    await page.get_by_role("button", name="New reservation").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Guest's name").fill("Natasha")
    await dialog.get_by_role("spinbutton", name="Guests").fill("985")
    await dialog.get_by_role("button", name="Reserve").click()
    alert = dialog.get_by_role("alert").filter(has_text="Somebody was faster")
    await expect(alert).to_contain_text(f"{table['name']} is taken 19:00–20:30.")
    await expect(dialog.get_by_label("Guest's name")).to_have_value("Natasha")
    await expect(dialog.get_by_role("spinbutton", name="Guests")).to_have_value("985")


async def test_the_list_of_rooms_tells_seats_and_which_are_free_then(http: httpx.AsyncClient, visits: Visits) -> None:
    free, taken, closed = await make_room(http), await make_room(http), await make_room(http, endTime="09:00")
    _, other = await somebody(http)
    await book(http, taken, other, "10:00")
    page = await visits.page(f"/?day={DAY}", (await somebody(http))[0])
    await page.get_by_label("Find a room").fill(free["name"])
    await slot(page, free, "10:00").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("combobox", name="Room").or_(dialog.get_by_role("textbox", name="Room")).click()
    await expect(option(page, free)).to_contain_text("8 seats · free")
    await expect(option(page, taken)).to_contain_text("8 seats · taken")
    await expect(option(page, closed)).to_contain_text("8 seats · closed")
    await page.keyboard.press("Escape")
    await dialog.get_by_label("Start").select_option(label="10:30")
    await dialog.get_by_role("combobox", name="Room").or_(dialog.get_by_role("textbox", name="Room")).click()
    await expect(option(page, taken)).to_contain_text("8 seats · free")


def option(page: Page, room: dict[str, Any]) -> Locator:
    return page.get_by_role("option", name=room["name"])


async def test_reserve_offers_a_room_that_is_free_now(http: httpx.AsyncClient, visits: Visits) -> None:
    taken, free = await make_room(http), await make_room(http)
    token, _ = await somebody(http)
    _, other = await somebody(http)
    stretch = {"start_time": "2030-05-01T09:30:00Z", "end_time": "2030-05-01T12:00:00Z"}
    await http.post("/reservations", json={"room_id": taken["id"], **stretch}, headers=other)
    page = await visits.window(token)
    await page.clock.install(time="2030-05-01T10:10:30Z")
    await page.goto(f"/app/?q={taken['name'].replace(' ', '+')}")
    await page.get_by_role("button", name="Reserve").click()
    dialog = page.get_by_role("dialog")
    # Of the rooms that are shown none is free before noon.
    assert await times(dialog) == ("12:00", "13:00")
    await page.keyboard.press("Escape")
    await page.get_by_label("Find a room").fill(free["name"])
    await page.get_by_role("button", name="Reserve").click()
    assert await times(dialog) == ("10:11", "11:00")
    await expect(dialog.get_by_role("alert")).to_have_count(0)
    await dialog.get_by_role("button", name="Reserve").click()
    await expect(dialog).to_have_count(0)
    held = (await http.get(f"/reservations/{free['id']}")).json()
    assert [(each["start_time"][11:16], each["end_time"][11:16]) for each in held] == [("10:11", "11:00")]


async def test_the_half_hour_that_runs_is_reserved_from_now_on(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    token, _ = await somebody(http)
    page = await visits.window(token)
    await page.clock.install(time="2030-05-01T10:10:30Z")
    await page.goto(f"/app/?q={room['name'].replace(' ', '+')}")
    await slot(page, room, "10:00").click()
    dialog = page.get_by_role("dialog")
    assert await times(dialog) == ("10:11", "10:30")
    # Whoever thinks for two minutes reserves from then on.
    await page.clock.run_for(120_000)
    assert await times(dialog) == ("10:13", "10:30")
    await dialog.get_by_role("button", name="Reserve").click()
    await expect(dialog).to_have_count(0)
    assert [each["start_time"][11:16] for each in (await http.get(f"/reservations/{room['id']}")).json()] == ["10:13"]


async def times(dialog: Locator) -> tuple[str, str]:
    """From when until when the form would reserve."""
    await expect(dialog.get_by_label("Start")).to_be_visible()
    label = "list => list.selectedOptions[0].label"
    return (
        str(await dialog.get_by_label("Start").evaluate(label)),
        str(await dialog.get_by_label("End").evaluate(label)),
    )


async def test_an_events_form_keeps_what_was_typed(http: httpx.AsyncClient, visits: Visits) -> None:
    event = await make_event(http)
    page = await visits.page(f"/events/{event['id']}", bearer(await dummy(http, "admin")))
    answer, _ = busy()
    await page.route(f"**/api/events/{event['id']}", answer)
    await page.get_by_role("button", name="Change").click()
    await page.get_by_label("Name").fill("Yoga")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("The server is busy")
    await expect(page.get_by_label("Name")).to_have_value("Yoga")
