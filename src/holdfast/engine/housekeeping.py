"""What is thrown away when it has served."""

import asyncio
import random
from datetime import timedelta

import structlog

from holdfast.clock import Clock
from holdfast.database.connections import AWAY, Pool
from holdfast.engine import statements

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
        except AWAY as error:
            logger.warning("old keys are kept until the database is back", error=repr(error))


async def forget_old_keys(pool: Pool, clock: Clock) -> None:
    """Delete every key older than a day, a thousand in each transaction."""
    more = True
    while more:
        async with pool.acquire() as connection:
            more = await statements.forget_keys(connection, clock(), KEYS_KEPT)
