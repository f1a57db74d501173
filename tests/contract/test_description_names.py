"""Names in the description: of operations, schemas and paths. Generators of clients make their own names of them."""

import re
from typing import Any

import httpx

VERBS = {
    "book",
    "cancel",
    "change",
    "check",
    "confirm",
    "create",
    "delete",
    "disable",
    "enable",
    "extend",
    "get",
    "list",
    "log",
    "register",
    "reserve",
    "retire",
    "rotate",
    "stream",
    "test",
}
"""What an operation's name begins with; its noun follows, or `In`."""


async def described(http: httpx.AsyncClient) -> dict[str, Any]:
    return dict((await http.get("/openapi.json")).json())


def operation_ids(description: dict[str, Any]) -> list[str]:
    return [operation["operationId"] for item in description["paths"].values() for operation in item.values()]


async def test_an_operation_is_called_by_a_verb_and_a_noun(http: httpx.AsyncClient) -> None:
    found = operation_ids(await described(http))
    assert len(found) > 50
    for each in found:
        assert re.fullmatch(r"[a-z]+([A-Z][a-z]+)+", each), each
        assert re.split("[A-Z]", each, maxsplit=1)[0] in VERBS, each


async def test_an_operation_has_a_name_of_its_own_in_any_case(http: httpx.AsyncClient) -> None:
    found = [each.lower() for each in operation_ids(await described(http))]
    assert len(set(found)) == len(found)


async def test_operations_are_called_as_a_client_expects(http: httpx.AsyncClient) -> None:
    paths = (await described(http))["paths"]
    assert paths["/rooms/create"]["post"]["operationId"] == "createRoom"
    assert paths["/rooms/{room_id}/slots/list"]["get"]["operationId"] == "listSlots"
    assert paths["/api/bookings/reserve"]["post"]["operationId"] == "bookSeat"
    assert paths["/reservations/{reservation_id}/confirm"]["post"]["operationId"] == "confirmHold"


async def test_a_schema_has_its_key_as_its_title(http: httpx.AsyncClient) -> None:
    schemas = (await described(http))["components"]["schemas"]
    assert {key: schema["title"] for key, schema in schemas.items()} == {key: key for key in schemas}


async def test_a_schema_is_called_after_a_thing(http: httpx.AsyncClient) -> None:
    schemas = (await described(http))["components"]["schemas"]
    assert schemas.keys() >= {"Reservation", "NewReservation", "Room", "SlotBooking", "SeatBooking", "ErrorResponse"}
    for name in schemas:
        assert re.fullmatch(r"([A-Z][a-z]+)+", name), name
        assert not name.endswith(("Body", "Answer", "Request")), name


async def test_whatever_is_referred_to_is_there(http: httpx.AsyncClient) -> None:
    answer = await http.get("/openapi.json")
    found = set(re.findall(r'"\$ref":"#/components/schemas/([^"]+)"', answer.text))
    assert len(found) > 50
    assert found <= answer.json()["components"]["schemas"].keys()


async def test_no_two_paths_differ_only_in_the_names_of_variables(http: httpx.AsyncClient) -> None:
    paths = [re.sub(r"\{[^}]+\}", "{}", each) for each in (await described(http))["paths"]]
    assert len(set(paths)) == len(paths)


async def test_a_path_has_the_variables_that_its_operations_describe(http: httpx.AsyncClient) -> None:
    for path, item in (await described(http))["paths"].items():
        for operation in item.values():
            named = {each["name"] for each in operation.get("parameters", []) if each["in"] == "path"}
            assert named == set(re.findall(r"\{([^}]+)\}", path)), path
