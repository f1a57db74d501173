"""Names and examples in the description of the API, which is a product: generators make clients from it."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import OpenAPI
from litestar.plugins import OpenAPISchemaPlugin
from litestar.types import Method
from litestar.types.internal_types import PathParameterDefinition
from litestar.typing import FieldDefinition
from msgspec import Struct

Json = dict[str, Any]

SCHEMAS = "#/components/schemas/"
VARIABLE = re.compile(r"\{[^}]+\}")
NAMES = {
    "Disabled": "WebhookDisabledReason",
    "Failure": "DeliveryFailure",
    "Kind": "PlaceKind",
    "Outcome": "DeliveryOutcome",
}
"""Names of enumerations that say too little outside of their module."""


def schema_name(name: str) -> str:
    """Name a struct as clients know it: `RoomBody` is a `Room`, `RoomAnswer` is a `RoomResponse`."""
    if name.endswith("Answer"):
        return name.removesuffix("Answer") + "Response"
    return NAMES.get(name, name.removesuffix("Body"))


def operation_id(
    handler: HTTPRouteHandler,
    _method: Method,
    _path: list[str | PathParameterDefinition],
) -> str:
    """Name an operation after its handler: `create_room` is `createRoom`."""
    first, *others = handler.handler_name.split("_")
    return first + "".join(each.title() for each in others)


@dataclass
class Described(OpenAPIConfig):
    """How the description is made, with one example of each body that is no mere wrapper."""

    examples: Iterable[Struct] = ()

    def to_openapi_schema(self) -> OpenAPI:
        """Begin a description that puts its names in order when it is written."""
        begun = super().to_openapi_schema()
        return Description(self.examples, {each.name: getattr(begun, each.name) for each in fields(begun)})


class Description(OpenAPI):
    """A description of the API."""

    def __init__(self, examples: Iterable[Struct], values: Mapping[str, Any]) -> None:
        super().__init__(**values)
        self._examples = {schema_name(type(each).__name__): msgspec.to_builtins(each) for each in examples}

    def to_schema(self) -> Json:
        """Write it as JSON values. Raises `ValueError` when two schemas or two operations would have one name."""
        written = renamed(super().to_schema())
        written["paths"] = merged(written["paths"])
        add_examples(written, self._examples)
        return written


class StandIns(OpenAPISchemaPlugin):
    """Describes types that are marked, by what each mark stands for in this application."""

    def __init__(self, stands_for: Mapping[Any, Any]) -> None:
        self._stands_for = stands_for

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        """Whether the type is marked."""
        return self._mark(field_definition) is not None

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Any:
        """The schema of what the mark stands for."""
        meant = FieldDefinition.from_annotation(self._stands_for[self._mark(field_definition)])
        return schema_creator.for_field_definition(meant)

    def _mark(self, field_definition: FieldDefinition) -> Any:
        return next((each for each in field_definition.metadata if isinstance(each, Enum)), None)


def renamed(described: Json) -> Json:
    """Give each schema the name that clients know, as its key and as its title. Raises `ValueError` for one of two."""
    schemas: Json = {}
    for key, schema in described["components"]["schemas"].items():
        name = schema_name(key)
        if name in schemas:
            raise ValueError(f"two schemas would be called {name}")
        schemas[name] = schema | {"title": name}
    for holder in _objects([described["paths"], schemas]):
        reference = holder.get("$ref")
        if isinstance(reference, str):
            holder["$ref"] = SCHEMAS + schema_name(reference.removeprefix(SCHEMAS))
    return described | {"components": described["components"] | {"schemas": dict(sorted(schemas.items()))}}


def merged(paths: Json) -> Json:
    """Make one path of those that differ only in the name of their variable, which is then called `id`.

    OpenAPI forbids two such paths (3.1.1, 4.8.8.2), and requests do not tell them apart. Raises `ValueError` when both
    have an operation of one method.
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        alike[VARIABLE.sub("{id}", path)].append(path)
    found: Json = {}
    for common, [first, *others] in alike.items():
        if not others:
            found[first] = paths[first]
            continue
        item: Json = {}
        found[common] = item
        for path in (first, *others):
            if item.keys() & paths[path].keys():
                raise ValueError(f"two operations have the path {common}")
            for method, operation in paths[path].items():
                item[method] = operation | {"parameters": [_called_id(each) for each in operation["parameters"]]}
    return found


def add_examples(described: Json, known: Mapping[str, Json]) -> None:
    """Add examples to the schemas that have one, and to every body of requests and of answers that succeed."""
    schemas = described["components"]["schemas"]
    for name in known.keys() & schemas.keys():
        required = schemas[name].get("required", ())
        # A null that may as well be left out explains nothing.
        shown = {key: value for key, value in known[name].items() if value is not None or key in required}
        schemas[name]["examples"] = [shown]
    for operation in (each for item in described["paths"].values() for each in item.values()):
        answers = [answer for status, answer in operation["responses"].items() if status < "400"]
        for body in [operation.get("requestBody", {}), *answers]:
            for content in body.get("content", {}).values():
                if "examples" not in content:
                    content["examples"] = examples(content["schema"], schemas)


def examples(schema: Json, schemas: Json) -> Json:
    """Compose an example of each kind of body that there may be, by its name. Raises `LookupError`."""
    kinds = schema.get("oneOf") or [schema]
    return {each.get("$ref", "/List").rpartition("/")[2]: {"value": example(each, schemas)} for each in kinds}


def example(schema: Json, schemas: Json) -> Any:
    """Compose an example of a schema from those of its parts. What may be null is, unless it has an example.

    Raises `LookupError` for a part that nobody has given one.
    """
    if "$ref" in schema:
        return example(schemas[schema["$ref"].removeprefix(SCHEMAS)], schemas)
    if "examples" in schema:
        return schema["examples"][0]
    alternatives = schema.get("oneOf") or schema.get("anyOf")
    if alternatives:
        return None if {"type": "null"} in alternatives else example(alternatives[0], schemas)
    if schema.get("type") == "array":
        return [example(schema["items"], schemas)]
    if "properties" in schema:
        return {name: example(each, schemas) for name, each in schema["properties"].items()}
    raise LookupError(f"no example of {schema}")


def _called_id(parameter: Json) -> Json:
    return parameter | {"name": "id"} if parameter["in"] == "path" else parameter


def _objects(node: Any) -> Iterator[Json]:
    """All objects in a JSON value."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _objects(each)
