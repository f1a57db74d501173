"""Histories made by hand, of holds for ten seconds, which end by themselves; `test_history.py` checks them."""

from proof.recorded.by_hand import (
    CONFLICT,
    ELSEWHERE,
    NOT_FOUND,
    UNAVAILABLE,
    UNKNOWN,
    X,
    Y,
    asked,
    cancelled,
    confirmed,
    held,
    listed,
    made,
    moved,
    rows,
)
from proof.recorded.history import Call, Outcome, Row

EXPIRED, NOT_HELD = Outcome.EXPIRED, Outcome.NOT_HELD
HOLD = made((0, 1), X, hold_seconds=10)
LATER = listed((60, 61), room="C")
"""Somebody looks when all is over."""

RIGHT: dict[str, tuple[list[Call], list[Row]]] = {
    "confirmed in time": ([HOLD, confirmed((5, 6), "x"), listed((30, 31), X)], rows(X)),
    "confirmed twice": ([HOLD, confirmed((5, 6), "x"), confirmed((30, 31), "x")], rows(X)),
    "expired": ([HOLD, listed((20, 21)), made((22, 23), Y), LATER], rows(Y, gone=[X])),
    "in the way until it expires": ([HOLD, asked((9, 9.5), (11, 13), CONFLICT, (10, 12)), LATER], rows(gone=[X])),
    "perhaps expired": ([HOLD, made((10.5, 11), Y), LATER], rows(Y, gone=[X])),
    "told that it has expired": ([HOLD, confirmed((12, 13), "x", EXPIRED), LATER], rows(gone=[X])),
    "moved, and expired there": (
        [HOLD, moved((2, 3), ELSEWHERE), listed((20, 21), room="B"), LATER], rows(gone=[ELSEWHERE])
    ),
    "a move of what has expired": ([HOLD, moved((12, 13), ELSEWHERE, EXPIRED), LATER], rows(gone=[X])),
    "nothing to cancel any more": ([HOLD, cancelled((12, 13), "x", NOT_FOUND), LATER], rows(gone=[X])),
    "perhaps confirmed, and there": ([HOLD, confirmed((5, 6), "x", UNKNOWN), LATER], rows(X)),
    "perhaps confirmed, and gone": ([HOLD, confirmed((5, 6), "x", UNKNOWN), LATER], rows(gone=[X])),
    "told again by its key": (
        [
            made((0, 1), X, "k", hold_seconds=10),
            made((20, 21), X, "k", replayed=True, hold_seconds=10),
            made((22, 23), Y),
            LATER,
        ],
        rows(Y, gone=[X]),
    ),
    "still held in the end": ([HOLD], rows(X)),
    "refused by an outage": ([HOLD, confirmed((5, 6), "x", UNAVAILABLE), LATER], rows(gone=[X])),
}  # fmt: skip
WRONG: dict[str, tuple[str, list[Call], list[Row]]] = {
    "given while it is held": ("overlap", [HOLD, made((5, 6), Y), LATER], rows(X, Y)),
    "confirmed after it expired": ("came back", [HOLD, confirmed((20, 21), "x"), LATER], rows(X)),
    "moved after it expired": ("came back", [HOLD, moved((20, 21), ELSEWHERE), LATER], rows(ELSEWHERE)),
    "confirmed, and expired all the same": ("missing", [HOLD, confirmed((5, 6), "x"), LATER], rows(gone=[X])),
    "confirmed, and not shown": (
        "missed by a read", [HOLD, confirmed((5, 6), "x"), listed((30, 31))], rows(X)
    ),
    "never ends": ("came back", [HOLD, LATER], rows(X)),
    "shown after it expired": ("shown and not there", [HOLD, listed((20, 21), X), LATER], rows(gone=[X])),
    "not shown while it is held": ("missed by a read", [HOLD, listed((5, 6)), LATER], rows(gone=[X])),
    "in the way after it expired": (
        "unjust refusal", [HOLD, asked((20, 21), (11, 13), CONFLICT, (10, 12)), LATER], rows(gone=[X])
    ),
    "said to have expired too soon": (
        "unjust refusal", [HOLD, confirmed((5, 6), "x", EXPIRED), LATER], rows(gone=[X])
    ),
    "said to have expired when it was confirmed": (
        "unjust refusal", [HOLD, confirmed((5, 6), "x"), confirmed((20, 21), "x", EXPIRED), LATER], rows(X)
    ),
    "said to be no hold": ("unjust refusal", [HOLD, confirmed((5, 6), "x", NOT_HELD), LATER], rows(gone=[X])),
    "not found while it is held": (
        "unjust refusal", [HOLD, confirmed((5, 6), "x", NOT_FOUND), LATER], rows(gone=[X])
    ),
    "a reservation is confirmed": (
        "confirmed and never held", [made((0, 1), held("x", 10, 12)), confirmed((5, 6), "x")], rows(X)
    ),
}  # fmt: skip
