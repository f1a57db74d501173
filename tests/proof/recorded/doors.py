"""The doors to a place, and what goes over the wire through each: rooms, tables, half hours of managed rooms."""

import json
from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

import httpx

from holdfast.rooms.slots import slot_id
from offices import admin, user
from proof.recorded.history import Stretch
from rooms import DAY

QUARTER = timedelta(minutes=15)
TABLE = "table:"
HOURS = {"daysOfWeek": [1, 2, 3, 4, 5, 6, 7], "startTime": "00:00", "endTime": "23:30"}


class Wire(NamedTuple):
    """One request."""

    method: str
    path: str
    content: bytes | None
    headers: dict[str, str]


class Passing:
    """Places that are open for a moment only: those that are fought for now, and all that ever were."""

    def __init__(self) -> None:
        self.now: deque[str] = deque(maxlen=4)
        self.ever: list[str] = []

    def add(self, place: str) -> None:
        """Have clients fight for a place."""
        self.ever.append(place)
        self.now.append(place)


class Places(NamedTuple):
    """What the clients of a run fight for, by kind, and the headers of an admin and of a user."""

    rooms: Sequence[str]
    tables: Sequence[str]
    managed: Sequence[str]
    admin: dict[str, str]
    user: dict[str, str]
    passing: Passing

    @property
    def all(self) -> list[str]:
        """Every place, as the history calls it."""
        return [*self.rooms, *self.tables, *self.managed]

    def alike(self, place: str) -> Sequence[str]:
        """The places to which a reservation of this one may be moved: none for managed rooms, which have rules."""
        if place in self.managed:
            return ()
        # What is about to be closed is moved to as well, though not within managed rooms.
        passing = [each for each in tuple(self.passing.now) if each.startswith(TABLE) == place.startswith(TABLE)]
        return [*(self.tables if place.startswith(TABLE) else self.rooms), *passing]

    def through_slots(self, place: str, stretch: Stretch) -> bool:
        """Whether the place has a slot that is this stretch."""
        return place in self.managed and stretch.start % 2 == 0 and stretch.end == stretch.start + 2

    def create(self, place: str, stretch: Stretch, *, by_slot: bool = False, hold_seconds: int | None = None) -> Wire:
        """Reserve it. The same wish has the same bytes and the same caller, as keys demand; an admin books no slots."""
        held = {} if hold_seconds is None else {"hold_seconds": hold_seconds}
        if by_slot:
            slot = slot_id(UUID(place), DAY + stretch.start * QUARTER)
            return Wire("POST", "/bookings/create", _json({"slotId": str(slot)}), self.user)
        start, end = _times(stretch)
        if place.startswith(TABLE):
            minutes = (stretch.end - stretch.start) * 15
            wanted = {"table_id": _number(place), "customer_name": "Anna", "reservation_time": start}
            return Wire("POST", "/reservations", _json(wanted | held | {"duration_minutes": minutes}), self.user)
        wanted = {"room_id": place, "start_time": start, "end_time": end}
        return Wire("POST", "/reservations", _json(wanted | held), self.user)

    def move(self, reservation_id: str, place: str, stretch: Stretch) -> Wire:
        """Move a reservation."""
        start, end = _times(stretch)
        where = {"table_id": _number(place)} if place.startswith(TABLE) else {"room_id": place}
        content = _json(where | {"start_time": start, "end_time": end})
        return Wire("PATCH", f"/reservations/{reservation_id}", content, self.admin)

    def confirm(self, reservation_id: str) -> Wire:
        """Confirm a hold."""
        return Wire("POST", f"/reservations/{reservation_id}/confirm", b"{}", self.admin)

    def cancel(self, reservation_id: str) -> Wire:
        """Cancel a reservation, or a booking through the other door."""
        return Wire("DELETE", f"/reservations/{reservation_id}", None, self.admin)

    def list(self, place: str) -> Wire:
        """What a place is reserved for."""
        if place.startswith(TABLE):
            return Wire("GET", f"/reservations?limit=500&table_id={_number(place)}", None, self.admin)
        return Wire("GET", f"/reservations/{place}", None, self.admin)


def open_places(url: str, rooms: int, tables: int, managed: int) -> Places:
    """Make so many of each; rooms are made by naming them."""
    some_admin, some_user = admin(), user()
    with httpx.Client(base_url=url, timeout=30) as http:
        made = [_made(http, "/tables", {"name": "a", "seats": 4, "location": "b"}, some_admin) for _ in range(tables)]
        offices = [_made(http, "/rooms/create", {"name": "c"}, some_admin)["room"] for _ in range(managed)]
        for office in offices:
            _made(http, f"/rooms/{office['id']}/schedule/create", HOURS, some_admin)
            # A slot can be booked once somebody has seen it.
            seen = http.get(f"/rooms/{office['id']}/slots/list?date={DAY.date()}", headers=some_user)
            assert seen.status_code == 200, seen.text
    return Places(
        [f"recorded-{uuid4()}" for _ in range(rooms)],
        [f"{TABLE}{each['id']}" for each in made],
        [str(office["id"]) for office in offices],
        some_admin,
        some_user,
        Passing(),
    )


def _made(http: httpx.Client, path: str, content: object, headers: dict[str, str]) -> dict[str, dict[str, str]]:
    answer = http.post(path, json=content, headers=headers)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def _times(stretch: Stretch) -> tuple[str, str]:
    start, end = (DAY + number * QUARTER for number in stretch)
    return start.isoformat(), end.isoformat()


def _number(place: str) -> int:
    return int(place.removeprefix(TABLE))


def _json(content: object) -> bytes:
    return json.dumps(content).encode()
