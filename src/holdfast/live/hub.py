"""Who listens, and who is to hear what: one message goes to those alone who want it, however many others listen."""

import asyncio
from collections import deque
from collections.abc import Callable

from msgspec import Struct

from holdfast.accounts.roles import Caller
from holdfast.live.privacy import Frames

QUEUE_BYTES_MAX = 256 * 1024
"""What may wait for one listener. For who is slower the stream ends, and resumes by the last id that was seen."""
GRACE_SECONDS = 5.0
"""How long somebody slow has to read what is under way, and then that the stream has ended."""


class Subscription(Struct, frozen=True):
    """What somebody listens to: messages of these places and types; none named means all."""

    places: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()


class Listener:
    """Somebody who listens. `after` is the position of the last message that it has; `cut` ends its connection."""

    __slots__ = ("_bytes", "_cut", "_queue", "_wake", "after", "caller", "client", "is_over", "wish")

    def __init__(self, caller: Caller, wish: Subscription, cut: Callable[[], None]) -> None:
        self.caller = caller
        self.wish = wish
        self.client = ""
        """Where it listens from."""
        self._cut = cut
        self.after = 0
        self.is_over = False
        self._queue: deque[bytes] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()

    def wants(self, frames: Frames) -> bool:
        """Whether it is to hear a message of a place it listens to."""
        return (
            not self.is_over
            and frames.position > self.after
            and (not self.wish.types or frames.heard.type in self.wish.types)
        )

    def offer(self, frames: Frames) -> None:
        """Queue a message for it, or have it end when too much waits already."""
        event = frames.shown_to(self.caller)
        self.after = frames.position
        self._bytes += len(event)
        if self._bytes > QUEUE_BYTES_MAX:
            self.end()
            asyncio.get_running_loop().call_later(GRACE_SECONDS, self._cut)
            return
        self._queue.append(event)
        self._wake.set()

    def end(self) -> None:
        """Have it hear no more: it has left, is too slow, or the service stops."""
        self.is_over = True
        self._queue.clear()
        self._wake.set()

    async def next(self, seconds_max: float) -> bytes:
        """All that waits, as soon as there is something; nothing when it is over or nothing has come in this time."""
        if not self._queue and not self.is_over:
            try:
                async with asyncio.timeout(seconds_max):
                    await self._wake.wait()
            except TimeoutError:
                return b""
        self._wake.clear()
        events = b"".join(self._queue)
        self._queue.clear()
        self._bytes = 0
        return events


class Hub:
    """The listeners of one process, by what they listen to. `position` is that of the last message told here."""

    def __init__(self) -> None:
        self.position = 0
        self._everywhere: set[Listener] = set()
        self._by_place: dict[str, set[Listener]] = {}

    def add(self, listener: Listener) -> None:
        """Tell this one from now on."""
        for group in self._groups(listener):
            group.add(listener)

    def discard(self, listener: Listener) -> None:
        """Tell this one no more."""
        self._everywhere.discard(listener)
        for place in listener.wish.places:
            group = self._by_place.get(place)
            if group is not None:
                group.discard(listener)
                if not group:
                    del self._by_place[place]

    def tell(self, frames: Frames) -> None:
        """Tell everybody who wants it of a message."""
        self.position = frames.position
        for group in (self._everywhere, self._by_place.get(frames.heard.place, ())):
            # A copy: who is cut off may be discarded at once.
            for listener in tuple(group):
                if listener.wants(frames):
                    listener.offer(frames)

    def _groups(self, listener: Listener) -> list[set[Listener]]:
        if not listener.wish.places:
            return [self._everywhere]
        return [self._by_place.setdefault(place, set()) for place in listener.wish.places]
