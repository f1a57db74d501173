"""`/board/events` and `/board/floor`: HTTP in, HTTP out. Field by field: docs/web.md."""

from typing import Annotated

from litestar.params import Parameter

from holdfast.accounts.guards import ADMINS, SIGNED_IN, caller_of
from holdfast.board.api import Cursor, StretchEnd, StretchStart, stretch_of
from holdfast.board.bodies import AttendeePage, BoardAttendee, BoardEvent, BoardEventPage, FloorAnswer
from holdfast.board.club import Club
from holdfast.http import fields
from holdfast.http.hot import Asked
from holdfast.http.operations import MAY_HAVE_TOKEN, Group
from holdfast.http.paging import LIMIT_DEFAULT, IdPosition, NamePosition, PageLimit, page, read_cursor

SEARCH_CHARACTERS_MAX = 255

Id = Annotated[str, Parameter(description="The event's id", schema_extra={"pattern": "^[1-9][0-9]{0,18}$"})]
Search = Annotated[
    str, Parameter(description="Only those with these letters in their name", max_length=SEARCH_CHARACTERS_MAX)
]


board = Group("board", SIGNED_IN)


class ClubApi:
    """What the web app shows of events and tables."""

    def __init__(self, service: Club) -> None:
        self._club = service

    @board("GET", "/board/events", "Events, and one's own seat", callers=MAY_HAVE_TOKEN)
    async def list_board_events(
        self, asked: Asked, search: Search = "", cursor: Cursor = None, limit: PageLimit = LIMIT_DEFAULT
    ) -> BoardEventPage:
        """The newest first. Under `ACCESS=token` they need a token."""
        before = None if cursor is None else read_cursor(cursor, IdPosition)
        found = await self._club.events(await self._club.access.of(asked), _letters(search), before, limit)
        ended = page(found, limit, lambda last: last.id)
        return BoardEventPage(ended.items, ended.next_cursor)

    @board("GET", "/board/events/{event_id}", "One event, and one's own seat", callers=MAY_HAVE_TOKEN, refuses=(404,))
    async def get_board_event(self, asked: Asked, event_id: Id) -> BoardEvent:
        """An event as it is now. Under `ACCESS=token` it needs a token."""
        found = fields.number("id", event_id)
        return await self._club.event(await self._club.access.of(asked), found)

    @board("GET", "/board/events/{event_id}/attendees", "Who has a seat", callers=ADMINS)
    async def list_attendees(
        self, event_id: Id, search: Search = "", cursor: Cursor = None, limit: PageLimit = LIMIT_DEFAULT
    ) -> AttendeePage:
        """Admins only. By `userId`; a search looks in addresses, too."""
        after = None if cursor is None else read_cursor(cursor, NamePosition)
        event = fields.number("id", event_id)
        found, emails = await self._club.attendees(event, _letters(search), after, limit)
        ended = page([BoardAttendee.of(each, emails) for each in found], limit, lambda last: last.user_id)
        return AttendeePage(ended.items, ended.next_cursor)

    @board("GET", "/board/floor", "All tables and who has them")
    async def get_floor(self, asked: Asked, window_start: StretchStart, window_end: StretchEnd) -> FloorAnswer:
        """Tables by id, reservations by start; eight days at most."""
        return await self._club.floor(caller_of(asked), stretch_of(window_start, window_end))


def _letters(search: str) -> str:
    """What is looked for, or nothing. Raises `InvalidRequest` for what no name has."""
    wanted = search.strip()
    return fields.name("search", wanted) if wanted else ""
