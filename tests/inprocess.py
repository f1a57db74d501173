"""The service within the test's own process, for tests that hand it a clock or a conference service of their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import httpx

from holdfast import app, clock
from holdfast.kinds import KINDS
from holdfast.reservations.kinds import Kinds
from holdfast.rooms.conference import ConferenceProvider
from holdfast.settings import Settings
from rooms import DAY
from tokens import SECRET


class Clock:
    """Tells the time that a test sets."""

    def __init__(self, now: datetime = DAY) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@asynccontextmanager
async def running(
    database_url: str,
    now: clock.Clock,
    conference: ConferenceProvider | None = None,
    kinds: Kinds = KINDS,
    **settings: Any,
) -> AsyncIterator[httpx.AsyncClient]:
    """A client, asking for English, of a service that runs inside of the block."""
    chosen = Settings(jwt_secret=SECRET, **settings)
    application: Any = app.create(chosen, database_url, now, conference, kinds)
    async with _alive(application):
        transport = httpx.ASGITransport(application)
        headers = {"Accept-Language": "en"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://test", headers=headers, timeout=30
        ) as client:
            yield client


@asynccontextmanager
async def _alive(application: Any) -> AsyncIterator[None]:
    """Starts the application as a server does, and ends it."""
    to_it: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    from_it: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    life = asyncio.create_task(application(scope, to_it.get, from_it.put))
    await to_it.put({"type": "lifespan.startup"})
    assert (await from_it.get())["type"] == "lifespan.startup.complete"
    try:
        yield
    finally:
        await to_it.put({"type": "lifespan.shutdown"})
        assert (await from_it.get())["type"] == "lifespan.shutdown.complete"
        await life
