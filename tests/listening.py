"""A listener to live updates, which waits for what it expects."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx

SECONDS_MAX = 15.0


class Event(NamedTuple):
    """A server-sent event, its data read."""

    id: str
    type: str
    data: dict[str, Any]


class Listening:
    """An answer of `GET /stream` under way."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def block(self) -> list[str]:
        """The lines up to the next empty one; a comment is one, too. Empty at the end."""
        lines: list[str] = []
        async with asyncio.timeout(SECONDS_MAX):
            async for line in self._lines:
                if not line:
                    return lines
                lines.append(line)
        return lines

    async def next(self) -> Event | None:
        """The next event, or `None` at the end; comments are passed over."""
        while lines := await self.block():
            if lines[0].startswith(":"):
                continue
            fields = dict(line.split(": ", 1) for line in lines)
            assert list(fields) == ["id", "event", "data"]
            return Event(fields["id"], fields["event"], json.loads(fields["data"]))
        return None

    async def take(self, count: int) -> list[Event]:
        """The next events."""
        events = [await self.next() for _ in range(count)]
        assert None not in events, "the stream has ended"
        return [event for event in events if event is not None]


class NotAdmitted(AssertionError):
    """Nobody may listen, or nobody else; with the body of the response."""


@asynccontextmanager
async def listening(
    http: httpx.AsyncClient, *, after: str | None = None, headers: Mapping[str, str] | None = None, **query: Any
) -> AsyncIterator[Listening]:
    """A listener, which has been greeted. Raises `NotAdmitted`."""
    given = dict(headers or {}) | ({} if after is None else {"Last-Event-ID": after})
    async with http.stream("GET", "/stream", params=query, headers=given) as response:
        if response.status_code != 200:
            raise NotAdmitted(await response.aread())
        listener = Listening(response)
        assert (await listener.block()) == [": listening"]
        yield listener
