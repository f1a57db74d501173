"""`/board/events`: HTTP in, HTTP out. Field by field: docs/web.md."""

from typing import Annotated, Any

from litestar import Controller, Request, get
from litestar.params import Parameter

from holdfast.accounts.guards import admins
from holdfast.accounts.roles import Caller
from holdfast.events.board.bodies import AttendeePage, BoardAttendee, BoardEvent, BoardEventPage
from holdfast.events.board.service import EventBoard
from holdfast.http import fields
from holdfast.http.docs import MAY_HAVE_TOKEN, NEEDS_TOKEN, refusals
from holdfast.http.paging import LIMIT_DEFAULT, IdPosition, NamePosition, NextCursor, PageLimit, page, read_cursor

SEARCH_CHARACTERS_MAX = 255

Id = Annotated[str, Parameter(description="The event's id", schema_extra={"pattern": "^[1-9][0-9]{0,18}$"})]
Search = Annotated[
    str, Parameter(description="Only those with these letters in their name", max_length=SEARCH_CHARACTERS_MAX)
]


class EventBoardApi(Controller):
    """What the web app shows of events."""

    path = "/board"
    tags = ("board",)

    @get("/events", summary="Events, and one's own seat", responses=refusals(400, 401), security=MAY_HAVE_TOKEN)
    async def list_board_events(
        self,
        request: Request[Any, Any, Any],
        event_board: EventBoard,
        search: Search = "",
        cursor: NextCursor = None,
        limit: PageLimit = LIMIT_DEFAULT,
    ) -> BoardEventPage:
        """The newest first. Under `ACCESS=token` they need a token."""
        before = None if cursor is None else read_cursor(cursor, IdPosition)
        found = await event_board.events(await _caller(request, event_board), _letters(search), before, limit)
        ended = page(found, limit, lambda last: last.id)
        return BoardEventPage(ended.items, ended.next_cursor)

    @get(
        "/events/{event_id:str}",
        summary="One event, and one's own seat",
        responses=refusals(400, 401, 404),
        security=MAY_HAVE_TOKEN,
    )
    async def get_board_event(
        self, event_id: Id, request: Request[Any, Any, Any], event_board: EventBoard
    ) -> BoardEvent:
        """An event as it is now. Under `ACCESS=token` it needs a token."""
        found = fields.number("id", event_id)
        return await event_board.event(await _caller(request, event_board), found)

    @get(
        "/events/{event_id:str}/attendees",
        guards=[admins],
        summary="Who has a seat",
        responses=refusals(400, 401, 403),
        security=NEEDS_TOKEN,
    )
    async def list_attendees(
        self,
        event_id: Id,
        event_board: EventBoard,
        search: Search = "",
        cursor: NextCursor = None,
        limit: PageLimit = LIMIT_DEFAULT,
    ) -> AttendeePage:
        """Admins only. By `userId`; a search looks in addresses, too."""
        after = None if cursor is None else read_cursor(cursor, NamePosition)
        event = fields.number("id", event_id)
        found, emails = await event_board.attendees(event, _letters(search), after, limit)
        ended = page([BoardAttendee.of(each, emails) for each in found], limit, lambda last: last.user_id)
        return AttendeePage(ended.items, ended.next_cursor)


async def _caller(request: Request[Any, Any, Any], event_board: EventBoard) -> Caller:
    return await event_board.access.caller(request.headers.get("authorization"))


def _letters(search: str) -> str:
    """What is looked for, or nothing. Raises `InvalidRequest` for what no name has."""
    wanted = search.strip()
    return fields.name("search", wanted) if wanted else ""
