"""The description of the API and the pages that show it: complete, and served from here alone."""

import base64
import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import httpx
import pytest

from rooms import some_room

METHODS = ("get", "post", "put", "patch", "delete")


async def description(http: httpx.AsyncClient) -> dict[str, Any]:
    return dict((await http.get("/openapi.json")).json())


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in described["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


async def test_the_description_is_openapi_3_1(http: httpx.AsyncClient) -> None:
    answer = await http.get("/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json()["openapi"].startswith("3.1.")


async def test_the_description_names_every_operation(http: httpx.AsyncClient) -> None:
    named = {(method, path) for path, method, _ in operations(await description(http))}
    assert named >= {
        ("post", "/reservations"),
        ("get", "/reservations"),
        ("get", "/reservations/{id}"),
        ("get", "/reservations/by-id/{reservation_id}"),
        ("patch", "/reservations/{id}"),
        ("delete", "/reservations/{id}"),
        ("get", "/places"),
        ("get", "/health"),
        ("get", "/_info"),
        ("get", "/metrics"),
    }


async def test_every_operation_says_what_it_does(http: httpx.AsyncClient) -> None:
    for path, method, operation in operations(await description(http)):
        assert operation.get("summary"), (method, path)
        assert operation.get("description"), (method, path)
        assert operation.get("tags"), (method, path)


async def test_every_operation_has_a_name_of_its_own(http: httpx.AsyncClient) -> None:
    names = [operation["operationId"] for _, _, operation in operations(await description(http))]
    assert len(set(names)) == len(names)


async def test_every_parameter_says_what_it_is(http: httpx.AsyncClient) -> None:
    for path, method, operation in operations(await description(http)):
        for parameter in operation.get("parameters", []):
            assert parameter["schema"], (method, path, parameter["name"])
            if parameter["in"] != "path":
                assert parameter.get("description"), (method, path, parameter["name"])


async def test_every_answer_with_a_body_has_a_schema(http: httpx.AsyncClient) -> None:
    for path, method, operation in operations(await description(http)):
        for status, answer in operation["responses"].items():
            assert answer["description"], (method, path, status)
            if status not in {"204", "304"}:
                (content,) = answer["content"].values()
                assert "schema" in content, (method, path, status)


async def test_every_refusal_has_the_schema_of_all_errors(http: httpx.AsyncClient) -> None:
    for path, method, operation in operations(await description(http)):
        refusals = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        if path in ("/health", "/_info", "/metrics"):
            continue
        assert refusals, (method, path)
        for status, answer in refusals.items():
            schema = answer["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/ErrorResponse"}, (method, path, status)


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("post", "/reservations", {"201", "400", "401", "409", "413", "415", "422", "503"}),
        ("get", "/reservations", {"200", "400", "401", "503"}),
        ("get", "/reservations/{id}", {"200", "400", "401", "503"}),
        ("get", "/reservations/by-id/{reservation_id}", {"200", "401", "404", "503"}),
        ("patch", "/reservations/{id}", {"200", "400", "401", "403", "404", "409", "413", "415", "503"}),
        ("delete", "/reservations/{id}", {"204", "401", "403", "404", "503"}),
        ("get", "/places", {"200", "400", "401", "503"}),
        ("post", "/rooms/create", {"201", "400", "401", "403", "413", "415", "422", "503"}),
        ("get", "/rooms/list", {"200", "401", "503"}),
        (
            "post",
            "/rooms/{room_id}/schedule/create",
            {"201", "400", "401", "403", "404", "409", "413", "415", "422", "503"},
        ),
        ("post", "/rooms/{room_id}/retire", {"200", "400", "401", "403", "404", "503"}),
        ("get", "/rooms/{room_id}/slots/list", {"200", "304", "400", "401", "404", "503"}),
        (
            "post",
            "/bookings/create",
            {"201", "400", "401", "403", "404", "409", "413", "415", "422", "500", "502", "503"},
        ),
        ("get", "/bookings/list", {"200", "400", "401", "403", "503"}),
        ("get", "/bookings/my", {"200", "401", "403", "503"}),
        ("post", "/bookings/{booking_id}/cancel", {"200", "400", "401", "403", "404", "503"}),
        ("post", "/password", {"200", "400", "401", "413", "415", "429", "503"}),
        ("get", "/health", {"200", "503"}),
    ],
)
async def test_an_operation_names_every_status(
    http: httpx.AsyncClient, method: str, path: str, statuses: set[str]
) -> None:
    operation = (await description(http))["paths"][path][method]
    assert set(operation["responses"]) >= statuses


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/reservations"),
        ("get", "/reservations"),
        ("get", "/reservations/{id}"),
        ("get", "/reservations/by-id/{reservation_id}"),
        ("patch", "/reservations/{id}"),
        ("delete", "/reservations/{id}"),
        ("get", "/places"),
    ],
)
async def test_an_operation_that_reads_tokens_says_so(http: httpx.AsyncClient, method: str, path: str) -> None:
    described = await description(http)
    assert {"token": []} in described["paths"][path][method]["security"]
    assert described["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


async def test_an_operation_of_the_rooms_contract_needs_a_token(http: httpx.AsyncClient) -> None:
    for path, method, operation in operations(await description(http)):
        if path.startswith(("/rooms", "/bookings")):
            assert operation["security"] == [{"token": []}], (method, path)


async def test_a_list_is_described_as_an_array_of_reservations(http: httpx.AsyncClient) -> None:
    described = await description(http)
    answer = described["paths"]["/reservations/{id}"]["get"]["responses"]["200"]
    schema = answer["content"]["application/json"]["schema"]
    assert schema["type"] == "array"
    assert schema["items"] == {"$ref": "#/components/schemas/Reservation"}


async def test_reserving_is_described_with_its_rules(http: httpx.AsyncClient) -> None:
    schema = (await description(http))["components"]["schemas"]["NewReservation"]
    assert set(schema["required"]) == {"room_id", "start_time", "end_time"}
    assert (schema["properties"]["room_id"]["minLength"], schema["properties"]["room_id"]["maxLength"]) == (1, 255)
    assert schema["properties"]["start_time"]["format"] == "date-time"


async def test_nothing_in_the_description_is_of_python(http: httpx.AsyncClient) -> None:
    text = (await http.get("/openapi.json")).text
    for word in ("litestar", "msgspec", "Raises `", "UnsetType", "holdfast."):
        assert word not in text


@pytest.mark.parametrize("path", ["/docs", "/docs/", "/swagger", "/swagger/"])
class TestPages:
    """Swagger UI, wherever people look for it."""

    async def test_it_is_shown(self, http: httpx.AsyncClient, path: str) -> None:
        answer = await http.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert "SwaggerUIBundle" in answer.text

    async def test_all_it_loads_is_served_here(self, http: httpx.AsyncClient, path: str) -> None:
        loaded = re.findall(r'(?:src|href|url)\s*[=:]\s*"([^"]+)"', (await http.get(path)).text)
        assert len(loaded) >= 3
        for address in loaded:
            if not address.startswith("data:"):
                assert re.match(r"/[^/]", address)
                assert (await http.get(address)).status_code == 200

    async def test_it_names_no_other_host(self, http: httpx.AsyncClient, path: str) -> None:
        assert not re.search(r"https?:|//[a-z]", (await http.get(path)).text)

    async def test_its_policy_lets_it_load_only_from_here(self, http: httpx.AsyncClient, path: str) -> None:
        policy = (await http.get(path)).headers["content-security-policy"]
        sources = {source for part in policy.split(";") for source in part.split()[1:] if "'sha256-" not in source}
        assert sources <= {"'self'", "'none'", "'unsafe-inline'", "data:"}

    async def test_of_scripts_within_the_page_only_its_own_may_run(self, http: httpx.AsyncClient, path: str) -> None:
        answer = await http.get(path)
        [script] = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
        allowed = next(
            part for part in answer.headers["content-security-policy"].split("; ") if part.startswith("script-src")
        )
        hashed = base64.b64encode(sha256(script.encode()).digest()).decode()
        assert allowed == f"script-src 'self' 'sha256-{hashed}'"


@pytest.mark.parametrize(("name", "kind"), [("swagger-ui-bundle.js", "javascript"), ("swagger-ui.css", "text/css")])
async def test_an_asset_is_served_and_kept_by_caches(http: httpx.AsyncClient, name: str, kind: str) -> None:
    answer = await http.get(f"/docs/assets/{name}")
    assert kind in answer.headers["content-type"]
    assert "max-age" in answer.headers["cache-control"]
    assert len(answer.content) > 10_000


async def test_the_styles_load_nothing_from_elsewhere(http: httpx.AsyncClient) -> None:
    styles = (await http.get("/docs/assets/swagger-ui.css")).text
    assert not re.findall(r"url\(\s*['\"]?(?:https?:)?//|@import", styles)


async def test_the_examples_of_the_description_can_be_sent(http: httpx.AsyncClient) -> None:
    schema = (await description(http))["components"]["schemas"]["NewReservation"]
    for moment in schema["properties"]["start_time"]["examples"]:
        content = {"room_id": some_room(), "start_time": moment, "end_time": "2026-12-01T11:00:00Z"}
        assert (await http.post("/reservations", json=content)).status_code == 201
