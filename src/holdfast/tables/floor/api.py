"""`/board/floor`: HTTP in, HTTP out. Field by field: docs/web.md."""

from typing import Any

from litestar import Controller, Request, get

from holdfast.accounts.guards import caller_of, signed_in
from holdfast.http.docs import NEEDS_TOKEN, refusals
from holdfast.reservations.stretches import StretchEnd, StretchStart, stretch_of
from holdfast.tables.floor.bodies import FloorAnswer
from holdfast.tables.floor.service import FloorBoard


class FloorBoardApi(Controller):
    """What the web app shows of the floor."""

    path = "/board"
    tags = ("board",)

    @get(
        "/floor", guards=[signed_in], summary="All tables and who has them", responses=refusals(400, 401),
        security=NEEDS_TOKEN,
    )  # fmt: skip
    async def get_floor(
        self, request: Request[Any, Any, Any], floor: FloorBoard, window_start: StretchStart, window_end: StretchEnd
    ) -> FloorAnswer:
        """Tables by id, reservations by start; eight days at most."""
        return await floor.stretch(caller_of(request), stretch_of(window_start, window_end))
