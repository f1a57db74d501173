"""`/reservations` and `/places`: HTTP in, HTTP out. Field by field: docs/reservations.md."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, assert_never
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, delete, get, patch, post, route
from litestar.datastructures import ResponseHeader
from litestar.openapi import ResponseSpec
from litestar.params import Parameter
from litestar.response import Stream

from holdfast.accounts.access import Caller
from holdfast.engine.claims import Granted, Interval, Kind, Place, Reason, Refused, Reservation, Verdict
from holdfast.errors import (
    HoldfastError,
    IdempotencyKeyReused,
    InvalidRequest,
    ReservationNotFound,
    TimeConflict,
    Unauthorized,
)
from holdfast.http import fields, idempotency
from holdfast.http.bodies import StrictBody
from holdfast.http.docs import MAY_HAVE_TOKEN, refusals
from holdfast.http.paging import LIMIT_DEFAULT, LIMIT_MAX, page, read_cursor
from holdfast.reservations.bodies import MoveBody, PlaceBody, PlacePage, ReservationBody, ReservationPage, ReserveBody
from holdfast.reservations.queries import Filter, Position, Window
from holdfast.reservations.service import Change, Reservations

STREAMED = "application/json"
LISTED = {200: ResponseSpec(list[ReservationBody], description="By start", generate_examples=False)}

WindowStart = Annotated[
    fields.Timestamp | None, Parameter(query="from", description="Only what ends after this moment")
]
WindowEnd = Annotated[fields.Timestamp | None, Parameter(query="to", description="Only what starts before this moment")]
Cursor = Annotated[str | None, Parameter(description="`next_cursor` of the page before", max_length=500)]
ListLimit = Annotated[int | None, Parameter(ge=1, description="Most items; without it, all")]
PageLimit = Annotated[int, Parameter(ge=1, le=LIMIT_MAX, description="Most items on the page")]
IdempotencyKey = Annotated[
    str | None,
    Parameter(
        header=idempotency.HEADER,
        description="1 to 255 printable ASCII characters. The same key and body get the first answer again",
    ),
]


class ReservationsApi(Controller):
    """Reservations of rooms."""

    path = "/reservations"
    tags = ("reservations",)
    security = MAY_HAVE_TOKEN

    @post(
        dto=StrictBody[ReserveBody],
        return_dto=None,
        summary="Reserve a room",
        responses=refusals(400, 401, 409, 413, 415, 422),
        response_headers=[ResponseHeader(name="Location", description="The reservation", documentation_only=True)],
    )
    async def reserve(
        self,
        data: ReserveBody,
        request: Request[Any, Any, Any],
        reservations: Reservations,
        idempotency_key: IdempotencyKey = None,  # noqa: ARG002  for the description; read by `key_of`
    ) -> Response[ReservationBody]:
        """Holds a room for `[start_time, end_time)`. 409 when any of it is taken."""
        interval = _interval(data)
        fault = reservations.fault(interval)
        if fault is not None:
            raise _refusal(Refused(fault))
        caller = reservations.access.caller(request)
        key = await idempotency.key_of(request, caller.name)
        return _made(await reservations.reserve(_room(data.room_id), interval, caller, key))

    @get(summary="List reservations in pages", responses=refusals(400, 401))
    async def browse(
        self,
        request: Request[Any, Any, Any],
        reservations: Reservations,
        room_id: Annotated[str | None, Parameter(description="Only of this room")] = None,
        window_start: WindowStart = None,
        window_end: WindowEnd = None,
        mine: Annotated[bool, Parameter(description="Only the caller's own; needs a token")] = False,
        cursor: Cursor = None,
        limit: PageLimit = LIMIT_DEFAULT,
    ) -> ReservationPage:
        """Active reservations of all rooms by start; filters narrow them."""
        window = _window(window_start, window_end)
        after = None if cursor is None else read_cursor(cursor, Position)
        place = None if room_id is None else _room(fields.name("room_id", room_id))
        caller = reservations.access.caller(request)
        owner = _owner(caller) if mine else None
        found = await reservations.page(Filter(window, place, owner), after, limit)
        return page([ReservationBody.of(each) for each in found], limit, lambda last: (last.start_time, last.id))

    @get("/by-id/{reservation_id:str}", summary="One reservation", responses=refusals(400, 401, 404))
    async def get_one(
        self, reservation_id: str, request: Request[Any, Any, Any], reservations: Reservations
    ) -> ReservationBody:
        """An active reservation. 404 for one that was cancelled, too."""
        reservations.access.caller(request)
        return ReservationBody.of(await reservations.get(_id(reservation_id)))

    @get("/{room_id:str}", summary="All reservations of a room", responses=LISTED | refusals(400, 401))
    async def of_room(
        self,
        room_id: str,
        request: Request[Any, Any, Any],
        reservations: Reservations,
        window_start: WindowStart = None,
        window_end: WindowEnd = None,
        limit: ListLimit = None,
    ) -> Stream:
        """Active reservations of one room by start, as an array: `[]` for a room nobody has named."""
        place = _room(fields.name("room_id", room_id))
        window = _window(window_start, window_end)
        reservations.access.caller(request)
        return await _listed(reservations, place, window, limit)

    @get("/by-id", include_in_schema=False)
    async def of_room_called_by_id(
        self,
        request: Request[Any, Any, Any],
        reservations: Reservations,
        window_start: WindowStart = None,
        window_end: WindowEnd = None,
        limit: ListLimit = None,
    ) -> Stream:
        """The list of the one room that the path of a single reservation hides."""
        window = _window(window_start, window_end)
        reservations.access.caller(request)
        return await _listed(reservations, Place(Kind.ROOM, "by-id"), window, limit)

    @route("/by-id", http_method=["PATCH", "DELETE"], include_in_schema=False)
    async def nobodys_id(self) -> None:
        """That path is hidden from moving and cancelling, too: no reservation has such an id."""
        raise ReservationNotFound

    @patch(
        "/{reservation_id:str}",
        dto=StrictBody[MoveBody],
        return_dto=None,
        summary="Move a reservation",
        responses=refusals(400, 401, 403, 404, 409, 413, 415),
    )
    async def move(
        self,
        reservation_id: str,
        data: MoveBody,
        request: Request[Any, Any, Any],
        reservations: Reservations,
    ) -> ReservationBody:
        """Changes room or time at once or not at all: after a 409 the reservation is where it was."""
        change = _change(data)
        caller = reservations.access.caller(request)
        verdict = await reservations.move(_id(reservation_id), change, caller)
        return ReservationBody.of(_granted(verdict))

    @delete("/{reservation_id:str}", summary="Cancel a reservation", responses=refusals(400, 401, 403, 404))
    async def cancel(self, reservation_id: str, request: Request[Any, Any, Any], reservations: Reservations) -> None:
        """The room is free at once. 404 for a reservation already cancelled."""
        caller = reservations.access.caller(request)
        _granted(await reservations.cancel(_id(reservation_id), caller))


class PlacesApi(Controller):
    """What has been named so far."""

    path = "/places"
    tags = ("places",)
    security = MAY_HAVE_TOKEN

    @get(summary="List places in pages", responses=refusals(400, 401))
    async def browse(
        self,
        request: Request[Any, Any, Any],
        reservations: Reservations,
        cursor: Cursor = None,
        limit: PageLimit = LIMIT_DEFAULT,
    ) -> PlacePage:
        """All rooms that were ever reserved, by id, with a revision that grows with every change there."""
        reservations.access.caller(request)
        after = None if cursor is None else read_cursor(cursor, str)
        found = await reservations.places(after, limit)
        return page([PlaceBody.of(each) for each in found], limit, lambda last: Place(last.kind, last.id).key)


def _room(room_id: str) -> Place:
    return Place(Kind.ROOM, fields.canonical(room_id))


def _id(text: str) -> UUID:
    """A reservation's id. One that is no UUID is nobody's."""
    if fields.UUID.fullmatch(text) is None:
        raise ReservationNotFound
    return UUID(text)


def _owner(caller: Caller) -> UUID:
    if caller.user_id is None:
        raise Unauthorized
    return caller.user_id


def _interval(data: ReserveBody) -> Interval:
    times = fields.each(
        start_time=lambda: fields.moment("start_time", data.start_time),
        end_time=lambda: fields.moment("end_time", data.end_time),
    )
    return Interval(times["start_time"], times["end_time"])


def _window(start: str | None, end: str | None) -> Window:
    given = fields.each(
        **{"from": lambda: None if start is None else fields.moment("from", start)},
        to=lambda: None if end is None else fields.moment("to", end),
    )
    window = Window(given["from"], given["to"])
    if window.start is not None and window.end is not None and window.end <= window.start:
        raise InvalidRequest({"to": "window"})
    return window


def _change(data: MoveBody) -> Change:
    start, end = data.start_time, data.end_time
    times = fields.each(
        start_time=lambda: None if start is msgspec.UNSET else fields.moment("start_time", start),
        end_time=lambda: None if end is msgspec.UNSET else fields.moment("end_time", end),
    )
    target = None if data.room_id is msgspec.UNSET else _room(data.room_id)
    return Change(target, times["start_time"], times["end_time"])


def _made(verdict: Verdict) -> Response[ReservationBody]:
    """201 with the reservation; marked when it is the answer to an earlier request."""
    reservation = _granted(verdict)
    headers = {"Location": f"/reservations/by-id/{reservation.id}"}
    if verdict.replayed:
        headers[idempotency.REPLAYED] = "true"
    return Response(ReservationBody.of(reservation), headers=headers)


def _granted(verdict: Verdict) -> Reservation:
    match verdict:
        case Granted(reservation=reservation):
            return reservation
        case Refused():
            error = _refusal(verdict)
            error.replayed = verdict.replayed
            raise error
        case _:
            assert_never(verdict)


def _refusal(refused: Refused) -> HoldfastError:
    """The error that tells of a refusal."""
    match refused.reason:
        case Reason.TIME_CONFLICT:
            assert refused.taken is not None
            start, end = refused.taken
            return TimeConflict({"start_time": start, "end_time": end})
        case Reason.NOT_FOUND:
            return ReservationNotFound()
        case Reason.KEY_REUSED:
            return IdempotencyKeyReused()
        case Reason.END_NOT_AFTER_START:
            return InvalidRequest({"end_time": "end_after_start"})
        case Reason.TOO_LONG:
            return InvalidRequest({"end_time": "too_long"})
        case Reason.FULL | Reason.ALREADY_BOOKED:
            raise AssertionError("a calendar has no seats")
        case _:
            assert_never(refused.reason)


async def _listed(reservations: Reservations, place: Place, window: Window, limit: int | None) -> Stream:
    """The answer that lists a place. Its first part is read here, so that a database that is away is answered 503."""
    parts = reservations.of_place(place, window, limit)
    return Stream(_array(await anext(parts), parts), media_type=STREAMED)


async def _array(first: list[Reservation], rest: AsyncIterator[list[Reservation]]) -> AsyncIterator[bytes]:
    """Parts of a list as one JSON array, without ever holding more than a part."""
    separator = b"["
    part: list[Reservation] | None = first
    while part is not None:
        if part:
            # A part is an array of its own: its brackets are taken off.
            yield separator + msgspec.json.encode([ReservationBody.of(each) for each in part])[1:-1]
            separator = b","
        part = await anext(rest, None)
    yield b"[]" if separator == b"[" else b"]"
