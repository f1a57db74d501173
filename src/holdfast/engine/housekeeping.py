"""What is thrown away when it has served."""

import asyncio
import random
from datetime import timedelta

import structlog

from holdfast.clock import Clock
from holdfast.database.again import again_on_conflict
from holdfast.database.connections import AWAY, Pool
from holdfast.engine import statements
from holdfast.errors import Unavailable

KEYS_KEPT = timedelta(hours=24)
PAUSE_SECONDS = 600.0
logger = structlog.stdlib.get_logger("holdfast.engine")


async def keep_house(pool: Pool, clock: Clock) -> None:
    """Forget idempotency keys older than a day, every ten minutes, for as long as the process runs."""
    while True:
        # Not all workers at once.
        await asyncio.sleep(PAUSE_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311
        try:
            await forget_old_keys(pool, clock)
        except (Unavailable, *AWAY) as error:
            logger.warning("old keys are kept until the database is back", error=error)


async def forget_old_keys(pool: Pool, clock: Clock) -> None:
    """Delete every key older than a day, a thousand in each transaction."""
    while await _forget_some(pool, clock):
        pass


@again_on_conflict
async def _forget_some(pool: Pool, clock: Clock) -> bool:
    async with pool.acquire() as connection:
        return await statements.forget_keys(connection, clock(), KEYS_KEPT)
