"""Days on which clocks change, in a real browser: what is held stands at its hours, and can be made and moved there."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from browsing import Visits, dine, make_room, make_table, slot, somebody
from playwright.async_api import Page, expect

from rooms import some_room

HALF_HOUR = timedelta(minutes=30)
DAYS = [
    ("Europe/Berlin", "2027-10-31"),
    ("Europe/Berlin", "2027-03-28"),
    ("America/New_York", "2027-11-07"),
    ("America/New_York", "2027-03-14"),
    ("Australia/Lord_Howe", "2027-04-04"),
    ("Australia/Lord_Howe", "2027-10-03"),
    ("America/St_Johns", "2027-11-07"),
    ("Africa/Cairo", "2027-04-30"),
    ("Africa/Cairo", "2027-10-28"),
    ("America/Santiago", "2027-09-05"),
    ("America/Santiago", "2027-04-03"),
    ("America/Havana", "2027-11-07"),
    ("Antarctica/Troll", "2027-10-31"),
    ("Asia/Kolkata", "2027-10-31"),
]
PLACES = """
() => {
  const track = document.querySelector("[data-drag-slot-index]").parentElement.getBoundingClientRect();
  const place = (element) => {
    const { left, width } = element.getBoundingClientRect();
    return [left - track.left, width];
  };
  const all = (selector) => [...document.querySelectorAll(selector)];
  const names = (elements) => elements.map((element) => element.getAttribute("aria-label").split(", ")[1]);
  return {
    bars: Object.fromEntries(all("[data-item]").map((bar) => [bar.dataset.item, place(bar)])),
    cells: names(all("[data-drag-slot-index]")),
    width: track.width,
  };
}
"""


def day_in(zone: str, day: str) -> tuple[datetime, datetime]:
    """The first moments of a day and of the next one where clocks show that zone's time."""
    clock = ZoneInfo(zone)

    def first(on: date) -> datetime:
        at = datetime(on.year, on.month, on.day, tzinfo=UTC) - timedelta(hours=15)
        while at.astimezone(clock).date() < on:
            at += timedelta(minutes=15)
        return at

    on = date.fromisoformat(day)
    return first(on), first(on + timedelta(days=1))


def text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


