"""What came over the wire, as the history keeps it."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from proof.recorded.history import Answer, Held, Operation, Outcome, Stretch
from rooms import DAY

QUARTER = timedelta(minutes=15)
GRANTS = {(Operation.CREATE, 201), (Operation.MOVE, 200)}
REFUSALS = {
    (Operation.CREATE, 409, "TIME_CONFLICT"): Outcome.CONFLICT,
    (Operation.MOVE, 409, "TIME_CONFLICT"): Outcome.CONFLICT,
    (Operation.CANCEL, 404, "RESERVATION_NOT_FOUND"): Outcome.NOT_FOUND,
    (Operation.MOVE, 404, "RESERVATION_NOT_FOUND"): Outcome.NOT_FOUND,
    (Operation.CREATE, 422, "IDEMPOTENCY_KEY_REUSED"): Outcome.KEY_REUSED,
    **{(operation, 503, "UNAVAILABLE"): Outcome.UNAVAILABLE for operation in Operation},
    **{(operation, 503, "OUTCOME_UNKNOWN"): Outcome.UNKNOWN for operation in Operation},
}
LOST = Answer(Outcome.UNKNOWN, text="no answer")


def understood(operation: Operation, status: int, headers: Mapping[str, str], text: str, wanted: Held | None) -> Answer:
    """An answer. `wanted` is what a creation asked for, so that an unknown outcome that names an id says what it is."""
    replayed = headers.get("idempotency-replayed") == "true"
    if (operation, status) in GRANTS:
        return Answer(Outcome.OK, held(json.loads(text)), text=text, replayed=replayed)
    if operation is Operation.LIST and status == 200:
        return Answer(Outcome.OK, listed=tuple(held(each) for each in json.loads(text)))
    if operation is Operation.CANCEL and status == 204:
        return Answer(Outcome.OK)
    error = json.loads(text)["error"] if status >= 400 else {"code": ""}
    outcome = REFUSALS.get((operation, status, error["code"]), Outcome.FOREIGN)
    details = error.get("details", {})
    named = None
    if outcome is Outcome.UNKNOWN and wanted is not None:
        named = Held(details["id"], wanted.room, wanted.stretch)
    taken = stretch(details) if outcome is Outcome.CONFLICT else None
    return Answer(outcome, named, taken, replayed=replayed, text=f"{status} {text}")


def held(reservation: Mapping[str, Any]) -> Held:
    """A reservation as clients are told of it."""
    return Held(reservation["id"], reservation["room_id"], stretch(reservation))


def stretch(times: Mapping[str, Any]) -> Stretch:
    """What lies between two times of the API, or of the database."""
    return Stretch(_quarter(times["start_time"]), _quarter(times["end_time"]))


def body(room: str, wanted: Stretch) -> bytes:
    """The body of a request; the same wish has the same bytes, as keys demand."""
    start, end = (DAY + number * QUARTER for number in wanted)
    return json.dumps({"room_id": room, "start_time": start.isoformat(), "end_time": end.isoformat()}).encode()


def _quarter(moment: str | datetime) -> int:
    when = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    number, rest = divmod(when - DAY, QUARTER)
    assert not rest, f"nobody asked for {when}"
    return number
