"""What changes with idempotency keys have in common, whatever they ask for."""

from collections.abc import Container, Sequence
from uuid import UUID

import msgspec
from msgspec import Struct

from holdfast.database.connections import Connection
from holdfast.engine import statements
from holdfast.engine.claims import Change, Edit, Key, Made, Reason, Refused, Verdict
from holdfast.engine.statements import Remembered

VERDICTS: "msgspec.json.Decoder[Verdict]" = msgspec.json.Decoder(Verdict)


class KeyRow(Struct):
    """An idempotency key as it is written: bytes as `bytea` reads them."""

    id: UUID
    body: str
    claim_id: UUID
    answer: str


async def replay(connection: Connection, changes: Sequence[Change]) -> tuple[list[Change], dict[UUID, Verdict]]:
    """The changes that are to be decided, and by change the answers to those whose key was used before.

    When the places are locked, nobody can use a key for one of them now. A key used for another place at this very
    moment shows when the answers are written, and the batch is settled again.
    """
    keys = {change.key.id for change in changes if change.key is not None}
    if not keys:
        return list(changes), {}
    return _told(changes, await statements.remembered(connection, keys))


def first_of_each(
    changes: Sequence[tuple[Change, object]], answered: Container[int] = ()
) -> tuple[list[int], list[Change]]:
    """The positions of changes to decide, and the changes that come with a key which an earlier one has.

    Left out are those at positions that are `answered`.
    """
    seen: set[UUID] = set()
    firsts: list[int] = []
    seconds: list[Change] = []
    for position, (change, _) in enumerate(changes):
        if position in answered:
            continue
        if change.key is not None:
            if change.key.id in seen:
                seconds.append(change)
                continue
            seen.add(change.key.id)
        firsts.append(position)
    return firsts, seconds


def repeat(seconds: Sequence[Change], told: Sequence[tuple[Change, bytes]]) -> dict[UUID, Verdict]:
    """By change what those hear whose key an earlier one of the batch has; `told` is what the earlier ones heard."""
    if not seconds:
        return {}
    known = {one.key.id: Remembered(one.key.body, one.id, answer) for one, answer in told if one.key is not None}
    return _told(seconds, known)[1]


def rows(answers: Sequence[tuple[Change, bytes]]) -> str | None:
    """Answers to remember, as they are written; `None` when there are none."""
    if not answers:
        return None
    found = [
        KeyRow(change.key.id, "\\x" + change.key.body.hex(), change.id, "\\x" + answer.hex())
        for change, answer in answers
        if change.key is not None
    ]
    return msgspec.json.encode(found).decode()


def remembered(known: Remembered, change: Change) -> Verdict:
    """What a request with a key that is known is answered."""
    assert change.key is not None, "it was found by its key"
    if isinstance(change.takes, Edit):
        # What a place itself is made or changed by is answered in the feature's own words.
        is_same = known.body == change.key.body
        return Made(known.answer, known.claim_id != change.id) if is_same else Refused(Reason.KEY_REUSED)
    return repeated(known, change.key, change.id)


def repeated(known: Remembered, key: Key, change_id: UUID | None) -> Verdict:
    """What a request for a stretch or a seat is answered, whose key is known."""
    if known.body != key.body:
        return Refused(Reason.KEY_REUSED)
    # The answer to this very change may be there already, when its commit was not answered.
    return msgspec.structs.replace(VERDICTS.decode(known.answer), replayed=known.claim_id != change_id)


def _told(changes: Sequence[Change], known: dict[UUID, Remembered]) -> tuple[list[Change], dict[UUID, Verdict]]:
    undecided: list[Change] = []
    told: dict[UUID, Verdict] = {}
    for change in changes:
        if change.key is not None and change.key.id in known:
            told[change.id] = remembered(known[change.key.id], change)
        else:
            undecided.append(change)
    return undecided, told
