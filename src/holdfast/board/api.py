"""`/board`: HTTP in, HTTP out. What the web app shows, in one call for each page. Field by field: docs/web.md."""

from typing import Annotated

from litestar.params import QueryParameter

from holdfast.accounts.guards import ADMINS, SIGNED_IN, caller_of
from holdfast.board.bodies import BoardAnswer, BoardBookingPage, OwnReservationPage
from holdfast.board.service import Board
from holdfast.http.hot import Request
from holdfast.http.operations import Group
from holdfast.http.paging import (
    LIMIT_DEFAULT,
    PAGE_SIZE_DEFAULT,
    NextCursor,
    PageLimit,
    PageNumber,
    PageSize,
    Pagination,
    page,
    read_cursor,
)
from holdfast.reservations.queries import Position
from holdfast.reservations.stretches import StretchEnd, StretchStart, stretch_of

board = Group("board", SIGNED_IN)


class BoardApi:
    """What the web app shows."""

    def __init__(self, service: Board) -> None:
        self._board = service

    @board("GET", "/board", "All rooms and what is held of them")
    async def get_board(self, request: Request, window_start: StretchStart, window_end: StretchEnd) -> BoardAnswer:
        """Managed rooms first, in the order in which they were made, then rooms that were only named; by start."""
        found = await self._board.stretch(stretch_of(window_start, window_end), caller_of(request))
        return BoardAnswer(found.rooms, [found.view.reservation(each) for each in found.held], found.is_complete)

    @board("GET", "/board/mine", "One's own reservations to come")
    async def list_own_reservations(
        self, request: Request, cursor: NextCursor = None, limit: PageLimit = LIMIT_DEFAULT
    ) -> OwnReservationPage:
        """Active reservations and bookings of the token's user that have not ended, by start."""
        after = None if cursor is None else read_cursor(cursor, Position)
        held, view = await self._board.mine(caller_of(request), after, limit)
        found = page([view.reservation(each) for each in held], limit, lambda last: (last.start, last.id))
        return OwnReservationPage(found.items, found.next_cursor)

    @board("GET", "/board/bookings", "All bookings with rooms and people", callers=ADMINS)
    async def list_board_bookings(
        self,
        request: Request,
        page_number: Annotated[PageNumber, QueryParameter(name="page")] = 1,
        page_size: PageSize = PAGE_SIZE_DEFAULT,
    ) -> BoardBookingPage:
        """Admins only. Newest first, cancelled ones too."""
        found, total, view = await self._board.bookings(caller_of(request), page_number, page_size)
        return BoardBookingPage([view.booking(each) for each in found], Pagination(page_number, page_size, total))
