"""Operations, each defined once: by that definition the edge answers it, the framework routes to it and describes it.

An operation is a function of a feature's `Api`; the line above it says the rest:

    @seats("POST", "/api/bookings/reserve", "Book a seat", refuses=(403, 404, 409), reads=(IdempotencyKey,), hot=True)
    async def book_seat(self, request: Request, data: NewSeatBooking) -> Response[SeatBookingBody]:

`data` is the request's body, which was read strictly. All other arguments are parameters of the path and the query.
What it returns is described as the answer, and sent as JSON.

A `hot` operation is answered by the edge without the framework, which would cost more than the rest of the way. Its
arguments are `request`, then the variable of the path, then `data`. A request with a query that it does not read itself
goes through the framework all the same, whose handler (`handlers.py`) ends in the same function.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from types import MethodType, NoneType, UnionType
from typing import Any, NamedTuple, Protocol, TypedDict, Unpack, get_args, get_origin, get_type_hints

from litestar.openapi import ResponseSpec
from litestar.params import ParameterKwarg, QueryParameter

from holdfast.errors import UnsupportedMediaType
from holdfast.http import fields
from holdfast.http.hot import HotRoute, Request, Response
from holdfast.http.idempotency import IdempotencyKey

JSON = "application/json"
CONTENT_TYPE = JSON.encode()
STATUSES = {"POST": 201, "DELETE": 204}
"""Of answers that say that it was done, where it is not 200."""
GIVEN = ("self", "request", "data")
"""Arguments of an operation's function that are no parameters."""

Security = Sequence[Mapping[str, Sequence[str]]]
NEEDS_TOKEN: Security = [{"token": []}]
"""What an operation needs that cannot be called without a token, in either mode."""


class Callers(NamedTuple):
    """Who may call an operation: as the description has it, and what `check` raises before anything else is looked at.

    Without a `check` the operation looks at the caller itself, if it does.
    """

    security: Security
    refuses: tuple[int, ...]
    check: Callable[[Any], None] | None = None


ANYBODY = Callers((), ())
MAY_HAVE_TOKEN = Callers([{}, *NEEDS_TOKEN], (401,))
"""Reads a token, if there is one; under `ACCESS=token` there must be."""


class Gate(Protocol):
    """Who knows callers by their tokens."""

    def of(self, request: Request) -> Awaitable[Any]:
        """The caller of a request. Raises `Unauthorized`."""


class Body(NamedTuple):
    """The body of an operation, of a `kind`. One that `may_be_missing` is `None` then."""

    kind: Any
    decoder: Callable[[Any], Callable[[bytes], Any]]
    may_be_missing: bool

    def reader(self, api: object) -> Callable[[Request], Any]:
        """How an `Api` reads it. Raises `UnsupportedMediaType`, `InvalidRequest`."""
        decode, may_be_missing = self.decoder(api), self.may_be_missing

        def read(request: Request) -> Any:
            if may_be_missing and not request.body:
                return None
            if request.headers.get(b"content-type") != CONTENT_TYPE:
                check_media_type(request)
            return decode(request.body)

        return read


class More(TypedDict, total=False):
    """What else a definition may say."""

    callers: Callers
    """Others than the group's."""
    refuses: Sequence[int]
    """Statuses of refusals, besides those that follow from callers, parameters and body."""
    reads: Sequence[Any]
    """Headers, or parameters of the query, that the function reads from `request`: here for the description."""
    decode: Callable[[Any], Callable[[bytes], Any]]
    """How the body is read, of the `Api`, where its type does not tell."""
    status: int
    answer: str
    """Words for the answer in the description, where its status says too little."""
    answers: Mapping[int, ResponseSpec]
    """Answers besides, or described otherwise."""
    hot: bool
    endless: bool
    """Answered until its reader leaves."""
    hidden: bool
    """Left out of the description."""


class Group(NamedTuple):
    """Operations that have a tag in the description, and callers, in common. Called, it makes one of a function."""

    tag: str
    callers: Callers

    def __call__(
        self, method: str, path: str, summary: str, **more: Unpack[More]
    ) -> "Callable[[Callable[..., Awaitable[Any]]], Operation]":
        """Define the operation that the function below is."""
        return lambda function: Operation(
            function, self.tag, (method, path, summary), {"callers": self.callers, **more}
        )


