"""What tests of accounts do again and again: people who register and sign in."""

from typing import Any
from uuid import uuid4

import httpx

PASSWORD = "correct horse"


def some_email() -> str:
    """An address that nobody has registered."""
    return f"{uuid4().hex}@example.com"


async def register(http: httpx.AsyncClient, **fields: Any) -> httpx.Response:
    """The answer to somebody new who registers."""
    content = {"email": some_email(), "password": PASSWORD, "role": "user"} | fields
    return await http.post("/register", json=content)


async def login(http: httpx.AsyncClient, email: str, password: str = PASSWORD) -> httpx.Response:
    """The answer to somebody who signs in."""
    return await http.post("/login", json={"email": email, "password": password})


async def signed_in(http: httpx.AsyncClient, **fields: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """A new user, and the header with their token."""
    user = (await register(http, **fields)).json()["user"]
    answer = await login(http, user["email"])
    assert answer.status_code == 200, answer.text
    return user, {"Authorization": f"Bearer {answer.json()['token']}"}


async def dummy(http: httpx.AsyncClient, role: str) -> dict[str, str]:
    """The header of a fixed user."""
    answer = await http.post("/dummyLogin", json={"role": role})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}
