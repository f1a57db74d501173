"""What tests ask and read again and again, in few words."""

from typing import Any
from urllib.parse import quote

import httpx

from rooms import body

NOBODYS_ID = "00000000-0000-4000-8000-000000000000"
"""An id that no reservation has."""


async def reserve(http: httpx.AsyncClient, room: str, start: float, end: float, **more: Any) -> dict[str, Any]:
    """A reservation that was made; `more` goes to the client."""
    answer = await http.post("/reservations", json=body(room, start, end), **more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def error(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The details of an error answer (`{}` without), after a look at its status, its code and its shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    content = answer.json()
    assert content.keys() == {"error"}
    assert content["error"].keys() - {"details"} == {"code", "message"}
    assert content["error"]["code"] == code
    assert content["error"]["message"]
    return dict(content["error"].get("details", {}))


def faults(answer: httpx.Response) -> set[str]:
    """The fields that a 400 names."""
    fields = error(answer, 400, "INVALID_REQUEST").get("fields", {})
    assert all(isinstance(text, str) and text for text in fields.values())
    return set(fields)


def list_path(room: str) -> str:
    """Where the reservations of a room are listed."""
    return f"/reservations/{quote(room, safe='')}"


async def listed(http: httpx.AsyncClient, room: str, **query: Any) -> list[dict[str, Any]]:
    """The reservations of a room."""
    answer = await http.get(list_path(room), params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json())


async def pages(http: httpx.AsyncClient, path: str, **query: Any) -> list[list[dict[str, Any]]]:
    """Every page of a list, by following `next_cursor`."""
    found = []
    while True:
        answer = await http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page.keys() == {"items", "next_cursor"}
        found.append(page["items"])
        if page["next_cursor"] is None:
            return found
        query["cursor"] = page["next_cursor"]
