"""Rights over an answer that outlives its request: asked for anew while it is sent, and the answer ends with them."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import TypeVar

from holdfast.accounts.access import Access
from holdfast.accounts.roles import Caller
from holdfast.errors import Unauthorized, Unavailable

T = TypeVar("T")
CHECK_SECONDS = 10.0
"""How old rights may be. An answer ends within 15 seconds of their end, and the rest is for a busy database."""
RETRY_SECONDS = 1.0
"""How soon the database is asked again that has not answered."""


class Watch:
    """Tells whether the caller of a long answer is still who they were when it began."""

    def __init__(self, access: Access, authorization: str | None, caller: Caller) -> None:
        self._access = access
        self._authorization = authorization
        self._caller = caller
        self._is_known = True
        self._wait(CHECK_SECONDS)

    @property
    def seconds_left(self) -> float:
        """How long what was found last may be relied on."""
        return max(0.0, self._due - asyncio.get_running_loop().time())

    async def holds(self, *, showing: bool = True) -> bool:
        """Whether the account, its role, its password and the token are those of the beginning.

        While the database does not answer nothing may be shown, but an answer that is not `showing` anything may stay.
        """
        if self.seconds_left > 0 and (self._is_known or not showing):
            return True
        self._is_known = False
        try:
            is_same = self._authorization is None or await self._access.caller(self._authorization) == self._caller
        except Unauthorized:
            return False
        except Unavailable:
            self._wait(RETRY_SECONDS)
            return not showing
        self._is_known = True
        self._wait(CHECK_SECONDS)
        return is_same

    async def over(self, parts: AsyncIterator[T]) -> AsyncIterator[T]:
        """These parts of an answer, as long as the caller may see them; then the connection is to be closed."""
        async for part in parts:
            if not await self.holds():
                raise ConnectionAbortedError
            yield part

    def _wait(self, seconds: float) -> None:
        # Not all at once, though all may have come at once.
        self._due = asyncio.get_running_loop().time() + seconds * random.uniform(0.7, 1)  # noqa: S311
