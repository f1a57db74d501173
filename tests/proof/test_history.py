"""The checker finds each kind of broken promise in histories made by hand, and nothing in those that are right."""

import pytest

from proof.recorded import holds_by_hand
from proof.recorded.by_hand import (
    CONFLICT,
    ELSEWHERE,
    KEY_REUSED,
    NOT_FOUND,
    OK,
    UNAVAILABLE,
    UNKNOWN,
    X,
    Y,
    asked,
    cancelled,
    held,
    listed,
    made,
    moved,
    rows,
)
from proof.recorded.checker import check
from proof.recorded.history import Answer, Call, Operation, Outcome, Row, Stretch

RIGHT: dict[str, tuple[list[Call], list[Row]]] = {
    "nothing": ([], []),
    "a day in the life of a room": (
        [
            made((0, 1), X, "k"),
            made((2, 3), X, "k", replayed=True),
            asked((2, 3), (11, 13), CONFLICT, (10, 12)),
            listed((4, 5), X),
            moved((6, 7), ELSEWHERE),
            made((8, 9), Y),
            moved((10, 11), X, CONFLICT, (11, 13)),
            listed((12, 13), ELSEWHERE, room="B"),
            cancelled((14, 15), "x"),
            cancelled((16, 17), "x", NOT_FOUND),
            listed((18, 19), Y),
        ],
        rows(Y, gone=[ELSEWHERE]),
    ),
    "back to back": ([made((0, 1), X), made((0, 1), held("z", 12, 14))], rows(X, held("z", 12, 14))),
    "granted while the other was being cancelled": (
        [made((0, 1), X), cancelled((2, 5), "x"), made((3, 4), Y)],
        rows(Y, gone=[X]),
    ),
    "granted after a cancellation of unknown outcome": (
        [made((0, 1), X), cancelled((2, 3), "x", UNKNOWN), made((8, 9), Y)],
        rows(Y, gone=[X]),
    ),
    "refused for what was cancelled during the call": (
        [made((0, 1), X), cancelled((2, 4), "x"), asked((3, 9), (11, 13), CONFLICT, (10, 12))],
        rows(gone=[X]),
    ),
    "refused for what was made during the call": (
        [asked((0, 9), (11, 13), CONFLICT, (10, 12)), made((5, 12), X)],
        rows(X),
    ),
    "refused for what was made with an unknown outcome": (
        [asked((0, 1), (10, 12), UNKNOWN), asked((5, 6), (11, 13), CONFLICT, (10, 12))],
        rows(X),
    ),
    "refused for what was cancelled with an unknown outcome": (
        [made((0, 1), X), cancelled((2, 3), "x", UNKNOWN), asked((8, 9), (11, 13), CONFLICT, (10, 12))],
        rows(gone=[X]),
    ),
    "refused for what a move of unknown outcome left, and for where it went": (
        [
            made((0, 1), X),
            moved((2, 3), ELSEWHERE, UNKNOWN),
            asked((4, 5), (11, 13), CONFLICT, (10, 12)),
            asked((6, 7), (21, 23), CONFLICT, (20, 22), room="B"),
        ],
        rows(ELSEWHERE),
    ),
    "an unknown outcome that did not happen": ([asked((0, 1), (10, 12), UNKNOWN), made((2, 3), Y)], rows(Y)),
    "a cancellation of unknown outcome that did not happen": (
        [made((0, 1), X), cancelled((2, 3), "x", UNKNOWN), listed((4, 5), X)],
        rows(X),
    ),
    "an unknown outcome that its key tells": (
        [asked((0, 1), (10, 12), UNKNOWN, key="k"), made((5, 6), X, "k", replayed=True)],
        rows(X),
    ),
    "a refusal remembered after the stretch is free": (
        [
            made((0, 1), X),
            asked((2, 3), (11, 13), CONFLICT, (10, 12), "k"),
            cancelled((4, 5), "x"),
            asked((6, 7), (11, 13), CONFLICT, (10, 12), "k", replayed=True),
        ],
        rows(gone=[X]),
    ),
    "a key with another body": ([made((0, 1), X, "k"), asked((2, 3), (1, 2), KEY_REUSED, key="k")], rows(X)),
    "a list while things change": (
        [made((0, 1), X), cancelled((2, 5), "x"), made((3, 6), Y), listed((4, 4.5), X), listed((4, 4.7))],
        rows(Y, gone=[X]),
    ),
    "moves that cross": (
        [made((0, 1), X), moved((2, 5), ELSEWHERE), moved((3, 6), held("x", 1, 2)), listed((7, 8), held("x", 1, 2))],
        rows(held("x", 1, 2)),
    ),
    "nothing changed, and then it did": (
        [asked((0, 1), (10, 12), UNAVAILABLE, key="k"), made((2, 3), X, "k"), cancelled((4, 5), "x", UNAVAILABLE)],
        rows(X),
    ),
}

