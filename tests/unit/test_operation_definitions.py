"""One definition of an operation: the edge's answer, the framework's, and the description come from it."""

import inspect
from collections.abc import Awaitable
from typing import Annotated, Any

import pytest
from litestar import Litestar
from litestar.params import Parameter, QueryParameter
from litestar.testing import AsyncTestClient
from msgspec import Struct

from holdfast.accounts.guards import ADMINS, caller_of
from holdfast.accounts.roles import ANONYMOUS, Caller, Role
from holdfast.app import Parts
from holdfast.clock import utc_now
from holdfast.errors import HoldfastError, InvalidRequest, Unauthorized, UnsupportedMediaType
from holdfast.http.handlers import handlers
from holdfast.http.hot import Request, Response
from holdfast.http.idempotency import IdempotencyKey
from holdfast.http.operations import ANYBODY, Group, hot_routes, operations_of
from holdfast.settings import Settings

Count = Annotated[int | None, QueryParameter(name="count", description="How many")]
toys = Group("toys", ANYBODY)


class NewToy(Struct):
    """A toy to be made."""

    name: str


class ToyBody(Struct):
    """A toy."""

    box: str
    name: str


class ToysApi:
    """Toys in boxes."""

    @toys("POST", "/boxes/{box}/toys", "Make a toy", refuses=(409,), reads=(IdempotencyKey,), hot=True)
    async def create_toy(
        self, request: Request, box: Annotated[str, Parameter(description="Which")], data: NewToy
    ) -> Response[ToyBody]:
        """In a box."""
        return Response(201, f"{request.path} {box} {data.name}".encode())

    @toys("GET", "/toys", "Count toys", reads=(Count,), hot=True)
    async def count_toys(self, request: Request) -> Response[int]:
        """All of them."""
        return Response(200, request.query)

    @toys("DELETE", "/toys", "Throw all toys away", callers=ADMINS, hot=True)
    async def delete_toys(self, request: Request) -> None:
        """For good."""
        assert caller_of(request).role is Role.ADMIN


class AtTheDoor:
    """Knows one caller."""

    def __init__(self, caller: Caller = ANONYMOUS) -> None:
        self._caller = caller

    async def _known(self) -> Caller:
        return self._caller

    def of(self, request: Request) -> Awaitable[Caller]:
        return self._known()


def a_request(method: str, path: str, rest: str = "", body: bytes = b"", **headers: bytes) -> Request:
    given = [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
    scope: Any = {"method": method, "path": path, "query_string": b"count=3", "headers": given}
    return Request(scope, body, rest)


def route(method: str, caller: Caller = ANONYMOUS) -> Any:
    [found] = [each for each in hot_routes(ToysApi(), AtTheDoor(caller)) if each.method == method]
    return found


async def test_the_edge_hands_over_path_and_body() -> None:
    found = route("POST")
    assert (found.path, found.suffix, found.prefix) == ("/boxes/", "/toys", True)
    request = a_request("POST", "/boxes/red/toys", "red", b'{"name": "bear"}')
    assert (await found.answer(request)).body == b"/boxes/red/toys red bear"


@pytest.mark.parametrize(
    ("body", "headers", "error"),
    [
        (b"{}", {}, InvalidRequest),
        (b"{", {}, InvalidRequest),
        (b"", {}, InvalidRequest),
        (b"{}", {"content_type": b"text/plain"}, UnsupportedMediaType),
        (b'{"name": "bear"}', {"origin": b"https://elsewhere.example"}, UnsupportedMediaType),
    ],
)
async def test_a_body_is_read_strictly(body: bytes, headers: dict[str, bytes], error: type[HoldfastError]) -> None:
    with pytest.raises(error):
        await route("POST").answer(a_request("POST", "/boxes/red/toys", "red", body, **headers))


async def test_who_may_not_call_is_refused_before_anything_is_read() -> None:
    with pytest.raises(Unauthorized):
        await route("DELETE").answer(a_request("DELETE", "/toys"))


def test_a_query_that_the_operation_reads_itself_is_the_edges_too() -> None:
    assert route("GET").reads_query
    assert not route("POST").reads_query


def test_refusals_follow_from_the_definition() -> None:
    create, count, delete = operations_of(ToysApi())
    assert create.refuses == [400, 409, 413, 415, 422, 503]
    assert count.refuses == [400, 503]
    assert delete.refuses == [401, 403, 503]


async def test_the_framework_ends_in_the_same_function() -> None:
    app = Litestar(route_handlers=[*handlers(ToysApi(), AtTheDoor())], openapi_config=None)
    async with AsyncTestClient(app) as client:
        made = await client.post("/boxes/red/toys", json={"name": "bear"})
        assert (made.status_code, made.text) == (201, "/boxes/red/toys red bear")
        assert (await client.get("/toys", params={"count": "3"})).text == "count=3"


def hot_operations() -> list[Any]:
    """Every operation of the product that the edge answers."""
    parts = Parts(Settings(), "postgresql://nowhere/nothing", utc_now, None)
    return [each for api in parts.apis for each in operations_of(api) if each.more.get("hot")]


async def test_a_hot_operation_has_its_arguments_in_the_order_in_which_they_are_given() -> None:
    found = hot_operations()
    assert len(found) > 5
    for operation in found:
        given = ["self", "request", *(["{"] if "{" in operation.path else []), *(["data"] if operation.body else [])]
        names = [
            "{" if f"{{{name}}}" in operation.path else name
            for name, each in inspect.signature(operation.function).parameters.items()
            if each.default is inspect.Parameter.empty
        ]
        assert names == given, operation.path
