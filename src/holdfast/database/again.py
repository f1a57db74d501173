"""Work that is done once more when another transaction got in its way."""

from collections.abc import AsyncIterator, Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import asyncpg
import stamina
from sqlalchemy.exc import DBAPIError

from holdfast.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")
CONFLICTS = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
"""After these nothing has changed, and the same transaction may well go through."""
SECONDS_MAX = 5.0


def is_conflict(error: Exception) -> bool:
    """Whether a transaction was given up for another one's sake; SQLAlchemy wraps what the driver says."""
    said = getattr(error.orig, "__cause__", None) if isinstance(error, DBAPIError) else error
    return isinstance(said, CONFLICTS)


def attempts(errors: tuple[type[Exception], ...], seconds_max: float) -> AsyncIterator[stamina.Attempt]:
    """Attempts with pauses of 20 to 500 ms, until one raises none of these errors or time is up."""
    return stamina.retry_context(
        on=errors, attempts=None, timeout=seconds_max, wait_initial=0.02, wait_max=0.5, wait_jitter=0.05
    )


def again_on_conflict(work: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Have work, which is one transaction or none, begun again while others get in its way. Raises `Unavailable`."""

    @wraps(work)
    async def until_done(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await work(*args, **kwargs)
        except Exception as error:
            if not is_conflict(error):
                raise
        try:
            # As a context, not as stamina's decorator: that would log what the work was given.
            async for attempt in stamina.retry_context(
                on=is_conflict, attempts=None, timeout=SECONDS_MAX, wait_initial=0.01, wait_max=0.3, wait_jitter=0.03
            ):
                with attempt:
                    return await work(*args, **kwargs)
        except Exception as error:
            if is_conflict(error):
                raise Unavailable from error
            raise
        raise AssertionError("an attempt returns or raises")

    return until_done
