"""What is known of a batch of claims on calendars while it is settled."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from holdfast.engine import statements
from holdfast.engine.claims import Claim, Move, Place, Reservation, Reserve, Verdict
from holdfast.engine.transaction import PlacesMissing, Proof, Stale
from holdfast.engine.writing import Changes
from holdfast.outbox.queries import Message


class Batch:
    """What is known of a batch while it is settled, and what is to be written for it."""

    def __init__(self, claims: Sequence[Claim], now: datetime) -> None:
        self.claims = claims
        self.now = now
        self.verdicts: dict[UUID, Verdict] = {}
        self.revisions: dict[str, int] = {}
        self.raised: dict[str, int] = {}
        self.messages: list[Message] = []
        self.cancelled: list[UUID] = []
        self.removed: list[UUID] = []
        self.granted: list[Reservation] = []
        self.answers: list[tuple[Reserve, bytes]] = []

    def note(self, revisions: Mapping[str, int], places: Sequence[str]) -> None:
        """Note the revisions at which places were looked at; nothing may have changed between two looks at one place.

        Raises `PlacesMissing`, `Stale`.
        """
        for place in places:
            if place not in revisions:
                raise PlacesMissing
            if self.revisions.setdefault(place, revisions[place]) != revisions[place]:
                raise Stale

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
        for claim, answer in self.answers:
            if claim.key is not None:
                return Proof(statements.KEY_THERE, (claim.key.id, claim.id, answer))
        return None

    def changes(self) -> Changes:
        """What is to be written. Where only answers are remembered the places are locked, too: see `was_committed`."""
        return Changes(
            locked=sorted(self.raised.keys() | {claim.place.key for claim, _ in self.answers}),
            seen=self.revisions,
            raised=self.raised,
            moment=self.now,
            cancelled=self.cancelled,
            removed=self.removed,
            reservations=self.granted,
            messages=self.messages,
            answers=self.answers,
        )


def places_of(claim: Claim) -> list[Place]:
    """The places that a claim may change."""
    if isinstance(claim, Move) and claim.target is not None:
        return [claim.place, claim.target]
    return [claim.place]


def name_of(place: Place) -> str:
    """The field in which messages have a place's id: `room_id`, `table_id`."""
    return f"{place.kind}_id"


def describe(reservation: Reservation) -> dict[str, Any]:
    """A reservation as messages tell of it."""
    return {
        "id": reservation.id,
        "kind": reservation.place.kind,
        name_of(reservation.place): reservation.place.id,
        "start_time": reservation.start,
        "end_time": reservation.end,
        "user_id": reservation.user_id,
    }
