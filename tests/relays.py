"""Relays in processes of their own, started by the command that people start them with; and what is in the stream."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from types import TracebackType
from typing import Self
from uuid import UUID

import asyncpg

from redis_server import RedisServer
from service import INHERITED, STOP_SECONDS_MAX

COMMITTED = "SELECT id, place, revision FROM outbox ORDER BY place, revision"


class RelayProcess:
    """`holdfast relay` with the given settings. As a context, it runs inside and ends with it."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        self._settings = {name: str(value) for name, value in settings.items()}
        self._output = tempfile.TemporaryFile("w+")  # noqa: SIM115  lives as long as the relay
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._output.close()

    def start(self) -> None:
        """Start it; that it runs shows in what it publishes."""
        inherited = {name: value for name, value in os.environ.items() if name.startswith(INHERITED)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "holdfast", "relay"],
            env=inherited | self._settings,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            cwd=tempfile.gettempdir(),
            text=True,
        )

    def kill(self) -> None:
        """Kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(STOP_SECONDS_MAX)

    def stop(self) -> int:
        """Ask it to stop, and answer its exit status."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(STOP_SECONDS_MAX)

    def output(self) -> str:
        """What it has printed and logged so far."""
        self._output.seek(0)
        return self._output.read()


def streamed(server: RedisServer, name: str = "holdfast") -> list[UUID]:
    """The ids of all messages in the stream, in order."""
    with server.client() as client:
        return [UUID(json.loads(fields["message"])["id"]) for _, fields in client.xrange(name)]


async def check_stream(url: str, server: RedisServer) -> None:
    """The stream has all that was committed and nothing else, and each place's messages in order.

    A message may be there twice; what counts is where it is first.
    """
    connection = await asyncpg.connect(url)
    try:
        committed = {row["id"]: (row["place"], row["revision"]) for row in await connection.fetch(COMMITTED)}
    finally:
        await connection.close()
    seen = list(dict.fromkeys(streamed(server)))
    assert set(seen) == set(committed), "not what was committed"
    last: dict[str, int] = {}
    for message_id in seen:
        place, revision = committed[message_id]
        assert revision == last.get(place, 0) + 1, f"{place} has {revision} after {last.get(place, 0)}"
        last[place] = revision


async def waiting(url: str, server: RedisServer) -> int:
    """How many messages are not in the stream yet."""
    connection = await asyncpg.connect(url)
    try:
        committed = {row["id"] for row in await connection.fetch(COMMITTED)}
    finally:
        await connection.close()
    return len(committed - set(streamed(server)))


async def all_published(url: str, server: RedisServer) -> None:
    """Returns when all that was committed is in the stream."""
    for _ in range(2_000):
        if not await waiting(url, server):
            return
    raise AssertionError("not all is published")