WRONG: dict[str, tuple[str, list[Call], list[Row]]] = {
    "two grants overlap": ("overlap", [made((0, 1), X), made((2, 3), Y)], rows(X, Y)),
    "two grants overlapped once": (
        "overlap",
        [made((0, 1), X), made((2, 3), Y), cancelled((4, 5), "x")],
        rows(Y, gone=[X]),
    ),
    "a grant overlaps what a list showed of an unknown outcome": (
        "overlap",
        [asked((0, 1), (10, 12), UNKNOWN), listed((2, 3), X), made((4, 5), Y), cancelled((6, 7), "y")],
        rows(X, gone=[Y]),
    ),
    "a move overlaps": (
        "overlap",
        [made((0, 1), held("x", 1, 2)), made((2, 3), Y), moved((4, 5), X), cancelled((6, 7), "x")],
        rows(Y, gone=[X]),
    ),
    "rows of unknown outcome overlap": (
        "overlap",
        [asked((0, 1), (10, 12), UNKNOWN), asked((0, 1), (11, 13), UNKNOWN)],
        rows(X, Y),
    ),
    "acknowledged and not there": ("missing", [made((0, 1), X)], []),
    "acknowledged and cancelled by nobody": ("missing", [made((0, 1), X)], rows(gone=[X])),
    "cancelled though the service was unavailable": (
        "missing",
        [made((0, 1), X), cancelled((2, 3), "x", UNAVAILABLE)],
        rows(gone=[X]),
    ),
    "a row that nobody asked for": ("granted to nobody", [], rows(X)),
    "a row of a refused call": (
        "granted to nobody",
        [made((0, 1), X), asked((2, 3), (11, 13), CONFLICT, (10, 12)), cancelled((4, 5), "x")],
        rows(Y, gone=[X]),
    ),
    "a row though the service was unavailable": (
        "granted to nobody",
        [asked((0, 1), (10, 12), UNAVAILABLE)],
        rows(X),
    ),
    "two rows of one unknown outcome": (
        "granted to nobody",
        [asked((0, 1), (10, 12), UNKNOWN)],
        rows(X, gone=[held("z", 10, 12)]),
    ),
    "refused for nothing": ("unjust refusal", [asked((2, 3), (11, 13), CONFLICT, (10, 12))], []),
    "refused for what was cancelled before": (
        "unjust refusal",
        [made((0, 1), X), cancelled((2, 3), "x"), asked((4, 5), (11, 13), CONFLICT, (10, 12))],
        rows(gone=[X]),
    ),
    "refused for what was made after": (
        "unjust refusal",
        [asked((0, 1), (11, 13), CONFLICT, (10, 12)), made((2, 3), X)],
        rows(X),
    ),
    "refused for what never came to be": (
        "unjust refusal",
        [asked((0, 1), (10, 12), UNKNOWN), asked((2, 3), (11, 13), CONFLICT, (10, 12))],
        [],
    ),
    "refused for another stretch than is held": (
        "unjust refusal",
        [made((0, 1), X), asked((2, 3), (11, 13), CONFLICT, (10, 13))],
        rows(X),
    ),
    "refused for what only touches": (
        "unjust refusal",
        [made((0, 1), X), asked((2, 3), (12, 13), CONFLICT, (10, 12))],
        rows(X),
    ),
    "a move refused for itself": (
        "unjust refusal",
        [made((0, 1), X), moved((2, 3), held("x", 11, 13), CONFLICT, (10, 12))],
        rows(X),
    ),
    "not found though it is there": (
        "unjust refusal",
        [made((0, 1), X), cancelled((2, 3), "x", NOT_FOUND)],
        rows(X),
    ),
    "a key refused that had one body": (
        "unjust refusal",
        [made((0, 1), X, "k"), asked((2, 3), (10, 12), KEY_REUSED, key="k")],
        rows(X),
    ),
    "a list misses what was acknowledged": ("missed by a read", [made((0, 1), X), listed((2, 3))], rows(X)),
    "a list misses what a move brought": (
        "missed by a read",
        [made((0, 1), X), moved((2, 3), ELSEWHERE), listed((4, 5), room="B")],
        rows(ELSEWHERE),
    ),
    "a list misses what another has shown": (
        "missed by a read",
        [asked((0, 1), (10, 12), UNKNOWN), listed((2, 3), X), listed((4, 5))],
        rows(X),
    ),
    "a list shows what was cancelled": (
        "shown and not there",
        [made((0, 1), X), cancelled((2, 3), "x"), listed((4, 5), X)],
        rows(gone=[X]),
    ),
    "a list shows what moved away": (
        "shown and not there",
        [made((0, 1), X), moved((2, 3), ELSEWHERE), listed((4, 5), X)],
        rows(ELSEWHERE),
    ),
    "a list shows what was never made": ("shown and not there", [listed((0, 1), X)], []),
    "a list shows what was not made yet": ("shown and not there", [listed((0, 1), X), made((2, 3), X)], rows(X)),
    "a list is out of order": (
        "wrong list",
        [made((0, 1), X), made((0, 1), held("z", 1, 2)), listed((4, 5), X, held("z", 1, 2))],
        rows(X, held("z", 1, 2)),
    ),
    "a key made two reservations": (
        "key with two effects",
        [made((0, 1), X, "k"), made((2, 3), held("z", 10, 12), "k")],
        rows(X, held("z", 10, 12)),
    ),
    "a key granted and refused": (
        "key with differing answers",
        [made((0, 1), X, "k"), asked((2, 3), (10, 12), CONFLICT, (10, 12), "k", replayed=True)],
        rows(X),
    ),
    "a key answered anew": ("key with differing answers", [made((0, 1), X, "k"), made((2, 3), X, "k")], rows(X)),
    "a replay of nothing": ("key with differing answers", [made((0, 1), X, "k", replayed=True)], rows(X)),
    "one reservation for two calls": ("given twice", [made((0, 1), X), made((2, 3), X)], rows(X)),
    "a cancelled one is there": ("came back", [made((0, 1), X), cancelled((2, 3), "x")], rows(X)),
    "a cancelled one is cancelled again": (
        "came back",
        [made((0, 1), X), cancelled((2, 3), "x"), cancelled((4, 5), "x")],
        rows(gone=[X]),
    ),
    "a cancelled one is moved": (
        "came back",
        [made((0, 1), X), cancelled((2, 3), "x"), moved((4, 5), ELSEWHERE)],
        rows(gone=[ELSEWHERE]),
    ),
    "one that lists showed as gone is there": (
        "came back",
        [made((0, 1), X), cancelled((2, 3), "x", UNKNOWN), listed((4, 5))],
        rows(X),
    ),
    "a move lost both stretches": ("lost in a move", [made((0, 1), X), moved((2, 3), ELSEWHERE)], []),
    "a refused move lost the stretch": (
        "lost in a move",
        [made((0, 1), X), made((0, 1), held("z", 20, 22, "B")), moved((2, 3), ELSEWHERE, CONFLICT, (20, 22))],
        rows(held("z", 20, 22, "B")),
    ),
    "a refused move moved": (
        "lost in a move",
        [made((0, 1), X), moved((2, 3), ELSEWHERE, UNAVAILABLE)],
        rows(ELSEWHERE),
    ),
    "an acknowledged move did not move": ("lost in a move", [made((0, 1), X), moved((2, 3), ELSEWHERE)], rows(X)),
    "a move left the old behind": ("in two places", [made((0, 1), X), moved((2, 3), ELSEWHERE)], rows(X, ELSEWHERE)),
    "an answer that is none": ("foreign answer", [asked((0, 1), (10, 12), Outcome.FOREIGN)], []),
    "another stretch than was asked for": (
        "foreign answer",
        [Call(0, Operation.CREATE, 0, 1, Answer(OK, X), "A", Stretch(10, 11))],
        rows(X),
    ),
}


RIGHT |= holds_by_hand.RIGHT
WRONG |= holds_by_hand.WRONG


def found(calls: list[Call], database: list[Row]) -> set[str]:
    """The rules that were broken."""
    return {violation.rule for violation in check(calls, database)}


@pytest.mark.parametrize("name", RIGHT)
def test_nothing_is_found_where_nothing_is_wrong(name: str) -> None:
    assert check(*RIGHT[name]) == []


@pytest.mark.parametrize("name", WRONG)
def test_a_broken_promise_is_found(name: str) -> None:
    rule, calls, database = WRONG[name]
    assert rule in found(calls, database)


@pytest.mark.parametrize("name", WRONG)
def test_a_violation_shows_the_calls_that_prove_it(name: str) -> None:
    rule, calls, database = WRONG[name]
    shown = [each for each in check(calls, database) if each.rule == rule]
    # Two overlapping rows, and a row that nobody asked for, are proof enough by themselves.
    assert any(violation.calls for violation in shown) or name.startswith(("a row that", "rows of"))
    assert all(str(violation).startswith(rule) for violation in shown)
