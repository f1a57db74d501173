"""The users of `/dummyLogin`: they may be disabled, and stay what they are."""

import httpx
import pytest

from answers import error
from people import dummy

IDS = {"admin": "00000000-0000-4000-8000-00000000ad01", "user": "00000000-0000-4000-8000-00000000ad02"}


@pytest.mark.parametrize(("fixed", "role"), [("admin", "user"), ("user", "admin")])
async def test_a_fixed_user_keeps_its_role(http: httpx.AsyncClient, fixed: str, role: str) -> None:
    admin = await dummy(http, "admin")
    error(await http.patch(f"/users/{IDS[fixed]}", json={"role": role}, headers=admin), 403, "FORBIDDEN")
    answer = await http.patch(f"/users/{IDS[fixed]}", json={"role": fixed}, headers=admin)
    assert (answer.status_code, answer.json()["user"]["role"]) == (200, fixed)


async def test_a_fixed_user_that_is_disabled_gets_no_token(http: httpx.AsyncClient) -> None:
    admin, user = await dummy(http, "admin"), await dummy(http, "user")
    path = f"/users/{IDS['user']}"
    assert (await http.patch(path, json={"disabled": True}, headers=admin)).status_code == 200
    try:
        error(await http.post("/dummyLogin", json={"role": "user"}), 401, "UNAUTHORIZED")
        error(await http.get("/rooms/list", headers=user), 401, "UNAUTHORIZED")
    finally:
        await http.patch(path, json={"disabled": False}, headers=admin)
    assert (await http.get("/rooms/list", headers=await dummy(http, "user"))).status_code == 200
