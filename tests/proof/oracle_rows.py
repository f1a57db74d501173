"""What each change must make of its reservation: all of its row, told from the row before and what was asked.

The changes of a commit are made once more, one by one in the order of its messages, and the result is compared with the
rows that were committed: places, times, owners, details, states, and when they were made, held and ended.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from holdfast.engine.claims import Change, Confirm, Extend, Place, Reservation, Retake, State, Stretch
from holdfast.engine.occupancy import HOLD_LONGEST
from holdfast.engine.statements import place_of
from proof.history import Call
from proof.server import Commit

Row = dict[str, Any]
TAKING = ("held", "pending", "confirmed")
ISO = msgspec.json.Decoder(datetime)


class Wrong(Exception):
    """What a change did and must not have done."""


class Told(msgspec.Struct):
    """What one message of a commit says, and what the change behind it made of which row."""

    call: Call
    position: int
    before: Row | None
    after: Row


class Rows:
    """The reservations while the changes of a commit are made once more. `told` collects what each call did."""

    def __init__(self, before: Mapping[Any, Row], commit: Commit, position: int, by_id: Mapping[UUID, Call]) -> None:
        self._commit = commit
        self._position = position
        self._by_id = by_id
        self._there = {row["id"]: row for row in commit.state.reservations.values()}
        self.rows: dict[UUID, Row] = {row["id"]: row for row in before.values()}
        self.told: list[Told] = []
        self._lapsed: list[Row] = []
        self._taken: list[Row] = []
        self._left: dict[UUID, tuple[str, str, Any]] = {}

    def make(self) -> Iterator[str]:
        """Make the changes. Tells what of them must not be."""
        for (place, _), message in self._commit.writes.get("outbox", {}).items():
            if message["type"].startswith("reservation."):
                try:
                    self._make(place, message)
                except Wrong as error:
                    yield f"effect: {error} in commit {self._position}: {message['type']} at {place}"
        if self._left:
            yield f"message: commit {self._position} told of a move that is none"
        for row in self._lapsed:
            if not any(_overlap(row, taken) for taken in self._taken):
                yield f"effect: nobody took the place of the hold that commit {self._position} ended"

    def compare(self) -> Iterator[str]:
        """Tells what was committed otherwise."""
        yield from differences(self.rows, self._there, f"after commit {self._position}")

    def _make(self, place: str, message: Row) -> None:
        kind, data = message["type"], message["data"]
        before = self.rows.get(UUID(data["id"]))
        call = self._by_id.get(message["id"])
        if call is None:
            if kind == "reservation.expired":
                self._lapse(before, place, message)
            else:
                # For those who listen at the place that it left; what it became is told next.
                self._left[UUID(data["id"])] = (kind, place, data)
            return
        if not call.is_while(message["occurred_at"], self._commit.time):
            raise Wrong("done at a moment that it cannot have been")
        expected, after = self._outcome(call, before, message)
        if (kind, place, data) != (expected, after["place"], described(after)):
            raise Wrong(f"told {(kind, place, data)}, not {(expected, after['place'], described(after))}")
        left = self._left.pop(after["id"], None)
        if before is not None and before["place"] != after["place"]:
            gone = "reservation.released" if after["state"] == "held" else "reservation.moved"
            if left != (gone, before["place"], described(after)):
                raise Wrong("the place that was left was not told")
        elif left is not None:
            raise Wrong("a place was told that was not left")
        self.rows[after["id"]] = after
        self.told.append(Told(call, self._position, before, after))
        if after["state"] in TAKING:
            self._taken.append(after)

    def _lapse(self, before: Row | None, place: str, message: Row) -> None:
        if before is None or not is_lapsed(before, self._commit.at):
            raise Wrong("a grant ended what has not expired")
        after = _end(before, "expired", message)
        if (place, message["data"]) != (after["place"], described(after)):
            raise Wrong("told otherwise than done")
        self.rows[after["id"]] = after
        self._lapsed.append(after)

    def _outcome(self, call: Call, before: Row | None, message: Row) -> tuple[str, Row]:  # noqa: C901, PLR0912
        """The message and the row that a change must bring about."""
        change = call.change
        if isinstance(change.takes, Stretch):
            if before is not None:
                raise Wrong("a reservation was made twice")
            return self._made(call, change, change.takes, message)
        if before is None or before["id"] != change.gives or before["place"] != change.place.key:
            raise Wrong("it was not there to be changed")
        is_live = is_active(before, self._commit.locked_at)
        if change.takes is None:
            if change.lapses:
                if not is_lapsed(before, self._commit.at):
                    raise Wrong("a hold was ended that has not expired")
                return "reservation.expired", _end(before, "expired", message)
            if not is_live:
                raise Wrong("what was not there was given back")
            state = "released" if before["state"] == "held" else "cancelled"
            return f"reservation.{state}", _end(before, state, message)
        match change.takes:
            case Confirm(external_ref, revives):
                is_dead = is_expired(before, self._commit.at)
                if not (is_live and before["state"] == "held") and not (revives and is_dead):
                    raise Wrong("what was no hold any more was confirmed")
                # Alive when it was locked and expired when it was committed, it may be one or the other.
                revived = self._is_revived(before) if is_live and is_dead else not is_live
                if revived:
                    self._look_whether_closed(before["place"])
                done = {"state": "confirmed", "expires_at": None, "cancelled_at": None}
                return "reservation.created", before | done | {"external_ref": external_ref, "revived": revived}
            case Extend(seconds):
                if not is_live or before["state"] != "held":
                    raise Wrong("what was no hold any more was extended")
                return "reservation.held", self._extended(call, before, seconds, message)
            case Retake():
                if not is_live:
                    raise Wrong("what was not there was moved")
                kind, after = _moved(before, change.takes)
                # What is had in a closed place may become less, never more.
                if not _is_inside(after, before):
                    self._look_whether_closed(after["place"])
                return kind, after
        raise Wrong("nobody asked for it")

    def _look_whether_closed(self, place: str) -> None:
        # Whoever closes a place is alone in a commit.
        spot = self._commit.state.places.get(place)
        if spot is not None and spot.closed_at is not None:
            raise Wrong("a closed place was given")

    def _is_revived(self, before: Row) -> bool:
        row = self._there.get(before["id"])
        return row is not None and bool(row["revived"])

    def _made(self, call: Call, change: Change, takes: Stretch, message: Row) -> tuple[str, Row]:
        expires_at = held_at = None
        if takes.hold_seconds is not None:
            expires_at = _moment(message["data"]["expires_at"])
            held_at = expires_at - timedelta(seconds=takes.hold_seconds)
            if not call.asked_at <= held_at <= self._commit.at:
                raise Wrong("held until a moment that it cannot be")
        place = change.place
        self._look_whether_closed(place.key)
        row = {
            "id": takes.id,
            "place": place.key,
            "room_id": room_of(place),
            "start_time": takes.interval.start,
            "end_time": takes.interval.end,
            "user_id": takes.user_id,
            "created_at": message["occurred_at"],
            "details": takes.details,
            "type": takes.type,
            "state": "confirmed" if expires_at is None else "held",
            "expires_at": expires_at,
            "held_at": held_at,
            "external_ref": None,
            "revived": False,
            "cancelled_at": None,
        }
        return "reservation.created" if expires_at is None else "reservation.held", row

    def _extended(self, call: Call, before: Row, seconds: int, message: Row) -> Row:
        last = before["held_at"] + HOLD_LONGEST
        wanted = timedelta(seconds=seconds)
        told = _moment(message["data"]["expires_at"])
        least = max(before["expires_at"], min(call.asked_at + wanted, last))
        most = max(before["expires_at"], min(self._commit.at + wanted, last))
        if not least <= told <= most:
            raise Wrong(f"extended until {told}, not between {least} and {most}")
        return before | {"expires_at": told}


def _end(before: Row, state: str, message: Row) -> Row:
    return before | {"state": state, "expires_at": None, "cancelled_at": message["occurred_at"]}


def _moved(before: Row, takes: Retake) -> tuple[str, Row]:
    place = place_of(before["place"]) if takes.place is None else takes.place
    details = before["details"] if takes.details is None else {**(before["details"] or {}), **takes.details}
    after = before | {
        "place": place.key,
        "room_id": room_of(place),
        "start_time": takes.start or before["start_time"],
        "end_time": takes.end or before["end_time"],
        "details": details,
    }
    if after["state"] == "held":
        return "reservation.held", after
    names = ("place", "start_time", "end_time")
    is_moved = any(before[name] != after[name] for name in names)
    return "reservation.moved" if is_moved else "reservation.changed", after


def differences(must: Mapping[UUID, Row], there: Mapping[UUID, Row], when: str) -> Iterator[str]:
    """What rows are otherwise than they must be."""
    for reservation_id in must.keys() | there.keys():
        one, other = must.get(reservation_id), there.get(reservation_id)
        if one != other:
            names = [name for name in one or {} if one is None or other is None or one[name] != other[name]]
            yield f"row: {when} it is {other} and must be {one}: {', '.join(names)}"


def is_active(row: Row, now: datetime) -> bool:
    """Whether a row takes its place at a moment."""
    return row["cancelled_at"] is None and (row["expires_at"] is None or row["expires_at"] > now)


def is_lapsed(row: Row, now: datetime) -> bool:
    """Whether a row is a hold that has expired by a moment, and that nobody has ended."""
    return row["cancelled_at"] is None and row["expires_at"] is not None and row["expires_at"] <= now


def is_expired(row: Row, now: datetime) -> bool:
    """Whether a row was a hold that nobody confirmed in time."""
    return row["state"] == "expired" or is_lapsed(row, now)


def described(row: Row) -> Row:
    """What messages say of a row."""
    kind, _, place_id = row["place"].partition(":")
    told = {
        "id": str(row["id"]),
        "kind": kind,
        f"{kind}_id": place_id,
        "start_time": row["start_time"],
        "end_time": row["end_time"],
        "user_id": None if row["user_id"] is None else str(row["user_id"]),
    }
    if row["state"] == "held":
        told["expires_at"] = row["expires_at"]
    found: Row = msgspec.json.decode(msgspec.json.encode(told))
    return found


def reservation(row: Row) -> Reservation:
    """A row as the engine tells of it."""
    return Reservation(
        row["id"],
        place_of(row["place"]),
        row["start_time"],
        row["end_time"],
        row["created_at"],
        row["user_id"],
        row["details"],
        row["type"],
        State(row["state"]),
        row["expires_at"],
        row["held_at"],
        row["external_ref"],
        row["revived"],
    )


def room_of(place: Place) -> str | None:
    """What a row has as its room."""
    return place.id if place.kind == "room" else None


def _is_inside(one: Row, other: Row) -> bool:
    return bool(
        one["place"] == other["place"]
        and other["start_time"] <= one["start_time"]
        and one["end_time"] <= other["end_time"]
    )


def _overlap(one: Row, other: Row) -> bool:
    return bool(
        one["place"] == other["place"]
        and one["start_time"] < other["end_time"]
        and other["start_time"] < one["end_time"]
    )


def _moment(text: str) -> datetime:
    return ISO.decode(f'"{text}"')