async def reserve(http: httpx.AsyncClient, room: str, headers: dict[str, str], start: datetime, minutes: int) -> str:
    """The id of a reservation of a room that is only named."""
    stretch = {"start_time": text(start), "end_time": text(start + timedelta(minutes=minutes))}
    answer = await http.post("/reservations", json={"room_id": room, **stretch}, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def times(http: httpx.AsyncClient, room: str) -> list[tuple[str, str]]:
    """What is held of a room, from when until when in UTC."""
    listed = await http.get(f"/reservations/{room}")
    return [(each["start_time"], each["end_time"]) for each in listed.json()]


def named(room: str) -> dict[str, Any]:
    return {"id": room, "name": room}


async def near(page: Page, x: float) -> None:
    """Scroll the timeline so that a place of its day is in sight."""
    await page.locator("[data-day] [role=region]").evaluate("(view, left) => { view.scrollLeft = left; }", max(0, x))


@pytest.mark.parametrize(("zone", "day"), DAYS)
async def test_bars_stand_at_their_hours(http: httpx.AsyncClient, visits: Visits, zone: str, day: str) -> None:
    token, headers = await somebody(http)
    start, end = day_in(zone, day)
    room = some_room()
    held = {}
    at = start - timedelta(minutes=45)
    while at < end:
        # From the day before into the next one, in pieces that are no half hours: each is where its moments are.
        held[await reserve(http, room, headers, at, 45)] = at
        at += timedelta(minutes=75)
    page = await visits.page(f"/?day={day}&q={room}", token, zone=zone)
    await expect(page.locator("[data-item]")).to_have_count(
        sum(start < at + timedelta(minutes=45) for at in held.values())
    )
    await stand_at(page, held, timedelta(minutes=45), start, end)


async def stand_at(page: Page, held: dict[str, datetime], length: timedelta, start: datetime, end: datetime) -> None:
    """Look whether bars are where their moments are, among half hours that are all there and named apart."""
    found = await page.evaluate(PLACES)
    pixels = found["width"] / ((end - start) / HALF_HOUR)
    assert len(found["cells"]) == (end - start) / HALF_HOUR
    assert len(set(found["cells"])) == len(found["cells"])
    for name, (left, width) in found["bars"].items():
        first, last = max(held[name], start), min(held[name] + length, end)
        assert left == pytest.approx((first - start) / HALF_HOUR * pixels, abs=1.5)
        assert width == pytest.approx((last - first) / HALF_HOUR * pixels, abs=2.5)


@pytest.mark.parametrize(("zone", "day"), [DAYS[0], DAYS[4], DAYS[7], DAYS[9], DAYS[10]])
async def test_days_follow_each_other(http: httpx.AsyncClient, visits: Visits, zone: str, day: str) -> None:
    token, headers = await somebody(http)
    start, _ = day_in(zone, day)
    await reserve(http, some_room(), headers, start + timedelta(hours=12), 60)
    number = date.fromisoformat(day)
    before, after = (str(number + timedelta(days=step)) for step in (-1, 1))
    page = await visits.page(f"/?day={before}", token, zone=zone)
    for shown, label in ((day, "Next day"), (after, "Next day"), (day, "Previous day"), (before, "Previous day")):
        await page.get_by_label(label).click()
        await expect(page.locator(f"[data-day='{shown}']")).to_be_visible()
    # The calendar has the day, too.
    await page.get_by_label(", Day").click()
    await page.get_by_role("button", name=f"{number.day} {number:%B} {number.year}", exact=True).click()
    await expect(page.locator(f"[data-day='{day}']")).to_be_visible()


async def test_an_hour_that_comes_twice_is_named_apart(http: httpx.AsyncClient, visits: Visits) -> None:
    token, headers = await somebody(http)
    room = some_room()
    await reserve(http, room, headers, datetime(2027, 10, 31, 0, 30, tzinfo=UTC), 45)
    page = await visits.page(f"/?day=2027-10-31&q={room}", token, zone="Europe/Berlin")
    bar = page.locator("[data-item]")
    await expect(bar).to_have_attribute(
        "aria-label", f"02:30 (UTC+2)–02:15 (UTC+1), {room}, My booking, Can be moved or cancelled"
    )
    await bar.click()
    await expect(page.get_by_role("dialog")).to_contain_text("02:30 (UTC+2)–02:15 (UTC+1)")
    await page.get_by_role("button", name="Move…").click()
    starts = await page.get_by_label("Start").locator("option").all_text_contents()
    assert [each for each in starts if each.startswith("02:")] == [
        f"02:{minute} (UTC+{offset})" for offset in (2, 1) for minute in ("00", "15", "30", "45")
    ]
    await page.get_by_label("Start").select_option(label="02:30 (UTC+1)")
    await expect(page.get_by_label("Start")).to_have_value("2027-10-31T01:30:00Z")
    async with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        await page.get_by_role("button", name="Move", exact=True).click()
    assert await times(http, room) == [("2027-10-31T01:30:00Z", "2027-10-31T02:15:00Z")]


async def test_an_hour_that_is_left_out_is_not_offered(http: httpx.AsyncClient, visits: Visits) -> None:
    token, headers = await somebody(http)
    room = some_room()
    await reserve(http, room, headers, datetime(2027, 3, 28, 0, 30, tzinfo=UTC), 60)
    page = await visits.page(f"/?day=2027-03-28&q={room}", token, zone="Europe/Berlin")
    await expect(page.locator("[data-item]")).to_have_attribute(
        "title", "01:30–03:30 My booking (2027-03-28 00:30–01:30 UTC)"
    )
    await expect(page.locator("[data-day]").get_by_text("02:00", exact=True)).to_have_count(0)
    await expect(page.locator("[data-day]").get_by_text("03:00", exact=True)).to_have_count(1)
    await page.locator("[data-item]").click()
    await page.get_by_role("button", name="Move…").click()
    starts = await page.get_by_label("Start").locator("option").all_text_contents()
    assert (len(starts), len(set(starts))) == (92, 92)
    assert [each for each in starts if each.startswith("02:")] == []


async def test_the_hour_that_comes_twice_is_drawn_over_and_reserved(http: httpx.AsyncClient, visits: Visits) -> None:
    token, headers = await somebody(http)
    room = some_room()
    await reserve(http, room, headers, datetime(2027, 10, 31, 12, 0, tzinfo=UTC), 60)
    page = await visits.page(f"/?day=2027-10-31&q={room}", token, zone="Europe/Berlin")
    await near(page, 0)
    await slot(page, named(room), "02:30 (UTC+2)", "2027-10-31").hover()
    await page.mouse.down()
    await slot(page, named(room), "02:30 (UTC+1)", "2027-10-31").hover()
    await page.mouse.up()
    async with page.expect_response(lambda answer: answer.request.method == "POST"):
        await page.get_by_role("dialog").get_by_role("button", name="Reserve").click()
    assert ("2027-10-31T00:30:00Z", "2027-10-31T02:00:00Z") in await times(http, room)


@pytest.mark.parametrize("grabbed", [0.02, 0.5, 0.9])
@pytest.mark.parametrize(("pixels", "minutes"), [(20, 0), (30, 30), (88, 60), (-132, -90)])
async def test_a_bar_moves_by_as_far_as_it_is_dragged(
    http: httpx.AsyncClient, visits: Visits, grabbed: float, pixels: int, minutes: int
) -> None:
    token, headers = await somebody(http)
    room = some_room()
    start = datetime(2030, 5, 1, 10, 0, tzinfo=UTC)
    await reserve(http, room, headers, start, 120)
    page = await visits.page(f"/?day=2030-05-01&q={room}", token)
    await drag(page, grabbed, pixels, minutes)
    moved = start + timedelta(minutes=minutes)
    assert await times(http, room) == [(text(moved), text(moved + timedelta(hours=2)))]


async def drag(page: Page, grabbed: float, pixels: int, minutes: int) -> None:
    """Drag the only bar by some pixels, by the hand that grabs it at a part of its width; wait for what comes of it."""
    box = await page.locator("[data-item]").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * grabbed, box["y"] + box["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + pixels / 2, y, steps=3)
    await page.mouse.move(x + pixels, y, steps=3)
    if minutes == 0:
        await expect(page.locator("[data-drop]")).to_have_count(0)
        await page.mouse.up()
        return
    await expect(page.locator("[data-drop='allowed']")).to_have_count(1)
    async with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        await page.mouse.up()


@pytest.mark.parametrize(("pixels", "minutes"), [(88, 60), (220, 150)])
async def test_a_bar_is_dragged_over_a_clock_change(
    http: httpx.AsyncClient, visits: Visits, pixels: int, minutes: int
) -> None:
    token, headers = await somebody(http)
    room = some_room()
    start = datetime(2027, 10, 30, 23, 15, tzinfo=UTC)
    await reserve(http, room, headers, start, 60)
    page = await visits.page(f"/?day=2027-10-31&q={room}", token, zone="Europe/Berlin")
    await expect(page.locator("[data-item]")).to_have_count(1)
    await near(page, 0)
    await drag(page, 0.9, pixels, minutes)
    moved = start + timedelta(minutes=minutes)
    assert await times(http, room) == [(text(moved), text(moved + timedelta(hours=1)))]


async def test_what_began_the_day_before_is_dragged_by_as_far(http: httpx.AsyncClient, visits: Visits) -> None:
    token, headers = await somebody(http)
    room = some_room()
    start = datetime(2030, 4, 30, 22, 0, tzinfo=UTC)
    await reserve(http, room, headers, start, 240)
    page = await visits.page(f"/?day=2030-05-01&q={room}", token)
    await expect(page.locator("[data-item]")).to_have_count(1)
    await near(page, 0)
    await drag(page, 0.5, 44, 30)
    assert await times(http, room) == [("2030-04-30T22:30:00Z", "2030-05-01T02:30:00Z")]


async def test_a_printed_day_tells_the_hours_apart(http: httpx.AsyncClient, visits: Visits) -> None:
    token, headers = await somebody(http)
    room = await make_room(http, startTime="09:00", endTime="17:00")
    other = some_room()
    for start, minutes in (
        (datetime(2027, 10, 31, 0, 30, tzinfo=UTC), 30),
        (datetime(2027, 10, 31, 1, 30, tzinfo=UTC), 30),
    ):
        await reserve(http, other, headers, start, minutes)
    page = await visits.page("/?day=2027-10-31", token, zone="Europe/Berlin")
    await expect(page.locator("[data-day]")).to_be_visible()
    await page.emulate_media(media="print")
    await expect(page.get_by_role("row", name=room["name"])).to_contain_text("10:00–18:00")
    row = page.get_by_role("row", name=other)
    await expect(row).to_contain_text("all day")
    await expect(row).to_contain_text("02:30 (UTC+2)–02:00 (UTC+1) My booking; 02:30 (UTC+1)–03:00 My booking")


@pytest.fixture
async def host(restaurant: str, visits: Visits) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the restaurant, which the test's windows visit, too."""
    visits.url = restaurant
    async with httpx.AsyncClient(base_url=restaurant, timeout=30) as client:
        yield client


@pytest.mark.parametrize(("zone", "day"), DAYS[:6])
async def test_dinners_stand_at_their_hours(host: httpx.AsyncClient, visits: Visits, zone: str, day: str) -> None:
    token, headers = await somebody(host)
    start, end = day_in(zone, day)
    table = await make_table(host)
    held = {}
    for hours in (1, 3, 5, 20):
        at = start + timedelta(hours=hours)
        held[await dine(host, table, text(at), headers)] = at
    page = await visits.page(f"/floor?day={day}", token, zone=zone)
    await expect(page.locator("[data-item]")).to_have_count(4)
    await stand_at(page, held, timedelta(minutes=90), start, end)


async def test_a_dinner_moves_by_as_far_as_it_is_dragged(host: httpx.AsyncClient, visits: Visits) -> None:
    token, headers = await somebody(host)
    table = await make_table(host)
    await dine(host, table, "2030-07-02T18:15:00Z", headers)
    page = await visits.page("/floor?day=2030-07-02", token)
    await drag(page, 0.95, 44, 30)
    found = (await host.get("/reservations", params={"table_id": table["id"]})).json()["items"]
    assert [each["reservation_time"] for each in found] == ["2030-07-02T18:45:00Z"]


async def test_a_party_that_comes_in_the_hour_again_is_offered_what_is_to_come(
    host: httpx.AsyncClient, visits: Visits
) -> None:
    token, _ = await somebody(host)
    await make_table(host)
    page = await visits.window(token, zone="Europe/Berlin")
    await page.clock.install(time="2027-10-31T01:20:00Z")
    await page.goto("/app/floor")
    await page.get_by_role("button", name="New reservation").click()
    await expect(page.get_by_label("Start")).to_have_value("2027-10-31T01:30:00Z")


async def test_a_rooms_hours_are_those_of_the_day_that_is_shown(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http, startTime="09:00", endTime="17:00")
    token, _ = await somebody(http)
    page = await visits.page(f"/rooms/{room['id']}?day=2030-01-15", token, zone="Europe/Berlin")
    await expect(page.get_by_text("10:00–18:00")).to_be_visible()
    await page.goto(f"/app/rooms/{room['id']}?day=2030-07-15")
    await expect(page.get_by_text("11:00–19:00")).to_be_visible()
