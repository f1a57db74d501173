"""One batch of claims in one transaction: lock, look up keys, release, read, decide, write, commit.

Under READ COMMITTED a statement that waited for a lock still reads from before the wait. So the lock is a statement of
its own, and whatever is decided rests on later ones.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import uuid_utils.compat as uuids
from asyncpg import PostgresError
from msgspec import Struct

from holdfast.database.connections import AWAY, Connection, cut
from holdfast.engine import calendar, statements
from holdfast.engine.claims import (
    Claim,
    Granted,
    Move,
    Place,
    Reason,
    Refused,
    Release,
    Reservation,
    Reserve,
    Verdict,
)
from holdfast.outbox import queries as outbox
from holdfast.outbox.queries import Message


class PlacesMissing(Exception):
    """Not every place of the batch has a row to lock. Nothing was done."""


class KeyTaken(Exception):
    """One of the batch's idempotency keys was used while the batch was settled. Nothing was done; settle it again."""


class Proof(Struct, frozen=True):
    """One row that is there if, and only if, the batch was committed."""

    statement: str
    arguments: tuple[object, ...]


class CommitInDoubt(Exception):
    """COMMIT was sent and not answered. `proof` tells what became of it, once `places` are locked again."""

    def __init__(self, verdicts: list[Verdict], places: list[str], proof: Proof) -> None:
        super().__init__("COMMIT was not answered")
        self.verdicts = verdicts
        self.places = places
        self.proof = proof


class Batch:
    """What is known of a batch while it is settled, and what is to be written for it."""

    def __init__(self, claims: Sequence[Claim], now: datetime) -> None:
        self.claims = claims
        self.now = now
        self.places = sorted({place.key for claim in claims for place in places_of(claim)})
        self.verdicts: dict[UUID, Verdict] = {}
        self.revisions: dict[str, int] = {}
        self.raised: dict[str, int] = {}
        self.messages: list[Message] = []
        self.answers: list[tuple[Reserve, bytes]] = []

    def tell(self, kind: str, claim_id: UUID, reservation: Reservation, place: Place | None = None) -> None:
        """Add a message about a change, which gives the place its next revision."""
        key = (place or reservation.place).key
        revision = self.raised.get(key, self.revisions[key]) + 1
        self.raised[key] = revision
        self.messages.append(Message(key, revision, claim_id, kind, self.now, describe(reservation)))

    def proof(self) -> Proof | None:
        """A row that this batch alone writes, or `None` when it writes nothing."""
        if self.messages:
            message = self.messages[0]
            return Proof(statements.MESSAGE_THERE, (message.place, message.revision, message.id))
        for claim, _ in self.answers:
            if claim.key is not None:
                return Proof(statements.KEY_THERE, (claim.key.id, claim.id))
        return None


def places_of(claim: Claim) -> list[Place]:
    """The places that a claim may change."""
    if isinstance(claim, Move) and claim.target is not None:
        return [claim.place, claim.target]
    return [claim.place]


async def settle(
    connection: Connection, claims: Sequence[Claim], *, now: datetime, longest: timedelta
) -> list[Verdict]:
    """Settle claims in order of arrival; the answers are in the same order, and everything in them is committed.

    A move comes alone. Raises `PlacesMissing`, `KeyTaken`, `CommitInDoubt`, or what the database says; after all but
    `CommitInDoubt` nothing has changed.
    """
    batch = Batch(claims, now)
    await connection.execute("BEGIN")
    try:
        await _work(connection, batch, longest)
        proof = batch.proof()
        if proof is None:
            await connection.execute("ROLLBACK")
    except BaseException as error:
        await _abandon(connection, error)
        raise
    verdicts = [batch.verdicts[claim.id] for claim in claims]
    if proof is not None:
        await _commit(connection, batch, verdicts, proof)
    return verdicts


async def was_committed(connection: Connection, doubt: CommitInDoubt) -> bool:
    """What became of a COMMIT that was not answered: locking its places waits for whoever may still be inside it."""
    async with connection.transaction():
        await statements.lock(connection, doubt.places)
        return bool(await connection.fetchval(doubt.proof.statement, *doubt.proof.arguments))


async def _work(connection: Connection, batch: Batch, longest: timedelta) -> None:
    batch.revisions = await statements.lock(connection, batch.places)
    if len(batch.revisions) != len(batch.places):
        raise PlacesMissing
    first = batch.claims[0]
    if isinstance(first, Move):
        await _move(connection, batch, first, longest)
    else:
        reserves = await _replay(connection, batch)
        await _release(connection, batch)
        await _reserve(connection, batch, reserves)
    if batch.messages:
        await outbox.append(connection, batch.messages)
        await statements.raise_revisions(connection, batch.raised)
    if batch.answers and not await statements.remember(connection, batch.answers, batch.now):
        raise KeyTaken


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
            body, answer = known[claim.key.id]
            batch.verdicts[claim.id] = replay(answer) if body == claim.key.body else Refused(Reason.KEY_REUSED)
        else:
            undecided.append(claim)
    return undecided


