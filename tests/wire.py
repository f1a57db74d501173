"""Bytes as they go over the wire, for requests that no decent client sends."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

from service import Service

ANSWER_SECONDS_MAX = 20.0


class Answer(NamedTuple):
    """What came back before the connection was closed: `status` is 0 for nothing at all."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The code of the error."""
        content: dict[str, Any] = json.loads(self.body)
        return str(content["error"]["code"])


@asynccontextmanager
async def connected(service: Service) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a service."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def exchange(service: Service, *parts: bytes) -> Answer:
    """Send these bytes, say no more, and read until the service closes."""
    async with connected(service) as (reader, writer):
        with suppress(ConnectionError):
            for part in parts:
                writer.write(part)
                await writer.drain()
        return await answer(reader)


async def answer(reader: asyncio.StreamReader) -> Answer:
    """What comes until the service closes. Fails when it does not."""
    raw = b""
    async with asyncio.timeout(ANSWER_SECONDS_MAX):
        with suppress(ConnectionError):
            while part := await reader.read(65_536):
                raw += part
    head, _, body = raw.partition(b"\r\n\r\n")
    if not head:
        return Answer(0, {}, b"")
    status, headers = _read(head)
    return Answer(status, headers, body)


async def next_answer(reader: asyncio.StreamReader) -> Answer:
    """The next answer of a connection that may stay open, its parts joined."""
    async with asyncio.timeout(ANSWER_SECONDS_MAX):
        status, headers = _read((await reader.readuntil(b"\r\n\r\n"))[:-4])
        body = b""
        if headers.get("transfer-encoding") == "chunked":
            while length := int(await reader.readuntil(b"\r\n"), 16):
                body += (await reader.readexactly(length + 2))[:-2]
            await reader.readexactly(2)
        else:
            body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Answer(status, headers, body)


def _read(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split()[1]), headers


def head(target: bytes, *headers: bytes, method: bytes = b"GET") -> bytes:
    """The head of a request, after whose answer the connection is to be closed."""
    lines = [method + b" " + target + b" HTTP/1.1", b"Host: localhost", b"Connection: close", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"
