"""What browser tests do again and again: visit a page as somebody, make an office, look for things on the board."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page

from people import dummy, signed_in

# A refused request is an answer; the browser tells of it in its console all the same.
REFUSALS = r"Failed to load resource: the server responded with a status of (4\d\d|503)"
DAY = "2030-05-01"
"""A Wednesday, which no test's clock reaches."""
SECONDS_MAX = 60
"""How long a browser may take for anything, however many others share the machine. Nothing waits for so long."""


class Visits:
    """Browser windows of several people, and what their consoles say."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self.url = url
        self.console: list[str] = []
        self.expected = [REFUSALS]
        self._contexts: list[BrowserContext] = []

    async def page(self, path: str, token: str | None = None, **options: Any) -> Page:
        """A new window of a new person, on a page of the app; the options are those of `window`."""
        page = await self.window(token, **options)
        await page.goto(f"/app{path}")
        return page

    async def window(
        self,
        token: str | None = None,
        *,
        language: str = "en-US",
        zone: str = "UTC",
        width: int = 1400,
        **options: Any,
    ) -> Page:
        """A new window of a new person that shows nothing yet: its clock and its routes are set before the app runs."""
        context = await self._browser.new_context(
            base_url=self.url,
            locale=language,
            timezone_id=zone,
            viewport={"width": width, "height": 900},
            **options,
        )
        self._contexts.append(context)
        context.set_default_timeout(SECONDS_MAX * 1000)
        if token is not None:
            await context.add_init_script(
                "if (!sessionStorage.getItem('visited')) {"
                f"localStorage.setItem('holdfast.token', '{token}'); sessionStorage.setItem('visited', '1'); }}"
            )
        page = await context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.console.append(message.text)

    async def close(self) -> None:
        for context in self._contexts:
            await context.close()


def bearer(headers: dict[str, str]) -> str:
    """The token of a header."""
    return headers["Authorization"].removeprefix("Bearer ")


async def somebody(http: httpx.AsyncClient) -> tuple[str, dict[str, str]]:
    """The token of a new user, and the header with it."""
    _, headers = await signed_in(http)
    return bearer(headers), headers


async def make_room(http: httpx.AsyncClient, *, name: str = "", **hours: Any) -> dict[str, Any]:
    """A managed room, open around the clock unless `hours` say otherwise."""
    admin = await dummy(http, "admin")
    fields = {"name": name or f"Room {uuid4().hex[:12]}", "capacity": 8}
    room = (await http.post("/rooms/create", json=fields, headers=admin)).json()["room"]
    body = {"daysOfWeek": [1, 2, 3, 4, 5, 6, 7], "startTime": "00:00", "endTime": "23:59"} | hours
    made = await http.post(f"/rooms/{room['id']}/schedule/create", json=body, headers=admin)
    assert made.status_code == 201, made.text
    return dict(room)


async def book(http: httpx.AsyncClient, room: dict[str, Any], headers: dict[str, str], at: str) -> dict[str, Any]:
    """Book the half hour of the day that begins at `at`, in UTC."""
    listed = await http.get(f"/rooms/{room['id']}/slots/list", params={"date": DAY}, headers=headers)
    slot = next(each for each in listed.json()["slots"] if each["start"] == f"{DAY}T{at}:00Z")
    answer = await http.post("/bookings/create", json={"slotId": slot["id"]}, headers=headers)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["booking"])


async def make_event(http: httpx.AsyncClient, seats: int = 10) -> dict[str, Any]:
    """An event with a name of its own."""
    body = {"name": f"Jazz {uuid4().hex[:12]}", "total_seats": seats}
    made = await http.post("/api/events", json=body, headers=await dummy(http, "admin"))
    assert made.status_code == 201, made.text
    return dict(made.json())


async def take_seat(http: httpx.AsyncClient, event: dict[str, Any], person: str, **options: Any) -> int:
    """The id of a booking that somebody has at an event."""
    body = {"event_id": event["id"], "user_id": person}
    answer = await http.post("/api/bookings/reserve", json=body, **options)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def make_table(http: httpx.AsyncClient, seats: int = 4, location: str = "Hall") -> dict[str, Any]:
    """A table with a name of its own."""
    body = {"name": f"Table {uuid4().hex[:8]}", "seats": seats, "location": location}
    made = await http.post("/tables", json=body, headers=await dummy(http, "admin"))
    assert made.status_code == 201, made.text
    return dict(made.json())


async def dine(
    http: httpx.AsyncClient,
    table: dict[str, Any],
    at: str,
    headers: dict[str, str],
    *,
    name: str = "Anna",
    party: int = 2,
) -> str:
    """The id of a table's reservation of an hour and a half, from a moment in UTC on."""
    body = {"table_id": table["id"], "customer_name": name, "reservation_time": at, "duration_minutes": 90}
    answer = await http.post("/reservations", json=body | {"party_size": party}, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def board(room: dict[str, Any], day: str = DAY) -> str:
    """The board's address, narrowed to one room."""
    return f"/?day={day}&q={room['name'].replace(' ', '+')}"


def slot(page: Page, room: dict[str, Any], at: str, day: str = DAY) -> Locator:
    """A half hour on the board, by the viewer's clock."""
    return page.locator(f"[data-day='{day}']").get_by_label(f"{room['name']}, {at}–")


def item(page: Page, at: str) -> Locator:
    """What is held on the board from a time on, by the viewer's clock."""
    return page.locator(f"[data-item][aria-label^='{at}–']")


def in_days(days: int) -> str:
    """A day from now on, in UTC."""
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%d")
