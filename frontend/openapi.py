"""Writes `openapi.json`, the description of the API from which `npm run generate` makes the types of the client.

An argument names another file.
"""

import asyncio
import json
import sys
from pathlib import Path

import httpx

from holdfast.app import create
from holdfast.settings import Settings


async def describe() -> bytes:
    """The description, from an application that never meets its database."""
    transport = httpx.ASGITransport(create(Settings(), "postgresql://nowhere/nothing"))
    async with httpx.AsyncClient(transport=transport, base_url="http://holdfast") as client:
        return (await client.get("/openapi.json")).content


if __name__ == "__main__":
    described = json.dumps(json.loads(asyncio.run(describe())), indent=1, sort_keys=True)
    written = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).with_name("openapi.json")
    written.write_text(described + "\n", encoding="utf-8")
