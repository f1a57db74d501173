"""One batch of claims in one transaction.

Quickly: look, decide, write. The write is refused if a place has changed since the look, for every change raises its
place's revision, or if a key is known. Then once more, carefully: lock, look up keys, look, decide, write.

Under READ COMMITTED a statement that waited for a lock still reads from before the wait. So a lock is a statement of
its own, and whatever is decided or checked rests on later ones.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec
import uuid_utils.compat as uuids

from holdfast.database.connections import AWAY, Connection, cut
from holdfast.engine import calendar, statements, writing
from holdfast.engine.batch import Batch, KeyTaken, PlacesMissing, Proof, Stale, places_of
from holdfast.engine.claims import (
    Claim,
    Granted,
    Move,
    Reason,
    Refused,
    Release,
    Reserve,
    Verdict,
)
from holdfast.engine.doubt import CommitInDoubt
from holdfast.engine.statements import Remembered, Wish

ENDED = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.DatabaseDroppedError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)
"""What ends a session of the server, in whatever it was. After its other errors nothing has been committed."""


async def settle(
    connection: Connection, claims: Sequence[Claim], *, now: datetime, longest: timedelta, careful: bool = False
) -> list[Verdict]:
    """Settle claims in order of arrival; the answers are in the same order, and everything in them is committed.

    A move comes alone. Raises `PlacesMissing`, `Stale`, `KeyTaken`, `CommitInDoubt`, or what the database says; after
    all but `CommitInDoubt` nothing has changed. When `careful`, neither `Stale` is raised, nor `KeyTaken` unless a key
    is used at another place at this very moment.
    """
    batch = Batch(claims, now)
    if careful:
        await _settle_locked(connection, batch, longest)
    else:
        await _decide(connection, batch, longest, [claim for claim in claims if isinstance(claim, Reserve)])
        proof = batch.proof()
        if proof is not None:
            await _write(connection, batch, proof)
    return [batch.verdicts[claim.id] for claim in claims]


async def _settle_locked(connection: Connection, batch: Batch, longest: timedelta) -> None:
    """Settle while nobody else can change the batch's places."""
    await connection.execute("BEGIN")
    try:
        await statements.lock(connection, sorted({place.key for claim in batch.claims for place in places_of(claim)}))
        await _decide(connection, batch, longest, await _replay(connection, batch))
        proof = batch.proof()
        if proof is None:
            await connection.execute("ROLLBACK")
        else:
            await writing.write(connection, batch.changes())
    except BaseException as error:
        await _abandon(connection, error)
        raise _known(error) from error
    if proof is not None:
        try:
            await connection.execute("COMMIT")
        except BaseException as error:
            raise _doubt(connection, batch, proof, error, has_lock=True) from error


async def _write(connection: Connection, batch: Batch, proof: Proof) -> None:
    """Write and commit in one step."""
    try:
        await writing.write(connection, batch.changes())
    except BaseException as error:
        if isinstance(error, asyncpg.PostgresError) and not isinstance(error, ENDED):
            raise _known(error) from error
        raise _doubt(connection, batch, proof, error, has_lock=False) from error


async def _decide(connection: Connection, batch: Batch, longest: timedelta, reserves: Sequence[Reserve]) -> None:
    """Read what could be in the way and decide. Revisions are read first: whatever changes later is found out."""
    first = batch.claims[0]
    if isinstance(first, Move):
        await _move(connection, batch, first, longest)
        return
    releases = [claim for claim in batch.claims if isinstance(claim, Release)]
    if releases:
        await _release(connection, batch, releases)
    await _reserve(connection, batch, reserves)


