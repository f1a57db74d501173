"""A kind of places is added in one file: boats, which are reserved, listed, moved and cancelled as all others are."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from msgspec import Struct

from answers import error, faults
from holdfast.accounts.roles import Caller
from holdfast.clock import utc_now
from holdfast.database.connections import Connection
from holdfast.engine.claims import Place, Reservation
from holdfast.engine.demands import Proposal
from holdfast.errors import HoldfastError, NotFound, TimeConflict
from holdfast.http import fields
from holdfast.http.fields import Key, Timestamp
from holdfast.kinds import KINDS
from holdfast.reservations import requests
from holdfast.reservations.bodies import HeldBody, HoldSeconds
from holdfast.reservations.kind import PlaceKind, ReservationRequest
from holdfast.reservations.kinds import Kinds
from inprocess import running
from rooms import hour, some_room

FLEET = {"swan": "The white one", "heron": "The grey one"}


class NewTrip(Struct):
    """Which boat, who steers it, and from when until when."""

    boat_id: Key
    skipper: Key
    start_time: Timestamp
    end_time: Timestamp
    hold_seconds: HoldSeconds | None = None


class TripBody(HeldBody):
    """A trip."""

    id: UUID
    boat_id: str
    skipper: str
    start_time: datetime
    end_time: datetime


class Fleet:
    """The boats that there are."""

    is_strict = False

    def may_have(self, place: Place) -> bool:
        return True

    def asks(self, place: Place, caller: Caller, before: Reservation | None) -> bool:
        return before is None or before.place != place

    def refusal(self, caller: Caller, *, is_made: bool) -> HoldfastError | None:
        return None if is_made else NotFound()

    async def find(self, connection: Connection, ids: Sequence[str]) -> Mapping[str, str]:
        return {boat: FLEET[boat] for boat in ids if boat in FLEET}


class Anchored:
    """No boat leaves with a skipper called Ahab."""

    facts = "SELECT '{}'::json"

    def concerns(self, proposal: Proposal) -> bool:
        return True

    def against(self, facts: str | None, proposal: Proposal, now: datetime) -> HoldfastError | None:
        return TimeConflict() if (proposal.details or {}).get("skipper") == "ahab" else None


class BoatKind(PlaceKind):
    """Boats."""

    name = "boat"
    new = NewTrip
    body = TripBody
    closed = NotFound
    types = ("trip",)
    register = Fleet()
    demand = Anchored()

    def place_of(self, value: str) -> Place:
        return Place("boat", value)

    def named(self, text: str) -> Place:
        return Place("boat", fields.name("boat_id", text))

    def wish(self, data: NewTrip) -> ReservationRequest:
        interval = requests.interval(data.start_time, data.end_time)
        return ReservationRequest(Place("boat", data.boat_id), interval, data.hold_seconds, {"skipper": data.skipper})

    def shown(self, reservation: Reservation, *, sees: bool) -> TripBody:
        skipper = str((reservation.details or {})["skipper"])
        body = TripBody(reservation.id, reservation.place.id, skipper, reservation.start, reservation.end)
        body.show_hold(reservation, sees=sees)
        return body

    def is_readable(self, reservation: Reservation) -> bool:
        return reservation.details is not None


@pytest.fixture
async def http(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service that has boats, too."""
    kinds = Kinds(*KINDS.reserved, BoatKind(), words="What sort of place it is.")
    async with running(database_url, utc_now, kinds=kinds) as client:
        yield client


async def trip(http: httpx.AsyncClient, boat: str, start: float, **more: Any) -> httpx.Response:
    """Asks for a boat, for an hour."""
    times = {"start_time": hour(start).isoformat(), "end_time": hour(start + 1).isoformat()}
    return await http.post("/reservations", json={"boat_id": boat, "skipper": "joan", **times, **more})


async def test_a_boat_is_reserved_once(http: httpx.AsyncClient) -> None:
    made = await trip(http, "swan", 10)
    assert made.status_code == 201
    assert made.json() | {"id": ""} == {
        "id": "",
        "boat_id": "swan",
        "skipper": "joan",
        "start_time": "2030-05-01T10:00:00Z",
        "end_time": "2030-05-01T11:00:00Z",
    }
    error(await trip(http, "swan", 10.5), 409, "TIME_CONFLICT")


async def test_a_boat_is_listed_and_found(http: httpx.AsyncClient) -> None:
    made = (await trip(http, "swan", 12)).json()
    listed = (await http.get("/reservations", params={"boat_id": "swan", "from": hour(12).isoformat()})).json()
    assert made in listed["items"]
    assert (await http.get(f"/reservations/by-id/{made['id']}")).json() == made
    places = (await http.get("/places", params={"limit": 500})).json()["items"]
    assert [each["name"] for each in places if each["kind"] == "boat" and each["id"] == "swan"] == [FLEET["swan"]]


async def test_a_boat_is_moved_and_cancelled(http: httpx.AsyncClient) -> None:
    made = (await trip(http, "swan", 14)).json()
    path = f"/reservations/{made['id']}"
    moved = await http.patch(path, json={"boat_id": "heron", "end_time": hour(16).isoformat()})
    assert moved.json() == made | {"boat_id": "heron", "end_time": "2030-05-01T16:00:00Z"}
    assert (await trip(http, "swan", 14)).status_code == 201
    assert (await http.delete(path)).status_code == 204
    assert (await trip(http, "heron", 15)).status_code == 201


async def test_a_boat_is_held_and_confirmed(http: httpx.AsyncClient) -> None:
    held = (await trip(http, "heron", 18, hold_seconds=60)).json()
    assert held["state"] == "held"
    headers = {"Hold-Secret": held["hold_secret"]}
    confirmed = await http.post(f"/reservations/{held['id']}/confirm", headers=headers)
    assert confirmed.json()["state"] == "confirmed"


async def test_its_register_and_its_demand_are_asked(http: httpx.AsyncClient) -> None:
    error(await trip(http, "titanic", 10), 404, "NOT_FOUND")
    error(await trip(http, "swan", 20, skipper="ahab"), 409, "TIME_CONFLICT")
    made = (await trip(http, "swan", 20)).json()
    error(await http.patch(f"/reservations/{made['id']}", json={"boat_id": "titanic"}), 404, "NOT_FOUND")


async def test_a_place_is_of_one_kind(http: httpx.AsyncClient) -> None:
    assert faults(await trip(http, "swan", 22, room_id=some_room())) == {"room_id", "boat_id"}
    made = (await trip(http, "swan", 22)).json()
    moved = await http.patch(f"/reservations/{made['id']}", json={"room_id": some_room()})
    assert faults(moved) == {"room_id"}
    both = await http.get("/reservations", params={"boat_id": "swan", "table_id": "1"})
    assert faults(both) == {"boat_id", "table_id"}


async def test_a_boat_is_told_of_and_named_as_all_places_are(
    http: httpx.AsyncClient, connection: "asyncpg.Connection"
) -> None:
    made = (await trip(http, "heron", 22)).json()
    told = await connection.fetchval("SELECT data::text FROM outbox WHERE data ->> 'id' = $1", made["id"])
    assert '"boat_id": "heron"' in told
    assert "boat" not in KINDS.names
