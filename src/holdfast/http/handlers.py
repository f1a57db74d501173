"""The framework's handlers, which are made of operations: for all that is not hot, and for the description."""

import inspect
import re
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from types import MethodType, NoneType
from typing import Any, ClassVar, get_args

import litestar
from litestar.connection import ASGIConnection
from litestar.dto import AbstractDTO, DTOConfig, DTOFieldDefinition
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Operation as Described
from litestar.openapi.spec import Reference, RequestBody, Schema
from litestar.params import ParameterKwarg
from litestar.response import Stream
from litestar.typing import FieldDefinition

from holdfast.http.docs import refusals
from holdfast.http.hot import Request, Response
from holdfast.http.operations import JSON, Body, Gate, Operation, kwarg_of, operations_of

Connection = ASGIConnection[Any, Any, Any, Any]
VARIABLE = re.compile(r"\{(\w+)\}")


def handlers(api: object, gate: Gate) -> list[HTTPRouteHandler]:
    """The handlers of an `Api`."""
    return [handler(each, api, gate) for each in operations_of(api)]


def handler(operation: Operation, api: object, gate: Gate) -> HTTPRouteHandler:
    """The handler of one operation."""
    body, callers = operation.body, operation.callers
    made = HTTPRouteHandler(
        VARIABLE.sub(r"{\1:str}", operation.path),
        http_method=operation.method,  # type: ignore[arg-type]
        guards=None if callers.check is None else [_guard(callers.check, gate)],
        dto=None if body is None else _dto(body, api),
        return_dto=None,
        operation_class=MayHaveNoBody if body is not None and body.may_be_missing else Described,
        status_code=operation.status,
        summary=operation.summary,
        tags=[operation.tag],
        security=list(callers.security) or None,  # type: ignore[arg-type]
        include_in_schema=not operation.more.get("hidden", False),
        responses=_responses(operation),
    )
    return made(_answering(operation, api))


def _dto(body: Body, api: object) -> type[AbstractDTO[Any]]:
    """How the framework reads a body and describes it."""
    own = {"kind": body.kind, "read": staticmethod(body.reader(api)), "config": DTOConfig()}
    return type("OwnBody", (StrictBody,), own)


def _guard(check: Callable[[Any], None], gate: Gate) -> Callable[[Connection, BaseRouteHandler], Awaitable[None]]:
    """What lets nobody in but those that the check does, before anything else of a request is looked at."""

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        scope: Any = connection.scope
        caller = await gate.of(Request(scope, b"", ""))
        check(caller)
        connection.state["caller"] = caller

    return guard


def _answering(operation: Operation, api: object) -> Callable[..., Awaitable[Any]]:
    """A function whose arguments the framework reads and describes, and which ends in the operation's own."""
    call = MethodType(operation.function, api)
    described = [kwarg_of(each) for each in operation.reads]

    async def answer(request: litestar.Request[Any, Any, Any], **given: Any) -> Any:
        for each in described:
            given.pop(_argument(each), None)
        if operation.wants_request:
            ours = Request(request.scope, b"" if operation.body is None else await request.body(), "")
            ours.caller = request.state.get("caller")
            given["request"] = ours
        response = await call(**given)
        return _response(response) if isinstance(response, Response) else response

    parameters = [*operation.parameters, *map(_parameter, operation.reads)]
    if operation.body is not None:
        default = None if operation.body.may_be_missing else inspect.Parameter.empty
        parameters.append(_keyword("data", operation.body.kind, default))
    shown = inspect.Signature([_keyword("request", litestar.Request[Any, Any, Any]), *parameters])
    answer.__signature__ = shown  # type: ignore[attr-defined]
    types = {each.name: each.annotation for each in shown.parameters.values()}
    answer.__annotations__ = types | {"return": operation.answer}
    answer.__name__ = operation.function.__name__
    answer.__doc__ = operation.function.__doc__
    return answer


def _parameter(read: Any) -> inspect.Parameter:
    """One that the function reads from the request itself."""
    is_optional = NoneType in get_args(get_args(read)[0])
    return _keyword(_argument(kwarg_of(read)), read, None if is_optional else inspect.Parameter.empty)


def _argument(known: ParameterKwarg) -> str:
    return (known.name or "").lower().replace("-", "_")


def _keyword(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _response(response: Response[Any]) -> litestar.Response[bytes] | Stream:
    """An answer of our own making, as the framework sends it."""
    headers = {name.decode(): value.decode() for name, value in response.headers}
    kind = headers.get("content-type", JSON)
    if isinstance(response.body, bytes):
        return litestar.Response(response.body, status_code=response.status, headers=headers, media_type=kind)
    return Stream(response.body, status_code=response.status, headers=headers, media_type=kind)


def _responses(operation: Operation) -> dict[int, ResponseSpec]:
    """What the description says of answers beyond the type of the one that succeeds."""
    found = dict(operation.more.get("answers", {}))
    if operation.words is not None:
        found[operation.status] = ResponseSpec(operation.answer, description=operation.words, generate_examples=False)
    return found | refusals(*operation.refuses)


class StrictBody(AbstractDTO[Any]):
    """Has the framework read a body as the operation does: JSON only, no conversions, every fault named."""

    kind: ClassVar[Any]
    read: Callable[[Request], Any]

    def decode_bytes(self, value: bytes) -> Any:
        """The body as the struct. Raises `UnsupportedMediaType`, `InvalidRequest`."""
        scope: Any = self.asgi_connection.scope
        return self.read(Request(scope, value, ""))

    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: Any = None
    ) -> None:
        """Nothing to prepare: the struct's own decoder does all."""

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: Any
    ) -> Reference | Schema:
        """The struct's own schema."""
        schema: Reference | Schema = schema_creator.for_field_definition(FieldDefinition.from_annotation(cls.kind))
        return schema

    @classmethod
    def generate_field_definitions(cls, model_type: type[Any]) -> Generator[DTOFieldDefinition, None, None]:
        """No fields are picked or renamed."""
        yield from ()

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        """No fields are picked or renamed."""
        return False


@dataclass
class MayHaveNoBody(Described):
    """The description of an operation whose body may be left out."""

    def __post_init__(self) -> None:
        """Say so."""
        if isinstance(self.request_body, RequestBody):
            self.request_body.required = False