async def _replay(connection: Connection, batch: Batch) -> list[Reserve]:
    """Answer the claims whose key was used before; the rest are to be decided.

    The places are locked, so nobody can use a key for one of them now. A key used for another place at this very
    moment shows when the answers are written, and the batch is settled again.
    """
    reserves = [claim for claim in batch.claims if isinstance(claim, Reserve)]
    keys = {claim.key.id for claim in reserves if claim.key is not None}
    if not keys:
        return reserves
    known = await statements.remembered(connection, keys)
    undecided = []
    for claim in reserves:
        if claim.key is not None and claim.key.id in known:
            batch.verdicts[claim.id] = _remembered(claim, known[claim.key.id])
        else:
            undecided.append(claim)
    return undecided


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
    firsts, seconds = _first_of_each_key(reserves)
    if not firsts:
        return
    wanted = [Wish(claim.place.key, claim.interval.end) for claim in firsts]
    places = list({wish.place for wish in wanted})
    revisions, held = await statements.look(connection, places, wanted, batch.cancelled)
    batch.note(revisions, places)
    for claim, verdict in zip(firsts, calendar.settle(firsts, held, batch.now), strict=True):
        batch.verdicts[claim.id] = verdict
        if isinstance(verdict, Granted):
            batch.granted.append(verdict.reservation)
            batch.tell("reservation.created", claim.id, verdict.reservation)
        if claim.key is not None:
            batch.answers.append((claim, msgspec.json.encode(verdict)))
    if seconds:
        known = {one.key.id: Remembered(one.key.body, one.id, answer) for one, answer in batch.answers if one.key}
        for claim in seconds:
            assert claim.key is not None
            batch.verdicts[claim.id] = _remembered(claim, known[claim.key.id])


def _first_of_each_key(reserves: Sequence[Reserve]) -> tuple[list[Reserve], list[Reserve]]:
    """Claims to decide, and those that come with a key which an earlier claim of the batch has."""
    seen: set[UUID] = set()
    firsts: list[Reserve] = []
    seconds: list[Reserve] = []
    for claim in reserves:
        (seconds if claim.key is not None and claim.key.id in seen else firsts).append(claim)
        if claim.key is not None:
            seen.add(claim.key.id)
    return firsts, seconds


def _remembered(claim: Reserve, known: Remembered) -> Verdict:
    """What a claim with a key that is known is answered."""
    assert claim.key is not None
    if known.body != claim.key.body:
        return Refused(Reason.KEY_REUSED)
    verdict: Verdict = msgspec.json.decode(known.answer, type=Verdict)
    # The answer to this very claim may be there already, when its commit was not answered.
    return msgspec.structs.replace(verdict, replayed=known.claim_id != claim.id)


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
    # The one that moves is not in its own way.
    revisions, (nearest,) = await statements.look(connection, [target.key], [Wish(target.key, wanted.end)], [before.id])
    batch.note(revisions, [target.key])
    taken = calendar.obstacle(wanted, nearest)
    if taken is not None:
        batch.verdicts[claim.id] = Refused(Reason.TIME_CONFLICT, taken)
        return
    after = msgspec.structs.replace(before, place=target, start=wanted.start, end=wanted.end)
    batch.verdicts[claim.id] = Granted(after)
    if after == before:
        return
    # A row's place is what its shard goes by, so it is never changed: the row is taken out and put in again.
    batch.removed.append(before.id)
    batch.granted.append(after)
    if before.place != target:
        # Both places changed, and each has listeners of its own.
        batch.tell("reservation.moved", uuids.uuid7(), after, before.place)
    batch.tell("reservation.moved", claim.id, after)


def _known(error: BaseException) -> BaseException:
    """What a refused write means to us, if it is one that we expect."""
    if isinstance(error, asyncpg.PostgresError) and error.sqlstate == writing.STALE:
        return Stale()
    if isinstance(error, asyncpg.UniqueViolationError) and error.constraint_name == writing.KEYS_UNIQUE:
        return KeyTaken()
    return error


def _doubt(
    connection: Connection, batch: Batch, proof: Proof, error: BaseException, *, has_lock: bool
) -> BaseException:
    """What to raise when a commit was not answered. Even a cancelled one may have happened: only the database knows."""
    cut(connection)
    if not isinstance(error, Exception):
        return error
    verdicts = [batch.verdicts[claim.id] for claim in batch.claims]
    return CommitInDoubt(verdicts, batch.changes(), proof, has_lock=has_lock)


async def _abandon(connection: Connection, error: BaseException) -> None:
    """Leave the transaction. A connection that may be broken is closed instead, which makes the server leave it."""
    if isinstance(error, asyncpg.PostgresError | PlacesMissing | Stale):
        try:
            await connection.execute("ROLLBACK")
        except AWAY:
            pass
        else:
            return
    cut(connection)
