"""The moment an event goes on sale: hundreds listen while it sells out, and a page that watches stays smooth."""

import asyncio
from contextlib import AsyncExitStack

import httpx
from browsing import Visits, make_event, somebody, take_seat
from playwright.async_api import expect

from listening import Listening, listening
from service import Service

LISTENERS = 500
SEATS = 300
FRAME_MILLISECONDS_MAX = 400
"""As others work on the machine, too; prints what it was."""
FRAMES = """
window.frames_seen = [];
window.tasks_seen = [];
let last = performance.now();
const next = (now) => { window.frames_seen.push(now - last); last = now; requestAnimationFrame(next); };
requestAnimationFrame(next);
new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => window.tasks_seen.push(duration)))
  .observe({ type: "longtask" });
"""


async def test_five_hundred_watch_an_event_sell_out(http: httpx.AsyncClient, service: Service, visits: Visits) -> None:
    event = await make_event(http, SEATS)
    page = await visits.page(f"/events/{event['id']}", (await somebody(http))[0])
    await expect(page.get_by_test_id("seats")).to_have_text(f"{SEATS} of {SEATS} seats are left")
    async with crowd(service.url, event["id"]) as listeners:
        await page.evaluate(FRAMES)
        heard = asyncio.gather(*(count(listener) for listener in listeners))
        await sell_out(http, event)
        assert await heard == [SEATS] * LISTENERS
        await expect(page.get_by_text("Sold out")).to_be_visible()
    frames = await page.evaluate("window.frames_seen")
    tasks = await page.evaluate("window.tasks_seen")
    late = sum(each > 50 for each in frames) / len(frames)
    print(
        f"\n {LISTENERS} listeners each heard of {SEATS} seats; of {len(frames)} frames the longest took"
        f" {max(frames):.0f} ms, {late:.1%} more than 50 ms; {len(tasks)} long tasks, {max(tasks, default=0):.0f} ms"
    )
    assert max(frames) <= FRAME_MILLISECONDS_MAX


def crowd(url: str, event_id: int) -> "Crowd":
    return Crowd(url, event_id)


class Crowd:
    """Hundreds of listeners, each with a connection of its own."""

    def __init__(self, url: str, event_id: int) -> None:
        self._url = url
        self._place = f"event:{event_id}"
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> list[Listening]:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        client = httpx.AsyncClient(base_url=self._url, timeout=60, limits=limits, verify=False)
        await self._stack.enter_async_context(client)
        return [await self._stack.enter_async_context(listening(client, place=self._place)) for _ in range(LISTENERS)]

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()


async def count(listener: Listening) -> int:
    """How many seats a listener hears of until all are sold."""
    events = await listener.take(SEATS)
    return sum(event.type == "booking.created" for event in events)


async def sell_out(http: httpx.AsyncClient, event: dict[str, object]) -> None:
    """Sell every seat within some seconds, ten at once."""
    people = iter(range(SEATS))

    async def buy() -> None:
        for person in people:
            await take_seat(http, event, f"person {person}")

    await asyncio.gather(*(buy() for _ in range(10)))
