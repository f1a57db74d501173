"""A claim that waits for its answer."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

C = TypeVar("C")
V = TypeVar("V")


class Waiting(Generic[C, V]):
    """A claim that has not been answered, and whom to answer. `deadline` is a time of the event loop."""

    __slots__ = ("answer", "claim", "deadline", "is_gone")

    def __init__(
        self, claim: C, answer: "asyncio.Future[V]", deadline: float, is_gone: Callable[[], bool] | None
    ) -> None:
        self.claim = claim
        self.answer = answer
        self.deadline = deadline
        self.is_gone = is_gone

    def refuse(self, error: Exception) -> None:
        """Answer with an error, unless nobody waits for an answer any more."""
        if not self.answer.done():
            self.answer.set_exception(error)
