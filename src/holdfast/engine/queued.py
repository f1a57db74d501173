"""A change that waits for its answer."""

import asyncio
from collections.abc import Callable

from holdfast.engine.claims import Change, Verdict
from holdfast.errors import HoldfastError


class QueuedChange:
    """A change that has not been answered, and whom to answer. `deadline` is a time of the event loop."""

    __slots__ = ("answer", "change", "deadline", "is_gone")

    def __init__(
        self, change: Change, answer: "asyncio.Future[Verdict]", deadline: float, is_gone: Callable[[], bool] | None
    ) -> None:
        self.change = change
        self.answer = answer
        self.deadline = deadline
        self.is_gone = is_gone

    def tell(self, verdict: Verdict | HoldfastError) -> None:
        """Answer, unless nobody waits for an answer any more."""
        if isinstance(verdict, HoldfastError):
            self.refuse(verdict)
        elif not self.answer.done():
            self.answer.set_result(verdict)

    def refuse(self, error: Exception) -> None:
        """Answer with an error, unless nobody waits for an answer any more."""
        if not self.answer.done():
            self.answer.set_exception(error)
