"""How a batch of claims on pools is looked at, decided and written."""

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import uuid_utils.compat as uuids

from holdfast.clock import Clock
from holdfast.database.connections import Connection
from holdfast.engine import keys, pool, pool_statements, statements
from holdfast.engine.claims import (
    Book,
    Booking,
    Cancel,
    Reason,
    Refused,
    SeatClaim,
    Seated,
    SeatVerdict,
)
from holdfast.engine.pool import Booker, Seats
from holdfast.engine.pool_statements import Changes, Raise, Row, Wish, event_of
from holdfast.engine.transaction import Proof, Stale
from holdfast.errors import OutcomeUnknown
from holdfast.outbox.queries import Message

SEAT_UNIQUE = "uq_bookings_event_id_user_id"
"""The constraint that a second booking of one person breaks."""
IDS_AT_ONCE = 32


class Pools:
    """Settles claims on pools. Made once in each process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ids: deque[int] = deque()

    async def prepare(self, connection: Connection, claims: Sequence[SeatClaim]) -> None:
        """Have an id ready for each booking: then what was decided is known whole, whatever becomes of its commit."""
        wanted = sum(isinstance(claim, Book) for claim in claims)
        # Again, if another lane was quicker to take them.
        while len(self._ids) < wanted:
            # More than are needed now, so that this is no trip of its own for each batch.
            self._ids.extend(await pool_statements.new_ids(connection, max(4 * wanted, IDS_AT_ONCE)))

    def forget(self) -> None:
        """An event that is not there is one that nobody has made."""

    def is_alone(self, _: SeatClaim) -> bool:
        """Whether a claim shares its batch with nobody: none needs to."""
        return False

    def work(self, claims: Sequence[SeatClaim]) -> "SeatSettlement":
        """A batch to be settled; `prepare` was called in the same turn of the event loop."""
        ids = {claim.id: self._ids.popleft() for claim in claims if isinstance(claim, Book)}
        return SeatSettlement(claims, ids, self._clock())

    def unknown(self, claim: SeatClaim, verdict: SeatVerdict) -> OutcomeUnknown:
        """What is told when nobody knows whether a seat was booked; by this id it can be looked up later."""
        if isinstance(verdict, Seated):
            return OutcomeUnknown(verdict.booking.id)
        return OutcomeUnknown(claim.booking_id if isinstance(claim, Cancel) else 0)


class SeatSettlement:
    """A batch of claims on pools: what is known of it, and what is to be written for it. Events are named by id."""

    def __init__(self, claims: Sequence[SeatClaim], ids: dict[UUID, int], now: datetime) -> None:
        self._claims = claims
        self._ids = ids
        self._now = now
        self._verdicts: dict[UUID, SeatVerdict] = {}
        self._revisions: dict[int, int] = {}
        self._raised: dict[int, Raise] = {}
        self._messages: list[Message] = []
        self._cancelled: dict[int, Booking] = {}
        self._rows: list[Row] = []
        self._answers: list[tuple[Book, bytes]] = []

    async def lock(self, connection: Connection) -> None:
        """Lock the events that the claims name, sorted."""
        await pool_statements.lock(connection, sorted({event_of(claim.place) for claim in self._claims}))

    async def decide(self, connection: Connection, *, careful: bool) -> None:
        """Look and decide; cancellations first, for a claim of the same batch may have the seat."""
        cancels = [claim for claim in self._claims if isinstance(claim, Cancel)]
        books = [claim for claim in self._claims if isinstance(claim, Book)]
        if careful:
            books, told = await keys.replay(connection, books, keys.SEAT_VERDICTS)
            self._verdicts |= told
        if cancels:
            await self._cancel(connection, cancels)
        if books:
            await self._book(connection, books)

    def proof(self) -> Proof | None:
        """A row that this batch alone writes, or `None` when it writes nothing."""
        if self._messages:
            message = self._messages[0]
            return Proof(statements.MESSAGE_THERE, (message.place, message.revision, message.id))
        for claim, answer in self._answers:
            if claim.key is not None:
                return Proof(statements.KEY_THERE, (claim.key.id, claim.id, answer))
        return None

    async def write(self, connection: Connection) -> None:
        """Write what was decided and, outside a transaction, commit."""
        await pool_statements.write(
            connection,
            Changes(
                self._changed(),
                list(self._raised.values()),
                self._now,
                list(self._cancelled),
                self._rows,
                self._messages,
                keys.rows(self._answers),
            ),
        )

    async def lock_changed(self, connection: Connection) -> None:
        """Lock the events that the write locks."""
        await pool_statements.lock(connection, self._changed())

    async def fence(self, connection: Connection) -> None:
        """Raise the revision of a locked event, unless it has risen: the write will be refused if it comes later."""
        if not self._raised:
            return
        change = next(iter(self._raised.values()))
        revisions = await pool_statements.revisions(connection, [change.event_id])
        if revisions.get(change.event_id) != change.seen:
            return
        message = event_message(change.event_id, change.seen + 1, "place.checked", self._now)
        await write_change(connection, change.event_id, message)

    def refused(self, error: asyncpg.PostgresError) -> Exception | None:
        """Somebody typed in a booking after the look: it will be seen under the lock."""
        is_taken = isinstance(error, asyncpg.UniqueViolationError) and error.constraint_name == SEAT_UNIQUE
        return Stale() if is_taken else None

    def verdicts(self) -> list[SeatVerdict]:
        """The answers, in the order of the claims."""
        return [self._verdicts[claim.id] for claim in self._claims]

    def _changed(self) -> list[int]:
        """The events to lock. Where only answers are remembered too: see `transaction.was_committed`."""
        return sorted(self._raised.keys() | {event_of(claim.place) for claim, _ in self._answers})

    async def _cancel(self, connection: Connection, cancels: Sequence[Cancel]) -> None:
        events = list({event_of(claim.place) for claim in cancels})
        revisions, held = await pool_statements.held(connection, events, [claim.booking_id for claim in cancels])
        self._revisions |= revisions
        for claim in cancels:
            # Popped, so that of two cancellations of one booking the second finds nothing.
            booking = held.pop(claim.booking_id, None)
            if booking is None or booking.place != claim.place:
                self._verdicts[claim.id] = Refused(Reason.NOT_FOUND)
                continue
            self._verdicts[claim.id] = Seated(booking)
            self._cancelled[booking.id] = booking
            self._tell("booking.cancelled", claim.id, booking, taken=-1)

    async def _book(self, connection: Connection, books: Sequence[Book]) -> None:
        firsts, seconds = keys.first_of_each(books)
        wanted = [Wish(event_of(claim.place), claim.user_id) for claim in firsts]
        found = await pool_statements.look(connection, wanted)
        # If an event has changed since a cancellation was looked up, the write will find that out.
        self._revisions |= found.revisions
        gone = {change.event_id: change.taken for change in self._raised.values()}
        pools = {
            pool_statements.place_of(event_id): Seats(seats.total, seats.booked + gone.get(event_id, 0))
            for event_id, seats in found.seats.items()
        }
        seated = {
            Booker(pool_statements.place_of(wish.event_id), wish.user_id)
            for wish, booking_id in found.booked.items()
            if booking_id not in self._cancelled
        }
        reasons = pool.settle([Booker(claim.place, claim.user_id) for claim in firsts], pools, seated)
        for claim, reason in zip(firsts, reasons, strict=True):
            verdict = self._seat(claim) if reason is None else Refused(reason)
            self._verdicts[claim.id] = verdict
            if claim.key is not None:
                self._answers.append((claim, msgspec.json.encode(verdict)))
        self._verdicts |= keys.repeat(seconds, self._answers, keys.SEAT_VERDICTS)

    def _seat(self, claim: Book) -> Seated:
        booking = Booking(self._ids[claim.id], claim.place, claim.user_id, self._now)
        self._rows.append(Row(booking.id, event_of(claim.place), claim.user_id))
        self._tell("booking.created", claim.id, booking, taken=1)
        return Seated(booking)

    def _tell(self, kind: str, claim_id: UUID, booking: Booking, *, taken: int) -> None:
        """Add a message about a change, which gives the event its next revision."""
        event_id = event_of(booking.place)
        change = self._raised.get(event_id)
        if change is None:
            seen = self._revisions[event_id]
            change = self._raised[event_id] = Raise(event_id, seen, seen, 0)
        change.raised += 1
        change.taken += taken
        data = {"id": booking.id, "kind": "event", "event_id": event_id, "user_id": booking.user_id}
        self._messages.append(Message(booking.place.key, change.raised, claim_id, kind, self._now, data))


def event_message(
    event_id: int, revision: int, kind: str, now: datetime, data: Mapping[str, Any] | None = None
) -> Message:
    """A message about an event itself, which gives it this revision."""
    told = {"id": event_id, "kind": "event", "event_id": event_id, **(data or {})}
    return Message(pool_statements.place_of(event_id).key, revision, uuids.uuid7(), kind, now, told)


async def write_change(connection: Connection, event_id: int, message: Message) -> None:
    """Raise the revision of a locked event by one, with the message that tells why."""
    raised = [Raise(event_id, message.revision - 1, message.revision, 0)]
    await pool_statements.write(connection, Changes([event_id], raised, message.occurred_at, messages=[message]))
