"""What must be true of seats in every run; see `oracle.py`."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec

from holdfast.engine.claims import Book, Cancel, Reason, Refused, Seated, SeatVerdict
from proof.history import Call, History
from proof.server import State

Effects = dict[UUID, list[int]]
EVENT = "event:"


def promise(history: History) -> Iterator[str]:
    """At no moment an event has more bookings than seats, or two for one person, or counts them wrongly."""
    for position, commit in enumerate(history.commits, 1):
        if "bookings" not in commit.writes and "events" not in commit.writes:
            continue
        bookings = Counter(row["event_id"] for row in commit.state.bookings.values())
        people = Counter((row["event_id"], row["user_id"]) for row in commit.state.bookings.values())
        for event_id, event in commit.state.events.items():
            if bookings[event_id] > event.total:
                yield f"oversold: event {event_id} after commit {position}"
            if bookings[event_id] != event.booked:
                yield f"count: event {event_id} has {bookings[event_id]} bookings, {event.booked} are counted"
        if people and max(people.values()) > 1:
            yield f"twice: somebody has two seats after commit {position}"


def changes(history: History, position: int, effects: Effects) -> Iterator[str]:
    """Every change has one message, numbered by its event's revision, and a claim that asked for it."""
    commit, before = history.commits[position - 1], history.states[position - 1]
    wanted = []
    for (event_id, booking_id), row in commit.writes.get("bookings", {}).items():
        user = (row or before.bookings.get((event_id, booking_id)) or {}).get("user_id")
        wanted.append(("booking.cancelled" if row is None else "booking.created", event_id, booking_id, user))
    got = []
    numbers: dict[int, list[int]] = defaultdict(list)
    for (place, revision), message in commit.writes.get("outbox", {}).items():
        if not place.startswith(EVENT):
            continue
        event_id = int(place.removeprefix(EVENT))
        numbers[event_id].append(revision)
        if message["type"] != "place.checked":
            got.append((message["type"], event_id, message["data"]["id"], message["data"]["user_id"]))
            call = history.by_id.get(message["id"])
            if call is None or not asked_for(call, got[-1]):
                yield f"effect: nobody asked for {got[-1]} in commit {position}"
            else:
                effects[message["id"]].append(position)
    if sorted(wanted) != sorted(got):
        yield f"message: commit {position} changed {wanted} and told {got}"
    for event_id in numbers.keys() | commit.writes.get("events", {}).keys():
        old, new = before.events[event_id].revision, commit.state.events[event_id].revision
        if sorted(numbers[event_id]) != list(range(old + 1, new + 1)):
            yield f"revision: event {event_id} went from {old} to {new} with messages {sorted(numbers[event_id])}"


def asked_for(call: Call, change: tuple[str, int, int, str]) -> bool:
    """Whether a change is what the claim asked for."""
    kind, event_id, booking_id, user = change
    match claim := call.claim:
        case Book():
            return (kind, claim.place.key, claim.user_id) == ("booking.created", f"{EVENT}{event_id}", user)
        case Cancel():
            return (kind, claim.booking_id) == ("booking.cancelled", booking_id)
    return False


def grant(history: History, call: Call, effects: list[int]) -> Iterator[str]:
    """A seat was given or taken back before it was told, after it was asked for, and as it was told."""
    assert isinstance(call.verdict, Seated)
    assert call.ended_at is not None
    told = call.verdict.booking
    if not effects:
        yield f"lost: granted and never committed, {call}"
        return
    if not call.began_at < effects[0] <= call.ended_at:
        yield f"early: granted before commit {effects[0]}, {call}"
    is_before = isinstance(call.claim, Cancel)
    row = history.states[effects[0] - is_before].bookings.get((int(told.place.id), told.id))
    if row is None:
        # Made and given back in one commit.
        row = history.commits[effects[0] - 1].writes["bookings"].get((int(told.place.id), told.id))
    if row is None or (row["user_id"], row["created_at"]) != (told.user_id, told.created_at):
        yield f"untrue: committed otherwise than told, {call}"


def justifies(state: State, call: Call, refused: Refused) -> bool:
    """Whether, in this state, the claim had to be refused for this reason."""
    claim = call.claim
    if isinstance(claim, Cancel):
        return refused.reason is Reason.NOT_FOUND and (int(claim.place.id), claim.booking_id) not in state.bookings
    assert isinstance(claim, Book)
    event = state.events.get(int(claim.place.id))
    if event is None:
        return refused.reason is Reason.NOT_FOUND
    match refused.reason:
        case Reason.FULL:
            return event.booked >= event.total
        case Reason.ALREADY_BOOKED:
            return (int(claim.place.id), claim.user_id) in state.holders
    return False


def keys(history: History, effects: Effects) -> Iterator[str]:
    """One key has one effect, and everyone who uses it with the same body hears the same."""
    calls: dict[UUID, list[Call]] = defaultdict(list)
    for call in history.calls:
        if isinstance(call.claim, Book) and call.claim.key is not None:
            calls[call.claim.key.id].append(call)
    for key_id, users in calls.items():
        stored: dict[str, Any] | None = history.states[-1].keys.get(key_id)
        done = [call.claim.id for call in users if effects[call.claim.id]]
        if stored is None:
            if done or any(call.verdict is not None for call in users):
                yield f"key: answered and not remembered, {users[0]}"
            continue
        answer: SeatVerdict = msgspec.json.decode(stored["answer"], type=SeatVerdict)
        if done != ([stored["claim_id"]] if isinstance(answer, Seated) else []):
            yield f"key: {len(done)} effects of one key, {users[0]}"
        for call in users:
            yield from told(call, stored, answer)


def told(call: Call, stored: dict[str, Any], answer: SeatVerdict) -> Iterator[str]:
    """What one who used a key was told fits what is remembered of it."""
    assert isinstance(call.claim, Book)
    assert call.claim.key is not None
    if call.verdict is None:
        return
    if call.claim.key.body != stored["body"]:
        if call.verdict != Refused(Reason.KEY_REUSED):
            yield f"key: used with another body, {call}"
    elif call.verdict != msgspec.structs.replace(answer, replayed=call.claim.id != stored["claim_id"]):
        yield f"key: another answer than was remembered, {call}"
