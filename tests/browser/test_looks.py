"""Languages, light and dark, and the phone."""

import httpx
import pytest
from browsing import (
    DAY,
    Visits,
    bearer,
    board,
    book,
    dine,
    make_event,
    make_room,
    make_table,
    slot,
    somebody,
    take_seat,
)
from playwright.async_api import expect

from people import dummy, signed_in

PAGES = ("/", "/rooms", "/bookings", "/events", "/floor", "/password")
ADMIN_PAGES = ("/admin/rooms", "/admin/bookings", "/admin/tables", "/admin/users")


@pytest.mark.parametrize(
    ("language", "heading", "tag"),
    [("ru-RU", "Мои брони", "ru"), ("en-GB", "My bookings", "en"), ("de-DE", "My bookings", "en")],
)
async def test_the_browser_chooses_the_language(
    http: httpx.AsyncClient, visits: Visits, language: str, heading: str, tag: str
) -> None:
    page = await visits.page("/bookings", (await somebody(http))[0], language=language)
    await expect(page.get_by_role("heading", name=heading)).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", tag)


async def test_another_language_is_chosen_and_stays(http: httpx.AsyncClient, visits: Visits) -> None:
    page = await visits.page("/bookings", (await somebody(http))[0])
    await page.get_by_text("RU", exact=True).click()
    await expect(page.get_by_role("heading", name="Мои брони")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("heading", name="Мои брони")).to_be_visible()


async def test_the_server_answers_in_the_language_of_the_page(visits: Visits) -> None:
    page = await visits.page("/register", language="ru-RU")
    await page.get_by_label("Электронная почта").fill("a@b")
    await page.get_by_role("textbox", name="Пароль").fill("п" * 201)
    await page.get_by_role("button", name="Зарегистрироваться").click()
    await expect(page.get_by_text("пароль от 8 до 200 символов")).to_be_visible()


@pytest.mark.parametrize(("count", "words"), [(1, "1 бронь"), (2, "2 брони"), (5, "5 броней")])
async def test_russian_counts_as_russians_do(http: httpx.AsyncClient, visits: Visits, count: int, words: str) -> None:
    room = await make_room(http)
    token, headers = await somebody(http)
    for hour in range(count):
        await book(http, room, headers, f"{hour:02}:00")
    page = await visits.page("/bookings", token, language="ru-RU")
    await expect(page.get_by_text(words, exact=True)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_system_chooses_the_colours(http: httpx.AsyncClient, visits: Visits, scheme: str) -> None:
    page = await visits.page("/bookings", (await somebody(http))[0], color_scheme=scheme)
    await expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)


async def test_other_colours_are_chosen_and_stay(http: httpx.AsyncClient, visits: Visits) -> None:
    page = await visits.page("/bookings", (await somebody(http))[0], color_scheme="light")
    await page.get_by_label("Dark colours").click()
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")


@pytest.mark.parametrize("width", [390, 768, 1024, 1200, 1400])
async def test_no_page_is_wider_than_the_screen(http: httpx.AsyncClient, visits: Visits, width: int) -> None:
    await make_room(http)
    event = await make_event(http)
    await take_seat(http, event, "Somebody with a name that is rather long, and an address at example.com")
    await make_table(http)
    admin = await dummy(http, "admin")
    me = (await http.get("/me", headers=admin)).json()["user"]["id"]
    page = await visits.page("/", bearer(admin), width=width, language="ru-RU")
    more = (f"/events/{event['id']}", f"/admin/events/{event['id']}", f"/people/{me}")
    for path in (*PAGES, *ADMIN_PAGES, *more):
        await page.goto(f"/app{path}")
        await expect(page.get_by_role("heading", level=1)).to_be_attached()
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, path


CUT_ON_TIMELINES = """
() => {
  const pen = document.createElement("canvas").getContext("2d");
  const texts = [...document.querySelectorAll("main :not(h1)")]
    .filter((each) => each.children.length === 0 && each.textContent !== "")
    .filter((each) => getComputedStyle(each).overflowX !== "visible")
    .filter((each) => each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 2)
    .map((each) => each.textContent);
  const hints = [...document.querySelectorAll("main input[placeholder]")].filter((each) => {
    const style = getComputedStyle(each);
    pen.font = style.font;
    const room = each.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return pen.measureText(each.placeholder).width > room;
  });
  return [...texts, ...hints.map(({ placeholder }) => placeholder)];
}
"""


@pytest.mark.parametrize("language", ["en-GB", "ru-RU"])
@pytest.mark.parametrize("width", [1440, 390])
async def test_no_text_of_the_board_and_the_floor_is_cut(
    restaurant: str, visits: Visits, width: int, language: str
) -> None:
    visits.url = restaurant
    async with httpx.AsyncClient(base_url=restaurant, timeout=30) as http:
        token, headers = await somebody(http)
        room = await make_room(
            http, name="Большая переговорная" if width < 400 else "Большая переговорная на третьем этаже"
        )
        stretch = {"start_time": f"{DAY}T09:00:00Z", "end_time": f"{DAY}T09:45:00Z"}
        await http.post("/reservations", json={"room_id": room["id"], **stretch}, headers=headers)
        table = await make_table(http, location="Зимний сад у окна")
        await dine(http, table, f"{DAY}T18:00:00Z", headers, name="Анна Каренина")
        page = await visits.page(f"/?day={DAY}", token, width=width, language=language)
        for path in ("", "floor"):
            await page.goto(f"/app/{path}?day={DAY}")
            await expect(page.locator("[data-item]").first).to_be_attached()
            assert await page.evaluate(CUT_ON_TIMELINES) == []


