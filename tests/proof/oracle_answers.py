"""Whether refusals, replays and reads were right: each must fit a state of the database between asking and answer."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from holdfast.engine.claims import (
    Change,
    Confirm,
    Edit,
    Extend,
    Granted,
    Interval,
    Made,
    Reason,
    Refused,
    Retake,
    Seat,
    Seated,
    Stretch,
    Verdict,
)
from holdfast.engine.demands import Rules
from holdfast.errors import Unavailable
from proof import seats_oracle
from proof.history import Call, History
from proof.oracle_rows import TAKING, Told, is_expired, is_lapsed

Row = dict[str, Any]
LONGEST = timedelta(hours=4)
PLACE_HOLDS_MAX, USER_HOLDS_MAX = 3, 4
RULES = Rules(LONGEST, PLACE_HOLDS_MAX, USER_HOLDS_MAX)


class Version(NamedTuple):
    """What a reservation was from a commit on. `since` is the first moment at which somebody may have seen it so."""

    position: int
    row: Row
    since: datetime


class Versions:
    """What each reservation was, one state after the other, those within a commit too."""

    def __init__(self, history: History, told: Sequence[Told]) -> None:
        self._last = len(history.commits)
        self._all: dict[UUID, list[Version]] = defaultdict(list)
        for each in told:
            # Decided before it was committed, and others of the same batch were decided upon it.
            self._all[each.after["id"]].append(Version(each.position, each.after, each.call.asked_at))
        for position, commit in enumerate(history.commits, 1):
            for row in commit.writes.get("reservations", {}).values():
                known = self._all[row["id"]] if row is not None else ()
                if row is not None and not any((each.position, each.row) == (position, row) for each in known):
                    self._all[row["id"]].append(Version(position, row, commit.at))
        for versions in self._all.values():
            versions.sort(key=lambda version: version.position)

    def ids(self) -> Iterator[UUID]:
        """All reservations that there ever were."""
        yield from self._all

    def during(self, call: Call, reservation_id: UUID) -> Iterator[tuple[Row, datetime]]:
        """What it was while a call was under way, and when this began, or the call if that was later."""
        last = self._last if call.ended_at is None else call.ended_at
        versions = self._all[reservation_id]
        for number, version in enumerate(versions):
            until = versions[number + 1].position if number + 1 < len(versions) else last + 1
            # One that was replaced in the commit that was the last before the call was never seen by it.
            if version.position <= last and until > call.began_at:
                yield version.row, max(call.asked_at, version.since)

    def was_absent(self, call: Call, reservation_id: UUID, place: str) -> bool:
        """Whether, at some moment of a call, it was not at a place."""
        versions = self._all[reservation_id]
        return (
            not versions
            or versions[0].position > call.began_at
            or any(row["place"] != place for row, _ in self.during(call, reservation_id))
        )


def refusals(history: History, versions: Versions, call: Call) -> Iterator[str]:
    """A refusal names a reason that was there at some moment between call and answer."""
    refused = call.verdict
    if not isinstance(refused, Refused) or refused.replayed or refused.reason is Reason.KEY_REUSED:
        return
    change = call.change
    if isinstance(change.takes, Seat) or isinstance(change.gives, int):
        is_just = any(
            seats_oracle.justifies(state, call, refused) for state in history.during(call.began_at, call.ended_at)
        )
    elif refused.reason is Reason.CLOSED:
        is_just = is_closed(history, call, change)
    elif refused.reason is Reason.HOLD_LIMIT:
        is_just = is_full_of_holds(history, versions, call)
    elif isinstance(change.takes, Stretch):
        is_just = is_taken(versions, call, refused, change.place.key, change.takes.interval, None)
    else:
        is_just = is_about(versions, call, refused)
    if not is_just:
        yield f"unjust: nothing was in the way of {call}"


def is_about(versions: Versions, call: Call, refused: Refused) -> bool:
    """Whether something about the reservation that a change gives back refuses it."""
    change = call.change
    assert isinstance(change.gives, UUID)
    assert call.answered_at is not None
    place, takes = change.place.key, change.takes
    if refused.reason is Reason.NOT_FOUND and versions.was_absent(call, change.gives, place):
        return True
    return any(
        row["place"] == place and refuses(versions, call, refused, row, since, takes)
        for row, since in versions.during(call, change.gives)
    )


def refuses(  # noqa: PLR0911 - one for each reason
    versions: Versions, call: Call, refused: Refused, row: Row, since: datetime, takes: Any
) -> bool:
    """Whether a change is to be refused for this reason while its reservation is so."""
    assert call.answered_at is not None
    is_gone = row["state"] not in TAKING
    may_have_expired = is_expired(row, call.answered_at)
    match refused.reason:
        case Reason.NOT_FOUND:
            if takes is not None:
                return is_gone and row["state"] != "expired"
            if call.change.lapses:
                return is_gone or not is_lapsed(row, since)
            return is_gone or may_have_expired
        case Reason.HOLD_EXPIRED:
            return takes is not None and may_have_expired and not (isinstance(takes, Confirm) and takes.revives)
        case Reason.NOT_HELD:
            is_ours = row["state"] in {"confirmed", "pending"} and isinstance(takes, Confirm | Extend)
            return is_ours and (isinstance(takes, Extend) or row["held_at"] is None)
    if isinstance(takes, Confirm):
        wanted = Interval(row["start_time"], row["end_time"])
        return may_have_expired and is_taken(versions, call, refused, row["place"], wanted, row["id"])
    if not isinstance(takes, Retake) or is_gone:
        return False
    wanted = Interval(takes.start or row["start_time"], takes.end or row["end_time"])
    match refused.reason:
        case Reason.END_NOT_AFTER_START:
            return wanted.end <= wanted.start
        case Reason.TOO_LONG:
            return wanted.end - wanted.start > LONGEST
    place = row["place"] if takes.place is None else takes.place.key
    return is_taken(versions, call, refused, place, wanted, row["id"])


def is_taken(versions: Versions, call: Call, refused: Refused, place: str, wanted: Interval, but: UUID | None) -> bool:
    """Whether somebody else had exactly the stretch that is said to be in the way, and it is."""
    taken = refused.taken
    if refused.reason is not Reason.TIME_CONFLICT or taken is None or not overlap(wanted, taken):
        return False
    return any(
        row["place"] == place
        and (row["start_time"], row["end_time"]) == tuple(taken)
        and row["state"] in TAKING
        and not is_lapsed(row, since)
        for other in versions.ids()
        if other != but
        for row, since in versions.during(call, other)
    )


def overlap(one: Interval, other: Interval) -> bool:
    """Whether two stretches share a moment."""
    return one.start < other.end and other.start < one.end


def is_closed(history: History, call: Call, change: Change) -> bool:
    """Whether the place where something is taken was closed."""
    target = change.takes.place if isinstance(change.takes, Retake) and change.takes.place else change.place
    return any(
        (spot := state.places.get(target.key)) is not None and spot.closed_at is not None
        for state in history.during(call.began_at, call.ended_at)
    )


def is_full_of_holds(history: History, versions: Versions, call: Call) -> bool:
    """Whether a place or somebody may have had all holds that are allowed; those asked for meanwhile may count."""
    takes = call.change.takes
    assert isinstance(takes, Stretch)
    asked = [
        other.change
        for other in history.calls
        if isinstance(other.change.takes, Stretch)
        and other.change.takes.hold_seconds is not None
        and other is not call
        and other.began_at <= (call.ended_at or 0)
        and (other.ended_at is None or other.ended_at >= call.began_at)
    ]
    held: dict[UUID, Row] = {}
    for each in versions.ids():
        for row, since in versions.during(call, each):
            if row["state"] == "held" and not is_lapsed(row, since):
                held[each] = row
    at_place = sum(row["place"] == call.change.place.key for row in held.values())
    at_place += sum(change.place == call.change.place for change in asked)
    of_user = sum(row["user_id"] == takes.user_id for row in held.values())
    of_user += sum(isinstance(change.takes, Stretch) and change.takes.user_id == takes.user_id for change in asked)
    return at_place >= PLACE_HOLDS_MAX or (takes.user_id is not None and of_user >= USER_HOLDS_MAX)


def keys(history: History, effects: dict[UUID, list[int]]) -> Iterator[str]:
    """One key has one effect, and everyone who uses it with the same body hears the same."""
    calls: dict[UUID, list[Call]] = defaultdict(list)
    for call in history.calls:
        if call.change.key is not None:
            calls[call.change.key.id].append(call)
    for key_id, users in calls.items():
        stored: Row | None = history.states[-1].keys.get(key_id)
        done = [call.change.id for call in users if effects[call.change.id]]
        if stored is None:
            if done or any(call.verdict is not None for call in users):
                yield f"key: answered and not remembered, {users[0]}"
            continue
        answer = remembered(stored["answer"], users[0].change)
        if done != ([stored["claim_id"]] if isinstance(answer, Granted | Seated | Made) else []):
            yield f"key: {len(done)} effects of one key, {users[0]}"
        for call in users:
            yield from answer_with_key(call, stored, answer)


def remembered(answer: bytes, change: Change) -> Verdict:
    """What is kept of an answer."""
    if isinstance(change.takes, Edit):
        return Made(answer)
    verdict: Verdict = msgspec.json.decode(answer, type=Verdict)
    return verdict


def answer_with_key(call: Call, stored: Row, answer: Verdict) -> Iterator[str]:
    """What one who used a key was told fits what is remembered of it."""
    assert call.change.key is not None
    if call.verdict is None:
        return
    if call.change.key.body != stored["body"]:
        if call.verdict != Refused(Reason.KEY_REUSED):
            yield f"key: used with another body, {call}"
    elif call.verdict != msgspec.structs.replace(answer, replayed=call.change.id != stored["claim_id"]):
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
            getattr(state.places.get(read.place), "revision", None) != read.revision
            for state in history.during(read.began_at, read.ended_at)
        ):
            yield f"stale: a read of {read.place} was told {read.revision}"
