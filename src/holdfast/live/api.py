"""`GET /stream`: live updates. Hot, as what a listener costs while nothing happens is memory, and so it is least."""

from collections.abc import AsyncIterator, Collection
from typing import Annotated

from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import HeaderParameter, QueryParameter

from holdfast.accounts.access import Access
from holdfast.accounts.watch import Watch
from holdfast.errors import Unavailable
from holdfast.http.clients import client_of, household
from holdfast.http.hot import Request, Response
from holdfast.http.operations import MAY_HAVE_TOKEN, Group
from holdfast.live import requests
from holdfast.live.feeder import Feeder
from holdfast.live.hub import Listener
from holdfast.settings_rules import Networks

GREETING = b": listening\n\n"
HEARTBEAT = b": still here\n\n"
"""Said when nothing has come between two looks at the rights, so that nobody between takes the connection for dead."""
MEDIA_TYPE = "text/event-stream"
HEADERS = (
    (b"content-type", MEDIA_TYPE.encode()),
    # Tells nginx to pass on each event as it comes.
    (b"x-accel-buffering", b"no"),
)

Places = Annotated[
    list[str] | None,
    QueryParameter(name="place", description="Only of this place, such as `room:blue-room`; may be repeated"),
]
Types = Annotated[
    list[str] | None,
    QueryParameter(name="type", description="Only of this type, such as `reservation.created`; may be repeated"),
]
LastEventId = Annotated[
    str | None,
    HeaderParameter(
        name="Last-Event-ID", description="The id of the last event that was seen: what came after it is sent"
    ),
]
SENT = Example(
    value="id: 17-0\n"
    "event: reservation.created\n"
    'data: {"id":"019b7a3e-5b1c-7d11-8f7a-3f1d2c9a4e01","type":"reservation.created","place":"room:blue-room",'
    '"occurred_at":"2026-12-01T09:12:44.120381Z","data":{"id":"019b7a3e-5b1c-7d11-8f7a-3f1d2c9a4e01","kind":"room",'
    '"room_id":"blue-room","start_time":"2026-12-01T10:00:00Z","end_time":"2026-12-01T11:00:00Z"}}\n\n'
)
STREAMED = {
    200: ResponseSpec(
        str,
        description="`id`, `event` and `data` of each message",
        media_type=MEDIA_TYPE,
        examples=[SENT],
        generate_examples=False,
    )
}

places = Group("places", MAY_HAVE_TOKEN)


class LiveApi:
    """Answers listeners; made once in each process."""

    def __init__(self, access: Access, feeder: Feeder, proxies: Networks, kinds: Collection[str]) -> None:
        self._access = access
        self._feeder = feeder
        self._proxies = proxies
        self._kinds = kinds

    @places(
        "GET",
        "/stream",
        "Live updates, as server-sent events",
        answers=STREAMED,
        reads=(Places, Types, LastEventId),
        hot=True,
        endless=True,
    )
    async def stream_messages(self, request: Request) -> Response[str]:
        """What changes from now on, or from `Last-Event-ID` on: at least once, a place's changes in order.

        Messages are kept for 15 minutes. Who owns what is told to its owner and to admins only.
        """
        authorization = request.header(b"authorization")
        caller = await self._access.caller(authorization)
        wish = requests.wish(request.query, self._kinds)
        if request.is_head:
            return Response(200, b"", HEADERS)
        listener = Listener(caller, wish, request.abort)
        listener.client = household(client_of(request.scope, self._proxies))
        watch = Watch(self._access, authorization, caller)
        events = self._events(listener, requests.after(request.header(b"last-event-id")), watch)
        # Begun here, so that whoever cannot be taken on is told so by a status.
        first = await anext(events)
        request.on_end(listener.end)
        return Response(200, _joined(first, events), HEADERS)

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
