"""`/reservations` and `/places`: HTTP in, HTTP out. Field by field: docs/reservations.md."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated

from cachetools import LRUCache
from litestar import route
from litestar.params import HeaderParameter, Parameter, QueryParameter
from msgspec import Struct

from holdfast.accounts.roles import Caller
from holdfast.accounts.watch import Watch
from holdfast.engine.claims import Confirm, Extend, Granted, Place, Refused, Reservation
from holdfast.engine.loaders import TagLoader
from holdfast.errors import ReservationNotFound
from holdfast.http import fields, idempotency
from holdfast.http.hot import Headers, Request, Response
from holdfast.http.idempotency import IdempotencyKey
from holdfast.http.operations import MAY_HAVE_TOKEN, Group
from holdfast.http.paging import LIMIT_DEFAULT, Cursor, NamePosition, Page, PageLimit, page, read_cursor
from holdfast.http.tags import NOT_MODIFIED, UNCHANGED, IfNoneMatch, tagged
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
from holdfast.reservations.queries import Filter, Position, Window
from holdfast.reservations.service import ROWS_AT_ONCE, Asker, Reservations

LISTS_BYTES_MAX = 32 * 1024 * 1024
ALL = Window()
NEVER_NAMED = b'"0"'
NO_HEADERS: Headers = ()
SECRET_NAME = b"hold-secret"

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

reservations = Group("reservations", MAY_HAVE_TOKEN)
places = Group("places", MAY_HAVE_TOKEN)


class ReadyList(Struct, frozen=True):
    """A room's whole list as bytes, as it was at a revision or later. `tag` is the answer's `ETag`."""

    tag: bytes
    body: bytes


class ReservationsApi:
    """Reservations of rooms and tables, and what has been named so far."""

    def __init__(self, service: Reservations, tags: TagLoader) -> None:
        self._reservations = service
        self.kinds = service.kinds
        self._access = service.access
        self._tags = tags
        self._lists: LRUCache[Place, ReadyList] = LRUCache(
            LISTS_BYTES_MAX, getsizeof=lambda ready: len(ready.body) + 500
        )

    @reservations(
        "POST",
        "/reservations",
        "Reserve a room or a table",
        decode=lambda api: api.kinds.read,
        answer="The reservation",
        refuses=(403, 404, 409, 429),
        reads=(IdempotencyKey,),
        hot=True,
    )
    async def reserve_place(self, request: Request, data: AnyNew) -> Response[AnyReservation]:
        """Holds a room for `[start_time, end_time)`, or a table from `reservation_time` on. 409 when any is taken.

        With `hold_seconds` it ends by itself, unless it is confirmed. Made without a token, it has a `hold_secret`.
        """
        kind = self.kinds.of_new(data)
        wanted = kind.wish(data)
        fault = self._reservations.fault(wanted.interval)
        if fault is not None:
            raise answers.refusal(Refused(fault), kind)
        caller = await self._access.of(request)
        key = idempotency.key_of(request, caller.name)
        verdict = await self._reservations.reserve(wanted, caller, key, request.is_gone)
        secret = None
        if isinstance(verdict, Granted) and verdict.reservation.held_at and verdict.reservation.user_id is None:
            secret = await self._access.hold_secrets.of(verdict.reservation.id)
        return answers.made(verdict, kind, secret)

    @reservations(
        "POST",
        "/reservations/{reservation_id}/confirm",
        "Confirm a hold",
        status=200,
        answer="The reservation",
        refuses=(403, 404, 409, 429),
        reads=(HoldSecret,),
        hot=True,
    )
    async def confirm_hold(
        self, request: Request, reservation_id: ReservationId, data: HoldConfirmation | None
    ) -> Response[AnyReservation]:
        """Makes a hold a reservation for good. Confirmed twice, it is answered the same. The body may be left out."""
        wanted = data or HoldConfirmation()
        return await self._keep(request, reservation_id, Confirm(wanted.external_ref, wanted.if_expired == "revive"))

    @reservations(
        "POST",
        "/reservations/{reservation_id}/extend",
        "Extend a hold",
        status=200,
        answer="The reservation",
        refuses=(403, 404, 409, 429),
        reads=(HoldSecret,),
        hot=True,
    )
    async def extend_hold(
        self, request: Request, reservation_id: ReservationId, data: HoldExtension
    ) -> Response[AnyReservation]:
        """The later of its end and so many seconds from now becomes its end, at most two hours after it began."""
        return await self._keep(request, reservation_id, Extend(data.seconds))

    async def _keep(self, request: Request, reservation_id: str, takes: Confirm | Extend) -> Response[AnyReservation]:
        asker = Asker(await self._access.of(request), request.header(SECRET_NAME))
        verdict, place = await self._reservations.keep(requests.reservation_id(reservation_id), takes, asker)
        return answers.kept(verdict, self.kinds.of(place))

    @reservations("GET", "/reservations", "List reservations in pages")
    async def list_reservations(
        self,
        request: Request,
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
        place = self.kinds.named(named)
        caller = await self._access.of(request)
        owner = requests.owner(caller) if mine else None
        found = await self._reservations.page(Filter(window, place, owner), after, limit)
        ended = page(found, limit, lambda last: (last.start, last.id))
        return Page([self._shown(each, caller) for each in ended.items], ended.next_cursor)

    @reservations("GET", "/reservations/by-id/{reservation_id}", "One reservation", refuses=(404,))
    async def get_reservation(self, request: Request, reservation_id: ReservationId) -> AnyReservation:
        """An active reservation. 404 for one that was cancelled, too."""
        caller = await self._access.of(request)
        return self._shown(await self._reservations.get(requests.reservation_id(reservation_id)), caller)

    @reservations(
        "GET",
        "/reservations/{room_id}",
        "All reservations of a room",
        answer="By start",
        answers=UNCHANGED,
        reads=(IfNoneMatch,),
        hot=True,
    )
    async def list_room_reservations(
        self,
        request: Request,
        room_id: RoomId,
        window_start: WindowStart = None,
        window_end: WindowEnd = None,
        limit: ListLimit = None,
    ) -> Response[list[DefaultReservation]]:
        """Active reservations of one room by start, as an array: `[]` for a room nobody has named.

        Without `from`, `to` and `limit` the answer has an `ETag`, which changes whenever the room's reservations do.
        """
        kind = self.kinds.default
        place = kind.named(room_id)
        is_whole = not request.query
        window = ALL if is_whole else requests.window(window_start, window_end)
        caller = await self._access.of(request)
        tag, headers = NEVER_NAMED, NO_HEADERS
        if is_whole:
            # Read after the request arrived: what was acknowledged before it was sent is never missing.
            tag = await self._tags.tag(place.key) or NEVER_NAMED
            headers = tagged(tag)
            if tag in (request.headers.get(b"if-none-match") or b""):
                return Response(NOT_MODIFIED, b"", headers)
            ready = self._lists.get(place)
            if ready is not None and ready.tag == tag:
                return Response(200, ready.body, headers)
        # Read after the revision: it may hold more than the revision says, never less.
        parts = self._reservations.of_place(place, window, limit)
        first = await anext(parts)
        sees = self._reservations.everybody_sees
        if not is_whole or len(first) >= ROWS_AT_ONCE:
            watch = Watch(self._access, request.header(b"authorization"), caller)
            return Response(200, answers.joined(kind, first, watch.over(parts), sees=sees), headers)
        # What everybody may see: the answer is kept for all.
        ready = ReadyList(tag, answers.array(kind, first, sees=sees))
        if len(ready.body) < LISTS_BYTES_MAX // 100:
            self._lists[place] = ready
        return Response(200, ready.body, headers)

    @reservations("GET", "/reservations/by-id", "Of the one room that the path of a single one hides", hidden=True)
    async def list_reservations_of_room_by_id(
        self,
        request: Request,
        window_start: WindowStart = None,
        window_end: WindowEnd = None,
        limit: ListLimit = None,
    ) -> Response[list[DefaultReservation]]:
        """The list of the room called `by-id`."""
        listed: Response[list[DefaultReservation]] = await self.list_room_reservations(
            request, "by-id", window_start, window_end, limit
        )
        return listed

    @reservations(
        "PATCH",
        "/reservations/{reservation_id}",
        "Change a reservation",
        decode=lambda api: partial(fields.decode, kind=api.kinds.change),
        refuses=(403, 404, 409, 429),
        reads=(HoldSecret,),
    )
    async def change_reservation(
        self, request: Request, reservation_id: ReservationId, data: AnyChange
    ) -> AnyReservation:
        """Changes place, time and details at once or not at all: after a 409 the reservation is as it was.

        Fields that cannot be changed may be repeated as they are.
        """
        change = self.kinds.change_of(data)
        asker = await self._asker(request)
        verdict, place = await self._reservations.move(requests.reservation_id(reservation_id), change, asker)
        return self._shown(answers.granted(verdict, self.kinds.of(place)), asker.caller)

    @reservations(
        "DELETE", "/reservations/{reservation_id}", "Cancel a reservation", refuses=(403, 404, 429), reads=(HoldSecret,)
    )
    async def cancel_reservation(self, request: Request, reservation_id: ReservationId) -> None:
        """The room or the table is free at once. 404 for a reservation already cancelled."""
        asker = await self._asker(request)
        verdict = await self._reservations.cancel(requests.reservation_id(reservation_id), asker)
        # Its refusals are the same for all kinds of places.
        answers.granted(verdict, self.kinds.default)

    @places("GET", "/places", "List places in pages")
    async def list_places(self, request: Request, cursor: Cursor = None, limit: PageLimit = LIMIT_DEFAULT) -> PlacePage:
        """All rooms and tables that were ever reserved, by id, with a revision that grows with every change there."""
        await self._access.of(request)
        after = None if cursor is None else read_cursor(cursor, NamePosition)
        found = await self._reservations.places(after, limit)
        bodies = [PlaceBody(*each.place, name, each.revision) for each, name in found]
        return page(bodies, limit, lambda last: Place(last.kind, last.id).key)

    async def _asker(self, request: Request) -> Asker:
        return Asker(await self._access.of(request), request.header(SECRET_NAME))

    def _shown(self, reservation: Reservation, caller: Caller) -> HeldBody:
        """A reservation as this caller may see it."""
        return self.kinds.shown(reservation, sees=self._reservations.sees(caller, reservation))


@route("/reservations/by-id", http_method=["PATCH", "DELETE"], include_in_schema=False)
async def nobodys_id() -> None:
    """Hide that path from moving and cancelling, too: no reservation has such an id."""
    raise ReservationNotFound
