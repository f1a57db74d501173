"""`GET /stream`, without the framework: what a listener costs while nothing happens is memory, and here it is least."""

from collections.abc import AsyncIterator, Collection

from holdfast.accounts.access import Access
from holdfast.accounts.watch import Watch
from holdfast.errors import Unavailable
from holdfast.http.hot import Answered, Asked, HotRoute
from holdfast.http.limits import client_of, household
from holdfast.live import requests
from holdfast.live.feeder import Feeder
from holdfast.live.hub import Listener
from holdfast.settings_rules import Networks

GREETING = b": listening\n\n"
HEARTBEAT = b": still here\n\n"
"""Said when nothing has come between two looks at the rights, so that nobody between takes the connection for dead."""
HEADERS = (
    (b"content-type", b"text/event-stream"),
    # Tells nginx to pass on each event as it comes.
    (b"x-accel-buffering", b"no"),
)


class HotStream:
    """Answers listeners; made once in each process."""

    def __init__(self, access: Access, feeder: Feeder, proxies: Networks, kinds: Collection[str]) -> None:
        self._access = access
        self._proxies = proxies
        self._feeder = feeder
        self._kinds = kinds

    def routes(self) -> tuple[HotRoute, ...]:
        """What the edge sends here."""
        return (HotRoute("GET", "/stream", "/stream", self.listen, reads_query=True, endless=True),)

    async def listen(self, asked: Asked) -> Answered:
        """Live updates, until the listener leaves; for the ordinary handler too. Raises what refuses it."""
        authorization = asked.header(b"authorization")
        caller = await self._access.caller(authorization)
        wish = requests.wish(asked.query, self._kinds)
        if asked.is_head:
            return Answered(200, b"", HEADERS)
        listener = Listener(caller, wish, asked.abort)
        listener.client = household(client_of(asked.scope, self._proxies))
        watch = Watch(self._access, authorization, caller)
        events = self._events(listener, requests.after(asked.header(b"last-event-id")), watch)
        # Begun here, so that whoever cannot be taken on is told so by a status.
        first = await anext(events)
        asked.on_end(listener.end)
        return Answered(200, _joined(first, events), HEADERS)

    async def _events(self, listener: Listener, after: int | None, watch: Watch) -> AsyncIterator[bytes]:
        async with self._feeder.listening(listener):
            yield GREETING
            try:
                async for missed in self._feeder.resume(listener, after):
                    if not await watch.holds():
                        return
                    yield missed
            except Unavailable:
                # The answer has begun, so all there is to say is its end: the listener comes back and resumes.
                return
            while not listener.is_over:
                events = await listener.next(watch.seconds_left)
                # Whatever flows. Who has other rights now comes back, and is shown what they may see.
                if not await watch.holds(showing=bool(events)):
                    return
                yield events or HEARTBEAT


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in rest:
        yield part
