"""The checkers of closing are themselves tested: on histories made by hand, and on rows typed past the engine."""

from collections.abc import Sequence

import asyncpg
import pytest

from proof.recorded import closings, witness
from proof.recorded.by_hand import asked, cancelled, held, made, moved, rows
from proof.recorded.history import Call, Outcome, Row
from proof.recorded.seats import Act as SeatAct
from proof.recorded.seats import SeatCall
from proof.recorded.seats_checker import Change, Sizes, Times, replayed, resized
from proof.recorded.tenures import events, tenures
from proof.recorded.wardens import Act, WardenCall

ROOM, TABLE = "A", "table:1"
X, T = held("x", 10, 12), held("t", 10, 12, TABLE)
OK, CONFLICT, UNKNOWN, CLOSED = Outcome.OK, Outcome.CONFLICT, Outcome.UNKNOWN, Outcome.CLOSED


def act(kind: str, when: tuple[float, float], outcome: Outcome = OK, about: str = ROOM, code: str = "") -> WardenCall:
    """What a warden did."""
    return WardenCall(kind, *when, outcome, about, code=code)


HOURS, RETIRED = act(Act.SCHEDULE, (0, 1)), act(Act.RETIRE, (5, 6))
DELETED = act(Act.DELETE, (5, 6), about=TABLE)
KEPT = act(Act.DELETE, (5, 6), CONFLICT, TABLE, "TABLE_HAS_RESERVATIONS")
History = tuple[Sequence[Call], Sequence[WardenCall], Sequence[Row]]

RIGHT: dict[str, History] = {
    "granted before it was closed": ([made((2, 3), X)], [HOURS, RETIRED], rows(X)),
    "granted while it was closed": ([made((5, 7), X)], [HOURS, RETIRED], rows(X)),
    "granted after a closing of unknown outcome": (
        [made((7, 8), X)], [HOURS, act(Act.RETIRE, (5, 6), UNKNOWN)], rows(X)
    ),
    "repeated after it was closed": (
        [made((2, 3), X, "k"), made((7, 8), X, "k", replayed=True)], [HOURS, RETIRED], rows(X)
    ),
    "made less after it was closed": (
        [made((2, 3), X), moved((7, 8), held("x", 10, 11))], [HOURS, RETIRED], rows(held("x", 10, 11))
    ),
    "refused after it was closed": ([asked((7, 8), (10, 12), CLOSED)], [HOURS, RETIRED], []),
    "refused before it had hours": ([asked((0, 0.5), (10, 12), CLOSED)], [HOURS], []),
    "cancelled and deleted": ([made((2, 3), T), cancelled((3, 4), "t")], [DELETED], rows(gone=[T])),
    "kept while held": ([made((2, 3), T)], [KEPT], rows(T)),
    "scheduled twice, once of unknown outcome": ([], [HOURS, act(Act.SCHEDULE, (1, 2), UNKNOWN)], []),
    "a second schedule is refused": (
        [], [HOURS, act(Act.SCHEDULE, (1, 2), CONFLICT, code="SCHEDULE_EXISTS")], []
    ),
}  # fmt: skip
WRONG: dict[str, tuple[str, History]] = {
    "granted after it was closed": ("granted after closing", ([made((7, 8), X)], [HOURS, RETIRED], rows(X))),
    "moved there after it was closed": (
        "granted after closing",
        ([made((2, 3), held("x", 1, 2, "B")), moved((7, 8), X)], [HOURS, RETIRED], rows(X)),
    ),
    "made more after it was closed": (
        "granted after closing",
        ([made((2, 3), X), moved((7, 8), held("x", 10, 13))], [HOURS, RETIRED], rows(held("x", 10, 13))),
    ),
    "refused while it was open": ("unjust refusal", ([asked((2, 3), (10, 12), CLOSED)], [HOURS, RETIRED], [])),
    "a table refused while it was there": (
        "unjust refusal", ([asked((2, 3), (10, 12), CLOSED, room=TABLE)], [DELETED], [])
    ),
    "deleted while held": (
        "deleted while held", ([made((2, 3), T), cancelled((7, 8), "t")], [DELETED], rows(gone=[T]))
    ),
    "held beyond deletion": ("held beyond deletion", ([made((5, 6), T)], [DELETED], rows(T))),
    "kept though nobody had it": ("unjust refusal", ([], [KEPT], [])),
    "scheduled twice": ("two schedules", ([], [HOURS, act(Act.SCHEDULE, (1, 2))], [])),
    "scheduled after it was closed": ("scheduled after closing", ([], [RETIRED, act(Act.SCHEDULE, (7, 8))], [])),
    "refused a first schedule": (
        "unjust refusal", ([], [act(Act.SCHEDULE, (1, 2), CONFLICT, code="SCHEDULE_EXISTS")], [])
    ),
    "an answer that is none": ("foreign answer", ([], [act(Act.RETIRE, (1, 2), Outcome.FOREIGN)], [])),
}  # fmt: skip


