"""How soon the service heals, told from histories made by hand."""

from math import inf

from proof.recorded import draining
from proof.recorded.answers import LEFT, LOST
from proof.recorded.by_hand import CONFLICT, X, Y, asked, cancelled, made, moved
from proof.recorded.draining import Stop
from proof.recorded.healing import (
    DATABASE_SECONDS_MAX,
    SEVERAL,
    Booking,
    Fault,
    Healing,
    acknowledged,
    has_booked_since,
    healings,
)
from proof.recorded.history import Call, Operation, Outcome
from proof.recorded.seats import Act, SeatCall

KILL = Fault("kill", 10.0, 10.0)
CRASH = Fault("crash", 20.0, 22.0, DATABASE_SECONDS_MAX)


def test_healing_lasts_until_a_booking_that_was_begun_afterwards_is_acknowledged() -> None:
    bookings = [Booking(9.9, 10.5), Booking(10.1, 11.5)]
    assert healings([KILL], bookings) == [Healing((KILL,), 1.5)]


def test_the_first_to_be_acknowledged_counts_not_the_first_to_be_begun() -> None:
    assert healings([KILL], [Booking(10.1, 14.0), Booking(10.2, 11.0)]) == [Healing((KILL,), 1.0)]


def test_it_counts_from_the_moment_when_the_fault_is_taken_away() -> None:
    assert healings([CRASH], [Booking(20.5, 21.0), Booking(22.5, 23.0)]) == [Healing((CRASH,), 1.0)]


def test_who_heals_before_the_next_fault_is_measured_each_time() -> None:
    assert healings([KILL, CRASH], [Booking(10.5, 11.0), Booking(22.5, 24.0)]) == [
        Healing((KILL,), 1.0),
        Healing((CRASH,), 2.0),
    ]


def test_who_is_hit_again_before_having_healed_is_measured_from_the_last_fault() -> None:
    faults = (KILL, KILL._replace(began=10.5, over=10.5))
    assert healings(faults, [Booking(10.1, 10.6), Booking(10.6, 13.5)]) == [Healing(faults, 3.0)]


def test_different_faults_at_once_may_take_what_the_slowest_may() -> None:
    faults = (KILL, CRASH._replace(began=10.2, over=10.5), KILL._replace(began=11.0, over=11.0))
    [found] = healings(faults, [Booking(12.0, 18.0)])
    assert (found.kind, found.seconds, found.seconds_max, found.is_late) == (SEVERAL, 7.0, 10.0, False)


def test_too_slow_is_late_and_never_is_too() -> None:
    slow, never = healings([KILL, CRASH], [Booking(10.1, 15.1)])
    assert (slow.is_late, never.seconds, never.is_late) == (True, inf, True)
    [in_time] = healings([KILL], [Booking(10.1, 15.0)])
    assert not in_time.is_late


def test_only_new_bookings_count() -> None:
    refused, replay = asked((1, 2), (10, 12), CONFLICT), made((1, 2), X, "k", replayed=True)
    calls = [refused, replay, cancelled((1, 2), "x"), moved((1, 2), X), made((3, 4), X)]
    seat = SeatCall(Act.BOOK, 5, 6, Outcome.OK, 1)
    seats = [seat, SeatCall(Act.BOOK, 1, 2, Outcome.UNAVAILABLE, 1), SeatCall(Act.LOOK, 1, 2, Outcome.OK, 1)]
    assert acknowledged(calls, seats) == [Booking(3, 4), Booking(5, 6)]


def test_a_history_that_grows_tells_whether_somebody_has_booked() -> None:
    histories = [[made((0, 1), X), made((5, 6), Y)], [made((2, 3), X), asked((7, 8), (10, 12), CONFLICT)]]
    assert has_booked_since(4, histories)
    assert not has_booked_since(5, histories)


def lost(start: float, end: float) -> Call:
    """A call whose connection ended instead of an answer."""
    return Call(0, Operation.CREATE, start, end, LOST, "A", X.stretch)


def test_a_stopping_worker_may_break_off_only_what_it_had_not_accepted() -> None:
    stop = Stop(10.0, 12.0)
    just_sent, before, after = lost(9.9, 10.1), lost(9.0, 9.9), lost(9.0, 12.1)
    impatient = Call(0, Operation.CREATE, 9.0, 10.1, LEFT, "A", X.stretch)
    assert list(draining.check([stop], [just_sent, before, after, impatient, made((9.0, 11.0), X)])) == []
    [found] = draining.check([stop], [broken := lost(9.0, 10.5)])
    assert (found.rule, found.calls) == ("drain", (broken,))


def test_a_stopping_worker_must_end() -> None:
    assert [each.rule for each in draining.check([Stop(10.0, inf)], [])] == ["drain"]
