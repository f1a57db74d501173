"""The description of the API in OpenAPI 3.1, and the pages that show it. Everything is served from here: no CDN."""

import base64
from collections.abc import Iterable
from hashlib import sha256
from importlib.resources import files
from typing import Any

from litestar import Request, Router
from litestar.datastructures import CacheControlHeader, ResponseHeader
from litestar.file_system import BaseLocalFileSystem
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.openapi.spec import Components, Contact, License, SecurityScheme, Tag
from litestar.routes import BaseRoute
from litestar.static_files import create_static_files_router
from litestar.types import ControllerRouterHandler
from litestar.types.file_types import FileInfo
from msgspec import Struct

from holdfast import __version__
from holdfast.http.description import Described, operation_id
from holdfast.http.errors import ErrorAnswer

ASSETS_PATH = "/docs/assets"
DESCRIPTIONS = {
    400: "A field is missing, ill-typed or impossible; `details.fields` names each.",
    401: "The token does not hold, or one is needed.",
    403: "The token does not allow this.",
    404: "There is no such thing.",
    409: "It is taken: a time (`details` says from when to when), a slot, every seat. Or it is closed then "
    "(`ROOM_CLOSED`). Or it is no hold any more (`HOLD_EXPIRED`, `NOT_HELD`), or one too many (`HOLD_LIMIT`). `code` "
    "says which.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "The `Idempotency-Key` was used with another body.",
    429: "Too many requests from this client; `Retry-After` says for how many seconds to wait.",
    500: "A mistake of ours, or the conference service gave what is no link: nothing was booked.",
    502: "The conference service gave no link: nothing was booked.",
    503: "Busy, or the database is away: nothing was booked (`UNAVAILABLE`). Or it went away in mid-commit "
    "(`OUTCOME_UNKNOWN`): look the reservation up by the id in `details`.",
}
SCRIPT = """
SwaggerUIBundle({ url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null });
"""
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Holdfast API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{assets}/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{assets}/swagger-ui-bundle.js"></script>
<script>{script}</script>
</body>
</html>
"""
SCRIPT_HASH = base64.b64encode(sha256(SCRIPT.encode()).digest()).decode()
PAGE_POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    f"style-src 'self' 'unsafe-inline'; script-src 'self' 'sha256-{SCRIPT_HASH}'; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


def refusals(*statuses: int) -> dict[int, ResponseSpec]:
    """The error answers of an operation, for its description. 503 is one of every operation's."""
    return {
        status: ResponseSpec(ErrorAnswer, description=DESCRIPTIONS[status], generate_examples=False)
        for status in (*statuses, 503)
    }


class LocalSwagger(OpenAPIRenderPlugin):
    """Swagger UI at `/docs` and `/swagger`."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The page; it loads the description itself."""
        return PAGE.format(assets=ASSETS_PATH, script=SCRIPT).encode()


class DocsRouter(Router):
    """Takes the pages that are registered on it, but neither `/`, which is the web app's, nor the catch-all in HTML."""

    def register(self, value: ControllerRouterHandler) -> list[BaseRoute]:
        """Add a handler, unless it is that one, for its own paths."""
        if isinstance(value, HTTPRouteHandler):
            if "/{path:str}" in value.paths:
                return []
            value.paths.discard("/")
        return super().register(value)


class Assets(BaseLocalFileSystem):
    """Files, of which a name that no file can have is one that no file has."""

    async def info(self, path: Any, **kwargs: Any) -> FileInfo:
        """What is known of a file. Raises `FileNotFoundError`."""
        try:
            return await super().info(path, **kwargs)
        except (OSError, ValueError):
            raise FileNotFoundError from None


def config(examples: Iterable[Struct]) -> OpenAPIConfig:
    """How the description is made and where it is shown; `examples` are bodies, one of each kind."""
    return Described(
        examples=examples,
        operation_id_creator=operation_id,
        title="Holdfast",
        version=__version__,
        description="Books rooms, tables and seats. A place is never given twice.",
        license=License(name="MIT", identifier="MIT"),
        contact=Contact(name="Whoever runs this server"),
        openapi_router=DocsRouter(
            path="/",
            route_handlers=[],
            include_in_schema=False,
            response_headers=[ResponseHeader(name="content-security-policy", value=PAGE_POLICY)],
        ),
        render_plugins=[
            LocalSwagger(path=["/docs", "/swagger"]),
            JsonRenderPlugin(path="/openapi.json", media_type="application/json"),  # type: ignore[arg-type]
        ],
        tags=[
            Tag(name="reservations", description="A place for a stretch of time"),
            Tag(name="places", description="What has been named so far"),
            Tag(name="accounts", description="Users, passwords, tokens"),
            Tag(name="rooms", description="An office's rooms, their schedules and half-hour slots"),
            Tag(name="bookings", description="Booked slots"),
            Tag(name="tables", description="A restaurant's tables; reserved through `/reservations`"),
            Tag(name="events", description="Seats at events, one for each person"),
            Tag(name="webhooks", description="Addresses that messages are sent to; for admins"),
            Tag(name="board", description="What the web app shows at once"),
            Tag(name="service", description="State of the service"),
        ],
        components=Components(
            security_schemes={"token": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}
        ),
        use_handler_docstrings=True,
    )


def assets() -> Router:
    """The scripts and styles of Swagger UI, from a package that ships them."""
    return create_static_files_router(
        path=ASSETS_PATH,
        directories=[str(files("swagger_ui").joinpath("static"))],
        file_system=Assets(),
        cache_control=CacheControlHeader(public=True, max_age=86_400),
        include_in_schema=False,
    )
