"""The use cases of reservations: make, move, cancel, look up, list."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import uuid_utils.compat as uuids
from msgspec import Struct

from holdfast.accounts.access import Access
from holdfast.accounts.roles import Caller, Role
from holdfast.database.connections import Database
from holdfast.engine import occupancy
from holdfast.engine.claims import (
    Again,
    Change,
    Details,
    Interval,
    Key,
    Kind,
    Place,
    Reason,
    Refused,
    Reservation,
    Stretch,
    Type,
    Verdict,
)
from holdfast.engine.committer import Committer
from holdfast.engine.reader import KeyReader
from holdfast.errors import Forbidden, ReservationNotFound, Unauthorized
from holdfast.reservations import queries
from holdfast.reservations.changes import Fields, Plan, plan
from holdfast.reservations.queries import Filter, KnownPlace, Position, Window
from holdfast.reservations.rules import RoomRules, TableRules, may_be_managed

ROWS_AT_ONCE = 1_000
"""How many reservations one short read of a long list takes."""
FINDS_MAX = 3
"""How often a reservation that moved away between finding and changing it is looked for again."""


class Evening(Struct, frozen=True):
    """A table, a stretch of time, and for whom."""

    place: Place
    interval: Interval
    details: Details
    party_size: int | None


class Demands(NamedTuple):
    """What features ask of those who reserve their places."""

    rooms: RoomRules
    tables: TableRules


class Reservations:
    """The reservations of this installation. Made once in each process."""

    def __init__(
        self,
        database: Database,
        committer: Committer,
        access: Access,
        demands: Demands,
        longest: timedelta,
    ) -> None:
        self._database = database
        self._committer = committer
        self.access = access
        self._demands = demands
        self._longest = longest
        self._keys = KeyReader(database)

    def fault(self, interval: Interval) -> Reason | None:
        """Why nobody may hold this stretch, whoever else does."""
        return occupancy.fault(interval, self._longest)

    async def reserve(
        self,
        place: Place,
        interval: Interval,
        caller: Caller,
        key: Key | None,
        is_gone: Callable[[], bool] | None = None,
    ) -> Verdict:
        """Hold a place for a stretch of time that has no fault; dropped if the caller `is_gone` before it is begun.

        Raises what the rules of a managed room say.
        """
        if may_be_managed(place):
            before = None if key is None else await self._keys.verdict(key)
            if before is not None:
                # Granted by rules that may refuse it now: what was closed or in the past when it was asked first.
                return before
            await self._demands.rooms.check_reserve(place, interval, caller)
        takes = Stretch(uuids.uuid7(), interval, caller.user_id)
        return await self._submit(Change(takes.id, place, takes=takes, key=key), is_gone)

    async def reserve_table(
        self, wanted: Evening, caller: Caller, key: Key | None, is_gone: Callable[[], bool] | None = None
    ) -> Verdict:
        """Hold a table. Raises `TableNotFound`, `InvalidRequest` when so many do not fit."""
        before = None if key is None else await self._keys.verdict(key)
        if before is not None:
            # Granted when the table was there.
            return before
        await self._demands.tables.check(wanted.place, wanted.party_size)
        takes = Stretch(uuids.uuid7(), wanted.interval, caller.user_id, wanted.details, Type.TABLE)
        return await self._submit(Change(takes.id, wanted.place, takes=takes, key=key), is_gone)

    async def cancel(self, reservation_id: UUID, caller: Caller) -> Verdict:
        """Give a reservation back. Raises `ReservationNotFound`, `Forbidden`."""

        async def release(found: Reservation) -> Change:
            return Change(uuids.uuid7(), found.place, reservation_id)

        return await self._change(reservation_id, caller, release)

    async def move(self, reservation_id: UUID, change: Fields, caller: Caller) -> tuple[Verdict, Place]:
        """Hold a reservation elsewhere, at another time, or for others; answers the place that was asked for, too.

        Raises `ReservationNotFound`, `Forbidden`, `InvalidRequest`, and what the rules of its place say.
        """

        places: list[Place] = []

        async def move(found: Reservation) -> Change | Refused:
            wanted = plan(found, change)
            places.append(wanted.target)
            target, start, end = wanted.target, wanted.start, wanted.end
            if target.kind is Kind.TABLE and wanted.is_change_of(found):
                await self._check_table(found, wanted)
            if may_be_managed(found.place) or may_be_managed(target):
                # The whole of it is checked, and claimed: what is left out may be moved by others meanwhile.
                stretch = occupancy.moved(found.interval, start, end)
                reason = self.fault(stretch)
                if reason is not None:
                    return Refused(reason)
                await self._demands.rooms.check_move(found, target, stretch, caller)
                start, end = stretch
            takes = Again(target, start, end, wanted.details)
            return Change(uuids.uuid7(), found.place, reservation_id, takes)

        verdict = await self._change(reservation_id, caller, move)
        return verdict, places[-1]

    async def get(self, reservation_id: UUID) -> Reservation:
        """One active reservation. Raises `ReservationNotFound`."""
        async with self._database.begin() as connection:
            found = await queries.find(connection, reservation_id)
        if found is None:
            raise ReservationNotFound
        return found

    async def of_place(self, place: Place, window: Window, limit: int | None) -> AsyncIterator[list[Reservation]]:
        """A place's active reservations by start, a thousand at a time.

        Each part is a short read of its own: a slow reader holds neither a connection nor a snapshot.
        """
        after: datetime | None = None
        left = limit
        while True:
            rows = ROWS_AT_ONCE if left is None else min(ROWS_AT_ONCE, left)
            async with self._database.begin() as connection:
                part = await queries.of_place(connection, place, window, after=after, limit=rows)
            yield part
            left = None if left is None else left - len(part)
            if len(part) < rows or left == 0:
                return
            after = part[-1].start

    async def page(self, chosen: Filter, after: Position | None, limit: int) -> list[Reservation]:
        """One page of active reservations by start, and one more to tell whether it is the last."""
        async with self._database.begin() as connection:
            if chosen.place is None or chosen.owner is not None:
                return await queries.of_all(connection, chosen, after=after, limit=limit + 1)
            start = None if after is None else after.start
            return await queries.of_place(connection, chosen.place, chosen.window, after=start, limit=limit + 1)

    async def places(self, after: str | None, limit: int) -> Sequence[tuple[KnownPlace, str]]:
        """One page of the places that have been named, and one more; with what each is called."""
        async with self._database.begin() as connection:
            found = await queries.known_places(connection, after=after, limit=limit + 1)
        rooms = [each.place for each in found if may_be_managed(each.place)]
        tables = [each.place for each in found if each.place.kind is Kind.TABLE]
        names = {**await self._demands.rooms.names(rooms), **await self._demands.tables.names(tables)}
        return [(each, names.get(each.place, each.place.id)) for each in found]

    async def _change(
        self,
        reservation_id: UUID,
        caller: Caller,
        claim: Callable[[Reservation], Awaitable[Change | Refused]],
    ) -> Verdict:
        """Find where the reservation is, then change it there."""
        for _ in range(FINDS_MAX):
            found = await self.get(reservation_id)
            await self._check_may_change(found, caller)
            wanted = await claim(found)
            if isinstance(wanted, Refused):
                return wanted
            verdict = await self._submit(wanted)
            if not (isinstance(verdict, Refused) and verdict.reason is Reason.NOT_FOUND):
                return verdict
        raise ReservationNotFound

    async def _check_may_change(self, found: Reservation, caller: Caller) -> None:
        """Whether the caller may cancel or move it. In a managed room only its owner and admins may, in either mode."""
        if not may_be_managed(found.place) or not await self._demands.rooms.is_managed(found.place):
            self.access.check_may_change(caller, found.user_id)
        elif caller.user_id is None:
            raise Unauthorized
        elif caller.role is not Role.ADMIN and caller.user_id != found.user_id:
            raise Forbidden

    async def _check_table(self, found: Reservation, wanted: Plan) -> None:
        """The table is there, and large enough for a party that is new to it. Raises as `TableRules.check` does."""
        details = {**(found.details or {}), **(wanted.details or {})}
        is_new = wanted.target != found.place or wanted.is_new(found, "party_size")
        size = details.get("party_size") if is_new else None
        await self._demands.tables.check(wanted.target, None if size is None else int(size))

    async def _submit(self, change: Change, is_gone: Callable[[], bool] | None = None) -> Verdict:
        return await self._committer.submit(change, is_gone)
