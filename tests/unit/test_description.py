"""How the description gets its names, and its examples from those of its parts."""

from typing import Any

import pytest

from holdfast.http.description import example, merged, renamed, schema_name

SLOT = {"type": "object", "properties": {"id": {"type": "string"}}, "examples": [{"id": "one"}]}


def described(**schemas: Any) -> dict[str, Any]:
    return {"paths": {}, "components": {"schemas": schemas}}


@pytest.mark.parametrize(
    ("struct", "name"),
    [("RoomBody", "Room"), ("RoomAnswer", "RoomResponse"), ("NewRoom", "NewRoom"), ("Kind", "PlaceKind")],
)
def test_a_schema_is_named_after_its_struct(struct: str, name: str) -> None:
    assert schema_name(struct) == name


def test_two_schemas_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two schemas would be called Room"):
        renamed(described(RoomBody={}, Room={}))


def test_references_follow_a_schema_to_its_name() -> None:
    refers = {"items": {"$ref": "#/components/schemas/RoomBody"}}
    schemas = renamed(described(RoomBody={}, RoomsAnswer=refers))["components"]["schemas"]
    assert schemas["RoomsResponse"]["items"] == {"$ref": "#/components/schemas/Room"}


def operation(name: str) -> dict[str, Any]:
    return {"parameters": [{"in": "path", "name": name}, {"in": "query", "name": "limit"}]}


def test_paths_that_requests_do_not_tell_apart_are_one() -> None:
    found = merged({"/a/{one}": {"get": operation("one")}, "/a/{two}": {"patch": operation("two")}})
    assert found == {"/a/{id}": {"get": operation("id"), "patch": operation("id")}}


def test_other_paths_keep_their_variables() -> None:
    paths = {"/a/{one}": {"get": operation("one")}, "/a/{one}/b": {"get": operation("one")}}
    assert merged(paths) == paths


def test_two_operations_of_one_method_and_path_are_refused() -> None:
    with pytest.raises(ValueError, match="two operations"):
        merged({"/a/{one}": {"get": operation("one")}, "/a/{two}": {"get": operation("two")}})


@pytest.mark.parametrize(
    ("schema", "shown"),
    [
        ({"$ref": "#/components/schemas/Slot"}, {"id": "one"}),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Slot"}}, [{"id": "one"}]),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, None),
        ({"oneOf": [{"type": "null"}, {"type": "string", "examples": ["b"]}]}, None),
        ({"anyOf": [{"type": "string", "examples": ["a"]}, {"type": "integer"}]}, "a"),
        ({"properties": {"slot": {"$ref": "#/components/schemas/Slot"}}}, {"slot": {"id": "one"}}),
    ],
)
def test_an_example_is_composed_of_those_of_its_parts(schema: dict[str, Any], shown: Any) -> None:
    assert example(schema, {"Slot": SLOT}) == shown


def test_a_part_without_an_example_is_told() -> None:
    with pytest.raises(LookupError, match="no example of"):
        example({"type": "string"}, {})
