"""The use cases of reservations: make, move, cancel, look up, list."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from uuid import UUID

import uuid_utils.compat as uuids
from msgspec import Struct

from holdfast.accounts.access import Access, Caller
from holdfast.database.connections import Database
from holdfast.engine import calendar
from holdfast.engine.claims import (
    Claim,
    Interval,
    Key,
    Move,
    Place,
    Reason,
    Refused,
    Release,
    Reservation,
    Reserve,
    Verdict,
)
from holdfast.engine.committer import Committer
from holdfast.errors import ReservationNotFound
from holdfast.reservations import queries
from holdfast.reservations.queries import Filter, KnownPlace, Position, Window

ROWS_AT_ONCE = 1_000
"""How many reservations one short read of a long list takes."""
FINDS_MAX = 3
"""How often a reservation that moved away between finding and changing it is looked for again."""


class Change(Struct, frozen=True):
    """What a move changes; `None` stays as it is."""

    target: Place | None = None
    start: datetime | None = None
    end: datetime | None = None


class Reservations:
    """The reservations of this installation. Made once in each process."""

    def __init__(self, database: Database, committer: Committer, access: Access, longest: timedelta) -> None:
        self._database = database
        self._committer = committer
        self.access = access
        self._longest = longest

    def fault(self, interval: Interval) -> Reason | None:
        """Why nobody may hold this stretch, whoever else does."""
        return calendar.fault(interval, self._longest)

    async def reserve(
        self,
        place: Place,
        interval: Interval,
        caller: Caller,
        key: Key | None,
        is_gone: Callable[[], bool] | None = None,
    ) -> Verdict:
        """Hold a place for a stretch of time that has no fault; dropped if the caller `is_gone` before it is begun."""
        return await self._submit(Reserve(uuids.uuid7(), place, interval, caller.user_id, key), is_gone)

    async def cancel(self, reservation_id: UUID, caller: Caller) -> Verdict:
        """Give a reservation back. Raises `ReservationNotFound`, `Forbidden`."""
        return await self._change(reservation_id, caller, lambda place: Release(uuids.uuid7(), place, reservation_id))

    async def move(self, reservation_id: UUID, change: Change, caller: Caller) -> Verdict:
        """Hold a reservation elsewhere or at another time. Raises `ReservationNotFound`, `Forbidden`."""
        target, start, end = change.target, change.start, change.end
        return await self._change(
            reservation_id,
            caller,
            lambda place: Move(uuids.uuid7(), place, reservation_id, target, start, end),
        )

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

    async def places(self, after: str | None, limit: int) -> list[KnownPlace]:
        """One page of the places that have been named, and one more."""
        async with self._database.begin() as connection:
            return await queries.known_places(connection, after=after, limit=limit + 1)

    async def _change(
        self, reservation_id: UUID, caller: Caller, claim_at: Callable[[Place], Release | Move]
    ) -> Verdict:
        """Find where the reservation is, then change it there."""
        for _ in range(FINDS_MAX):
            found = await self.get(reservation_id)
            self.access.check_may_change(caller, found.user_id)
            verdict = await self._submit(claim_at(found.place))
            if not (isinstance(verdict, Refused) and verdict.reason is Reason.NOT_FOUND):
                return verdict
        raise ReservationNotFound

    async def _submit(self, claim: Claim, is_gone: Callable[[], bool] | None = None) -> Verdict:
        return await self._committer.submit(claim, is_gone)
