"""The composition root: settings in, one application out. The only module that knows everyone."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from litestar import Litestar, Request, Response
from litestar.config.cors import CORSConfig
from litestar.di import Provide
from litestar.types import ASGIApp

from holdfast import committing, descriptors
from holdfast.accounts.access import Access
from holdfast.accounts.api import AccountsApi
from holdfast.accounts.examples import ACCOUNTS
from holdfast.accounts.service import Accounts
from holdfast.accounts.tokens import Tokens
from holdfast.board.api import BoardApi
from holdfast.board.examples import BOARD
from holdfast.board.service import Board
from holdfast.clock import Clock, utc_now
from holdfast.database.connections import Database
from holdfast.edge.compression import Compression
from holdfast.edge.edge import CLIENT_GONE, Edge
from holdfast.edge.writes import Limits
from holdfast.engine.housekeeping import keep_house
from holdfast.engine.loaders import TagLoader
from holdfast.engine.probe import Prober
from holdfast.errors import InternalError
from holdfast.events.api import EventsApi
from holdfast.events.availability import Availability, ProcessCache, RedisCache
from holdfast.events.board.api import EventBoardApi
from holdfast.events.board.service import EventBoard
from holdfast.events.examples import EVENTS
from holdfast.events.service import Events
from holdfast.http import docs, errors
from holdfast.http.description import StandIns
from holdfast.http.framework import translate
from holdfast.http.handlers import handlers
from holdfast.http.hot import HotRoutes
from holdfast.http.idempotency import HEADER, REPLAYED
from holdfast.http.languages import preferred
from holdfast.http.operations import hot_routes
from holdfast.kinds import KINDS
from holdfast.leading import leader_tasks
from holdfast.live.api import LiveApi
from holdfast.live.feeder import Feeder
from holdfast.outbox.publishing import Publishing, shipped
from holdfast.redis_link import RedisLink
from holdfast.reservations.api import ReservationsApi, nobodys_id
from holdfast.reservations.examples import examples
from holdfast.reservations.kinds import Kinds
from holdfast.reservations.service import Reservations
from holdfast.rooms.api import RoomsApi
from holdfast.rooms.bookings import Bookings
from holdfast.rooms.conference import ConferenceProvider, provider
from holdfast.rooms.conference_links import ConferenceLinks
from holdfast.rooms.days import Days
from holdfast.rooms.examples import ROOMS
from holdfast.rooms.service import Rooms
from holdfast.settings import Settings
from holdfast.tables.api import TablesApi
from holdfast.tables.examples import TABLES
from holdfast.tables.floor.api import FloorBoardApi
from holdfast.tables.floor.service import FloorBoard
from holdfast.tables.service import Tables
from holdfast.upkeep.health import SERVICE, check_health, get_info, get_metrics
from holdfast.web import pages
from holdfast.webhooks.api import WebhooksApi
from holdfast.webhooks.examples import WEBHOOKS
from holdfast.webhooks.service import Webhooks

EXAMPLES = (*ACCOUNTS, *BOARD, *EVENTS, *ROOMS, *TABLES, *WEBHOOKS, *SERVICE)
logger = structlog.stdlib.get_logger("holdfast.http")


class Parts:
    """What one process is made of."""

    def __init__(
        self,
        settings: Settings,
        database_url: str,
        clock: Clock,
        conference: ConferenceProvider | None,
        kinds: Kinds = KINDS,
    ) -> None:
        self.clock = clock
        self.settings = settings
        self.kinds = kinds
        self.database = Database(database_url, settings)
        self.prober = Prober(self.database)
        self.conference = conference or provider(settings)
        stop = partial(os.kill, os.getpid(), signal.SIGTERM)
        self.committer = committing.committer(self.database, settings, clock, stop, kinds)
        tasks = leader_tasks(settings, clock, self.committer, self.conference, kinds)
        self.publishing = Publishing(self.database, settings, shipped(settings), tasks)
        self.journal = self.publishing.journal
        listeners = descriptors.budget(settings).listeners
        self.feeder = Feeder(self.journal, self.publishing.stream, listeners, settings.client_listeners_max)
        tokens = Tokens(self.database, settings, clock)
        self.access = Access(self.database, tokens, settings)
        address = settings.redis_address
        self.redis = None if address is None else RedisLink(address, settings.redis_seconds_max)
        self.accounts = Accounts(self.database, settings, tokens, clock, self.redis)
        self.limits = Limits.of(settings, self.redis)
        self.links = ConferenceLinks(self.conference)
        self.live = LiveApi(self.access, self.feeder, settings.proxies, kinds.names)
        self.reservations, *others = self._apis()
        self.apis = (self.reservations, *others, self.live)

    def _apis(self) -> tuple[ReservationsApi, *tuple[object, ...]]:
        """The operations of each feature."""
        settings, clock = self.settings, self.clock
        tags = TagLoader(self.database)
        rooms = Rooms(self.database, self.committer, clock)
        bookings = Bookings(self.database, self.committer, rooms, self.links, clock)
        longest = timedelta(days=settings.reservation_days_max)
        reservations = Reservations(self.database, self.committer, self.access, self.kinds, longest)
        shared = None if self.redis is None else RedisCache(self.redis)
        availability = Availability(self.database, ProcessCache(), shared)
        return (
            ReservationsApi(reservations, tags),
            RoomsApi(self.access, rooms, Days(self.database, rooms, tags, clock), bookings),
            EventsApi(self.access, availability, Events(self.database, self.committer, clock)),
            TablesApi(self.access, Tables(self.database, self.committer, clock)),
            AccountsApi(self.accounts, settings.proxies),
            BoardApi(Board(self.database, rooms, bookings, reservations, clock)),
            EventBoardApi(EventBoard(self.database, self.access, availability)),
            FloorBoardApi(FloorBoard(self.database, self.access, self.kinds)),
            WebhooksApi(Webhooks(self.database, clock, settings.webhook_allowed)),
        )

    @asynccontextmanager
    async def alive(self, _: Litestar) -> AsyncIterator[None]:
        """Everything is open inside, and what was begun is finished at the end."""
        await self.database.open()
        house = asyncio.create_task(keep_house(self.database.pool, self.clock))
        relay = AsyncExitStack()
        if self.settings.relay:
            await relay.enter_async_context(self.publishing.relaying())
        try:
            yield
        finally:
            await self.feeder.close()
            house.cancel()
            with suppress(asyncio.CancelledError):
                await house
            await self.committer.drain()
            await self.links.drain()
            # After the last booking, whose message may still be published.
            await relay.aclose()
            # The sweeper, which ends with the relay, may have begun more.
            await self.committer.drain()
            await self.conference.close()
            await self.publishing.close()
            self.accounts.close()
            if self.redis is not None:
                await self.redis.close()
            await self.database.close()

    def handed_over(self) -> dict[str, Provide]:
        """What handlers ask for by the names of their parameters."""
        names = ("database", "journal", "prober", "redis", "settings")
        given = {name: Provide(_giving(getattr(self, name)), sync_to_thread=False) for name in names}
        return given | {"named": Provide(self.kinds.filter(), sync_to_thread=False)}


def _giving(part: Any) -> Callable[[], Any]:
    return lambda: part


def create(
    settings: Settings,
    database_url: str,
    clock: Clock = utc_now,
    conference: ConferenceProvider | None = None,
    kinds: Kinds = KINDS,
) -> ASGIApp:
    """One process's application, on a database that has been migrated.

    Tests bring their own clock, `conference` and `kinds` of places.
    """
    parts = Parts(settings, database_url, clock, conference, kinds)

    def answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        if isinstance(error, ConnectionAbortedError):
            return Response(b"", status_code=CLIENT_GONE)
        known = translate(error, request)
        if isinstance(known, InternalError):
            request_id, route = request.headers.get("x-request-id"), request.scope.get("path_template")
            logger.error("request failed", route=route, request_id=request_id, exc_info=error)
        language = preferred(request.headers.get("accept-language"), settings.default_language)
        return Response(
            errors.render(known, language),
            status_code=errors.status_of(known),
            headers=errors.headers_of(known),
            media_type="application/json",
        )

    origins = cors(settings)
    app = Litestar(
        route_handlers=[
            *(each for api in parts.apis for each in handlers(api, parts.access)),
            nobodys_id,
            check_health,
            get_info,
            get_metrics,
            docs.assets(),
            *pages.handlers(),
        ],
        lifespan=[parts.alive],
        dependencies=parts.handed_over(),
        exception_handlers={Exception: answer_error},
        openapi_config=docs.config((*EXAMPLES, *examples(kinds))),
        cors_config=origins,
        request_max_body_size=settings.body_bytes_max,
        logging_config=None,
        plugins=[StandIns(kinds.composed)],
    )
    hot = HotRoutes(tuple(each for api in parts.apis for each in hot_routes(api, parts.access)))
    return Edge(Compression(app), settings, hot, origins, parts.limits)


def cors(settings: Settings) -> CORSConfig | None:
    """Which web pages of other origins may call the API, by the setting `CORS_ORIGINS`."""
    if not settings.origins:
        return None
    return CORSConfig(
        allow_origins=settings.origins,
        allow_methods=["GET", "POST", "PATCH", "DELETE", "OPTIONS"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            "Accept-Language",
            HEADER,
            "Hold-Secret",
            "If-None-Match",
            "Last-Event-ID",
            "X-Request-ID",
        ],
        expose_headers=[
            "Link",
            "Location",
            REPLAYED,
            "Retry-After",
            "ETag",
            "X-Request-ID",
            "RateLimit-Limit",
            "RateLimit-Remaining",
            "RateLimit-Reset",
        ],
        max_age=600,
    )
