"""Who may call what of the rooms contract, and in which order requests are checked."""

from typing import Any

import httpx
import pytest

from answers import NOBODYS_ID, error
from offices import admin, user
from tokens import token

ROOM = f"/rooms/{NOBODYS_ID}"
HOURS = {"daysOfWeek": [1], "startTime": "09:00", "endTime": "10:00"}
CALLS: list[tuple[str, str, dict[str, Any], set[str]]] = [
    ("GET", "/rooms/list", {}, {"admin", "user"}),
    ("POST", "/rooms/create", {"json": {"name": "Blue"}}, {"admin"}),
    ("POST", f"{ROOM}/schedule/create", {"json": HOURS}, {"admin"}),
    ("POST", f"{ROOM}/retire", {}, {"admin"}),
    ("GET", f"{ROOM}/slots/list?date=2030-05-01", {}, {"admin", "user"}),
    ("POST", "/bookings/create", {"json": {"slotId": NOBODYS_ID}}, {"user"}),
    ("POST", "/bookings/create?x=1", {"json": {"slotId": NOBODYS_ID}}, {"user"}),
    ("GET", "/bookings/list", {}, {"admin"}),
    ("GET", "/bookings/my", {}, {"user"}),
    ("POST", f"/bookings/{NOBODYS_ID}/cancel", {}, {"user"}),
]
every_call = pytest.mark.parametrize(
    ("method", "path", "more", "roles"),
    CALLS,
    ids=[f"{method} {path.replace(NOBODYS_ID, 'id')}" for method, path, _, _ in CALLS],
)
WRONG: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/rooms/create", {"content": b"{"}),
    ("POST", "/rooms/7/schedule/create", {"content": b"{"}),
    ("POST", "/rooms/7/retire", {}),
    ("GET", "/rooms/7/slots/list", {}),
    ("POST", "/bookings/create", {"content": b"{"}),
    ("POST", "/bookings/create?x=1", {"content": b"{"}),
    ("GET", "/bookings/list?page=0", {}),
    ("POST", "/bookings/7/cancel", {}),
]


@every_call
async def test_no_call_goes_without_a_token_in_either_mode(
    http: httpx.AsyncClient, guarded: httpx.AsyncClient, method: str, path: str, more: Any, roles: set[str]
) -> None:
    for client in (http, guarded):
        answer = await client.request(method, path, **more)
        error(answer, 401, "UNAUTHORIZED")
        assert answer.headers["www-authenticate"] == "Bearer"


@every_call
@pytest.mark.parametrize("broken", [token(exp=1), token(secret="x" * 32), token(secret=None, algorithm="none"), "x"])
async def test_no_call_goes_with_a_token_that_does_not_hold(
    http: httpx.AsyncClient, method: str, path: str, more: Any, roles: set[str], broken: str
) -> None:
    answer = await http.request(method, path, headers={"Authorization": f"Bearer {broken}"}, **more)
    error(answer, 401, "UNAUTHORIZED")


@every_call
async def test_a_role_opens_its_calls_and_no_other(
    http: httpx.AsyncClient, method: str, path: str, more: Any, roles: set[str]
) -> None:
    for role, headers in (("admin", admin()), ("user", user())):
        answer = await http.request(method, path, headers=headers, **more)
        if role in roles:
            assert answer.status_code in (200, 201, 404)
        else:
            error(answer, 403, "FORBIDDEN")


@pytest.mark.parametrize(("method", "path", "more"), WRONG)
async def test_token_and_role_come_before_path_and_body(
    http: httpx.AsyncClient, method: str, path: str, more: Any
) -> None:
    error(await http.request(method, path, **more), 401, "UNAUTHORIZED")
    statuses = set()
    for headers in (admin(), user()):
        headers |= {"Content-Type": "application/json"}
        statuses.add((await http.request(method, path, headers=headers, **more)).status_code)
    assert statuses == ({400} if "slots" in path else {400, 403})


async def test_a_bare_token_is_taken(http: httpx.AsyncClient) -> None:
    assert (await http.get("/rooms/list", headers={"Authorization": token()})).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/rooms/list"),
        ("GET", "/rooms/create"),
        ("GET", f"{ROOM}/retire"),
        ("POST", f"{ROOM}/slots/list"),
        ("GET", "/bookings/create"),
        ("POST", "/bookings/list"),
        ("DELETE", "/bookings/my"),
        ("GET", f"/bookings/{NOBODYS_ID}/cancel"),
    ],
)
async def test_another_method_is_refused(http: httpx.AsyncClient, method: str, path: str) -> None:
    error(await http.request(method, path, headers=admin()), 405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize(
    "path",
    ["/rooms", "/bookings", ROOM, "/rooms//slots/list", "/rooms/a/b/slots/list", "/rooms/x/slots", "/slots/list"],
)
async def test_other_paths_are_not_there(http: httpx.AsyncClient, path: str) -> None:
    error(await http.get(path, headers=admin()), 404, "NOT_FOUND")
