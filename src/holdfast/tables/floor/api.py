"""`/board/floor`: HTTP in, HTTP out. Field by field: docs/web.md."""

from holdfast.accounts.guards import SIGNED_IN, caller_of
from holdfast.http.hot import Request
from holdfast.http.operations import Group
from holdfast.reservations.stretches import StretchEnd, StretchStart, stretch_of
from holdfast.tables.floor.bodies import FloorAnswer
from holdfast.tables.floor.service import FloorBoard

board = Group("board", SIGNED_IN)


class FloorBoardApi:
    """What the web app shows of the floor."""

    def __init__(self, service: FloorBoard) -> None:
        self._floor = service

    @board("GET", "/board/floor", "All tables and who has them")
    async def get_floor(self, request: Request, window_start: StretchStart, window_end: StretchEnd) -> FloorAnswer:
        """Tables by id, reservations by start; eight days at most."""
        return await self._floor.stretch(caller_of(request), stretch_of(window_start, window_end))
