"""The use cases of reservations: make, hold, confirm, extend, move, cancel, look up, list."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import uuid_utils.compat as uuids
from cachetools import LRUCache

from holdfast.accounts.access import Access
from holdfast.accounts.roles import ANONYMOUS, Caller
from holdfast.database.connections import Connection, Database
from holdfast.engine import occupancy
from holdfast.engine.claims import (
    Change,
    Confirm,
    Extend,
    Granted,
    Interval,
    Key,
    Place,
    Reason,
    Refused,
    Reservation,
    Retake,
    State,
    Stretch,
    Verdict,
)
from holdfast.engine.committer import Committer
from holdfast.engine.loaders import BatchLoader, KeyLoader
from holdfast.errors import Forbidden, HoldfastError, ReservationNotFound, Unauthorized, Unreadable
from holdfast.reservations import queries
from holdfast.reservations.kind import Fields, Register, ReservationRequest
from holdfast.reservations.kinds import Kinds
from holdfast.reservations.queries import Filter, Known, KnownPlace, Position, Window

ROWS_AT_ONCE = 1_000
"""How many reservations one short read of a long list takes."""
HOLDS_KNOWN_MAX = 10_000
FINDS_MAX = 3
"""How often a reservation that moved away between finding and changing it is looked for again."""


class Asker(NamedTuple):
    """Who wants to change something: by their token, or by the secret of a hold."""

    caller: Caller
    hold_secret: str | None = None


class HeldHere(NamedTuple):
    """Where a hold was made in this process, and whose it is: whoever confirms it here need not look for it first."""

    place: Place
    user_id: UUID | None


class Reservations:
    """The reservations of this installation. Made once in each process."""

    def __init__(
        self,
        database: Database,
        committer: Committer,
        access: Access,
        kinds: Kinds,
        longest: timedelta,
    ) -> None:
        self._database = database
        self._committer = committer
        self.access = access
        self.kinds = kinds
        self._longest = longest
        self._keys = KeyLoader(database)
        self._known: BatchLoader[UUID, Known] = BatchLoader(database, self._find)
        self._made: BatchLoader[Place, str] = BatchLoader(database, kinds.find, readers_max=1)
        self._held: LRUCache[UUID, HeldHere] = LRUCache(HOLDS_KNOWN_MAX)

    def fault(self, interval: Interval) -> Reason | None:
        """Why nobody may hold this stretch, whoever else does."""
        return occupancy.fault(interval, self._longest)

    def sees(self, caller: Caller, reservation: Reservation) -> bool:
        """Whether the caller may see whom a reservation is for."""
        is_own = caller.user_id is not None and caller.user_id == reservation.user_id
        return is_own or self.access.sees_all(caller)

    @property
    def everybody_sees(self) -> bool:
        """Whether everybody may."""
        return self.access.sees_all(ANONYMOUS)

    async def reserve(
        self, wanted: ReservationRequest, caller: Caller, key: Key | None, is_gone: Callable[[], bool] | None = None
    ) -> Verdict:
        """Hold a place for a stretch of time that has no fault; dropped if the caller `is_gone` before it is begun.

        Raises what its kind has against the caller, and what the place itself demands.
        """
        kind = self.kinds.of(wanted.place)
        if kind.register is not None and kind.register.asks(wanted.place, caller, None):
            try:
                await self._check_may_have(kind.register, wanted.place, caller)
            except HoldfastError as error:
                return await self._told(key, error)
        takes = Stretch(
            uuids.uuid7(), wanted.interval, caller.user_id, wanted.details, kind.types[0], wanted.hold_seconds
        )
        verdict = await self._committer.submit(Change(takes.id, wanted.place, takes=takes, key=key), is_gone)
        if isinstance(verdict, Granted) and verdict.reservation.held_at is not None:
            made = verdict.reservation
            self._held[made.id] = HeldHere(made.place, made.user_id)
        return verdict

    async def cancel(self, reservation_id: UUID, asker: Asker) -> Verdict:
        """Give a reservation back. Raises `ReservationNotFound`, `Forbidden`."""

        async def release(known: Known) -> Change | Refused:
            if known.has_expired:
                # There is nothing that could be given back.
                return Refused(Reason.NOT_FOUND)
            await self._check_may_change(known.reservation, asker)
            return Change(uuids.uuid7(), known.reservation.place, reservation_id)

        return await self._change(reservation_id, release)

    async def keep(self, reservation_id: UUID, takes: Confirm | Extend, asker: Asker) -> tuple[Verdict, Place]:
        """Confirm a hold, or have it last longer; answers its place, too. Asks no rule again.

        Raises `ReservationNotFound`, `Forbidden`.
        """
        held = self._held.get(reservation_id)
        if held is not None and await self._is_holder(reservation_id, held, asker):
            verdict = await self._committer.submit(Change(uuids.uuid7(), held.place, reservation_id, takes))
            if not _is_lost(verdict):
                return verdict, held.place
        places: list[Place] = []

        async def keep(known: Known) -> Change:
            await self._check_may_change(known.reservation, asker, as_hold=True)
            places.append(known.reservation.place)
            return Change(uuids.uuid7(), known.reservation.place, reservation_id, takes)

        verdict = await self._change(reservation_id, keep)
        return verdict, places[-1]

    async def move(self, reservation_id: UUID, change: Fields, asker: Asker) -> tuple[Verdict, Place]:
        """Hold a reservation elsewhere, at another time, or for others; answers the place that was asked for, too.

        Raises `ReservationNotFound`, `Forbidden`, `InvalidRequest`, and what the rules of its place say.
        """

        places: list[Place] = []

        async def move(known: Known) -> Change | Refused:
            found = known.reservation
            await self._check_may_change(found, asker)
            wanted = self.kinds.plan(found, change)
            places.append(wanted.target)
            if known.has_expired:
                return Refused(Reason.HOLD_EXPIRED)
            target, start, end = wanted.target, wanted.start, wanted.end
            register = self.kinds.of(target).register
            if register is not None and register.asks(target, asker.caller, found):
                reason = self.fault(occupancy.moved(found.interval, start, end))
                if reason is not None:
                    return Refused(reason)
                await self._check_may_have(register, target, asker.caller)
            takes = Retake(target, start, end, wanted.details)
            return Change(uuids.uuid7(), found.place, reservation_id, takes)

        verdict = await self._change(reservation_id, move)
        return verdict, places[-1]

    async def get(self, reservation_id: UUID) -> Reservation:
        """One active reservation. Raises `ReservationNotFound`."""
        async with self._database.begin() as connection:
            found = await queries.find(connection, self.kinds, reservation_id)
        if found is None:
            raise ReservationNotFound
        return found

    async def of_place(self, place: Place, window: Window, limit: int | None) -> AsyncIterator[list[Reservation]]:
        """A place's active reservations by start, a thousand at a time.

        Each part is a short read of its own: a slow reader holds neither a connection nor a snapshot.
        """
        after: datetime | None = None
        chosen, left = Filter(window, place), limit
        while True:
            rows = ROWS_AT_ONCE if left is None else min(ROWS_AT_ONCE, left)
            async with self._database.begin() as connection:
                part = await queries.of_place(connection, self.kinds, chosen, after=after, limit=rows)
            yield part
            left = None if left is None else left - len(part)
            if len(part) < rows or left == 0:
                return
            after = part[-1].start

    async def page(self, chosen: Filter, after: Position | None, limit: int) -> list[Reservation]:
        """One page of active reservations by start, and one more to tell whether it is the last."""
        async with self._database.begin() as connection:
            if chosen.place is None or chosen.owner is not None:
                return await queries.of_all(connection, self.kinds, chosen, after=after, limit=limit + 1)
            start = None if after is None else after.start
            return await queries.of_place(connection, self.kinds, chosen, after=start, limit=limit + 1)

    async def places(self, after: str | None, limit: int) -> Sequence[tuple[KnownPlace, str]]:
        """One page of the places that have been named, and one more; with what each is called."""
        async with self._database.begin() as connection:
            found = await queries.known_places(connection, self.kinds, after=after, limit=limit + 1)
        names = await self.names(each.place for each in found)
        return [(each, names.get(each.place, each.place.id)) for each in found]

    async def names(self, places: Iterable[Place]) -> Mapping[Place, str]:
        """What these places are called, of those that somebody has made and that can be read."""
        made = [place for place in set(places) if self.kinds.may_be_made(place)]
        found = await asyncio.gather(*map(self._made.get, made), return_exceptions=True)
        for each in found:
            if isinstance(each, BaseException) and not isinstance(each, Unreadable):
                raise each
        return {place: name for place, name in zip(made, found, strict=True) if isinstance(name, str)}

    async def _find(self, connection: Connection, ids: Sequence[UUID]) -> Mapping[UUID, Known]:
        return await queries.known(connection, self.kinds, ids)

    async def _change(self, reservation_id: UUID, claim: Callable[[Known], Awaitable[Change | Refused]]) -> Verdict:
        """Find where the reservation is, then change it there."""
        for _ in range(FINDS_MAX):
            try:
                known = await self._known.get(reservation_id)
            except Unreadable:
                known = None
            if known is None:
                raise ReservationNotFound
            wanted = await claim(known)
            if isinstance(wanted, Refused):
                return wanted
            verdict = await self._committer.submit(wanted)
            if not _is_lost(verdict):
                return verdict
        raise ReservationNotFound

    async def _check_may_change(self, found: Reservation, asker: Asker, *, as_hold: bool = False) -> None:
        """Whether the caller may change it. Where its kind is strict only its owner and admins may, in either mode.

        So it is with a hold until it is confirmed, with `as_hold` ever after; and whoever has its secret may.
        """
        caller = asker.caller
        if found.held_at is not None and await self.access.hold_secrets.proves(asker.hold_secret, found.id):
            return
        register = self.kinds.of(found.place).register
        if register is not None and register.is_strict and await self._is_made(found.place):
            if caller.user_id is None:
                raise Unauthorized
        elif found.held_at is None or (found.state is State.CONFIRMED and not as_hold):
            self.access.check_may_change(caller, found.user_id)
            return
        if not self.access.is_theirs(caller, found.user_id):
            raise Forbidden

    async def _is_holder(self, reservation_id: UUID, held: HeldHere, asker: Asker) -> bool:
        """Whether a hold is the asker's, by its secret or by their token; admins are looked at with care."""
        is_own = held.user_id is not None and held.user_id == asker.caller.user_id
        return is_own or await self.access.hold_secrets.proves(asker.hold_secret, reservation_id)

    async def _is_made(self, place: Place) -> bool:
        return self.kinds.may_be_made(place) and await self._made.get(place) is not None

    async def _check_may_have(self, register: Register, place: Place, caller: Caller) -> None:
        """Raises what refuses a place to a caller to whom it matters whether somebody has made it."""
        error = register.refusal(caller, is_made=await self._is_made(place))
        if error is not None:
            raise error

    async def _told(self, key: Key | None, error: HoldfastError) -> Verdict:
        """What a request with this key was answered before anything was against it. Raises the error if it was not."""
        before = None if key is None else await self._keys.verdict(key)
        if before is None:
            raise error
        return before


def _is_lost(verdict: Verdict) -> bool:
    """Whether a reservation was not where it was thought to be."""
    return isinstance(verdict, Refused) and verdict.reason is Reason.NOT_FOUND
