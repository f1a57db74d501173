"""What became of a commit that was not answered."""

from datetime import datetime

import uuid_utils.compat as uuids

from holdfast.database.connections import Connection
from holdfast.engine import statements, writing
from holdfast.engine.batch import Proof, name_of
from holdfast.engine.claims import Verdict
from holdfast.engine.writing import Changes
from holdfast.outbox.queries import Message


class CommitInDoubt(Exception):
    """A commit was sent and not answered. `proof` tells what became of it, once `places` are locked again.

    One that was sent together with what it commits may not even have begun: it is kept from happening later by the
    `fence`, a place that changes by it and the revision that it was seen at.
    """

    def __init__(self, verdicts: list[Verdict], changes: Changes, proof: Proof, *, has_lock: bool) -> None:
        super().__init__("the commit was not answered")
        self.verdicts = verdicts
        self.places = changes.locked
        self.proof = proof
        self.moment = changes.moment
        self.fence: tuple[str, int] | None = None
        if not has_lock and changes.raised:
            place = next(iter(changes.raised))
            self.fence = place, changes.seen[place]


async def was_committed(connection: Connection, doubt: CommitInDoubt) -> bool:
    """What became of a commit that was not answered: locking its places waits for whoever may still be inside it.

    If the answer is no, it stays so.
    """
    async with connection.transaction():
        await statements.lock(connection, doubt.places)
        if await connection.fetchval(doubt.proof.statement, *doubt.proof.arguments):
            return True
        if doubt.fence is not None:
            await _raise_fence(connection, *doubt.fence, doubt.moment)
        return False


async def _raise_fence(connection: Connection, key: str, seen: int, moment: datetime) -> None:
    """Raise the revision of a locked place, unless it has risen: a write that was decided before will be refused."""
    revisions = await statements.revisions(connection, [key])
    if revisions.get(key) != seen:
        return
    place = statements.place_of(key)
    data = {"kind": place.kind, name_of(place): place.id}
    message = Message(key, seen + 1, uuids.uuid7(), "place.checked", moment, data)
    await writing.write(connection, Changes([key], revisions, {key: seen + 1}, moment, messages=[message]))
