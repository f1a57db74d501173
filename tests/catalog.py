"""Writes `src/holdfast/upkeep/catalog.json`: what migrations make. `python tests/catalog.py`, after a new migration."""

import asyncio
import json
import tempfile
from pathlib import Path

import holdfast
from holdfast.database import embedded, migrate
from holdfast.database.connections import alone
from holdfast.upkeep import catalog

FILE = Path(holdfast.__file__).parent / "upkeep" / "catalog.json"


async def made(url: str) -> dict[str, str]:
    """The catalogue of a migrated database, in order."""
    async with alone(url) as connection:
        return dict(sorted((await catalog.there(connection)).items()))


async def _migrated(url: str) -> dict[str, str]:
    await migrate.upgrade(url)
    return await made(url)


if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory(prefix="hf-", ignore_cleanup_errors=True) as directory,
        embedded.running(Path(directory)) as address,
    ):
        FILE.write_text(json.dumps(asyncio.run(_migrated(address)), indent=1, ensure_ascii=False) + "\n")
