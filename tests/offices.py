"""What tests of the rooms contract do again and again: rooms with schedules, slots, bookings."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from rooms import DAY
from tokens import bearer

EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]
DATE = DAY.date()
"""The day that tests share, a Wednesday."""
LATER = DAY + timedelta(days=7_300)
"""When the tokens end: after whatever a test's clock may say."""


def admin(owner: UUID | None = None, **claims: Any) -> dict[str, str]:
    """The header of some admin, or of this one."""
    return bearer(owner, **{"role": "admin", "exp": LATER} | claims)


def user(owner: UUID | None = None, **claims: Any) -> dict[str, str]:
    """The header of some user, or of this one."""
    return bearer(owner, **{"exp": LATER} | claims)


async def made_room(http: httpx.AsyncClient, **fields: Any) -> str:
    """The id of a new room without a schedule."""
    answer = await http.post("/rooms/create", json={"name": "Blue"} | fields, headers=admin())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["room"]["id"])


async def schedule(
    http: httpx.AsyncClient, room: str, start: str = "09:00", end: str = "12:00", days: list[int] | None = None
) -> httpx.Response:
    """The answer to an admin who gives a room its schedule."""
    content = {"daysOfWeek": days or EVERY_DAY, "startTime": start, "endTime": end}
    return await http.post(f"/rooms/{room}/schedule/create", json=content, headers=admin())


async def open_room(
    http: httpx.AsyncClient, start: str = "09:00", end: str = "12:00", days: list[int] | None = None
) -> str:
    """The id of a new room that is open from nine to twelve every day, unless told otherwise."""
    room = await made_room(http)
    answer = await schedule(http, room, start, end, days)
    assert answer.status_code == 201, answer.text
    return room


async def ask_slots(
    http: httpx.AsyncClient, room: str, day: date | str = DATE, headers: dict[str, str] | None = None
) -> httpx.Response:
    """The answer to somebody who asks for a day's free slots."""
    return await http.get(f"/rooms/{room}/slots/list", params={"date": str(day)}, headers=headers or user())


async def free_slots(http: httpx.AsyncClient, room: str, day: date = DATE) -> list[dict[str, Any]]:
    """A day's free slots."""
    answer = await ask_slots(http, room, day)
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"slots"}
    return list(answer.json()["slots"])


async def starts(http: httpx.AsyncClient, room: str, day: date = DATE) -> list[str]:
    """When a day's free slots begin, as `HH:MM`."""
    return [each["start"][11:16] for each in await free_slots(http, room, day)]


async def book(http: httpx.AsyncClient, slot: str, headers: dict[str, str], **more: Any) -> httpx.Response:
    """The answer to somebody who books a slot; `more` goes into the body."""
    return await http.post("/bookings/create", json={"slotId": slot} | more, headers=headers)


async def booked(http: httpx.AsyncClient, slot: str, headers: dict[str, str], **more: Any) -> dict[str, Any]:
    """A booking that was made."""
    answer = await book(http, slot, headers, **more)
    assert answer.status_code == 201, answer.text
    assert answer.json().keys() == {"booking"}
    return dict(answer.json()["booking"])


async def cancel(http: httpx.AsyncClient, booking: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
    """The answer to somebody who cancels a booking."""
    return await http.post(f"/bookings/{booking['id']}/cancel", headers=headers)


async def my_bookings(http: httpx.AsyncClient, headers: dict[str, str]) -> list[dict[str, Any]]:
    """A user's own bookings."""
    answer = await http.get("/bookings/my", headers=headers)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["bookings"])


async def forget_key(connection: "asyncpg.Connection", booking: dict[str, Any]) -> None:
    """Forget the idempotency key that made a booking, as is done after a day."""
    done = await connection.execute(
        "DELETE FROM idempotency_keys WHERE position($1 IN answer) > 0", booking["id"].encode()
    )
    assert done == "DELETE 1"


def at(hour: float, day: date = DATE) -> str:
    """A moment of a day, in hours from midnight."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=DAY.tzinfo)
    return (midnight + timedelta(hours=hour)).isoformat()


def stretch(room: str, start: float, end: float) -> dict[str, Any]:
    """A request for a room at `/reservations`, in hours of the day that tests share."""
    return {"room_id": room, "start_time": at(start), "end_time": at(end)}
