"""`/reservations` and `/places`: HTTP in, HTTP out. Field by field: docs/reservations.md."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

from litestar import Controller, Request, Response, delete, get, patch, post, route
from litestar.datastructures import ResponseHeader
from litestar.openapi import ResponseSpec
from litestar.params import HeaderParameter, Parameter, QueryParameter
from litestar.response import Stream
from msgspec import Struct

from holdfast.accounts.roles import Caller
from holdfast.accounts.watch import Watch
from holdfast.engine.claims import Place, Reservation
from holdfast.errors import ReservationNotFound
from holdfast.http import fields
from holdfast.http.bodies import JSON, MaybeBody, MayHaveNoBody, StrictBody, check_media_type
from holdfast.http.docs import MAY_HAVE_TOKEN, refusals
from holdfast.http.handlers import Cursor, IdempotencyKey, IfNoneMatch, PageLimit, asked, response
from holdfast.http.paging import LIMIT_DEFAULT, NamePosition, Page, page, read_cursor
from holdfast.reservations import answers, requests
from holdfast.reservations.bodies import (
    AnyChange,
    AnyNew,
    AnyReservation,
    DefaultReservation,
    HeldBody,
    HoldConfirmation,
    HoldExtension,
    PlaceBody,
    PlacePage,
    ReservationPage,
)
from holdfast.reservations.hot import HotReservations
from holdfast.reservations.kind import PlaceKind
from holdfast.reservations.kinds import Kinds
from holdfast.reservations.queries import Filter, Position
from holdfast.reservations.service import Asker, Reservations

# Litestar describes a composed type, though its types do not say so.
MADE = {201: ResponseSpec(AnyReservation, description="The reservation", generate_examples=False)}
KEPT = {200: ResponseSpec(AnyReservation, description="The reservation", generate_examples=False)}
LISTED = {
    200: ResponseSpec(list[DefaultReservation], description="By start", generate_examples=False),
    304: ResponseSpec(None, description="Nothing has changed since the `ETag` in `If-None-Match`"),
}

WindowStart = Annotated[
    fields.Timestamp | None, QueryParameter(name="from", description="Only what ends after this moment")
]
WindowEnd = Annotated[
    fields.Timestamp | None, QueryParameter(name="to", description="Only what starts before this moment")
]
HoldSecret = Annotated[
    str | None, HeaderParameter(name="Hold-Secret", description="`hold_secret` of a hold that was made without a token")
]
RoomId = Annotated[str, Parameter(description="The room's id")]
ReservationId = Annotated[str, Parameter(description="The reservation's id")]
ListLimit = Annotated[int | None, Parameter(ge=1, description="Most items; without it, all")]


class AnyBody(StrictBody[Struct]):
    """Reads the body of a reservation, or of its change, of a place of any kind."""

    def decode_bytes(self, value: bytes) -> Any:
        """The body as its struct. Raises `UnsupportedMediaType`, `InvalidRequest`."""
        connection: Any = self.asgi_connection
        headers = connection.headers
        check_media_type(headers.get("content-type"), headers.get("origin"))
        kinds: Kinds = connection.app.state.kinds
        return kinds.read(value) if connection.method == "POST" else fields.decode(value, kinds.change)


class ReservationsApi(Controller):
    """Reservations of rooms and tables."""

    path = "/reservations"
    tags = ("reservations",)
    security = MAY_HAVE_TOKEN

    @post(
        dto=AnyBody,
        return_dto=None,
        summary="Reserve a room or a table",
        responses=MADE | refusals(400, 401, 403, 404, 409, 413, 415, 422, 429),
        response_headers=[ResponseHeader(name="Location", description="The reservation", documentation_only=True)],
    )
    async def reserve_place(
        self,
        data: AnyNew,
        request: Request[Any, Any, Any],
        hot: HotReservations,
        idempotency_key: IdempotencyKey = None,  # noqa: ARG002  for the description; read by `key_of`
    ) -> Response[bytes]:
        """Holds a room for `[start_time, end_time)`, or a table from `reservation_time` on. 409 when any is taken.

        With `hold_seconds` it ends by itself, unless it is confirmed. Made without a token, it has a `hold_secret`.
        """
        return response(await hot.create(data, asked(request, await request.body())))

    @post(
        "/{reservation_id:str}/confirm",
        dto=MaybeBody[HoldConfirmation],
        return_dto=None,
        operation_class=MayHaveNoBody,
        status_code=200,
        summary="Confirm a hold",
        responses=KEPT | refusals(400, 401, 403, 404, 409, 413, 415, 429),
    )
    async def confirm_hold(
        self,
        reservation_id: ReservationId,
        request: Request[Any, Any, Any],
        hot: HotReservations,
        data: HoldConfirmation | None = None,  # noqa: ARG002  for the description; read by `hot`
        hold_secret: HoldSecret = None,  # noqa: ARG002  for the description; read by `hot`
    ) -> Response[bytes]:
        """Makes a hold a reservation for good. Confirmed twice, it is answered the same. The body may be left out."""
        return response(await hot.confirm(asked(request, await request.body(), reservation_id)))

    @post(
        "/{reservation_id:str}/extend",
        dto=StrictBody[HoldExtension],
        return_dto=None,
        status_code=200,
        summary="Extend a hold",
        responses=KEPT | refusals(400, 401, 403, 404, 409, 413, 415, 429),
    )
    async def extend_hold(
        self,
        reservation_id: ReservationId,
        data: HoldExtension,  # noqa: ARG002  for the description; read by `hot`
        request: Request[Any, Any, Any],
        hot: HotReservations,
        hold_secret: HoldSecret = None,  # noqa: ARG002  for the description; read by `hot`
    ) -> Response[bytes]:
        """The later of its end and so many seconds from now becomes its end, at most two hours after it began."""
        return response(await hot.extend(asked(request, await request.body(), reservation_id)))

    @get(summary="List reservations in pages", responses=refusals(400, 401))
    async def list_reservations(
        self,
        request: Request[Any, Any, Any],
        reservations: Reservations,
        named: Mapping[str, str | None],
        window_start: WindowStart = None,
        window_end: WindowEnd = None,
        mine: Annotated[bool, Parameter(description="Only the caller's own; needs a token")] = False,
        cursor: Cursor = None,
        limit: PageLimit = LIMIT_DEFAULT,
    ) -> ReservationPage:
        """Active reservations of all rooms and tables by start; filters narrow them."""
        window = requests.window(window_start, window_end)
        after = None if cursor is None else read_cursor(cursor, Position)
        place = reservations.kinds.named(named)
        caller = await reservations.access.caller(request.headers.get("authorization"))
        owner = requests.owner(caller) if mine else None
        found = await reservations.page(Filter(window, place, owner), after, limit)
        ended = page(found, limit, lambda last: (last.start, last.id))
        return Page([_shown(each, reservations, caller) for each in ended.items], ended.next_cursor)

    @get("/by-id/{reservation_id:str}", summary="One reservation", responses=refusals(400, 401, 404))
    async def get_reservation(
        self, reservation_id: ReservationId, request: Request[Any, Any, Any], reservations: Reservations
    ) -> AnyReservation:
        """An active reservation. 404 for one that was cancelled, too."""
        caller = await reservations.access.caller(request.headers.get("authorization"))
        found = await reservations.get(requests.reservation_id(reservation_id))
        return _shown(found, reservations, caller)

    @get("/{room_id:str}", summary="All reservations of a room", responses=LISTED | refusals(400, 401))
    async def list_room_reservations(
        self,
        room_id: RoomId,
        request: Request[Any, Any, Any],
        reservations: Reservations,
        window_start: WindowStart = None,
        window_end: WindowEnd = None,
        limit: ListLimit = None,
        if_none_match: IfNoneMatch = None,  # noqa: ARG002  for the description; lists without a query have an ETag
    ) -> Stream:
        """Active reservations of one room by start, as an array: `[]` for a room nobody has named.

        Without `from`, `to` and `limit` the answer has an `ETag`, which changes whenever the room's reservations do.
        """
        kind = reservations.kinds.default
        place = kind.named(room_id)
        window = requests.window(window_start, window_end)
        watch = await _watch(request, reservations)
        return await _listed(kind, reservations.of_place(place, window, limit), watch, sees=reservations.everybody_sees)

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
        window = requests.window(window_start, window_end)
        watch = await _watch(request, reservations)
        kind = reservations.kinds.default
        place = kind.named("by-id")
        return await _listed(kind, reservations.of_place(place, window, limit), watch, sees=reservations.everybody_sees)

    @route("/by-id", http_method=["PATCH", "DELETE"], include_in_schema=False)
    async def nobodys_id(self) -> None:
        """That path is hidden from moving and cancelling, too: no reservation has such an id."""
        raise ReservationNotFound

    @patch(
        "/{reservation_id:str}",
        dto=AnyBody,
        return_dto=None,
        summary="Change a reservation",
        responses=refusals(400, 401, 403, 404, 409, 413, 415, 429),
    )
    async def change_reservation(
        self,
        reservation_id: ReservationId,
        data: AnyChange,
        request: Request[Any, Any, Any],
        reservations: Reservations,
        hold_secret: HoldSecret = None,
    ) -> AnyReservation:
        """Changes place, time and details at once or not at all: after a 409 the reservation is as it was.

        Fields that cannot be changed may be repeated as they are.
        """
        change = reservations.kinds.change_of(data)
        caller = await reservations.access.caller(request.headers.get("authorization"))
        asker = Asker(caller, hold_secret)
        verdict, place = await reservations.move(requests.reservation_id(reservation_id), change, asker)
        return _shown(answers.granted(verdict, reservations.kinds.of(place)), reservations, caller)

    @delete("/{reservation_id:str}", summary="Cancel a reservation", responses=refusals(400, 401, 403, 404, 429))
    async def cancel_reservation(
        self,
        reservation_id: ReservationId,
        request: Request[Any, Any, Any],
        reservations: Reservations,
        hold_secret: HoldSecret = None,
    ) -> None:
        """The room or the table is free at once. 404 for a reservation already cancelled."""
        caller = await reservations.access.caller(request.headers.get("authorization"))
        asker = Asker(caller, hold_secret)
        verdict = await reservations.cancel(requests.reservation_id(reservation_id), asker)
        # Its refusals are the same for all kinds of places.
        answers.granted(verdict, reservations.kinds.default)


class PlacesApi(Controller):
    """What has been named so far."""

    path = "/places"
    tags = ("places",)
    security = MAY_HAVE_TOKEN

    @get(summary="List places in pages", responses=refusals(400, 401))
    async def list_places(
        self,
        request: Request[Any, Any, Any],
        reservations: Reservations,
        cursor: Cursor = None,
        limit: PageLimit = LIMIT_DEFAULT,
    ) -> PlacePage:
        """All rooms and tables that were ever reserved, by id, with a revision that grows with every change there."""
        await reservations.access.caller(request.headers.get("authorization"))
        after = None if cursor is None else read_cursor(cursor, NamePosition)
        found = await reservations.places(after, limit)
        return page(
            [PlaceBody(*each.place, name, each.revision) for each, name in found],
            limit,
            lambda last: Place(last.kind, last.id).key,
        )


def _shown(reservation: Reservation, reservations: Reservations, caller: Caller) -> HeldBody:
    """A reservation as this caller may see it."""
    return reservations.kinds.shown(reservation, sees=reservations.sees(caller, reservation))


async def _watch(request: Request[Any, Any, Any], reservations: Reservations) -> Watch:
    """The caller, as somebody whose answer may take long."""
    authorization = request.headers.get("authorization")
    return Watch(reservations.access, authorization, await reservations.access.caller(authorization))


async def _listed(kind: PlaceKind, parts: AsyncIterator[list[Reservation]], watch: Watch, *, sees: bool) -> Stream:
    """The answer that lists a place. Its first part is read here, so that a database that is away is answered 503."""
    return Stream(answers.joined(kind, await anext(parts), watch.over(parts), sees=sees), media_type=JSON)