async def _release(connection: Connection, batch: Batch) -> None:
    """Give back what the batch gives back, before anything is decided: a claim in the same batch may have it."""
    releases = [claim for claim in batch.claims if isinstance(claim, Release)]
    if not releases:
        return
    cancelled = await statements.cancel(connection, releases, batch.now)
    for claim in releases:
        # Popped, so that of two releases of one reservation the second finds nothing.
        reservation = cancelled.pop(claim.reservation_id, None)
        if reservation is None:
            batch.verdicts[claim.id] = Refused(Reason.NOT_FOUND)
            continue
        batch.verdicts[claim.id] = Granted(reservation)
        batch.tell("reservation.cancelled", claim.id, reservation)


async def _reserve(connection: Connection, batch: Batch, reserves: Sequence[Reserve]) -> None:
    firsts, seconds = _first_of_each_key(reserves)
    if not firsts:
        return
    held = await statements.nearest(connection, firsts)
    granted = []
    for claim, verdict in zip(firsts, calendar.settle(firsts, held, batch.now), strict=True):
        batch.verdicts[claim.id] = verdict
        if isinstance(verdict, Granted):
            granted.append(verdict.reservation)
            batch.tell("reservation.created", claim.id, verdict.reservation)
        if claim.key is not None:
            batch.answers.append((claim, msgspec.json.encode(verdict)))
    if granted:
        await statements.insert(connection, granted)
    answers = {claim.key.id: (claim.key.body, answer) for claim, answer in batch.answers if claim.key is not None}
    for claim in seconds:
        batch.verdicts[claim.id] = _echo(claim, answers)


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


def _echo(claim: Reserve, answers: Mapping[UUID, tuple[bytes, bytes]]) -> Verdict:
    assert claim.key is not None
    body, answer = answers[claim.key.id]
    return replay(answer) if body == claim.key.body else Refused(Reason.KEY_REUSED)


async def _move(connection: Connection, batch: Batch, claim: Move, longest: timedelta) -> None:
    """Hold a reservation elsewhere or at another time. The old stretch is never given up before the new one is had."""
    before = await statements.held(connection, claim.place, claim.reservation_id)
    if before is None:
        batch.verdicts[claim.id] = Refused(Reason.NOT_FOUND)
        return
    target = claim.target or before.place
    wanted = calendar.moved(before.interval, claim.start, claim.end)
    reason = calendar.fault(wanted, longest)
    if reason is not None:
        batch.verdicts[claim.id] = Refused(reason)
        return
    taken = calendar.obstacle(
        wanted, await statements.nearest_but(connection, target, wanted.end, claim.reservation_id)
    )
    if taken is not None:
        batch.verdicts[claim.id] = Refused(Reason.TIME_CONFLICT, taken)
        return
    after = msgspec.structs.replace(before, place=target, start=wanted.start, end=wanted.end)
    batch.verdicts[claim.id] = Granted(after)
    if after == before:
        return
    await statements.rewrite(connection, before, after)
    if before.place != target:
        # Both places changed, and each has listeners of its own.
        batch.tell("reservation.moved", uuids.uuid7(), after, before.place)
    batch.tell("reservation.moved", claim.id, after)


async def _commit(connection: Connection, batch: Batch, verdicts: list[Verdict], proof: Proof) -> None:
    try:
        await connection.execute("COMMIT")
    except BaseException as error:
        # Even a cancelled COMMIT may have happened: only the database knows.
        cut(connection)
        if isinstance(error, Exception):
            raise CommitInDoubt(verdicts, batch.places, proof) from error
        raise


async def _abandon(connection: Connection, error: BaseException) -> None:
    """Leave the transaction. A connection that may be broken is closed instead, which makes the server leave it."""
    if isinstance(error, PostgresError | PlacesMissing | KeyTaken):
        try:
            await connection.execute("ROLLBACK")
        except AWAY:
            pass
        else:
            return
    cut(connection)


def replay(answer: bytes) -> Verdict:
    """The remembered answer to an earlier request with the same key."""
    verdict: Verdict = msgspec.json.decode(answer, type=Verdict)
    return msgspec.structs.replace(verdict, replayed=True)


def describe(reservation: Reservation) -> dict[str, Any]:
    """A reservation as messages tell of it."""
    kind, name = reservation.place
    return {
        "id": reservation.id,
        "kind": kind,
        f"{kind}_id": name,
        "start_time": reservation.start,
        "end_time": reservation.end,
        "user_id": reservation.user_id,
    }
