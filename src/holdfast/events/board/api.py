"""`/board/events`: HTTP in, HTTP out. Field by field: docs/web.md."""

from typing import Annotated

from litestar.params import Parameter

from holdfast.accounts.guards import ADMINS, SIGNED_IN
from holdfast.events.board.bodies import AttendeePage, BoardAttendee, BoardEvent, BoardEventPage
from holdfast.events.board.service import EventBoard
from holdfast.http import fields
from holdfast.http.hot import Request
from holdfast.http.operations import MAY_HAVE_TOKEN, Group
from holdfast.http.paging import LIMIT_DEFAULT, IdPosition, NamePosition, NextCursor, PageLimit, page, read_cursor

SEARCH_CHARACTERS_MAX = 255

Id = Annotated[str, Parameter(description="The event's id", schema_extra={"pattern": "^[1-9][0-9]{0,18}$"})]
Search = Annotated[
    str, Parameter(description="Only those with these letters in their name", max_length=SEARCH_CHARACTERS_MAX)
]


board = Group("board", SIGNED_IN)


class EventBoardApi:
    """What the web app shows of events."""

    def __init__(self, service: EventBoard) -> None:
        self._events = service

    @board("GET", "/board/events", "Events, and one's own seat", callers=MAY_HAVE_TOKEN)
    async def list_board_events(
        self, request: Request, search: Search = "", cursor: NextCursor = None, limit: PageLimit = LIMIT_DEFAULT
    ) -> BoardEventPage:
        """The newest first. Under `ACCESS=token` they need a token."""
        before = None if cursor is None else read_cursor(cursor, IdPosition)
        found = await self._events.events(await self._events.access.of(request), _letters(search), before, limit)
        ended = page(found, limit, lambda last: last.id)
        return BoardEventPage(ended.items, ended.next_cursor)

    @board("GET", "/board/events/{event_id}", "One event, and one's own seat", callers=MAY_HAVE_TOKEN, refuses=(404,))
    async def get_board_event(self, request: Request, event_id: Id) -> BoardEvent:
        """An event as it is now. Under `ACCESS=token` it needs a token."""
        found = fields.number("id", event_id)
        return await self._events.event(await self._events.access.of(request), found)

    @board("GET", "/board/events/{event_id}/attendees", "Who has a seat", callers=ADMINS)
    async def list_attendees(
        self, event_id: Id, search: Search = "", cursor: NextCursor = None, limit: PageLimit = LIMIT_DEFAULT
    ) -> AttendeePage:
        """Admins only. By `userId`; a search looks in addresses, too."""
        after = None if cursor is None else read_cursor(cursor, NamePosition)
        event = fields.number("id", event_id)
        found, emails = await self._events.attendees(event, _letters(search), after, limit)
        ended = page([BoardAttendee.of(each, emails) for each in found], limit, lambda last: last.user_id)
        return AttendeePage(ended.items, ended.next_cursor)


def _letters(search: str) -> str:
    """What is looked for, or nothing. Raises `InvalidRequest` for what no name has."""
    wanted = search.strip()
    return fields.name("search", wanted) if wanted else ""
