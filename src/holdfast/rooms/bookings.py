"""The use cases of bookings: book a slot, cancel, look at one's own, list all."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid5

import msgspec
import uuid_utils.compat as uuids
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from holdfast.clock import Clock
from holdfast.database.again import again_on_conflict
from holdfast.database.connections import Database, translated
from holdfast.engine import statements
from holdfast.engine.claims import Change, Granted, Interval, Key, Reason, Refused, Stretch, Verdict
from holdfast.engine.committer import Committer
from holdfast.engine.loaders import BatchLoader, KeyLoader
from holdfast.errors import (
    BookingNotFound,
    Forbidden,
    InvalidRequest,
    OutcomeUnknown,
    RoomClosed,
    SlotNotFound,
)
from holdfast.rooms import lists, queries
from holdfast.rooms.conference_links import ConferenceLinks
from holdfast.rooms.queries import SLOT_TYPE, Offer, SlotBooking, place_of
from holdfast.rooms.service import Rooms
from holdfast.rooms.slots import Slot

FINDS_MAX = 3
"""How often a booking that moved away between finding and cancelling it is looked for again."""
SETTLED = timedelta(minutes=5)
"""After this long nothing is committed any more that was decided before."""
RECOUNT = timedelta(minutes=10)


class SlotRequest(Struct, frozen=True):
    """Who wants which slot, and whether with a conference link."""

    slot_id: UUID
    user_id: UUID
    wants_link: bool


class Bookings:
    """The bookings of this installation. Made once in each process."""

    def __init__(
        self, database: Database, committer: Committer, rooms: Rooms, links: ConferenceLinks, clock: Clock
    ) -> None:
        self._database = database
        self._committer = committer
        self._rooms = rooms
        self._links = links
        self._clock = clock
        self._tally = Tally(clock)
        self._keys = KeyLoader(database)
        self._offers: BatchLoader[UUID, Offer] = BatchLoader(database, queries.offers)

    async def create(self, wish: SlotRequest, key: Key | None, is_gone: Callable[[], bool] | None = None) -> Verdict:
        """Book a slot; dropped if the caller `is_gone` before it is begun.

        Raises `SlotNotFound`, `InvalidRequest` for a slot in the past, `RoomClosed` for a retired room, and what the
        conference service's failure is answered with.
        """
        if key is not None:
            before = await self._keys.verdict(key)
            if before is not None:
                return before
        slot = await self._bookable(wish.slot_id)
        interval = Interval(slot.start, slot.end)
        claim_id = uuids.uuid7()
        booking_id = claim_id if key is None else await self._id_for(key)
        link = None
        if wish.wants_link:
            if await self._is_taken(slot.room_id, interval):
                return await self._refuse(key)
            # Nothing is held meanwhile: no lock, no lane, no connection.
            link = await self._links.ask(booking_id, interval)
        place = place_of(slot.room_id)
        takes = Stretch(booking_id, interval, wish.user_id, {"conference_link": link}, SLOT_TYPE)
        change = Change(claim_id, place, takes=takes, key=key)
        if link is None:
            return await self._committer.submit(change, is_gone)
        return await self._submit_with_link(change, booking_id, is_gone)

    async def cancel(self, booking_id: UUID, user_id: UUID) -> SlotBooking:
        """Give a slot back; one that was given back stays so. Raises `BookingNotFound`, `Forbidden`."""
        for _ in range(FINDS_MAX):
            async with self._database.begin() as connection:
                booking = await lists.find_booking(connection, booking_id)
            if booking is None:
                raise BookingNotFound
            if booking.user_id != user_id:
                raise Forbidden
            if booking.is_cancelled:
                return booking
            verdict = await self._committer.submit(Change(uuids.uuid7(), place_of(booking.room_id), booking_id))
            if isinstance(verdict, Granted):
                # As it stood when it was cancelled: it may have been moved since it was found.
                start = verdict.reservation.start
                return msgspec.structs.replace(booking, start=start, is_cancelled=True)
        raise BookingNotFound

    async def of_user(self, user_id: UUID) -> list[SlotBooking]:
        """A user's bookings of slots that start now or later, by start."""
        async with self._database.begin() as connection:
            return _listed(await lists.bookings_of(connection, user_id, self._clock()))

    async def page(self, number: int, size: int) -> tuple[list[SlotBooking], int]:
        """A page of all bookings, newest first, and how many there are. Reads from whichever end is nearer."""
        async with self._database.begin() as connection:
            total = await self._tally.total(connection)
            before = (number - 1) * size
            after = total - before - size
            if before >= total:
                return [], total
            if before <= after:
                return _listed(await lists.newest_bookings(connection, skip=before, limit=size)), total
            found = await lists.oldest_bookings(connection, skip=max(after, 0), limit=size + min(after, 0))
            return _listed(found[::-1]), total

    async def _bookable(self, slot_id: UUID) -> Slot:
        """The slot, if it may be booked, whoever holds it."""
        offer = await self._offers.get(slot_id)
        if offer is None:
            raise SlotNotFound
        if offer.slot.start < self._clock():
            raise InvalidRequest({"slotId": "past"})
        if offer.is_retired:
            raise RoomClosed
        return offer.slot

    async def _is_taken(self, room_id: UUID, interval: Interval) -> bool:
        """Spares the conference service slots that are taken already; who gets a free one is decided later."""
        async with self._database.begin() as connection:
            return await lists.is_taken(connection, place_of(room_id), interval)

    @again_on_conflict
    async def _refuse(self, key: Key | None) -> Verdict:
        """Refuse a slot that is taken as the engine would. With a key, what took it may be this very request's twin."""
        refused = Refused(Reason.TIME_CONFLICT)
        if key is None:
            return refused
        answer = msgspec.json.encode(refused)
        with translated():
            async with self._database.engine_connection() as connection:
                if await statements.remember(connection, uuids.uuid7(), key, answer, self._clock()):
                    return refused
        return await self._keys.verdict(key) or refused

    async def _id_for(self, key: Key) -> UUID:
        """The id that a request with this key gives its booking, each time that it is sent.

        A key is forgotten after a day, and what was booked with it is not: used again, it stands for the next id.
        """
        number = 0
        while True:
            # Of the body too, for another body with the same key is another wish.
            booking_id = uuid5(key.id, f"{key.body.hex()}/{number}")
            async with self._database.begin() as connection:
                if not await lists.is_known(connection, booking_id):
                    return booking_id
            number += 1

    async def _submit_with_link(self, change: Change, booking_id: UUID, is_gone: Callable[[], bool] | None) -> Verdict:
        """Submit a change that has a link already; the link is given back unless somebody has it or may come to."""
        try:
            verdict = await self._committer.submit(change, is_gone)
        except (OutcomeUnknown, asyncio.CancelledError):
            # The booking may be there.
            raise
        except Exception:
            # A retry with the same key would ask for the same link: it must not be taken away under it.
            if change.key is None:
                self._links.give_back(booking_id)
            raise
        if not (isinstance(verdict, Granted) and verdict.reservation.id == booking_id):
            self._links.give_back(booking_id)
        return verdict


def _listed(bookings: Sequence[SlotBooking]) -> list[SlotBooking]:
    """Bookings as lists show them: the link of one that was cancelled was given back, and is only in its own answer."""
    return [msgspec.structs.replace(each, conference_link=None) if each.is_cancelled else each for each in bookings]


class Tally:
    """How many bookings there are, without counting all of them each time.

    Bookings are never deleted, so those made some time ago are counted once; what rows were changed by hand shows
    within ten minutes.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counted = 0
        self._until: datetime | None = None
        self._since: datetime | None = None

    async def total(self, connection: AsyncConnection) -> int:
        """The number of all bookings now."""
        now = self._clock()
        settled = now - SETTLED
        if self._until is None or self._since is None or not timedelta() <= now - self._since < RECOUNT:
            counted = await lists.count_bookings(connection, until=settled)
            self._counted, self._until, self._since = counted, settled, now
        return self._counted + await lists.count_bookings(connection, after=self._until)
