"""No page has a serious or critical violation that axe can find: in both languages, wide and narrow, light and dark."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from browsing import (
    DAY,
    Visits,
    bearer,
    board,
    book,
    dine,
    item,
    make_event,
    make_room,
    make_table,
    slot,
    somebody,
    take_seat,
)
from playwright.async_api import Page, expect

from people import dummy, signed_in

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
"""Not before the app is built: in a fresh clone it comes with the app's packages."""
LOOKS = [
    pytest.param(language, width, scheme, id=f"{language}-{width}-{scheme}")
    for language, width, scheme in (
        ("ru-RU", 390, "light"),
        ("ru-RU", 1400, "dark"),
        ("en-US", 390, "dark"),
        ("en-US", 1400, "light"),
    )
]
"""Each language is seen at each width and in each scheme, and each width in each scheme."""
pytestmark = pytest.mark.parametrize(("language", "width", "scheme"), LOOKS)


async def violations(page: Page) -> list[tuple[str, str, Any]]:
    """What axe finds that is serious or worse, and where."""
    # The page's policy lets no script in; a test may bring its own all the same.
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        (page.url, violation["id"], [node["html"][:150] for node in violation["nodes"]][:3])
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
    ]


async def settled(page: Page, path: str) -> None:
    await page.goto(f"/app{path}")
    await expect(page.get_by_role("heading", level=1)).to_be_attached()
    await page.wait_for_load_state("load")


async def test_pages_of_users(http: httpx.AsyncClient, visits: Visits, language: str, width: int, scheme: str) -> None:
    room = await make_room(http, startTime="09:00", endTime="17:00")
    token, headers = await somebody(http)
    _, other = await somebody(http)
    await book(http, room, headers, "10:00")
    await book(http, room, other, "11:00")
    page = await visits.page("/", token, language=language, width=width, color_scheme=scheme, reduced_motion="reduce")
    found = []
    for path in (board(room), "/rooms", f"/rooms/{room['id']}?day={DAY}", "/bookings", "/password", "/nowhere"):
        if path == "/nowhere":
            await page.goto("/app/nowhere")
            await expect(page.locator("#main")).to_be_visible()
        else:
            await settled(page, path)
        found += await violations(page)
    await settled(page, board(room))
    await slot(page, room, "12:00").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    found += await violations(page)
    await page.keyboard.press("Escape")
    await item(page, "10:00").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    found += await violations(page)
    assert found == []


async def test_pages_of_admins(http: httpx.AsyncClient, visits: Visits, language: str, width: int, scheme: str) -> None:
    await make_room(http)
    token = bearer(await dummy(http, "admin"))
    page = await visits.page("/", token, language=language, width=width, color_scheme=scheme, reduced_motion="reduce")
    found = []
    for path in ("/admin/rooms", "/admin/bookings", "/admin/users"):
        await settled(page, path)
        found += await violations(page)
    await page.goto("/app/admin/rooms")
    await page.get_by_role("button").filter(has_text="New room" if language == "en-US" else "Новая").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    found += await violations(page)
    assert found == []


async def test_pages_before_signing_in(visits: Visits, language: str, width: int, scheme: str) -> None:
    page = await visits.page("/sign-in", language=language, width=width, color_scheme=scheme, reduced_motion="reduce")
    found = []
    for path in ("/sign-in", "/register"):
        await settled(page, path)
        found += await violations(page)
    assert found == []


async def test_pages_of_the_club(
    http: httpx.AsyncClient, visits: Visits, language: str, width: int, scheme: str
) -> None:
    mine, full, free = await make_event(http), await make_event(http, 1), await make_event(http)
    me, headers = await signed_in(http)
    await take_seat(http, mine, me["id"], headers=headers)
    await take_seat(http, full, "anna")
    looks = {"language": language, "width": width, "color_scheme": scheme, "reduced_motion": "reduce"}
    page = await visits.page("/events", bearer(headers), **looks)
    found = []
    for path in ("/events", *(f"/events/{each['id']}" for each in (mine, full, free)), f"/people/{me['id']}"):
        await settled(page, path)
        found += await violations(page)
    visitor = await visits.page("/events", **looks)
    for path in ("/events", f"/events/{free['id']}"):
        await settled(visitor, path)
        found += await violations(visitor)
    admin = await visits.page("/events", bearer(await dummy(http, "admin")), **looks)
    for path in ("/events", f"/admin/events/{mine['id']}", f"/events/{mine['id']}"):
        await settled(admin, path)
        found += await violations(admin)
    await admin.get_by_role("button", name="Change" if language == "en-US" else "Изменить").click()
    await expect(admin.get_by_role("dialog")).to_be_visible()
    found += await violations(admin)
    assert found == []


async def test_pages_of_the_restaurant(
    http: httpx.AsyncClient, visits: Visits, language: str, width: int, scheme: str
) -> None:
    # One of two stays free, so that there is something to offer.
    table, _, day = await make_table(http), await make_table(http), "2031-05-01"
    token, headers = await somebody(http)
    _, other = await somebody(http)
    await dine(http, table, f"{day}T{width // 60:02}:00:00Z", headers, name=f"Own {language} {scheme}")
    await dine(http, table, f"{day}T{width // 60 - 3:02}:00:00Z", other, name=f"Other {language} {scheme}")
    page = await visits.page("/", token, language=language, width=width, color_scheme=scheme, reduced_motion="reduce")
    await settled(page, f"/floor?day={day}")
    await expect(page.get_by_text(f"Own {language} {scheme}").first).to_be_attached()
    found = await violations(page)
    await page.get_by_role("button", name="New reservation" if language == "en-US" else "Новая бронь").click()
    await expect(page.get_by_role("radio").first).to_be_visible()
    found += await violations(page)
    await page.keyboard.press("Escape")
    await page.get_by_role("listitem").get_by_role("button").first.click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    found += await violations(page)
    admin = await visits.page(
        "/", bearer(await dummy(http, "admin")), language=language, width=width, color_scheme=scheme
    )
    await settled(admin, "/admin/tables")
    await expect(admin.get_by_role("group").first).to_be_visible()
    found += await violations(admin)
    assert found == []
