"""Whether refusals, replays and reads were right: each must fit a state of the database between asking and answer."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import msgspec

from holdfast.engine.claims import Granted, Interval, Move, Reason, Refused, Release, Reserve, SeatClaim, Verdict
from holdfast.errors import Unavailable
from proof import seats_oracle
from proof.history import Call, History
from proof.server import State

LONGEST = timedelta(hours=4)


def refusals(history: History, call: Call) -> Iterator[str]:
    """A refusal names a reason that was there at some moment between call and answer."""
    refused = call.verdict
    if not isinstance(refused, Refused) or refused.replayed or refused.reason is Reason.KEY_REUSED:
        return
    states = history.during(call.began_at, call.ended_at)
    fits = seats_oracle.justifies if isinstance(call.claim, SeatClaim) else justifies
    if not any(fits(state, call, refused) for state in states):
        yield f"unjust: nothing was in the way of {call}"


def justifies(state: State, call: Call, refused: Refused) -> bool:
    """Whether, in this state, the claim had to be refused for this reason."""
    claim = call.claim
    wanted, own = None, None
    if isinstance(claim, Reserve):
        place, wanted = claim.place.key, claim.interval
    else:
        own = claim.reservation_id
        row = state.reservations.get((claim.place.key, own))
        if row is None or row["cancelled_at"] is not None:
            return refused.reason is Reason.NOT_FOUND
        if isinstance(claim, Release):
            return False
        place = (claim.target or claim.place).key
        wanted = Interval(claim.start or row["start_time"], claim.end or row["end_time"])
    match refused.reason:
        case Reason.TIME_CONFLICT:
            return is_held(state, place, refused.taken, own) and overlap(wanted, refused.taken)
        case Reason.END_NOT_AFTER_START:
            return isinstance(claim, Move) and wanted.end <= wanted.start
        case Reason.TOO_LONG:
            return isinstance(claim, Move) and wanted.end - wanted.start > LONGEST
    return False


def overlap(one: Interval, other: Interval | None) -> bool:
    """Whether two stretches share a moment."""
    return other is not None and one.start < other.end and other.start < one.end


def is_held(state: State, place: str, stretch: Interval | None, but: UUID | None) -> bool:
    """Whether somebody holds exactly this stretch."""
    return stretch is not None and any(
        row["place"] == place
        and row["cancelled_at"] is None
        and row["id"] != but
        and (row["start_time"], row["end_time"]) == tuple(stretch)
        for row in state.reservations.values()
    )


def keys(history: History) -> Iterator[str]:
    """One key has one effect, and everyone who uses it with the same body hears the same."""
    calls: dict[UUID, list[Call]] = defaultdict(list)
    for call in history.calls:
        if isinstance(call.claim, Reserve) and call.claim.key is not None:
            calls[call.claim.key.id].append(call)
    final = history.states[-1]
    created = {row["id"] for row in final.reservations.values()}
    for key_id, users in calls.items():
        stored = final.keys.get(key_id)
        effects = [call.claim.id for call in users if call.claim.id in created]
        if stored is None:
            if effects or any(call.verdict is not None for call in users):
                yield f"key: answered and not remembered, {users[0]}"
            continue
        answer: Verdict = msgspec.json.decode(stored["answer"], type=Verdict)
        if effects != ([stored["claim_id"]] if isinstance(answer, Granted) else []):
            yield f"key: {len(effects)} effects of one key, {users[0]}"
        for call in users:
            yield from answer_with_key(call, stored["body"], stored["claim_id"], answer)


def answer_with_key(call: Call, body: bytes, claim_id: UUID, answer: Verdict) -> Iterator[str]:
    """What one who used a key was told fits what is remembered of it."""
    assert isinstance(call.claim, Reserve)
    assert call.claim.key is not None
    if call.verdict is None:
        return
    if call.claim.key.body != body:
        if call.verdict != Refused(Reason.KEY_REUSED):
            yield f"key: used with another body, {call}"
    elif call.verdict != msgspec.structs.replace(answer, replayed=call.claim.id != claim_id):
        yield f"key: another answer than was remembered, {call}"


def reads(history: History) -> Iterator[str]:
    """A revision is one that the place had after the question, so never older than what was known before it."""
    for read in history.reads:
        if read.is_lost:
            continue
        if read.ended_at is None:
            yield f"hang: a read of {read.place} was never answered"
        elif read.error is not None:
            if history.weather.is_calm or not isinstance(read.error, Unavailable):
                yield f"turned away: a read of {read.place}, {read.error!r}"
        elif all(
            state.places.get(read.place) != read.revision for state in history.during(read.began_at, read.ended_at)
        ):
            yield f"stale: a read of {read.place} was told {read.revision}"
