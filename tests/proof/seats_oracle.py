"""What must be true of seats in every run; see `oracle.py`."""

from collections import Counter
from collections.abc import Iterator
from uuid import UUID

from holdfast.engine.claims import Reason, Refused, Seat, Seated
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
    for (place, _), message in commit.writes.get("outbox", {}).items():
        if message["type"].startswith("booking."):
            event_id = int(place.removeprefix(EVENT))
            got.append((message["type"], event_id, message["data"]["id"], message["data"]["user_id"]))
            call = history.by_id.get(message["id"])
            if call is None or not asked_for(call, got[-1]):
                yield f"effect: nobody asked for {got[-1]} in commit {position}"
            else:
                effects[message["id"]].append(position)
    if sorted(wanted) != sorted(got):
        yield f"message: commit {position} changed {wanted} and told {got}"


def asked_for(call: Call, told: tuple[str, int, int, str]) -> bool:
    """Whether what was told is what was asked for."""
    kind, event_id, booking_id, user = told
    change = call.change
    if isinstance(change.takes, Seat):
        return (kind, change.place.key, change.takes.user_id) == ("booking.created", f"{EVENT}{event_id}", user)
    return (kind, change.gives) == ("booking.cancelled", booking_id)


def grant(history: History, call: Call, effects: list[int]) -> Iterator[str]:
    """A seat was given or taken back before it was told, after it was asked for, and as it was told."""
    assert isinstance(call.verdict, Seated)
    assert call.ended_at is not None
    told = call.verdict.booking
    if not effects:
        yield f"lost: granted and never committed, {call}"
        return
    is_before = call.change.takes is None
    row = history.states[effects[0] - is_before].bookings.get((int(told.place.id), told.id))
    if row is None:
        # Made and given back in one commit.
        row = history.commits[effects[0] - 1].writes["bookings"].get((int(told.place.id), told.id))
    if row is None or (row["user_id"], row["created_at"]) != (told.user_id, told.created_at):
        yield f"untrue: committed otherwise than told, {call}"


def justifies(state: State, call: Call, refused: Refused) -> bool:
    """Whether, in this state, the claim had to be refused for this reason."""
    place, takes = call.change.place, call.change.takes
    event_id = int(place.id)
    if takes is None:
        return refused.reason is Reason.NOT_FOUND and (event_id, call.change.gives) not in state.bookings
    assert isinstance(takes, Seat)
    event = state.events.get(event_id)
    if event is None:
        return refused.reason is Reason.NOT_FOUND
    match refused.reason:
        case Reason.FULL:
            return event.booked >= event.total
        case Reason.ALREADY_BOOKED:
            return (event_id, takes.user_id) in state.holders
    return False
