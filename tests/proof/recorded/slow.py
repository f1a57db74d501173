"""Clients on a slow line: they send a few bytes at a time and read as few, while others go on."""

import http.client
from collections.abc import Callable

from proof.recorded.clients import PATIENCE_SECONDS, Client
from proof.recorded.history import Answer, Outcome

PIECES = 12
READ_BYTES = 256
PAUSE_SECONDS_MAX = 0.2
"""A head, a body and an answer take some seconds together; the service waits ten for each of the first two."""


class SlowConnection(http.client.HTTPConnection):
    """Sends in pieces, and calls `pause` before each."""

    def __init__(self, port: int, pause: Callable[[], None]) -> None:
        super().__init__("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        self._pause = pause

    def send(self, data: bytes) -> None:
        """Send a head, or a body."""
        size = len(data) // PIECES + 1
        for start in range(0, len(data), size):
            self._pause()
            super().send(data[start : start + size])


class SlowClient(Client):
    """Asks for what all ask for, slowly."""

    # No worker has accepted what has not arrived.
    lost = Answer(Outcome.UNKNOWN, text="no answer to what was sent slowly")

    def _new_connection(self) -> http.client.HTTPConnection:
        return SlowConnection(self.ground.port, self._pause)

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        self.ground.counts["requests sent and answers read slowly"] += 1
        found = b""
        while part := response.read(READ_BYTES):
            found += part
            self._pause()
        return found

    def _pause(self) -> None:
        self.ground.stopping.wait(self._random.uniform(0, PAUSE_SECONDS_MAX))
