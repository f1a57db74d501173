"""The composition root: settings in, one application out. The only module that knows everyone."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from litestar import Litestar, Request, Response
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import (
    ClientException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.types import ASGIApp

from holdfast.accounts.access import Access
from holdfast.accounts.api import MeApi, SignInApi, UsersApi
from holdfast.accounts.service import Accounts
from holdfast.accounts.tokens import Tokens
from holdfast.board.api import BoardApi
from holdfast.board.service import Board
from holdfast.clock import Clock, utc_now
from holdfast.database.connections import Database
from holdfast.engine.committer import Bounds, Committer
from holdfast.engine.housekeeping import keep_house
from holdfast.engine.reader import RevisionReader
from holdfast.errors import HoldfastError, InternalError, InvalidRequest, MethodNotAllowed, NotFound
from holdfast.http import docs, errors, pages
from holdfast.http.edge import Edge
from holdfast.http.health import exposition, health, info
from holdfast.http.hot import HotRoutes
from holdfast.http.idempotency import HEADER, REPLAYED
from holdfast.http.languages import preferred
from holdfast.reservations.api import PlacesApi, ReservationsApi
from holdfast.reservations.hot import HotReservations
from holdfast.reservations.service import Reservations
from holdfast.rooms.api import BookingsApi, RoomsApi
from holdfast.rooms.bookings import Bookings
from holdfast.rooms.conference import ConferenceProvider, provider
from holdfast.rooms.days import Days
from holdfast.rooms.hot import HotRooms
from holdfast.rooms.links import Links
from holdfast.rooms.rules import ManagedRooms
from holdfast.rooms.service import Rooms
from holdfast.settings import Settings

FEATURES = (SignInApi, MeApi, UsersApi, RoomsApi, BookingsApi, ReservationsApi, PlacesApi, BoardApi)
logger = structlog.stdlib.get_logger("holdfast.http")
PARAMETER_RULES = {
    "limit": "limit",
    "mine": "boolean",
    "cursor": "cursor",
    "page": "page_number",
    "page_size": "page_size",
    "date": "date",
}
"""The catalogue's keys for query parameters that Litestar itself reads."""
PARAMETER_NAMES = {"page_size": "pageSize"}
"""What clients call the parameters whose names Litestar gives in the code's way."""


class Parts:
    """What one process is made of."""

    def __init__(
        self, settings: Settings, database_url: str, clock: Clock, conference: ConferenceProvider | None
    ) -> None:
        self.clock = clock
        self.settings = settings
        self.database = Database(database_url, settings)
        tokens = Tokens(self.database, settings, clock)
        self.access = Access(self.database, tokens, settings)
        self.accounts = Accounts(self.database, settings, tokens, clock)
        stop = partial(os.kill, os.getpid(), signal.SIGTERM)
        self.committer = Committer(self.database, bounds(settings), clock, stop)
        revisions = RevisionReader(self.database)
        self.rooms = Rooms(self.database, clock)
        self.links = Links(conference or provider(settings))
        self.bookings = Bookings(self.database, self.committer, self.rooms, self.links, clock)
        self.board = Board(self.database, self.rooms, self.bookings, clock)
        days = Days(self.database, self.rooms, revisions, clock)
        self.hot_rooms = HotRooms(self.access, days, self.bookings)
        rules = ManagedRooms(self.rooms, clock)
        longest = timedelta(days=settings.reservation_days_max)
        self.reservations = Reservations(self.database, self.committer, self.access, rules, longest)
        self.hot = HotReservations(self.reservations, revisions)

    @asynccontextmanager
    async def alive(self, _: Litestar) -> AsyncIterator[None]:
        """Everything is open inside, and what was begun is finished at the end."""
        await self.database.open()
        house = asyncio.create_task(keep_house(self.database.pool, self.clock))
        try:
            yield
        finally:
            house.cancel()
            with suppress(asyncio.CancelledError):
                await house
            await self.committer.drain()
            await self.links.drain()
            self.accounts.close()
            await self.database.close()

    def handed_over(self) -> dict[str, Provide]:
        """What handlers ask for, by the names of their parameters."""
        names = ("accounts", "board", "bookings", "database", "hot", "hot_rooms", "reservations", "rooms", "settings")
        return {name: Provide(_giving(getattr(self, name)), sync_to_thread=False) for name in names}


