"""Who may book seats for whom, see whose, and change events."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from test_events import book, made

from answers import error
from tokens import bearer

USER, OTHER = "5eaf0000-0000-4000-8000-000000000001", "5eaf0000-0000-4000-8000-000000000002"
ME, THEM = (bearer(UUID(each)) for each in (USER, OTHER))
ADMIN = bearer(role="admin")
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/api/bookings/reserve", {"json": {"event_id": 1, "user_id": USER}}),
    ("GET", "/api/bookings", {}),
    ("GET", "/api/bookings/1", {}),
    ("DELETE", "/api/bookings/1", {}),
    ("GET", "/api/events", {}),
    ("GET", "/api/events/1", {}),
    ("POST", "/api/events", {"json": {"name": "a", "total_seats": 1}}),
    ("PATCH", "/api/events/1", {"json": {}}),
    ("GET", f"/metrics/{USER}", {}),
]


@pytest.fixture
async def event(guarded: httpx.AsyncClient) -> int:
    """An event that an admin made, where tokens are needed."""
    answer = await guarded.post("/api/events", json={"name": "Опера", "total_seats": 50}, headers=ADMIN)
    return int(answer.json()["id"])


@pytest.mark.parametrize(("method", "path", "more"), CALLS)
async def test_where_tokens_are_needed_no_call_goes_without(
    guarded: httpx.AsyncClient, method: str, path: str, more: dict[str, Any]
) -> None:
    error(await guarded.request(method, path, **more), 401, "UNAUTHORIZED")


async def test_a_user_books_for_themselves_only(guarded: httpx.AsyncClient, event: int) -> None:
    error(await book(guarded, event, OTHER, headers=ME), 403, "FORBIDDEN")
    assert (await book(guarded, event, USER.upper(), headers=ME)).json()["user_id"] == USER
    assert (await book(guarded, event, OTHER, headers=ADMIN)).status_code == 201


async def test_a_user_sees_and_cancels_their_own_only(guarded: httpx.AsyncClient, event: int) -> None:
    booking = (await book(guarded, event, USER, headers=ME)).json()
    path = f"/api/bookings/{booking['id']}"
    for method in ("GET", "DELETE"):
        error(await guarded.request(method, path, headers=THEM), 403, "FORBIDDEN")
    assert (await guarded.get(path, headers=ME)).json() == booking
    assert (await guarded.get(path, headers=ADMIN)).json() == booking
    assert (await guarded.delete(path, headers=ME)).status_code == 204


async def test_an_admin_cancels_anybodys(guarded: httpx.AsyncClient, event: int) -> None:
    booking = (await book(guarded, event, USER, headers=ME)).json()
    assert (await guarded.delete(f"/api/bookings/{booking['id']}", headers=ADMIN)).status_code == 204


async def test_a_user_lists_their_own_only(guarded: httpx.AsyncClient, event: int) -> None:
    await book(guarded, event, USER, headers=ME)
    await book(guarded, event, OTHER, headers=THEM)
    for query in ({"event_id": event}, {"event_id": event, "user_id": USER}, {}):
        found = (await guarded.get("/api/bookings", params=query, headers=ME)).json()["items"]
        assert {each["user_id"] for each in found} == {USER}
    error(await guarded.get("/api/bookings", params={"user_id": OTHER}, headers=ME), 403, "FORBIDDEN")
    everybody = (await guarded.get("/api/bookings", params={"event_id": event}, headers=ADMIN)).json()["items"]
    assert {each["user_id"] for each in everybody} == {USER, OTHER}


async def test_statistics_are_for_their_person_and_admins(guarded: httpx.AsyncClient) -> None:
    for who, status in ((ME, 200), (ADMIN, 200), (THEM, 403)):
        assert (await guarded.get(f"/metrics/{USER}", headers=who)).status_code == status


async def test_events_are_made_and_changed_by_admins(guarded: httpx.AsyncClient, event: int) -> None:
    error(await guarded.post("/api/events", json={"name": "a", "total_seats": 1}, headers=ME), 403, "FORBIDDEN")
    error(await guarded.patch(f"/api/events/{event}", json={"name": "a"}, headers=ME), 403, "FORBIDDEN")
    assert (await guarded.patch(f"/api/events/{event}", json={"name": "a"}, headers=ADMIN)).status_code == 200


async def test_in_the_open_anybody_books_for_anybody(http: httpx.AsyncClient) -> None:
    event = await made(http)
    assert (await book(http, event, OTHER, headers=ME)).status_code == 201
    assert (await book(http, event, "somebody", headers=ME)).status_code == 201
    assert (await http.get(f"/metrics/{OTHER}", headers=ME)).status_code == 200


async def test_in_the_open_a_token_cancels_its_own_and_what_is_made_out_to_a_name(http: httpx.AsyncClient) -> None:
    event = await made(http)
    mine, theirs, somebodys = [(await book(http, event, who)).json()["id"] for who in (USER, OTHER, "somebody")]
    error(await http.delete(f"/api/bookings/{theirs}", headers=ME), 403, "FORBIDDEN")
    assert (await http.delete(f"/api/bookings/{mine}", headers=ME)).status_code == 204
    assert (await http.delete(f"/api/bookings/{somebodys}", headers=ME)).status_code == 204
    assert (await http.delete(f"/api/bookings/{theirs}")).status_code == 204