def found(history: History) -> set[str]:
    """The rules that were broken."""
    calls, acts, database = history
    return {each.rule for each in closings.check(calls, acts, database, tenures(calls, events(calls, database)))}


@pytest.mark.parametrize("name", RIGHT)
def test_nothing_is_found_where_nothing_is_wrong(name: str) -> None:
    assert found(RIGHT[name]) == set()


@pytest.mark.parametrize("name", WRONG)
def test_a_broken_promise_is_found(name: str) -> None:
    rule, history = WRONG[name]
    assert rule in found(history)


@pytest.mark.parametrize(
    ("seats", "outcome", "is_wrong"), [(2, OK, False), (1, OK, True), (1, CONFLICT, False), (2, CONFLICT, True)]
)
def test_an_event_is_given_no_fewer_seats_than_are_booked(seats: int, outcome: Outcome, is_wrong: bool) -> None:
    changes = [Change(1, "anna", 1, "created"), Change(1, "boris", 2, "created")]
    resize = WardenCall(Act.RESIZE, 5, 6, outcome, "1", seats=seats)
    # Both were booked, and nobody has asked for anything since.
    calls = [
        SeatCall(SeatAct.BOOK, number, number + 0.5, OK, 1, each.user, each.booking)
        for number, each in enumerate(changes)
    ]
    assert bool(list(resized([resize], Times(calls, changes), replayed(changes)))) == is_wrong
    assert min(Sizes(6, [resize]).during(7, 8)) == (seats if outcome is OK else 6)


CLOSED_TABLE = "UPDATE places SET closed_at = now() WHERE kind = 'table'; UPDATE reservations SET "
TYPED = {
    "granted after closing": "UPDATE places SET closed_at = now(); INSERT INTO reservations (id, place, room_id, "
    "start_time, end_time, created_at) VALUES (gen_random_uuid(), 'room:1', '1', now(), now() + '1 hour', now())",
    "granted after closing, by a move": f"{CLOSED_TABLE} end_time = end_time + '1 minute'",
    "oversold": "INSERT INTO events (name, total_seats) VALUES ('a', 2); UPDATE events SET booked_seats = 3",
    "deleted while held": "DELETE FROM tables",
    "open and closed": "INSERT INTO rooms (id, name, created_at, retired_at) VALUES "
    "('00000000-0000-0000-0000-000000000001', 'a', now(), now()); INSERT INTO places (place, kind, id) VALUES "
    "('room:00000000-0000-0000-0000-000000000001', 'room', '00000000-0000-0000-0000-000000000001')",
}
SOUND = """
INSERT INTO places (place, kind, id) VALUES ('room:1', 'room', '1'), ('table:1', 'table', '1');
INSERT INTO tables (id, name, seats, location) VALUES (1, 'a', 2, 'b');
INSERT INTO reservations (id, place, start_time, end_time, created_at)
VALUES (gen_random_uuid(), 'table:1', now(), now() + '1 hour', now())
"""


@pytest.mark.parametrize("what", TYPED)
async def test_the_witness_sees_what_is_written(fresh_database_url: str, what: str) -> None:
    connection = await asyncpg.connect(fresh_database_url)
    await witness.install(connection)
    await connection.execute(SOUND)
    assert await witness.breaches(connection) == []
    await connection.execute(TYPED[what])
    rule = what.partition(",")[0]
    assert [each for each in await witness.breaches(connection) if each.rule == rule]
    await connection.close()


async def test_the_witness_minds_nothing_that_becomes_less(fresh_database_url: str) -> None:
    connection = await asyncpg.connect(fresh_database_url)
    await witness.install(connection)
    await connection.execute(SOUND)
    await connection.execute(f"{CLOSED_TABLE} end_time = end_time - interval '1 minute'")
    await connection.execute("UPDATE reservations SET cancelled_at = now(), state = 'cancelled'")
    rules = {each.rule for each in await witness.breaches(connection)}
    assert "granted after closing" not in rules
    await witness.remove(connection)
    await connection.close()
