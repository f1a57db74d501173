"""What a request leaves behind in its worker."""

import asyncio
import gc
from typing import Any

import pytest
import uvicorn

from holdfast.edge.edge import Edge
from holdfast.edge.protocol import BoundedProtocol
from holdfast.edge.writes import Limits
from holdfast.http.hot import HotRoute, HotRoutes, Request, Response
from holdfast.settings import Settings

REQUESTS = 100
REQUEST = b"POST /echo HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\n{}"


async def echo(asked: Request) -> Response:
    return Response(200, asked.body)


async def ask(port: int) -> int:
    """Ask many times over one connection; how many objects only the garbage collector found afterwards."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    gc.collect()
    for _ in range(REQUESTS):
        writer.write(REQUEST)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        assert await reader.readexactly(2) == b"{}"
    found = gc.collect()
    writer.close()
    return found


@pytest.mark.parametrize("is_direct", [True, False], ids=["directly", "through ASGI"])
async def test_answered_requests_leave_nothing_to_the_garbage_collector(
    monkeypatch: pytest.MonkeyPatch, is_direct: bool
) -> None:
    if not is_direct:
        monkeypatch.setattr(Edge, "find_direct", lambda *_: None)
    cycles: list[object] = []
    begin = BoundedProtocol._begin_cycle
    monkeypatch.setattr(BoundedProtocol, "_begin_cycle", lambda self: cycles.append(begin(self)))
    nothing: Any = None
    edge = Edge(nothing, Settings(), HotRoutes((HotRoute("POST", "/echo", "/echo", echo),)), None, Limits(None, None))
    config = uvicorn.Config(edge, port=0, http=BoundedProtocol, lifespan="off", log_config=None, proxy_headers=False)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    [socket] = server.servers[0].sockets
    gc.disable()
    try:
        found = await ask(socket.getsockname()[1])
    finally:
        gc.enable()
        await server.shutdown()
    assert (found < REQUESTS, len(cycles)) == (True, 0 if is_direct else REQUESTS)
