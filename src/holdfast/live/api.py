"""The call of live updates, as it is described; it is answered by `hot.py`."""

from typing import Annotated, Any

from litestar import MediaType, Request, get
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import HeaderParameter, QueryParameter
from litestar.response import Stream

from holdfast.http.docs import MAY_HAVE_TOKEN, refusals
from holdfast.http.hot import Asked
from holdfast.live.hot import HotStream

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


@get(
    "/stream",
    tags=["places"],
    summary="Live updates, as server-sent events",
    security=MAY_HAVE_TOKEN,
    media_type=MediaType.TEXT,
    responses={
        200: ResponseSpec(
            str,
            description="`id`, `event` and `data` of each message",
            media_type="text/event-stream",
            examples=[SENT],
            generate_examples=False,
        ),
        **refusals(400, 401),
    },
)
async def stream_messages(
    request: Request[Any, Any, Any],
    hot_stream: HotStream,
    places: Places = None,  # noqa: ARG001  read by the hot call
    types: Types = None,  # noqa: ARG001
    last_event_id: LastEventId = None,  # noqa: ARG001
) -> Stream:
    """What changes from now on, or from `Last-Event-ID` on: at least once, a place's changes in order.

    Messages are kept for 15 minutes. Who owns what is told to its owner and to admins only.
    """
    answered = await hot_stream.listen(Asked(request.scope, b"", ""))
    assert not isinstance(answered.body, bytes)
    headers = {name.decode(): value.decode() for name, value in answered.headers}
    return Stream(answered.body, headers=headers, media_type="text/event-stream")
