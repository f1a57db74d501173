"""Requests and answers as operations get and give them: headers and bytes in, headers and bytes out.

The hottest are found and answered here, without the framework.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from litestar.types import HTTPScope

T = TypeVar("T")
Headers = tuple[tuple[bytes, bytes], ...]
ENDING = "holdfast.ending"
"""The scope's key for what is to be called when the exchange ends before its answer does."""


class Request:
    """A request that has arrived whole. `rest` is what the route's path leaves open, percent-decoded.

    `caller` is there once somebody was let in, who is read by `caller_of`.
    """

    __slots__ = ("body", "caller", "headers", "rest", "scope")
    caller: Any

    def __init__(self, scope: HTTPScope, body: bytes, rest: str) -> None:
        self.scope = scope
        self.body = body
        self.rest = rest
        self.headers: Mapping[bytes, bytes] = dict(scope["headers"])

    @property
    def path(self) -> str:
        """The path, percent-decoded."""
        return self.scope["path"]

    @property
    def query(self) -> bytes:
        """What follows the question mark, as it was sent."""
        return self.scope["query_string"]

    def header(self, name: bytes) -> str | None:
        """A header's value, by its name in lower case."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def is_head(self) -> bool:
        """Whether only the head of the answer is wanted."""
        return self.scope["method"] == "HEAD"

    def on_end(self, call: Callable[[], None]) -> None:
        """Have something called when the client leaves or the server stops: what an endless answer needs to end."""
        scope: Any = self.scope
        scope[ENDING] = call

    def abort(self) -> None:
        """Cut the connection, unless the answer has been sent: a client that reads nothing would never see its end."""
        exchange: Any = self.scope.get("holdfast.exchange")
        if exchange is not None and not exchange.response_complete:
            exchange.transport.abort()

    def is_gone(self) -> bool:
        """Whether the client has left."""
        return has_left(self.scope)


def arrived_body(scope: HTTPScope) -> bytes | None:
    """The request's body, if all of it has arrived already, as that of a small request has; without waiting for it."""
    exchange: Any = scope.get("holdfast.exchange")
    return None if exchange is None or exchange.more_body else bytes(exchange.body)


def has_left(scope: HTTPScope) -> bool:
    """Whether the client of a request has left, or was cut."""
    exchange: Any = scope.get("holdfast.exchange")
    return exchange is not None and bool(exchange.disconnected)


def send_with_next(scope: HTTPScope) -> None:
    """Have what is sent next sent together with what comes after it, which must come soon."""
    exchange: Any = scope.get("holdfast.exchange")
    if exchange is not None:
        exchange.transport.keep_next()


def forget_exchange(scope: HTTPScope) -> None:
    """Let go of the connection, which has the scope: two that have each other are left to the garbage collector.

    That took a twelfth of the time of a creation.
    """
    known: Any = scope
    known.pop("holdfast.exchange", None)


class Response(NamedTuple, Generic[T]):
    """An answer ready to be sent, a `T` in JSON unless its headers say otherwise: whole, or in parts as it is made."""

    status: int
    body: bytes | AsyncIterator[bytes]
    headers: Headers = ()


class HotRoute(NamedTuple):
    """A hot call: its method, its path, its template for metrics.

    With `prefix`, the path is followed by whatever has no slash, and that by `suffix`. Only requests without a query
    are taken, unless the call reads one. An `endless` answer goes on until its reader leaves.
    """

    method: str
    path: str
    template: str
    answer: Callable[[Request], Awaitable[Response[Any]]]
    prefix: bool = False
    suffix: str = ""
    reads_query: bool = False
    endless: bool = False


Found = tuple[HotRoute, str]
"""A hot route, and what a request's path fills in."""


class HotRoutes:
    """Finds the hot route of a request, quickly."""

    def __init__(self, routes: tuple[HotRoute, ...]) -> None:
        self._exact = {(route.method, route.path): route for route in routes if not route.prefix}
        self._prefixes = {(route.method, route.path): route for route in routes if route.prefix and not route.suffix}
        self._around = tuple(route for route in routes if route.suffix)

    def find(self, scope: HTTPScope) -> Found | None:
        """The route and what its path leaves open, or `None` for what the framework answers."""
        found = self._find(scope["method"], scope["path"].rstrip("/"))
        if found is None or (scope["query_string"] and not found[0].reads_query):
            return None
        return found

    def _find(self, method: str, path: str) -> Found | None:
        route = self._exact.get((method, path))
        if route is not None:
            return route, ""
        for route in self._around:
            if path.endswith(route.suffix) and path.startswith(route.path) and method == route.method:
                rest = path[len(route.path) : -len(route.suffix)]
                return (route, rest) if rest and "/" not in rest else None
        head, slash, rest = path.rpartition("/")
        route = self._prefixes.get((method, head + slash))
        return None if route is None or not rest else (route, rest)
