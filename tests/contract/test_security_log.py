"""What the log says of who came in and who was refused."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from holdfast.http import audit
from people import PASSWORD, dummy, login, register, some_email
from service import Service
from wire import exchange


def lines(service: Service) -> list[dict[str, Any]]:
    """The whole security log of a service, which has stopped: a line is written after its answer."""
    service.stop()
    found = [json.loads(line) for line in service.output().splitlines() if line.startswith("{")]
    return [line for line in found if line["logger"] == "holdfast.security"]


@pytest.fixture
def service(start: Callable[..., Service], database_url: str) -> Service:
    """A service that everybody may write the log of."""
    return start(DATABASE_URL=database_url, PASSWORD_COST=4, TRUSTED_PROXIES="127.0.0.1", LOGIN_FAILURES_MAX=2)


async def test_who_comes_in_is_logged_with_whose_account_and_from_where(service: Service) -> None:
    headers = {"X-Forwarded-For": "203.0.113.7", "X-Request-ID": uuid4().hex}
    async with httpx.AsyncClient(base_url=service.url, headers=headers, timeout=30) as http:
        user = (await register(http)).json()["user"]
        token = (await login(http, user["email"])).json()["token"]
        wanted = {"oldPassword": PASSWORD, "newPassword": "battery staple"}
        await http.post("/password", json=wanted, headers={"Authorization": f"Bearer {token}"})
        admin = await dummy(http, "admin")
        await http.patch(f"/users/{user['id']}", json={"disabled": True}, headers=admin)
    logged = lines(service)
    assert [line["event"] for line in logged] == [
        *("registered", "signed in", "password changed", "signed in", "account changed"),
    ]
    assert {line["client"] for line in logged} == {"203.0.113.7"}
    assert {line["request_id"] for line in logged} == {headers["X-Request-ID"]}
    assert all(line["timestamp"].endswith("Z") for line in logged)
    assert [line["user_id"] for line in logged[1:3]] == [user["id"]] * 2
    assert (logged[1]["by"], logged[3]["by"]) == ("password", "demo")
    assert logged[4]["account"] == user["id"] != logged[4]["user_id"]
    assert (logged[4]["role"], logged[4]["state"]) == ("user", "disabled")


async def test_who_is_refused_is_logged_with_whose_account_was_tried(service: Service) -> None:
    async with httpx.AsyncClient(base_url=service.url, timeout=30) as http:
        user = (await register(http)).json()["user"]
        token = (await login(http, user["email"])).json()["token"]
        for _ in range(3):
            await login(http, user["email"], "wrong horse")
        await login(http, some_email(), "wrong horse")
        await http.get("/users", headers={"Authorization": f"Bearer {token}"})
        await http.get("/users", headers={"Authorization": "Bearer nothing"})
        await http.post("/reservations", json={})
    await exchange(service, b"\x16\x03\x01\r\n\r\n")
    logged = [line for line in lines(service) if line["event"] == "refused"]
    assert [(line["status"], line["route"], line.get("user_id")) for line in logged] == [
        (401, "/login", user["id"]),
        (401, "/login", user["id"]),
        (429, "/login", None),
        (401, "/login", None),
        (403, "/users", user["id"]),
        (401, "/users", None),
        (400, "/reservations", None),
        (400, "(no HTTP)", None),
    ]
    assert {line["level"] for line in logged if line["status"] != 400} == {"warning"}
    assert {line["client"] for line in logged} == {"127.0.0.1"}


async def test_nothing_that_is_secret_and_no_address_of_a_person_is_logged(service: Service) -> None:
    async with httpx.AsyncClient(base_url=service.url, timeout=30) as http:
        user = (await register(http)).json()["user"]
        token = (await login(http, user["email"])).json()["token"]
        await login(http, user["email"], "wrong horse")
        # The password in the wrong field.
        await login(http, "battery@staple")
        await http.get("/users", headers={"Authorization": f"Bearer {token}"})
    assert len(lines(service)) == 5
    output = service.output()
    for secret in (PASSWORD, "wrong horse", "battery", token, user["email"]):
        assert secret not in output


class Written:
    """Takes lines in place of the log."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def warning(self, _: str, **facts: Any) -> None:
        """One line."""
        self.lines.append(facts)

    info = warning


def test_a_flood_of_refusals_does_not_fill_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    written, now = Written(), [1_000.0]
    monkeypatch.setattr(audit, "logger", written)
    monkeypatch.setattr(audit.time, "monotonic", lambda: now[0])
    asking = audit.begin({"client": ("10.0.0.1", 1), "headers": []}, b"one", ())  # type: ignore[typeddict-item]
    refusals = audit.Refusals()
    for _ in range(audit.LINES_MAX + 50):
        refusals.log(asking, "GET", "/places", 401)
    refusals.log(asking, "GET", "/users", 403)
    assert [line["status"] for line in written.lines] == [401] * audit.LINES_MAX + [403]
    now[0] += 1
    refusals.log(asking, "GET", "/places", 401)
    assert written.lines[-1]["left_out"] == 50
