"""The checkers of seats and of the stream find each kind of broken promise, and nothing in what is right."""

from typing import Any

import pytest

from proof.recorded.history import Outcome
from proof.recorded.seats import Act, SeatCall, Told
from proof.recorded.seats_checker import Change, check
from proof.recorded.stream import Sent, breaches

EVENT, SEATS = 1, 2
OK, UNKNOWN, NOT_FOUND = Outcome.OK, Outcome.UNKNOWN, Outcome.NOT_FOUND


def book(
    when: tuple[float, float], user: str, booking: int | None, outcome: Outcome | Told = OK, **more: Any
) -> SeatCall:
    """A call for a seat."""
    return SeatCall(Act.BOOK, *when, outcome, EVENT, user, booking, **more)


def cancel(when: tuple[float, float], user: str, booking: int, outcome: Outcome = OK) -> SeatCall:
    """A call that gives a seat back."""
    return SeatCall(Act.CANCEL, *when, outcome, EVENT, user, booking)


def look(when: tuple[float, float], booked: int) -> SeatCall:
    """A call for the seats that are left."""
    return SeatCall(Act.LOOK, *when, OK, EVENT, booked=booked)


def log(*lines: str) -> list[Change]:
    """Changes, as `+anna 1` and `-anna 1`."""
    return [
        Change(EVENT, line[1:].split()[0], int(line.split()[1]), "created" if line[0] == "+" else "cancelled")
        for line in lines
    ]


def rules(calls: list[SeatCall], changes: list[Change], held: list[tuple[int, str]]) -> list[str]:
    """The rules that were broken."""
    found = check(calls, changes, SEATS, [(EVENT, booking, user) for booking, user in held])
    assert all(str(each) for each in found)
    return [each.rule for each in found]


A_DAY = [
    book((0, 1), "anna", 1, key="k"),
    book((2, 3), "anna", 1, key="k", replayed=True),
    book((2, 3), "anna", None, Told.ALREADY),
    look((2, 3), 1),
    book((4, 5), "boris", 2),
    book((6, 7), "vera", None, Told.FULL),
    look((6, 7), 2),
    cancel((8, 9), "anna", 1),
    cancel((10, 11), "anna", 1, NOT_FOUND),
    book((12, 13), "vera", 3),
]
ITS_LOG = log("+anna 1", "+boris 2", "-anna 1", "+vera 3")
ITS_ROWS = [(2, "boris"), (3, "vera")]


@pytest.mark.parametrize(
    ("calls", "changes", "held"),
    [
        ([], [], []),
        (A_DAY, ITS_LOG, ITS_ROWS),
        ([book((0, 9), "anna", None, UNKNOWN)], log("+anna 1"), [(1, "anna")]),
        ([book((0, 9), "anna", None, UNKNOWN)], [], []),
        ([book((0, 1), "anna", 1), cancel((2, 3), "anna", 1, UNKNOWN)], log("+anna 1", "-anna 1"), []),
        # Seen in the middle of a change, either is true.
        ([book((0, 4), "anna", 1), look((1, 2), 0), look((2, 3), 1)], log("+anna 1"), [(1, "anna")]),
    ],
    ids=["nothing", "a day", "happened unheard", "did not happen", "cancelled unheard", "while it happens"],
)
def test_nothing_is_found_in_what_is_right(
    calls: list[SeatCall], changes: list[Change], held: list[tuple[int, str]]
) -> None:
    assert rules(calls, changes, held) == []


@pytest.mark.parametrize(
    ("calls", "changes", "held", "rule"),
    [
        ([book((0, 1), "anna", None, Outcome.FOREIGN)], [], [], "foreign answer"),
        (
            [book((0, 1), name, number) for number, name in enumerate("abc")],
            log("+a 0", "+b 1", "+c 2"),
            [(0, "a"), (1, "b"), (2, "c")],
            "oversold",
        ),
        (
            [book((0, 1), "anna", 1), book((0, 1), "anna", 2)],
            log("+anna 1", "+anna 2"),
            [(1, "anna"), (2, "anna")],
            "two seats for one",
        ),
        ([book((0, 1), "anna", 1)], [], [], "missing"),
        ([book((0, 1), "anna", 1)], log("+boris 1"), [(1, "boris")], "missing"),
        ([], log("+anna 1"), [(1, "anna")], "granted to nobody"),
        ([book((0, 1), "anna", 1), cancel((2, 3), "anna", 1)], log("+anna 1"), [(1, "anna")], "came back"),
        (A_DAY, ITS_LOG, [(2, "boris")], "ledger"),
        (
            [book((0, 1), "anna", 1, key="k"), book((2, 3), "anna", 2, key="k")],
            log("+anna 1", "-anna 1", "+anna 2"),
            [(2, "anna")],
            "key with two effects",
        ),
        ([book((0, 1), "anna", 1), book((0, 1), "anna", 1)], log("+anna 1"), [(1, "anna")], "given twice"),
        ([book((0, 1), "anna", 1), book((2, 3), "b", None, Told.FULL)], log("+anna 1"), [(1, "anna")], "untrue"),
        ([book((0, 1), "anna", 1), look((2, 3), 0)], log("+anna 1"), [(1, "anna")], "untrue"),
        ([look((0, 1), 1), book((2, 3), "anna", 1)], log("+anna 1"), [(1, "anna")], "untrue"),
        ([book((0, 1), "anna", None, Told.ALREADY)], [], [], "untrue"),
        ([book((0, 1), "anna", 1), cancel((2, 3), "anna", 1, NOT_FOUND)], log("+anna 1"), [(1, "anna")], "untrue"),
        # Acknowledged one after the other, and written the other way round.
        (
            [book((0, 1), "anna", 1), book((2, 3), "boris", 2), look((1.2, 1.5), 1)],
            log("+boris 2", "+anna 1"),
            [(1, "anna"), (2, "boris")],
            "untrue",
        ),
    ],
)
def test_what_is_wrong_is_found(
    calls: list[SeatCall], changes: list[Change], held: list[tuple[int, str]], rule: str
) -> None:
    assert rule in rules(calls, changes, held)


ONE, TWO, THREE = Sent("room:a", "1"), Sent("room:a", "2"), Sent("room:b", "2")
WRITTEN = {ONE: 1, TWO: 2, THREE: 1}


@pytest.mark.parametrize(
    ("told", "rules"),
    [
        ([ONE, TWO, THREE], []),
        ([THREE, ONE, TWO], []),
        ([ONE, TWO, ONE, TWO, THREE], []),
        ([ONE, THREE], ["not told"]),
        ([ONE, TWO, THREE, Sent("room:c", "9")], ["told and not so"]),
        ([TWO, ONE, THREE], ["out of order"]),
    ],
    ids=["in order", "another place first", "repeated", "one is missing", "one was never written", "swapped"],
)
def test_a_stream_tells_all_in_order_and_nothing_else(told: list[Sent], rules: list[str]) -> None:
    assert [each.rule for each in breaches(WRITTEN, told)] == rules