async def test_a_phone_books_by_touch(http: httpx.AsyncClient, visits: Visits) -> None:
    room = await make_room(http)
    token, _ = await somebody(http)
    page = await visits.page(board(room), token, width=390, has_touch=True, is_mobile=True)
    await slot(page, room, "09:00").tap()
    await page.get_by_role("dialog").get_by_role("button", name="Book").tap()
    await expect(page.locator("[data-item]")).to_have_attribute("data-kind", "mine")


async def test_a_phone_has_the_pages_in_a_menu(http: httpx.AsyncClient, visits: Visits) -> None:
    page = await visits.page("/", (await somebody(http))[0], width=390)
    await page.get_by_role("button", name="Menu").click()
    await page.get_by_role("menuitem", name="My bookings").click()
    await expect(page.get_by_role("heading", name="My bookings")).to_be_visible()


@pytest.mark.parametrize("language", ["en-US", "ru-RU"])
async def test_an_admins_menu_on_a_phone_names_no_page_twice(
    http: httpx.AsyncClient, visits: Visits, language: str
) -> None:
    page = await visits.page("/", bearer(await dummy(http, "admin")), width=390, language=language)
    await page.get_by_role("button", name="Menu" if language == "en-US" else "Меню").click()
    await expect(page.get_by_role("menuitem")).to_have_count(9)
    names = await page.get_by_role("menuitem").all_inner_texts()
    assert len(set(names)) == len(names), names


async def test_words_of_a_page_that_is_open_change_with_the_language(http: httpx.AsyncClient, visits: Visits) -> None:
    event = await make_event(http, seats=21)
    page = await visits.page(f"/events/{event['id']}", (await somebody(http))[0])
    await expect(page.get_by_test_id("seats")).to_have_text("21 of 21 seats are left")
    await page.get_by_text("RU", exact=True).click()
    await expect(page.get_by_test_id("seats")).to_have_text("Осталось 21 место из 21")
    await page.get_by_role("link", name="Ресторан").click()
    await expect(page.get_by_role("heading", name="Столики на")).to_be_attached()


CUT = """() => {
    const shown = (each) => each.getClientRects().length > 0 && getComputedStyle(each).visibility !== "hidden";
    const texts = (each) => [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
    const found = [];
    for (const each of document.querySelectorAll("body *")) {
        const style = getComputedStyle(each);
        if (!shown(each) || each.closest("[data-timeline], svg, [role=region][tabindex='0']")) continue;
        if (each.offsetWidth <= 1 || each.offsetHeight <= 1) continue;
        const isField = each.matches("input:not([type=checkbox]):not([type=radio])");
        const cuts = style.overflowX !== "visible" || style.textOverflow === "ellipsis" || isField;
        if (isField) {
            const canvas = document.createElement("canvas").getContext("2d");
            canvas.font = style.font;
            const room = each.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
            const text = each.value || each.placeholder;
            if (canvas.measureText(text).width > room + 1) found.push(`field: ${text}`);
        } else if (cuts && texts(each) && each.scrollWidth > each.clientWidth + 1) {
            found.push(each.textContent);
        }
    }
    return found;
}"""


@pytest.mark.parametrize(("language", "width"), [("en-US", 390), ("ru-RU", 390), ("en-US", 1440), ("ru-RU", 1440)])
async def test_no_text_is_cut(http: httpx.AsyncClient, visits: Visits, language: str, width: int) -> None:
    room, event = await make_room(http, startTime="09:00", endTime="17:00"), await make_event(http)
    await make_table(http)
    me, headers = await signed_in(http)
    await take_seat(http, event, me["id"], headers=headers)
    await book(http, room, headers, "10:00")
    visitor = await visits.page("/sign-in", language=language, width=width)
    user = await visits.page("/bookings", bearer(headers), language=language, width=width)
    admin = await visits.page("/admin/rooms", bearer(await dummy(http, "admin")), language=language, width=width)
    looked = {
        visitor: ("/sign-in", "/register", f"/events/{event['id']}"),
        user: (*PAGES, f"/rooms/{room['id']}?day={DAY}", f"/events/{event['id']}", f"/people/{me['id']}"),
        admin: (*ADMIN_PAGES, f"/admin/events/{event['id']}", f"/events/{event['id']}"),
    }
    cut = []
    for page, paths in looked.items():
        for path in paths:
            await page.goto(f"/app{path}")
            await expect(page.get_by_role("heading", level=1)).to_be_attached()
            cut += [(path, text) for text in await page.evaluate(CUT)]
    assert cut == []
