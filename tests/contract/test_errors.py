"""What every error has in common, whoever raised it."""

import httpx
import pytest

from answers import NOBODYS_ID, error
from rooms import body, some_room
from tokens import bearer


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/reservations/a/b",
        "/reservations/by-id/a/b",
        "/places/1",
        "/health/x",
        "/docs/x",
        "/openapi.yaml",
        "/schema",
        "/api",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_an_unknown_path_is_not_found(http: httpx.AsyncClient, method: str, path: str) -> None:
    error(await http.request(method, path), 404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["/docs/assets/nothing.js", "/docs/assets/", "/docs/assets", "/docs/assets/%2e%2e/"])
async def test_an_unknown_file_is_not_found_and_a_directory_not_listed(http: httpx.AsyncClient, path: str) -> None:
    error(await http.get(path), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/reservations", {"GET", "POST"}),
        ("PATCH", "/reservations", {"GET", "POST"}),
        ("DELETE", "/reservations", {"GET", "POST"}),
        ("DELETE", "/reservations/", {"GET", "POST"}),
        ("POST", "/reservations/some-room", {"GET", "PATCH", "DELETE"}),
        ("PUT", "/reservations/some-room/", {"GET", "PATCH", "DELETE"}),
        ("POST", "/reservations/by-id", {"GET", "PATCH", "DELETE"}),
        ("PATCH", f"/reservations/by-id/{NOBODYS_ID}", {"GET"}),
        ("DELETE", f"/reservations/by-id/{NOBODYS_ID}", {"GET"}),
        ("POST", "/places", {"GET"}),
        ("POST", "/health", {"GET"}),
        ("DELETE", "/_info", {"GET"}),
        ("PUT", "/metrics", {"GET"}),
        ("POST", "/openapi.json", {"GET"}),
        ("POST", "/docs", {"GET"}),
        ("POST", "/swagger", {"GET"}),
        ("POST", "/docs/assets/swagger-ui.css", {"GET"}),
        ("TRACE", "/reservations", {"GET", "POST"}),
    ],
)
async def test_a_method_that_a_path_does_not_take_is_refused_with_those_it_does(
    http: httpx.AsyncClient, method: str, path: str, allowed: set[str]
) -> None:
    answer = await http.request(method, path)
    error(answer, 405, "METHOD_NOT_ALLOWED")
    assert set(answer.headers["allow"].split(", ")) - {"HEAD", "OPTIONS"} == allowed


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("POST", "/reservations", {"content": b"{"}),
        ("POST", "/reservations", {"json": {"room_id": 7, "start_time": "'; DROP TABLE reservations; --"}}),
        ("POST", "/reservations", {"json": body("x" * 300, 10, 11)}),
        ("POST", "/reservations", {"content": b"{}", "headers": {"Content-Type": "text/plain"}}),
        ("GET", "/reservations", {"params": {"limit": "x", "mine": "x", "from": "x"}}),
        ("GET", "/reservations", {"params": {"cursor": "x"}}),
        ("GET", f"/reservations/by-id/{NOBODYS_ID}", {}),
        ("PATCH", "/reservations/7", {"json": {}}),
        ("GET", "/places", {"headers": {"Authorization": "Bearer x.y.z"}}),
        ("GET", "/nowhere", {}),
        ("PUT", "/reservations", {}),
    ],
)
async def test_no_error_tells_how_the_service_is_made(
    http: httpx.AsyncClient, method: str, path: str, more: dict[str, object]
) -> None:
    answer = await http.request(method, path, **more)  # type: ignore[arg-type]
    assert 400 <= answer.status_code < 500
    for word in ("Traceback", ".py", "msgspec", "litestar", "asyncpg", "sqlalchemy", "SELECT", "DROP", "Expected `"):
        assert word.lower() not in answer.text.lower()


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"limit": "x"}, {"limit"}),
        ({"mine": "maybe"}, {"mine"}),
        ({"limit": "0", "mine": "maybe"}, {"limit", "mine"}),
        ({"from": "x", "to": "y"}, {"from", "to"}),
    ],
    ids=["limit", "mine", "both", "window"],
)
async def test_query_parameters_at_fault_are_named(
    http: httpx.AsyncClient, query: dict[str, str], named: set[str]
) -> None:
    details = error(await http.get("/reservations", params=query), 400, "INVALID_REQUEST")
    assert set(details["fields"]) == named


@pytest.mark.parametrize("path", ["/reservations", "/reservations/some-room", "/places", "/health", "/docs"])
async def test_unknown_query_parameters_are_ignored(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path, params={"utm_source": "x", "page": "-1"})).status_code == 200


async def test_errors_without_details_have_none(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"/reservations/by-id/{NOBODYS_ID}")
    assert answer.json()["error"].keys() == {"code", "message"}


async def test_a_forbidden_change_has_the_shape_of_all_errors(http: httpx.AsyncClient) -> None:
    made = await http.post("/reservations", json=body(some_room(), 10, 11), headers=bearer())
    path = made.headers["location"].replace("by-id/", "")
    assert error(await http.delete(path, headers=bearer()), 403, "FORBIDDEN") == {}
