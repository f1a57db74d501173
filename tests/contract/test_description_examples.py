"""Examples in the description: there is one of every body, and what it shows is true."""

from collections.abc import Iterator
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from tokens import bearer

GRANTED = [
    ("/reservations", "NewReservation", "Reservation"),
    ("/rooms/create", "NewRoom", "RoomResponse"),
    ("/api/events", "NewEvent", "Event"),
    ("/api/bookings/reserve", "NewSeatBooking", "SeatBooking"),
    ("/tables", "NewTable", "Table"),
    ("/webhooks", "NewWebhook", "WebhookSecret"),
    ("/register", "Registration", "UserResponse"),
]
"""Calls that can be made as they are shown, in this order, and the names of the examples."""


async def described(http: httpx.AsyncClient) -> dict[str, Any]:
    return dict((await http.get("/openapi.json")).json())


def contents(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each body of a request and of an answer that succeeds, with a name for it."""
    for item in description["paths"].values():
        for operation in item.values():
            name = operation["operationId"]
            for content in operation.get("requestBody", {}).get("content", {}).values():
                yield f"the request of {name}", content
            for status, answer in operation["responses"].items():
                if status < "400":
                    for content in answer.get("content", {}).values():
                        yield f"{status} of {name}", content


def faults(description: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    """What is wrong with a value, by its schema."""
    whole = schema | {"components": description["components"]}
    checker = Draft202012Validator.FORMAT_CHECKER
    return [each.message for each in Draft202012Validator(whole, format_checker=checker).iter_errors(value)]


async def test_every_body_has_an_example(http: httpx.AsyncClient) -> None:
    found = dict(contents(await described(http)))
    assert len(found) > 60
    assert [name for name, content in found.items() if not content.get("examples")] == []


async def test_every_kind_of_reservation_has_an_example(http: httpx.AsyncClient) -> None:
    found = dict(contents(await described(http)))
    assert found["the request of reservePlace"]["examples"].keys() == {"NewReservation", "NewTableReservation"}
    assert found["201 of reservePlace"]["examples"].keys() == {"Reservation", "TableReservation"}


async def test_every_example_is_as_its_schema_says(http: httpx.AsyncClient) -> None:
    description = await described(http)
    for name, content in contents(description):
        for each in content["examples"].values():
            assert faults(description, content["schema"], each["value"]) == [], name


async def test_every_example_of_a_schema_is_as_it_says(http: httpx.AsyncClient) -> None:
    description = await described(http)
    for name, schema in description["components"]["schemas"].items():
        for each in schema.get("examples", []):
            assert faults(description, schema, each) == [], name


async def test_an_example_shows_nothing_that_its_schema_does_not_have(http: httpx.AsyncClient) -> None:
    for name, schema in (await described(http))["components"]["schemas"].items():
        for each in schema.get("examples", []):
            assert each.keys() <= schema["properties"].keys(), name


async def test_a_value_that_is_wrong_is_told_from_an_example(http: httpx.AsyncClient) -> None:
    description = await described(http)
    schema = {"$ref": "#/components/schemas/NewSlotBooking"}
    assert faults(description, schema, {"slotId": "no id"}) != []
    assert faults(description, schema, {}) != []


async def test_an_example_of_a_request_is_granted_and_answered_as_shown(http: httpx.AsyncClient) -> None:
    paths = (await described(http))["paths"]
    for path, request, response in GRANTED:
        operation = paths[path]["post"]
        sent = operation["requestBody"]["content"]["application/json"]["examples"][request]["value"]
        answer = await http.post(path, json=sent, headers=bearer(role="admin"))
        assert answer.status_code == 201, (path, answer.text)
        shown = operation["responses"]["201"]["content"]["application/json"]["examples"][response]["value"]
        assert outline(answer.json()) == outline(shown), path


def outline(value: Any) -> Any:
    """The names and the types in a value."""
    if isinstance(value, dict):
        return {name: outline(each) for name, each in value.items()}
    return [outline(each) for each in value] if isinstance(value, list) else type(value)
