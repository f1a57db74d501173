"""The hottest calls of reservations: make one, hold and confirm, and list a room's."""

from cachetools import LRUCache
from msgspec import Struct

from holdfast.accounts.watch import Watch
from holdfast.engine.claims import Confirm, Extend, Granted, Place, Refused, Verdict
from holdfast.engine.reader import TagReader
from holdfast.http import fields, idempotency
from holdfast.http.bodies import check_media_type
from holdfast.http.hot import Answered, Asked, HotRoute
from holdfast.reservations import answers, requests
from holdfast.reservations.bodies import HoldConfirmation, HoldExtension
from holdfast.reservations.kind import PlaceKind
from holdfast.reservations.queries import Window
from holdfast.reservations.service import ROWS_AT_ONCE, Asker, Reservations

LISTS_BYTES_MAX = 32 * 1024 * 1024
ALL = Window()
NOT_MODIFIED = 304
NEVER_NAMED = b'"0"'
SECRET_NAME = b"hold-secret"


class ReadyList(Struct, frozen=True):
    """A room's whole list as bytes, as it was at a revision or later. `tag` is the answer's `ETag`."""

    tag: bytes
    body: bytes


class HotReservations:
    """Answers hot calls; made once in each process."""

    def __init__(self, reservations: Reservations, reader: TagReader) -> None:
        self._reservations = reservations
        self._kinds = reservations.kinds
        self._reader = reader
        self._lists: LRUCache[Place, ReadyList] = LRUCache(
            LISTS_BYTES_MAX, getsizeof=lambda ready: len(ready.body) + 500
        )

    def routes(self) -> tuple[HotRoute, ...]:
        """What the edge sends here."""
        return (
            HotRoute("POST", "/reservations", "/reservations", self._create),
            HotRoute("GET", "/reservations/", "/reservations/{room_id}", self._list, prefix=True),
            HotRoute(
                "POST", "/reservations/", "/reservations/{reservation_id}/confirm", self.confirm, True, "/confirm"
            ),
            HotRoute("POST", "/reservations/", "/reservations/{reservation_id}/extend", self.extend, True, "/extend"),
        )

    async def create(self, data: Struct, asked: Asked) -> Answered:
        """Reserve a place of any kind; for the ordinary handler too. Raises what refuses it."""
        kind = self._kinds.of_new(data)
        wanted = kind.wish(data)
        fault = self._reservations.fault(wanted.interval)
        if fault is not None:
            raise answers.refusal(Refused(fault), kind)
        caller = await self._reservations.access.caller(asked.header(b"authorization"))
        key = idempotency.key_of(asked, caller.name)
        return await self._made(await self._reservations.reserve(wanted, caller, key, asked.is_gone), kind)

    async def confirm(self, asked: Asked) -> Answered:
        """Make a hold a reservation for good; for the ordinary handler too. Raises what refuses it."""
        data = HoldConfirmation()
        if asked.body:
            check_media_type(asked.header(b"content-type"), asked.header(b"origin"))
            data = fields.decode(asked.body, HoldConfirmation)
        return await self._keep(asked, Confirm(data.external_ref, data.if_expired == "revive"))

    async def extend(self, asked: Asked) -> Answered:
        """Have a hold last longer; for the ordinary handler too. Raises what refuses it."""
        check_media_type(asked.header(b"content-type"), asked.header(b"origin"))
        return await self._keep(asked, Extend(fields.decode(asked.body, HoldExtension).seconds))

    async def _keep(self, asked: Asked, takes: Confirm | Extend) -> Answered:
        caller = await self._reservations.access.caller(asked.header(b"authorization"))
        asker = Asker(caller, asked.header(SECRET_NAME))
        verdict, place = await self._reservations.keep(requests.reservation_id(asked.rest), takes, asker)
        return answers.kept(verdict, self._kinds.of(place))

    async def _made(self, verdict: Verdict, kind: PlaceKind) -> Answered:
        secret = None
        if isinstance(verdict, Granted) and verdict.reservation.held_at and verdict.reservation.user_id is None:
            secret = await self._reservations.access.hold_secrets.of(verdict.reservation.id)
        return answers.made(verdict, kind, secret)

    async def _create(self, asked: Asked) -> Answered:
        check_media_type(asked.header(b"content-type"), asked.header(b"origin"))
        return await self.create(self._kinds.read(asked.body), asked)

    async def _list(self, asked: Asked) -> Answered:
        """All of a room's reservations: ready bytes, if they are of the revision that the database has now."""
        kind = self._kinds.default
        place = kind.named(asked.rest)
        authorization = asked.header(b"authorization")
        caller = await self._reservations.access.caller(authorization)
        # Read after the request arrived: what was acknowledged before it was sent is never missing.
        tag = await self._reader.tag(place.key) or NEVER_NAMED
        headers = ((b"etag", tag), (b"cache-control", b"no-cache"))
        if tag in (asked.headers.get(b"if-none-match") or b""):
            return Answered(NOT_MODIFIED, b"", headers)
        ready = self._lists.get(place)
        if ready is None or ready.tag != tag:
            parts = self._reservations.of_place(place, ALL, None)
            # Read after the revision: it may hold more than the revision says, never less.
            first = await anext(parts)
            # What everybody may see: the answer is kept for all.
            sees = self._reservations.everybody_sees
            if len(first) >= ROWS_AT_ONCE:
                watch = Watch(self._reservations.access, authorization, caller)
                return Answered(200, answers.joined(kind, first, watch.over(parts), sees=sees), headers)
            ready = ReadyList(tag, answers.array(kind, first, sees=sees))
            if len(ready.body) < LISTS_BYTES_MAX // 100:
                self._lists[place] = ready
        return Answered(200, ready.body, headers)
