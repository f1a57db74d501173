"""Histories made by hand, in few words: who was told what, between which two moments."""

from collections.abc import Iterable

from proof.recorded.history import Answer, Call, Held, Operation, Outcome, Row, Stretch

OK, CONFLICT, UNKNOWN, UNAVAILABLE = Outcome.OK, Outcome.CONFLICT, Outcome.UNKNOWN, Outcome.UNAVAILABLE
NOT_FOUND, KEY_REUSED = Outcome.NOT_FOUND, Outcome.KEY_REUSED


def held(name: str, start: int, end: int, room: str = "A") -> Held:
    """A reservation called `name`."""
    return Held(name, room, Stretch(start, end))


def made(
    when: tuple[float, float],
    what: Held,
    key: str | None = None,
    *,
    replayed: bool = False,
    hold_seconds: int | None = None,
) -> Call:
    """A creation that was granted; of a hold, with `hold_seconds`."""
    answer = Answer(OK, what, text=what.id, replayed=replayed)
    return Call(0, Operation.CREATE, *when, answer, what.room, what.stretch, key=key, hold_seconds=hold_seconds)


def confirmed(when: tuple[float, float], name: str, outcome: Outcome = OK) -> Call:
    """A confirmation of a hold."""
    return Call(5, Operation.CONFIRM, *when, Answer(outcome), reservation_id=name)


def asked(
    when: tuple[float, float],
    stretch: tuple[int, int],
    outcome: Outcome,
    taken: tuple[int, int] | None = None,
    key: str | None = None,
    *,
    replayed: bool = False,
    room: str = "A",
) -> Call:
    """A creation that was not granted."""
    answer = Answer(outcome, taken=Stretch(*taken) if taken else None, text=f"{outcome}{taken}", replayed=replayed)
    return Call(1, Operation.CREATE, *when, answer, room, Stretch(*stretch), key=key)


def cancelled(when: tuple[float, float], name: str, outcome: Outcome = OK) -> Call:
    """A cancellation."""
    return Call(2, Operation.CANCEL, *when, Answer(outcome), reservation_id=name)


def moved(when: tuple[float, float], to: Held, outcome: Outcome = OK, taken: tuple[int, int] | None = None) -> Call:
    """A move of the reservation with the id of `to`."""
    answer = Answer(outcome, to if outcome is OK else None, Stretch(*taken) if taken else None)
    return Call(3, Operation.MOVE, *when, answer, to.room, to.stretch, to.id)


def listed(when: tuple[float, float], *what: Held, room: str = "A") -> Call:
    """A list."""
    return Call(4, Operation.LIST, *when, Answer(OK, listed=what), room)


def rows(*active: Held, gone: Iterable[Held] = ()) -> list[Row]:
    """The database in the end."""
    return [*(Row(each, is_active=True) for each in active), *(Row(each, is_active=False) for each in gone)]


X, Y = held("x", 10, 12), held("y", 11, 13)
ELSEWHERE = held("x", 20, 22, "B")
