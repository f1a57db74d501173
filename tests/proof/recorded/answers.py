"""What came over the wire, as the history keeps it."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from proof.recorded.history import Answer, Held, Operation, Outcome, Stretch
from rooms import DAY

QUARTER = timedelta(minutes=15)
GRANTS = {(Operation.CREATE, 201), (Operation.MOVE, 200), (Operation.CONFIRM, 200)}
REFUSALS = {
    (Operation.CREATE, 409, "TIME_CONFLICT"): Outcome.CONFLICT,
    (Operation.CREATE, 409, "SLOT_ALREADY_BOOKED"): Outcome.CONFLICT,
    (Operation.MOVE, 409, "TIME_CONFLICT"): Outcome.CONFLICT,
    (Operation.CANCEL, 404, "RESERVATION_NOT_FOUND"): Outcome.NOT_FOUND,
    (Operation.MOVE, 404, "RESERVATION_NOT_FOUND"): Outcome.NOT_FOUND,
    (Operation.MOVE, 409, "HOLD_EXPIRED"): Outcome.EXPIRED,
    (Operation.CONFIRM, 404, "RESERVATION_NOT_FOUND"): Outcome.NOT_FOUND,
    (Operation.CONFIRM, 409, "HOLD_EXPIRED"): Outcome.EXPIRED,
    (Operation.CONFIRM, 409, "NOT_HELD"): Outcome.NOT_HELD,
    (Operation.CREATE, 422, "IDEMPOTENCY_KEY_REUSED"): Outcome.KEY_REUSED,
    **{(operation, 409, "ROOM_CLOSED"): Outcome.CLOSED for operation in (Operation.CREATE, Operation.MOVE)},
    **{(operation, 404, "TABLE_NOT_FOUND"): Outcome.CLOSED for operation in (Operation.CREATE, Operation.MOVE)},
    **{(operation, 503, "UNAVAILABLE"): Outcome.UNAVAILABLE for operation in Operation},
    # Of a slow client's request, when its worker stood still.
    **{(operation, 408, "REQUEST_TIMEOUT"): Outcome.UNAVAILABLE for operation in Operation},
    **{(operation, 503, "OUTCOME_UNKNOWN"): Outcome.UNKNOWN for operation in Operation},
}
LOST = Answer(Outcome.UNKNOWN, text="no answer")
LEFT = Answer(Outcome.UNKNOWN, text="the client did not wait for the answer")


def understood(operation: Operation, status: int, headers: Mapping[str, str], text: str, wanted: Held | None) -> Answer:
    """An answer. `wanted` is what a creation asked for, so that an unknown outcome that names an id says what it is.

    A booking of a slot is what was wanted, too: its answer names the slot and not the times.
    """
    replayed = headers.get("idempotency-replayed") == "true"
    if (operation, status) in GRANTS:
        return Answer(Outcome.OK, _granted(json.loads(text), wanted), text=text, replayed=replayed)
    if operation is Operation.LIST and status == 200:
        return Answer(Outcome.OK, listed=_listed(json.loads(text)))
    if operation is Operation.CANCEL and status == 204:
        return Answer(Outcome.OK)
    error = json.loads(text)["error"] if status >= 400 else {"code": ""}
    outcome = REFUSALS.get((operation, status, error["code"]), Outcome.FOREIGN)
    details = error.get("details", {})
    named = None
    if outcome is Outcome.UNKNOWN and wanted is not None:
        named = Held(details["id"], wanted.room, wanted.stretch)
    # Who books a slot is not told who has how much of it.
    taken = stretch(details) if outcome is Outcome.CONFLICT and details else None
    return Answer(outcome, named, taken, replayed=replayed, text=f"{status} {text}")


def held(reservation: Mapping[str, Any]) -> Held:
    """A reservation as clients are told of it."""
    if "table_id" in reservation:
        when = {"start_time": reservation["reservation_time"], "end_time": reservation["end_time"]}
        return Held(reservation["id"], f"table:{reservation['table_id']}", stretch(when))
    return Held(reservation["id"], reservation["room_id"], stretch(reservation))


def _listed(answer: Any) -> tuple[Held, ...]:
    """A room's list, or the page of all of a table's."""
    if isinstance(answer, list):
        return tuple(map(held, answer))
    assert answer["next_cursor"] is None
    return tuple(map(held, answer["items"]))


def _granted(answer: Mapping[str, Any], wanted: Held | None) -> Held:
    if "booking" not in answer:
        return held(answer)
    assert wanted is not None
    return wanted._replace(id=answer["booking"]["id"])


def stretch(times: Mapping[str, Any]) -> Stretch:
    """What lies between two times of the API, or of the database."""
    return Stretch(_quarter(times["start_time"]), _quarter(times["end_time"]))


def _quarter(moment: str | datetime) -> int:
    when = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    number, rest = divmod(when - DAY, QUARTER)
    assert not rest, f"nobody asked for {when}"
    return number
