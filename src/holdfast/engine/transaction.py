"""One batch of changes in one transaction.

Quickly: look, decide, write. The write is refused if a place has changed since the look, for every change raises its
place's revision, or if a key is known. Then once more, carefully: lock, look up keys, look, decide, write.

Under READ COMMITTED a statement that waited for a lock still reads from before the wait. So a lock is a statement of
its own, and whatever is decided or checked rests on later ones.
"""

from collections.abc import Sequence
from typing import Protocol

import asyncpg
from msgspec import Struct

from holdfast.database import connections
from holdfast.database.connections import AWAY, Connection, cut
from holdfast.engine.claims import Verdict
from holdfast.errors import HoldfastError

BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
STALE = "HF001"
"""SQLSTATE of the functions that write, when a place is not at the revision that the batch was decided on."""
KEYS_UNIQUE = "pk_idempotency_keys"
"""The constraint that a key which was used before breaks."""
DOUBTFUL = ("08", "25P03", "40003", "57P", "58", "XX")
"""Beginnings of the SQLSTATEs with which a session ends in whatever it was, or which say nothing of it: class XX is for
what should not happen, and a sharded database reports a lost node so. After other errors nothing has been committed."""


class PlacesMissing(Exception):
    """Not every place of the batch has a row to lock. Nothing was done."""


class Stale(Exception):
    """A place has changed since the batch was decided. Nothing was done; settle it again, carefully."""


class KeyTaken(Exception):
    """One of the batch's idempotency keys has been used. Nothing was done; settle it again, carefully."""


class Proof(Struct, frozen=True):
    """One row that is there if, and only if, the batch was committed.

    `probe` tries to insert another in its stead: so it waits for a transaction that has inserted it and not ended yet.
    """

    statement: str
    probe: str
    arguments: tuple[object, ...]


class Work(Protocol):
    """A batch of changes, and how it is settled."""

    async def lock(self, connection: Connection) -> None:
        """Lock the places that the changes name, sorted."""

    async def decide(self, connection: Connection, *, careful: bool) -> None:
        """Look and decide; when `careful`, look up keys first. Raises `PlacesMissing`, `Stale`."""

    def proof(self) -> Proof | None:
        """A row that this batch alone writes, or `None` when it writes nothing."""

    async def write(self, connection: Connection) -> None:
        """Write what was decided and, outside a transaction, commit."""

    async def lock_changed(self, connection: Connection) -> None:
        """Lock the places that the write locks."""

    async def fence(self, connection: Connection) -> None:
        """See to it that the write, should it come later, is refused. Its places are locked."""

    def refused(self, error: asyncpg.PostgresError) -> Exception | None:
        """What a refused write means, if it is one that is expected."""

    def verdicts(self) -> Sequence[Verdict | HoldfastError]:
        """The answers, in the order of the changes."""


class CommitInDoubt(Exception):
    """A commit was sent and not answered. Its `proof` tells what became of it, once its places are locked again.

    One that was sent together with what it commits, without `has_lock`, may not even have begun.
    """

    def __init__(self, work: Work, proof: Proof, *, has_lock: bool) -> None:
        super().__init__("the commit was not answered")
        self.work = work
        self.proof = proof
        self.has_lock = has_lock


async def settle(connection: Connection, work: Work, *, careful: bool = False) -> None:
    """Settle a batch; everything in its verdicts is committed then.

    Raises `PlacesMissing`, `Stale`, `KeyTaken`, `CommitInDoubt`, or what the database says; after all but
    `CommitInDoubt` nothing has changed. When `careful`, neither `Stale` is raised, unless somebody writes by hand, nor
    `KeyTaken`, unless a key is used at another place at this very moment.
    """
    if careful:
        await _settle_locked(connection, work)
        return
    await work.decide(connection, careful=False)
    proof = work.proof()
    if proof is not None:
        await _write(connection, work, proof)


async def was_committed(connection: Connection, doubt: CommitInDoubt) -> bool:
    """What became of a commit that was not answered: locking its places waits for whoever may still be inside it.

    If the answer is no, it stays so.
    """
    async with connections.transaction(connection):
        await doubt.work.lock_changed(connection)  # [lock before the look]
        if doubt.has_lock:
            # What was made has no row to lock yet: an event. [waits for what is made]
            await _wait_for(connection, doubt.proof)
        if await connection.fetchval(doubt.proof.statement, *doubt.proof.arguments):
            return True
        if not doubt.has_lock:  # [fence]
            await doubt.work.fence(connection)
        return False


async def _wait_for(connection: Connection, proof: Proof) -> None:
    """Wait until whoever may be inserting the proof has ended, one way or the other."""
    await connection.execute("SAVEPOINT proof")
    await connection.execute(proof.probe, *proof.arguments)
    await connection.execute("ROLLBACK TO SAVEPOINT proof")


async def _settle_locked(connection: Connection, work: Work) -> None:
    """Settle while nobody else can change the batch's places."""
    await connection.execute(BEGIN)
    try:
        await work.lock(connection)
        await work.decide(connection, careful=True)
        proof = work.proof()
        if proof is None:
            await connection.execute("ROLLBACK")
        else:
            await work.write(connection)
    except BaseException as error:
        await _abandon(connection, error)
        raise _known(work, error) from error
    if proof is not None:
        try:
            await connection.execute("COMMIT")
        except BaseException as error:
            raise _doubt(connection, work, proof, error, has_lock=True) from error


async def _write(connection: Connection, work: Work, proof: Proof) -> None:
    """Write and commit in one step."""
    try:
        await work.write(connection)
    except BaseException as error:
        if isinstance(error, asyncpg.PostgresError) and not tells_nothing(error):
            raise _known(work, error) from error
        raise _doubt(connection, work, proof, error, has_lock=False) from error


def tells_nothing(error: asyncpg.PostgresError) -> bool:
    """Whether an error of the server leaves open what became of what was to be committed."""
    is_unknown = isinstance(error, asyncpg.UnknownPostgresError) and error.sqlstate != STALE
    return is_unknown or (error.sqlstate or "XX").startswith(DOUBTFUL)


def _known(work: Work, error: BaseException) -> BaseException:
    """What a refused write means to us, if it is one that we expect."""
    if not isinstance(error, asyncpg.PostgresError):
        return error
    if error.sqlstate == STALE:
        return Stale()
    if isinstance(error, asyncpg.UniqueViolationError) and error.constraint_name == KEYS_UNIQUE:
        return KeyTaken()
    return work.refused(error) or error


def _doubt(connection: Connection, work: Work, proof: Proof, error: BaseException, *, has_lock: bool) -> BaseException:
    """What to raise when a commit was not answered. Even a cancelled one may have happened: only the database knows."""
    cut(connection)
    return CommitInDoubt(work, proof, has_lock=has_lock) if isinstance(error, Exception) else error


async def _abandon(connection: Connection, error: BaseException) -> None:
    """Leave the transaction. A connection that may be broken is closed instead, which makes the server leave it."""
    if isinstance(error, asyncpg.PostgresError | PlacesMissing | Stale | HoldfastError):
        try:
            await connection.execute("ROLLBACK")
        except AWAY:
            pass
        else:
            return
    cut(connection)
