"""No page has a serious or critical violation that axe can find: in both languages, wide and narrow, light and dark."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from browsing import DAY, Visits, bearer, board, book, item, make_room, slot, somebody
from playwright.async_api import Page, expect

from people import dummy

AXE = (Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
LOOKS = [
    pytest.param(language, width, scheme, id=f"{language}-{width}-{scheme}")
    for language in ("ru-RU", "en-US")
    for width in (390, 1400)
    for scheme in ("light", "dark")
]
pytestmark = pytest.mark.parametrize(("language", "width", "scheme"), LOOKS)


async def violations(page: Page) -> list[tuple[str, str, Any]]:
    """What axe finds that is serious or worse, and where."""
    # The page's policy lets no script in; a test may bring its own all the same.
    await page.evaluate(AXE)
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
