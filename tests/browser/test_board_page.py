"""The board: book, cancel, undo, lose a race, move and be refused, and see what others do."""

import asyncio

import httpx
import pytest
from browsing import DAY, Visits, board, book, item, make_room, slot, somebody
from playwright.async_api import Page, Route, expect

from people import dummy
from rooms import some_room

COUNT_DELETES = """
window.deletes = 0;
const send = window.fetch;
window.fetch = (request, ...more) => {
  if (request.method === "DELETE") window.deletes += 1;
  return send(request, ...more);
};
"""
RACE_LOST = "Somebody was faster"


async def reserved(http: httpx.AsyncClient, room_id: str) -> list[tuple[str, str]]:
    """What is held of a room, from when until when."""
    listed = await http.get(f"/reservations/{room_id}")
    return [(each["start_time"][11:16], each["end_time"][11:16]) for each in listed.json()]


async def test_a_click_on_a_free_slot_books_it(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    token, _ = await somebody(http)
    page = await visits.page(board(room), token)
    await slot(page, room, "10:00").click()
    await page.get_by_role("dialog").get_by_role("button", name="Book").click()
    await expect(item(page, "10:00")).to_have_attribute("data-kind", "mine")
    assert await reserved(http, room["id"]) == [("10:00", "10:30")]


async def test_a_slot_is_booked_with_the_keyboard_alone(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    token, _ = await somebody(http)
    page = await visits.page(board(room), token)
    await slot(page, room, "00:00").focus()
    for _ in range(4):
        await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog").get_by_role("button", name="Book")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(item(page, "02:00")).to_have_attribute("data-kind", "mine")


async def test_drawing_over_a_room_reserves_a_stretch(http: httpx.AsyncClient, visits: Visits) -> None:
    name = some_room()
    room = {"id": name, "name": name}
    token, headers = await somebody(http)
    stretch = {"start_time": f"{DAY}T00:00:00Z", "end_time": f"{DAY}T01:00:00Z"}
    await http.post("/reservations", json={"room_id": room["id"], **stretch}, headers=headers)
    page = await visits.page(board(room), token)
    await slot(page, room, "10:00").hover()
    await page.mouse.down()
    await slot(page, room, "11:30").hover()
    await page.mouse.up()
    await page.get_by_role("dialog").get_by_role("button", name="Reserve").click()
    await expect(item(page, "10:00")).to_have_attribute("data-kind", "mine")
    assert await reserved(http, room["id"]) == [("00:00", "01:00"), ("10:00", "12:00")]


async def test_a_cancelled_booking_can_be_had_back(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    token, headers = await somebody(http)
    await book(http, room, headers, "10:00")
    page = await visits.page(board(room), token)
    await item(page, "10:00").click()
    await page.get_by_role("button", name="Cancel booking").click()
    await expect(item(page, "10:00")).to_have_attribute("data-kind", "leaving")
    await page.get_by_role("button", name="Undo").click()
    await expect(item(page, "10:00")).to_have_attribute("data-kind", "mine")
    assert await reserved(http, room["id"]) == [("10:00", "10:30")]


async def test_a_cancelled_booking_goes_after_ten_seconds(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    token, headers = await somebody(http)
    await book(http, room, headers, "10:00")
    page = await visits.window(token)
    await page.clock.install()
    await page.add_init_script(COUNT_DELETES)
    await page.goto(f"/app{board(room)}")
    await item(page, "10:00").click()
    await page.get_by_role("button", name="Cancel booking").click()
    await expect(item(page, "10:00")).to_have_attribute("data-kind", "leaving")
    await page.clock.run_for(9_000)
    assert await page.evaluate("window.deletes") == 0
    async with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        await page.clock.run_for(1_500)
    await expect(item(page, "10:00")).to_have_count(0)
    assert await reserved(http, room["id"]) == []


async def test_a_page_that_is_left_cancels_at_once(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    token, headers = await somebody(http)
    await book(http, room, headers, "10:00")
    page = await visits.page(board(room), token)
    await item(page, "10:00").click()
    await page.get_by_role("button", name="Cancel booking").click()
    await expect(item(page, "10:00")).to_have_attribute("data-kind", "leaving")
    await page.goto("/_info")
    async with asyncio.timeout(5):
        while await reserved(http, room["id"]):
            pass


async def test_who_loses_a_race_is_told_and_sees_the_winner(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    first, second = (await somebody(http))[0], (await somebody(http))[0]
    winner, loser = await visits.page(board(room), first), await visits.page(board(room), second)

    async def lose(route: Route) -> None:
        """The loser's request is on its way when the winner books."""
        await slot(winner, room, "10:00").click()
        async with winner.expect_response("**/bookings/create"):
            await winner.get_by_role("dialog").get_by_role("button", name="Book").click()
        await route.continue_()

    await loser.route("**/bookings/create", lose)
    await slot(loser, room, "10:00").click()
    await loser.get_by_role("dialog").get_by_role("button", name="Book").click()
    await expect(loser.get_by_text(RACE_LOST)).to_be_visible()
    await expect(item(loser, "10:00")).to_have_attribute("data-kind", "taken")
    await expect(item(winner, "10:00")).to_have_attribute("data-kind", "mine")


async def drag(page: Page, start: str, room: dict[str, str], end: str) -> None:
    """Drag what is held to another half hour, and hold it there."""
    await item(page, start).hover(position={"x": 4, "y": 20})
    await page.mouse.down()
    box = await slot(page, room, end).bounding_box()
    assert box is not None
    for step in (2, 4):
        await page.mouse.move(box["x"] + step, box["y"] + 20, steps=4)


async def test_a_booking_is_moved_by_dragging(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    token, headers = await somebody(http)
    await book(http, room, headers, "10:00")
    page = await visits.page(board(room), token)
    await drag(page, "10:00", room, "13:00")
    await expect(page.locator("[data-drop='allowed']")).to_have_count(1)
    async with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        await page.mouse.up()
    await expect(item(page, "13:00")).to_have_attribute("data-kind", "mine")
    assert await reserved(http, room["id"]) == [("13:00", "13:30")]


async def test_a_booking_is_not_dropped_where_it_may_not_be(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http, startTime="09:00", endTime="17:00")
    token, headers = await somebody(http)
    await book(http, room, headers, "10:00")
    page = await visits.page(board(room), token)
    await drag(page, "10:00", room, "08:00")
    await expect(page.locator("[data-drop='forbidden']")).to_have_count(1)
    await page.mouse.up()
    await expect(page.locator("[data-drop]")).to_have_count(0)
    assert await reserved(http, room["id"]) == [("10:00", "10:30")]


async def test_a_move_that_is_refused_snaps_back(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    token, headers = await somebody(http)
    _, other = await somebody(http)
    await book(http, room, headers, "10:00")
    page = await visits.page(board(room), token)

    async def be_slower(route: Route) -> None:
        await book(http, room, other, "11:00")
        await route.continue_()

    await page.route("**/reservations/*", be_slower)
    await item(page, "10:00").click()
    await page.get_by_role("button", name="Move…").click()
    await page.get_by_label("Start").select_option(label="11:00")
    await page.get_by_role("button", name="Move", exact=True).click()
    await expect(page.get_by_text(RACE_LOST)).to_be_visible()
    await expect(item(page, "10:00")).to_have_attribute("data-kind", "mine")
    await expect(item(page, "11:00")).to_have_attribute("data-kind", "taken")
    assert await reserved(http, room["id"]) == [("10:00", "10:30"), ("11:00", "11:30")]


async def test_what_another_books_shows_and_flashes(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    token, _ = await somebody(http)
    _, other = await somebody(http)
    page = await visits.page(board(room), token)
    await expect(slot(page, room, "10:00")).to_be_visible()
    await book(http, room, other, "10:00")
    # A second with a stream of messages; without one the board is asked for every three.
    async with asyncio.timeout(8):
        await expect(page.locator("[data-flash]")).to_have_count(1)
    await expect(item(page, "10:00")).to_have_attribute("data-kind", "taken")


async def test_one_does_not_see_who_holds_it_and_an_admin_does(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    _, headers = await somebody(http)
    other, _ = await somebody(http)
    await book(http, room, headers, "10:00")
    address = (await http.get("/me", headers=headers)).json()["user"]["email"]
    stranger = await visits.page(board(room), other)
    await expect(item(stranger, "10:00")).to_have_attribute("aria-label", f"10:00–10:30, {room['name']}, Taken")
    admin = await visits.page(board(room), (await dummy(http, "admin"))["Authorization"].split()[1])
    await expect(item(admin, "10:00")).to_have_attribute(
        "aria-label", f"10:00–10:30, {room['name']}, {address}, Can be moved or cancelled"
    )


async def test_the_address_keeps_the_day_and_what_is_looked_for(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    token, _ = await somebody(http)
    page = await visits.page(f"/?day={DAY}", token)
    await page.get_by_label("Find a room").fill(room["name"])
    await page.get_by_label("Seats").fill("8")
    await page.get_by_label("Next day").click()
    await expect(slot(page, room, "10:00", "2030-05-02")).to_be_visible()
    await page.reload()
    await expect(slot(page, room, "10:00", "2030-05-02")).to_be_visible()
    await page.get_by_label("Seats").fill("9")
    await expect(page.get_by_text("No such rooms")).to_be_visible()


async def test_a_viewer_nine_hours_ahead_sees_their_own_day(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    token, headers = await somebody(http)
    await book(http, room, headers, "23:00")
    page = await visits.page(board(room, "2030-05-02"), token, zone="Asia/Tokyo")
    await expect(item(page, "08:00")).to_have_attribute("title", r"08:00–08:30 My booking (2030-05-01 23:00–23:30 UTC)")
    await page.get_by_label("Previous day").click()
    await expect(slot(page, room, "10:00")).to_be_visible()
    await expect(item(page, "08:00")).to_have_count(0)


async def test_today_opens_at_now_with_a_line(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    token, _ = await somebody(http)
    page = await visits.window(token)
    await page.clock.install(time="2030-05-01T15:20:00Z")
    await page.goto(f"/app/?q={room['name'].replace(' ', '+')}")
    await expect(page.get_by_text("15:20")).to_be_in_viewport()
    await expect(slot(page, room, "14:30", DAY)).to_be_in_viewport()
    await expect(slot(page, room, "06:00", DAY)).not_to_be_in_viewport()
    await page.clock.run_for(60_000)
    await expect(page.get_by_text("15:21")).to_be_in_viewport()


async def test_the_day_is_printed_as_a_list(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http, startTime="09:00", endTime="17:00")
    token, headers = await somebody(http)
    await book(http, room, headers, "10:00")
    page = await visits.page(board(room), token)
    await expect(item(page, "10:00")).to_be_visible()
    await page.emulate_media(media="print")
    row = page.get_by_role("row", name=room["name"])
    await expect(row).to_contain_text("09:00–17:00")
    await expect(row).to_contain_text("10:00–10:30 My booking")


async def test_a_dialog_leaves_the_board_where_it_was(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    token, _ = await somebody(http)
    page = await visits.page(board(room), token, width=800)
    await slot(page, room, "20:00").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(slot(page, room, "20:00")).to_be_in_viewport()
    await expect(slot(page, room, "08:00")).not_to_be_in_viewport()


async def test_half_hours_tell_their_room_and_what_they_are(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http, startTime="09:00", endTime="17:00")
    token, headers = await somebody(http)
    await book(http, room, headers, "10:00")
    page = await visits.page(board(room), token)
    await expect(item(page, "10:00")).to_have_attribute(
        "aria-label", f"10:00–10:30, {room['name']}, My booking, Can be moved or cancelled"
    )
    for at, words in (
        ("08:30", "08:30–09:00, {}, closed"),
        ("10:00", "10:00–10:30, {}, taken"),
        ("10:30", "10:30–11:00, {}, free"),
    ):
        times, _, state = words.split(", ")
        await expect(slot(page, room, at)).to_have_attribute("aria-label", f"{room['name']}, {times}, {state}")


async def test_the_running_half_hour_is_reserved_from_now_on(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    token, _ = await somebody(http)
    page = await visits.window(token)
    await page.clock.install(time=f"{DAY}T15:20:20Z")
    await page.goto(f"/app{board(room)}")
    await expect(slot(page, room, "14:30")).to_have_attribute("aria-label", f"{room['name']}, 14:30–15:00, past")
    await expect(slot(page, room, "15:00")).to_have_attribute("aria-label", f"{room['name']}, 15:00–15:30, free")
    await slot(page, room, "15:00").click()
    await expect(page.get_by_text("This time has passed")).to_have_count(0)
    async with page.expect_response(lambda answer: answer.request.method == "POST"):
        await page.get_by_role("dialog").get_by_role("button", name="Reserve").click()
    assert await reserved(http, room["id"]) == [("15:21", "15:30")]


async def test_the_half_hour_before_has_passed(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    token, _ = await somebody(http)
    page = await visits.window(token)
    await page.clock.install(time=f"{DAY}T15:20:20Z")
    await page.goto(f"/app{board(room)}")
    await slot(page, room, "14:30").click()
    await expect(page.get_by_role("alert")).to_contain_text("This time has passed")


@pytest.mark.parametrize("width", [390, 1440])
async def test_the_hour_at_the_edge_can_be_read(http: httpx.AsyncClient, visits: Visits, width: int) -> None:
    room = await make_room(http)
    token, _ = await somebody(http)
    page = await visits.page(board(room), token, width=width)
    view = page.locator("[data-day] [role=region]")
    for left, hour in ((0, "00:00"), (640, "07:00"), (710, "08:00"), (745, "08:00")):
        await view.evaluate("(view, left) => { view.scrollLeft = left; }", left)
        text = await page.locator("[data-day]").get_by_text(hour, exact=True).bounding_box()
        edge = await page.locator("[data-day]").get_by_text("Rooms", exact=True).bounding_box()
        assert text is not None
        assert edge is not None
        assert text["x"] >= edge["x"] + edge["width"] - 0.5
