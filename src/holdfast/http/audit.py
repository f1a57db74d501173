"""The security log: who came in, whose account was changed, who was refused. docs/operations.md lists its lines."""

import time
from collections import Counter
from contextvars import ContextVar
from typing import Any
from uuid import UUID

import structlog
from litestar.types import HTTPScope

from holdfast.http.clients import UNKNOWN, client_of, plain
from holdfast.settings_rules import Networks

TRIED = frozenset({401, 403, 429})
"""Statuses of who knocks at doors."""
REFUSED = TRIED | {400, 413, 415}
"""And of who sends what the app would not."""
LINES_MAX = 100
"""Refusals of one status that a process logs in a second. Beyond they are counted: nobody is to fill a disk by them."""
logger = structlog.stdlib.get_logger("holdfast.security")


class Asking:
    """Who sends a request, as far as that is known."""

    __slots__ = ("_scope", "_trusted", "request_id", "user_id")

    def __init__(self, scope: HTTPScope, request_id: bytes, trusted: Networks) -> None:
        self._scope = scope
        self._trusted = trusted
        self.request_id = request_id
        self.user_id: UUID | None = None

    def told(self) -> dict[str, str | None]:
        """What every line has."""
        return {
            "request_id": self.request_id.decode(),
            "client": client_of(self._scope, self._trusted),
            "user_id": None if self.user_id is None else str(self.user_id),
        }


_asking: ContextVar[Asking | None] = ContextVar("asking", default=None)


def begin(scope: HTTPScope, request_id: bytes, trusted: Networks) -> Asking:
    """From here on this task answers this request."""
    asking = Asking(scope, request_id, trusted)
    _asking.set(asking)
    return asking


def known(user_id: UUID) -> None:
    """Whose token the request has, or whose account it tries."""
    asking = _asking.get()
    if asking is not None:
        asking.user_id = user_id


def note(event: str, **facts: str) -> None:
    """Log that somebody came in or an account was changed. What is done at the terminal is seen there."""
    asking = _asking.get()
    if asking is not None:
        logger.info(event, **asking.told(), **facts)


class Refusals:
    """Logs who was refused. Made once in each process."""

    def __init__(self) -> None:
        self._second = 0
        self._written: Counter[int] = Counter()
        self._left_out: Counter[int] = Counter()

    def log(self, asking: Asking, method: str, route: str, status: int) -> None:
        """Log an answer, if it is a refusal."""
        if status in REFUSED and self._may_write(status):
            self._write(status, method=method, route=route, **asking.told())

    def log_no_http(self, client: tuple[str, int] | None) -> None:
        """Log that somebody sent what is no HTTP."""
        if self._may_write(400):
            self._write(400, route="(no HTTP)", client=UNKNOWN if client is None else plain(client[0]) or client[0])

    def _may_write(self, status: int) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            self._second = second
            self._written.clear()
        self._written[status] += 1
        if self._written[status] > LINES_MAX:
            self._left_out[status] += 1
            return False
        return True

    def _write(self, status: int, **facts: Any) -> None:
        left_out = self._left_out.pop(status, 0)
        if left_out:
            facts["left_out"] = left_out
        (logger.warning if status in TRIED else logger.info)("refused", status=status, **facts)


refusals = Refusals()
"""Those of this process."""
