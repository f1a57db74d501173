"""What a page does while the service is away."""

from browsing import Visits
from playwright.async_api import expect

from service import Service

AWAY = "The connection is lost"


async def test_a_page_survives_a_restart_and_is_read_only_meanwhile(visits: Visits, own_service: Service) -> None:
    visits.url = own_service.url
    visits.expected += [
        "ERR_CONNECTION_REFUSED",
        "ERR_EMPTY_RESPONSE",
        "ERR_CONNECTION_RESET",
        "ERR_INCOMPLETE_CHUNKED",
    ]
    page = await visits.page("/")
    await page.get_by_role("button", name="User").click()
    await page.get_by_role("button", name="Reserve").click()
    await page.get_by_label("Name").fill("kitchen")
    await page.get_by_role("dialog").get_by_role("button", name="Reserve").click()
    await expect(page.locator("[data-item]")).to_have_count(1)
    own_service.stop()
    await expect(page.get_by_text(AWAY)).to_be_visible()
    await expect(page.get_by_role("button", name="Reserve")).to_have_count(0)
    await expect(page.locator("[data-drag-slot-index]")).to_have_count(0)
    await expect(page.locator("[data-item]")).to_have_count(1)
    own_service.start()
    await expect(page.get_by_text(AWAY)).to_have_count(0)
    await page.get_by_role("button", name="Reserve").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