def _giving(part: Any) -> Callable[[], Any]:
    return lambda: part


def create(
    settings: Settings,
    database_url: str,
    clock: Clock = utc_now,
    conference: ConferenceProvider | None = None,
) -> ASGIApp:
    """One process's application, on a database that has been migrated. Tests bring their own clock and `conference`."""
    parts = Parts(settings, database_url, clock, conference)

    def answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        known = translate(error, request)
        if isinstance(known, InternalError):
            request_id = request.headers.get("x-request-id")
            logger.error("request failed", path=request.url.path, request_id=request_id, exc_info=error)
        language = preferred(request.headers.get("accept-language"), settings.default_language)
        return Response(
            errors.render(known, language),
            status_code=errors.status_of(known),
            headers=errors.headers_of(known),
            media_type="application/json",
        )

    origins = cors(settings)
    app = Litestar(
        route_handlers=[*FEATURES, health, info, exposition, docs.assets(), *pages.handlers()],
        lifespan=[parts.alive],
        dependencies=parts.handed_over(),
        exception_handlers={Exception: answer_error},
        openapi_config=docs.config(),
        cors_config=origins,
        request_max_body_size=settings.body_bytes_max,
        logging_config=None,
        state=State({"access": parts.access}),
    )
    return Edge(app, settings, HotRoutes(parts.hot.routes() + parts.hot_rooms.routes()), origins)


def bounds(settings: Settings) -> Bounds:
    """What the engine may take on."""
    return Bounds(
        lanes=settings.worker_lanes,
        batch_claims_max=settings.batch_claims_max,
        lane_claims_max=settings.lane_claims_max,
        place_claims_max=settings.place_claims_max,
        claim_seconds_max=settings.claim_seconds_max,
        longest=timedelta(days=settings.reservation_days_max),
    )


def translate(error: Exception, request: Request[Any, Any, Any]) -> HoldfastError:
    """Our error for whatever was raised while a request was answered."""
    match error:
        case HoldfastError():
            return error
        case NotFoundException():
            return NotFound()
        case MethodNotAllowedException():
            return MethodNotAllowed(", ".join(sorted(methods_at(request))))
        case ValidationException():
            return invalid(error)
        case ClientException():
            return InvalidRequest()
        case _:
            return InternalError()


def invalid(error: ValidationException) -> InvalidRequest:
    """Our error for parameters that Litestar refused. Its own texts are in English and tell of Python types."""
    faults = [item for item in error.extra or [] if isinstance(item, dict)]
    names = [str(item.get("key", "")) for item in faults]
    if "data" in names:
        # What handlers call the body: there was none.
        return InvalidRequest(rule="json")
    return InvalidRequest(
        {PARAMETER_NAMES.get(name, name): PARAMETER_RULES.get(name, "invalid") for name in names if name}
    )


def methods_at(request: Request[Any, Any, Any]) -> set[str]:
    """The methods that this request's path takes."""
    parts = request.url.path.strip("/").split("/")
    found: set[str] = set()
    for route in request.app.routes:
        named = route.path_components
        if len(named) == len(parts) and all(
            not isinstance(name, str) or name == part for name, part in zip(named, parts, strict=True)
        ):
            found |= route.methods
    return found


def cors(settings: Settings) -> CORSConfig | None:
    """Which web pages of other origins may call the API, by the setting `CORS_ORIGINS`."""
    origins = [origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()]
    if not origins:
        return None
    return CORSConfig(
        allow_origins=origins,
        allow_methods=["GET", "POST", "PATCH", "DELETE", "OPTIONS"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            "Accept-Language",
            HEADER,
            "If-None-Match",
            "X-Request-ID",
        ],
        expose_headers=["Location", REPLAYED, "Retry-After", "ETag", "X-Request-ID"],
        max_age=600,
    )
