"""A second service, with settings that differ from the defaults wherever that shows."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from service import Service
from tokens import SECRET

DESK = "https://desk.example"
"""An origin whose pages may call the second service."""


@pytest.fixture(scope="module")
def guarded_service(database_url: str) -> Iterator[Service]:
    """A service on the same database that wants tokens, speaks English and waits half a second for a request."""
    settings = {
        "DATABASE_URL": database_url,
        "JWT_SECRET": SECRET,
        "ACCESS": "token",
        "DEFAULT_LANGUAGE": "en",
        "CORS_ORIGINS": f"https://other.example, {DESK}",
        "BODY_SECONDS_MAX": 0.5,
        "RESERVATION_DAYS_MAX": 1,
        "RATE_LIMIT_MAX": 0,
    }
    with Service(settings) as service:
        yield service


@pytest.fixture
async def guarded(guarded_service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A client of that service, without a token."""
    async with httpx.AsyncClient(base_url=guarded_service.url, timeout=30, verify=False) as client:
        yield client


@pytest.fixture
async def plain(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the default service that names no language."""
    async with httpx.AsyncClient(base_url=service.url, timeout=30, verify=False) as client:
        yield client
