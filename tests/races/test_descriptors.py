"""A service that may open few files: many listeners leave room for bookings, and nobody is reset without a word."""

import asyncio
import resource
import subprocess
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from answers import error
from rooms import body, some_room
from service import Service
from tokens import SECRET
from wire import answer, connected, head

Start = Callable[..., Service]
OPEN_FILES = 256


@pytest.fixture
def few_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Services are started as under `ulimit -n 256`; the soft limit is lower still, as a shell's may be."""
    real = subprocess.Popen

    def started(*arguments: Any, **more: Any) -> Any:
        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES // 2, OPEN_FILES))

        return real(*arguments, **more, preexec_fn=limit)

    monkeypatch.setattr(subprocess, "Popen", started)


async def listen(service: Service, stack: AsyncExitStack) -> tuple[int, str]:
    """The status that one more listener gets, and its code; one that may listen goes on to."""
    reader, writer = await stack.enter_async_context(connected(service))
    writer.write(b"GET /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    start = await asyncio.wait_for(reader.readuntil(b"\r\n"), 20)
    status = int(start.split()[1])
    if status == 200:
        return status, ""
    rest = (start + await reader.read()).decode()
    assert "retry-after: " in rest.lower()
    return status, rest.partition('"code":"')[2].partition('"')[0]


@pytest.mark.usefixtures("few_files")
async def test_bookings_go_on_however_many_would_listen(start: Start, database_url: str) -> None:
    service = start(DATABASE_URL=database_url, JWT_SECRET=SECRET, RATE_LIMIT_MAX=0)
    async with AsyncExitStack() as stack:
        heard = [await listen(service, stack) for _ in range(OPEN_FILES + 50)]
        listeners = heard.count((200, ""))
        assert 50 < listeners < OPEN_FILES * 3 // 4
        assert heard[listeners:] == [(503, "UNAVAILABLE")] * (len(heard) - listeners)
        # Each on a connection of its own.
        for _ in range(30):
            async with httpx.AsyncClient(base_url=service.url, verify=False, timeout=30) as http:
                made = await http.post("/reservations", json=body(some_room(), 1, 2))
                assert made.status_code == 201, made.text
                assert (await http.get("/health")).status_code == 200
    assert len(service.logged("the limit of open files is low")) == 1
    assert "Traceback" not in service.output()


@pytest.mark.usefixtures("few_files")
async def test_connections_beyond_the_bound_are_answered(start: Start, database_url: str) -> None:
    """Connections that say nothing for a while do not keep others from being told why they cannot be taken."""
    service = start(DATABASE_URL=database_url, JWT_SECRET=SECRET, RATE_LIMIT_MAX=0, BODY_SECONDS_MAX=100)
    async with AsyncExitStack() as stack:
        silent = [(await stack.enter_async_context(connected(service)))[0] for _ in range(OPEN_FILES + 50)]
        told = await asyncio.gather(*(answer(reader) for reader in silent[-50:]))
        assert {(each.status, each.code) for each in told} == {(503, "UNAVAILABLE")}
        async with connected(service) as (reader, writer):
            writer.write(head(b"/health"))
            refused = await answer(reader)
        assert (refused.status, refused.code, refused.headers["retry-after"]) == (503, "UNAVAILABLE", "1")
    # All that were connected have left: there is room again.
    async with httpx.AsyncClient(base_url=service.url, verify=False, timeout=30) as http:
        async with asyncio.timeout(20):
            while (await http.post("/reservations", json=body(some_room(), 1, 2))).status_code != 201:
                pass
    assert len(service.logged("too many connections")) == 1


async def test_one_client_has_some_listeners_only(start: Start, database_url: str) -> None:
    settings = {"CLIENT_LISTENERS_MAX": 2, "TRUSTED_PROXIES": "127.0.0.1", "RATE_LIMIT_MAX": 0}
    service = start(DATABASE_URL=database_url, JWT_SECRET=SECRET, **settings)
    one, other = {"X-Forwarded-For": "203.0.113.1"}, {"X-Forwarded-For": "203.0.113.2"}
    async with httpx.AsyncClient(base_url=service.url, verify=False, timeout=30) as http, AsyncExitStack() as stack:
        for headers in (one, one, other):
            listening = await stack.enter_async_context(http.stream("GET", "/stream", headers=headers))
            assert listening.status_code == 200
        refused = await http.get("/stream", headers=one)
        error(refused, 429, "RATE_LIMITED")
        assert int(refused.headers["retry-after"]) > 0
