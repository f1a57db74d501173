"""What claims with idempotency keys have in common, whatever they ask for."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar, cast
from uuid import UUID

import msgspec
from msgspec import Struct

from holdfast.database.connections import Connection
from holdfast.engine import statements
from holdfast.engine.claims import Key, Reason, Refused, SeatVerdict, Verdict
from holdfast.engine.statements import Remembered


class Keyed(Protocol):
    """A claim that may have a key."""

    @property
    def id(self) -> UUID: ...

    @property
    def key(self) -> Key | None: ...


K = TypeVar("K", bound=Keyed)
V = TypeVar("V", bound=Struct)
VERDICTS: "msgspec.json.Decoder[Verdict]" = msgspec.json.Decoder(Verdict)
SEAT_VERDICTS: "msgspec.json.Decoder[SeatVerdict]" = msgspec.json.Decoder(SeatVerdict)


class KeyRow(Struct):
    """An idempotency key as it is written: bytes as `bytea` reads them."""

    id: UUID
    body: str
    claim_id: UUID
    answer: str


async def replay(
    connection: Connection, claims: Sequence[K], answers: "msgspec.json.Decoder[V]"
) -> tuple[list[K], dict[UUID, V]]:
    """The claims that are to be decided, and by claim the answers to those whose key was used before.

    When the places are locked, nobody can use a key for one of them now. A key used for another place at this very
    moment shows when the answers are written, and the batch is settled again.
    """
    keys = {claim.key.id for claim in claims if claim.key is not None}
    if not keys:
        return list(claims), {}
    known = await statements.remembered(connection, keys)
    return _told(claims, known, answers)


def first_of_each(claims: Iterable[K]) -> tuple[list[K], list[K]]:
    """Claims to decide, and those that come with a key which an earlier claim of the batch has."""
    seen: set[UUID] = set()
    firsts: list[K] = []
    seconds: list[K] = []
    for claim in claims:
        (seconds if claim.key is not None and claim.key.id in seen else firsts).append(claim)
        if claim.key is not None:
            seen.add(claim.key.id)
    return firsts, seconds


def repeat(
    seconds: Sequence[K], told: Sequence[tuple[Keyed, bytes]], answers: "msgspec.json.Decoder[V]"
) -> dict[UUID, V]:
    """By claim what those hear whose key an earlier claim of the batch has; `told` is what the earlier ones heard."""
    if not seconds:
        return {}
    known = {one.key.id: Remembered(one.key.body, one.id, answer) for one, answer in told if one.key is not None}
    return _told(seconds, known, answers)[1]


def rows(answers: Sequence[tuple[Keyed, bytes]]) -> str | None:
    """Answers to remember, as they are written; `None` when there are none."""
    if not answers:
        return None
    found = [
        KeyRow(claim.key.id, "\\x" + claim.key.body.hex(), claim.id, "\\x" + answer.hex())
        for claim, answer in answers
        if claim.key is not None
    ]
    return msgspec.json.encode(found).decode()


def _told(
    claims: Sequence[K], known: dict[UUID, Remembered], answers: "msgspec.json.Decoder[V]"
) -> tuple[list[K], dict[UUID, V]]:
    undecided: list[K] = []
    told: dict[UUID, V] = {}
    for claim in claims:
        if claim.key is not None and claim.key.id in known:
            told[claim.id] = remembered(known[claim.key.id], claim.key, claim.id, answers)
        else:
            undecided.append(claim)
    return undecided, told


def remembered(known: Remembered, key: Key, claim_id: UUID | None, answers: "msgspec.json.Decoder[V]") -> V:
    """What a request with a key that is known is answered."""
    if known.body != key.body:
        # Every sort of verdict may be a refusal.
        return cast("V", Refused(Reason.KEY_REUSED))
    # The answer to this very claim may be there already, when its commit was not answered.
    return msgspec.structs.replace(answers.decode(known.answer), replayed=known.claim_id != claim_id)
