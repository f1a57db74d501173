"""Requests that need a body and come without."""

import httpx
import pytest

from answers import error


@pytest.mark.parametrize(("method", "path"), [("POST", "/reservations"), ("PATCH", "/reservations/nobody")])
async def test_a_missing_body_is_said_to_be_no_json(http: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await http.request(method, path, headers={"Content-Type": "application/json"})
    assert error(answer, 400, "INVALID_REQUEST") == {}
    assert answer.json()["error"]["message"] == "The body must be JSON in UTF-8."
