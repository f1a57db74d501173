"""How a batch of claims on calendars is looked at, decided and written."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

import asyncpg
import msgspec
import uuid_utils.compat as uuids

from holdfast.clock import Clock
from holdfast.database.connections import Connection
from holdfast.engine import calendar, keys, statements, writing
from holdfast.engine.calendar_batch import Batch, name_of, places_of
from holdfast.engine.claims import (
    Claim,
    Granted,
    Move,
    Place,
    Reason,
    Refused,
    Release,
    Reserve,
    Verdict,
)
from holdfast.engine.statements import Wish
from holdfast.engine.transaction import KeyTaken, Proof
from holdfast.engine.writing import Changes
from holdfast.errors import OutcomeUnknown
from holdfast.outbox.queries import Message

PLACES_KNOWN_MAX = 100_000
ID_UNIQUE = "pk_reservations"


class Calendars:
    """Settles claims on calendars, none longer than `longest`. Made once in each process."""

    def __init__(self, clock: Clock, longest: timedelta) -> None:
        self._clock = clock
        self._longest = longest
        self._known: set[Place] = set()

    async def prepare(self, connection: Connection, claims: Iterable[Claim]) -> None:
        """Make the rows to lock of places named for the first time, in a small transaction of their own."""
        new = {place for claim in claims for place in places_of(claim)} - self._known
        if not new:
            return
        await statements.ensure_places(connection, new)
        if len(self._known) + len(new) > PLACES_KNOWN_MAX:
            self._known.clear()
        self._known |= new

    def forget(self) -> None:
        """Somebody deleted rows by hand: make them anew."""
        self._known.clear()

    def is_alone(self, claim: Claim) -> bool:
        """Whether a claim shares its batch with nobody: a move does."""
        return isinstance(claim, Move)

    def work(self, claims: Sequence[Claim]) -> "Settlement":
        """A batch to be settled."""
        return Settlement(Batch(claims, self._clock()), self._longest)

    def unknown(self, claim: Claim, _: Verdict) -> OutcomeUnknown:
        """What is told when nobody knows whether a claim was granted; by this id it can be looked up later."""
        return OutcomeUnknown(str(claim.reservation_id))


class Settlement:
    """A batch of claims on calendars; a move comes alone."""

    def __init__(self, batch: Batch, longest: timedelta) -> None:
        self._batch = batch
        self._longest = longest

    async def lock(self, connection: Connection) -> None:
        """Lock the places that the claims name, sorted."""
        places = {place.key for claim in self._batch.claims for place in places_of(claim)}
        await statements.lock(connection, sorted(places))

    async def decide(self, connection: Connection, *, careful: bool) -> None:
        """Read what could be in the way and decide. Revisions are read first: what changes later is found out."""
        batch = self._batch
        reserves = [claim for claim in batch.claims if isinstance(claim, Reserve)]
        if careful:
            reserves, told = await keys.replay(connection, reserves, keys.VERDICTS)
            batch.verdicts |= told
        await _decide(connection, batch, self._longest, reserves)

    def proof(self) -> Proof | None:
        """A row that this batch alone writes, or `None` when it writes nothing."""
        return self._batch.proof()

    async def write(self, connection: Connection) -> None:
        """Write what was decided and, outside a transaction, commit."""
        await writing.write(connection, self._batch.changes())

    async def lock_changed(self, connection: Connection) -> None:
        """Lock the places that the write locks."""
        await statements.lock(connection, self._batch.changes().locked)

    async def fence(self, connection: Connection) -> None:
        """Raise the revision of a locked place, unless it has risen: the write will be refused if it comes later."""
        if not self._batch.raised:
            return
        key = next(iter(self._batch.raised))
        seen, now = self._batch.revisions[key], self._batch.now
        revisions = await statements.revisions(connection, [key])
        if revisions.get(key) != seen:
            return
        place = statements.place_of(key)
        data = {"kind": place.kind, name_of(place): place.id}
        message = Message(key, seen + 1, uuids.uuid7(), "place.checked", now, data)
        await writing.write(connection, Changes([key], revisions, {key: seen + 1}, now, messages=[message]))

    def refused(self, error: asyncpg.PostgresError) -> Exception | None:
        """An id that is there was made of a key: since the look its first request was granted, and cancelled again."""
        is_there = isinstance(error, asyncpg.UniqueViolationError) and error.constraint_name == ID_UNIQUE
        return KeyTaken() if is_there else None

    def verdicts(self) -> list[Verdict]:
        """The answers, in the order of the claims."""
        return [self._batch.verdicts[claim.id] for claim in self._batch.claims]


async def _decide(connection: Connection, batch: Batch, longest: timedelta, reserves: Sequence[Reserve]) -> None:
    """Decide a batch of any kind; of its reserving claims only `reserves`."""
    first = batch.claims[0]
    if isinstance(first, Move):
        await _move(connection, batch, first, longest)
        return
    releases = [claim for claim in batch.claims if isinstance(claim, Release)]
    if releases:
        await _release(connection, batch, releases)
    await _reserve(connection, batch, reserves)


async def _release(connection: Connection, batch: Batch, releases: Sequence[Release]) -> None:
    """Give back what the batch gives back, before anything is decided: a claim in the same batch may have it."""
    places = list({claim.place.key for claim in releases})
    revisions, held = await statements.held(connection, places, [claim.reservation_id for claim in releases])
    batch.note(revisions, places)
    for claim in releases:
        # Popped, so that of two releases of one reservation the second finds nothing.
        reservation = held.pop(claim.reservation_id, None)
        if reservation is None:
            batch.verdicts[claim.id] = Refused(Reason.NOT_FOUND)
            continue
        batch.verdicts[claim.id] = Granted(reservation)
        batch.cancelled.append(reservation.id)
        batch.tell("reservation.cancelled", claim.id, reservation)


async def _reserve(connection: Connection, batch: Batch, reserves: Sequence[Reserve]) -> None:
    firsts, seconds = keys.first_of_each(reserves)
    if not firsts:
        return
    wanted = [Wish(claim.place.key, claim.interval.end) for claim in firsts]
    places = list({wish.place for wish in wanted})
    revisions, held, closed = await statements.look(connection, places, wanted, batch.cancelled)
    batch.note(revisions, places)
    for claim, verdict in zip(firsts, calendar.settle(firsts, held, closed, batch.now), strict=True):
        batch.verdicts[claim.id] = verdict
        if isinstance(verdict, Granted):
            batch.granted.append(verdict.reservation)
            batch.tell("reservation.created", claim.id, verdict.reservation)
        if claim.key is not None:
            batch.answers.append((claim, msgspec.json.encode(verdict)))
    batch.verdicts |= keys.repeat(seconds, batch.answers, keys.VERDICTS)


async def _move(connection: Connection, batch: Batch, claim: Move, longest: timedelta) -> None:
    """Hold a reservation elsewhere or at another time. The old stretch is never given up before the new one is had."""
    places = list({place.key for place in places_of(claim)})
    revisions, found = await statements.held(connection, places, [claim.reservation_id])
    batch.note(revisions, places)
    before = found.get(claim.reservation_id)
    if before is None or before.place != claim.place:
        batch.verdicts[claim.id] = Refused(Reason.NOT_FOUND)
        return
    target = claim.target or before.place
    wanted = calendar.moved(before.interval, claim.start, claim.end)
    reason = calendar.fault(wanted, longest)
    if reason is not None:
        batch.verdicts[claim.id] = Refused(reason)
        return
    details = before.details if claim.details is None else {**(before.details or {}), **claim.details}
    after = msgspec.structs.replace(before, place=target, start=wanted.start, end=wanted.end, details=details)
    if after == before:
        # Whatever else, it has that already.
        batch.verdicts[claim.id] = Granted(before)
        return
    # The one that moves is not in its own way.
    look = await statements.look(connection, [target.key], [Wish(target.key, wanted.end)], [before.id])
    batch.note(look.revisions, [target.key])
    if look.closed and not (target == before.place and wanted.is_inside(before.interval)):
        # What is held in a closed place may become less, never more.
        batch.verdicts[claim.id] = Refused(Reason.CLOSED)
        return
    [nearest] = look.nearest
    taken = calendar.obstacle(wanted, nearest)
    if taken is not None:
        batch.verdicts[claim.id] = Refused(Reason.TIME_CONFLICT, taken)
        return
    batch.verdicts[claim.id] = Granted(after)
    # A row's place is what its shard goes by, so it is never changed: the row is taken out and put in again.
    batch.removed.append(before.id)
    batch.granted.append(after)
    if before.place != target:
        # Both places changed, and each has listeners of its own.
        batch.tell("reservation.moved", uuids.uuid7(), after, before.place)
    is_moved = (target, wanted) != (before.place, before.interval)
    batch.tell("reservation.moved" if is_moved else "reservation.changed", claim.id, after)
