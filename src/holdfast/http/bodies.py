"""How Litestar is made to read JSON bodies as strictly as `fields.decode` does, and to describe them all the same."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeVar

from litestar.dto import AbstractDTO, DTOFieldDefinition
from litestar.dto._backend import DTOBackend
from litestar.openapi.spec import Operation, Reference, RequestBody, Schema
from litestar.typing import FieldDefinition

from holdfast.errors import UnsupportedMediaType
from holdfast.http.fields import decode

T = TypeVar("T")
JSON = "application/json"


class StrictBody(AbstractDTO[T]):
    """`StrictBody[Struct]` as a handler's `dto` decodes its `data`: JSON only, no conversions, every fault named."""

    def decode_bytes(self, value: bytes) -> Any:
        """The body as the struct. Raises `UnsupportedMediaType`, `InvalidRequest`."""
        headers = self.asgi_connection.headers
        check_media_type(headers.get("content-type"), headers.get("origin"))
        return decode(value, self.model_type)

    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: type[DTOBackend] | None = None
    ) -> None:
        """Nothing to prepare: the struct's own decoder does all."""

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: Any
    ) -> Reference | Schema:
        """The struct's own schema."""
        schema: Reference | Schema = schema_creator.for_field_definition(field_definition)
        return schema

    @classmethod
    def generate_field_definitions(cls, model_type: type[Any]) -> Generator[DTOFieldDefinition, None, None]:
        """No fields are picked or renamed."""
        yield from ()

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        """No fields are picked or renamed."""
        return False


class MaybeBody(StrictBody[T]):
    """The same for a body that may be left out: then the handler's `data`, a struct or `None`, is `None`."""

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: Any
    ) -> Reference | Schema:
        """The struct's own schema: a body that is there is no null."""
        return super().create_openapi_schema(
            FieldDefinition.from_annotation(cls.model_type), handler_id, schema_creator
        )


@dataclass
class MayHaveNoBody(Operation):
    """The description of an operation with such a body."""

    def __post_init__(self) -> None:
        """Say so."""
        if isinstance(self.request_body, RequestBody):
            self.request_body.required = False


def check_media_type(content_type: str | None, origin: str | None) -> None:
    """Raises `UnsupportedMediaType` for a body that says it is not JSON; one that says nothing is taken for it.

    But not from a page in a browser, which has an `origin`: that is the one way to send a body to another site without
    the browser asking that site first.
    """
    if content_type == JSON or (content_type is None and origin is None):
        return
    if content_type is None:
        raise UnsupportedMediaType
    if content_type.partition(";")[0].strip().lower() != JSON:
        raise UnsupportedMediaType