class Operation:
    """One operation. As an attribute of an `Api` it is the function that answers it."""

    def __init__(
        self, function: Callable[..., Awaitable[Any]], tag: str, named: tuple[str, str, str], more: More
    ) -> None:
        types = get_type_hints(function, include_extras=True)
        response = types["return"]
        self.function = function
        self.tag = tag
        self.method, self.path, self.summary = named
        self.more = more
        self.callers = more["callers"]
        self.reads = tuple(more.get("reads", ()))
        self.status = more.get("status") or STATUSES.get(self.method, 200)
        self.words = more.get("answer")
        self.answer = get_args(response)[0] if get_origin(response) is Response else response
        self.body = _body(types["data"], more.get("decode")) if "data" in types else None
        arguments = inspect.signature(function).parameters
        self.wants_request = "request" in arguments
        self.parameters = [
            each.replace(annotation=types[name], kind=inspect.Parameter.KEYWORD_ONLY)
            for name, each in arguments.items()
            if name not in GIVEN
        ]

    def __get__(self, api: object, _: type | None = None) -> Any:
        return self if api is None else MethodType(self.function, api)

    @property
    def refuses(self) -> list[int]:
        """The statuses of its refusals: 503 is one of every operation's."""
        found = {503, *self.callers.refuses, *self.more.get("refuses", ())}
        if self.parameters or self.reads or self.body is not None:
            found.add(400)
        if self.body is not None:
            found |= {413, 415}
        if IdempotencyKey in self.reads:
            found.add(422)
        return sorted(found)

    def fast(self, api: object, gate: Gate) -> Callable[[Request], Awaitable[Response[Any]]]:
        """The operation as the edge calls it: a request in, its answer out. Raises what refuses it."""
        check = self.callers.check
        plain = self._plain(api)
        if check is None:
            return plain

        async def guarded(request: Request) -> Response[Any]:
            request.caller = await gate.of(request)
            check(request.caller)
            return await plain(request)

        return guarded

    def _plain(self, api: object) -> Callable[[Request], Awaitable[Response[Any]]]:
        """The same, whoever asks."""
        call, is_open = MethodType(self.function, api), "{" in self.path
        if self.body is None:
            return (lambda request: call(request, request.rest)) if is_open else call
        read = self.body.reader(api)
        if is_open:
            return lambda request: call(request, request.rest, read(request))
        return lambda request: call(request, read(request))

    def hot(self, api: object, gate: Gate) -> HotRoute:
        """How the edge finds it."""
        start, _, rest = self.path.partition("{")
        suffix = rest.partition("}")[2]
        return HotRoute(
            self.method,
            start,
            self.path,
            self.fast(api, gate),
            prefix=start != self.path,
            suffix=suffix,
            reads_query=any(isinstance(kwarg_of(each), QueryParameter) for each in self.reads),
            endless=self.more.get("endless", False),
        )


def operations_of(api: object) -> list[Operation]:
    """The operations of an `Api`, in the order in which they are written."""
    return [each for each in vars(type(api)).values() if isinstance(each, Operation)]


def hot_routes(api: object, gate: Gate) -> list[HotRoute]:
    """Those that the edge answers."""
    return [each.hot(api, gate) for each in operations_of(api) if each.more.get("hot")]


def kwarg_of(parameter: Any) -> ParameterKwarg:
    """What an annotation says of a parameter."""
    found = next(part for part in get_args(parameter) if isinstance(part, ParameterKwarg))
    assert found.name is not None, "a parameter that is read from the request has a name"
    return found


def check_media_type(request: Request) -> None:
    """Raises `UnsupportedMediaType` for a body that says it is not JSON; one that says nothing is taken for it.

    But not from a page in a browser, which has an `origin`: that is the one way to send a body to another site without
    the browser asking that site first.
    """
    kind = request.header(b"content-type")
    if kind is None and b"origin" not in request.headers:
        return
    if kind is None or kind.partition(";")[0].strip().lower() != JSON:
        raise UnsupportedMediaType


def _body(kind: Any, decoder: Callable[[Any], Callable[[bytes], Any]] | None) -> Body:
    kinds = get_args(kind) if get_origin(kind) is UnionType else (kind,)
    [struct] = [each for each in kinds if each is not NoneType]
    return Body(struct, decoder or (lambda _: partial(fields.decode, kind=struct)), NoneType in kinds)
