"""Who gets a stretch of time, and what becomes of a hold: compared with a model that looks at everything."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from holdfast.engine import occupancy
from holdfast.engine.claims import (
    Confirm,
    Extend,
    Interval,
    Place,
    Reason,
    Refused,
    Reservation,
    Retake,
    State,
)
from holdfast.engine.occupancy import Wanted
from rooms import DAY, hour, hours

PLACES = [Place("room", "a"), Place("room", "b"), Place("table", "a")]
wanted = st.tuples(
    st.sampled_from(PLACES),
    st.builds(lambda start, length: hours(start, start + length), st.integers(0, 24), st.integers(1, 6)),
)
Asked = tuple[Place, Interval]


def settle(asked: list[Asked], held: list[Interval | None]) -> list[Refused | None]:
    """What each is told."""
    return occupancy.settle([Wanted(place.key, interval) for place, interval in asked], held, set())


def keep_apart(asked: list[Asked]) -> list[Asked]:
    """The model: each gets the place unless anything granted before it overlaps."""
    granted: list[Asked] = []
    for place, interval in asked:
        if not any(place == other and interval.overlaps(held) for other, held in granted):
            granted.append((place, interval))
    return granted


def nearest(held: list[Asked], place: Place, interval: Interval) -> Interval | None:
    """What the database tells the decider of what is held: one reservation a claim."""
    before = [each for other, each in held if other == place and each.start < interval.end]
    return max(before, default=None)


@given(st.lists(wanted, max_size=12), st.lists(wanted, max_size=20))
def test_grants_are_those_of_a_model_that_scans_everything(first: list[Asked], asked: list[Asked]) -> None:
    held = keep_apart(first)
    answers = settle(asked, [nearest(held, *each) for each in asked])
    expected = keep_apart([*held, *asked])
    got = [each for each, refused in zip(asked, answers, strict=True) if refused is None]
    assert held + got == expected


@given(st.lists(wanted, max_size=12), st.lists(wanted, max_size=20))
def test_a_refusal_names_a_stretch_that_is_taken_and_in_the_way(first: list[Asked], asked: list[Asked]) -> None:
    held = keep_apart(first)
    taken = {*held}
    answers = settle(asked, [nearest(held, *each) for each in asked])
    for (place, interval), refused in zip(asked, answers, strict=True):
        if refused is None:
            taken.add((place, interval))
        else:
            assert refused.reason is Reason.TIME_CONFLICT
            assert refused.taken is not None
            assert refused.taken.overlaps(interval)
            assert (place, refused.taken) in taken


def test_the_first_of_two_gets_the_place() -> None:
    asked = [(PLACES[0], hours(10, 12)), (PLACES[0], hours(11, 13))]
    assert settle(asked, [None, None]) == [None, Refused(Reason.TIME_CONFLICT, hours(10, 12))]


def test_a_refused_claim_is_in_nobodys_way() -> None:
    asked = [(PLACES[0], hours(10, 12)), (PLACES[0], hours(11, 14)), (PLACES[0], hours(12, 13))]
    assert [refused is None for refused in settle(asked, [None, None, None])] == [True, False, True]


def test_a_closed_place_is_given_to_nobody() -> None:
    wanted = [Wanted(PLACES[0].key, hours(10, 11)), Wanted(PLACES[1].key, hours(10, 11))]
    assert occupancy.settle(wanted, [None, None], {PLACES[0].key}) == [Refused(Reason.CLOSED), None]


@pytest.mark.parametrize(
    ("nearest", "in_the_way"),
    [
        (None, False),
        (hours(8, 9), False),
        (hours(9, 10), False),
        (hours(9, 10.001), True),
        (hours(9, 13), True),
        (hours(10, 11), True),
        (hours(10.5, 10.75), True),
        (hours(10.999, 14), True),
    ],
)
def test_what_ends_after_the_start_is_in_the_way(nearest: Interval | None, in_the_way: bool) -> None:
    assert occupancy.obstacle(hours(10, 11), nearest) == (nearest if in_the_way else None)


@given(st.lists(wanted, max_size=12), wanted)
def test_the_nearest_reservation_alone_tells_whether_there_is_an_overlap(first: list[Asked], one: Asked) -> None:
    held = keep_apart(first)
    place, interval = one
    overlapping = [each for other, each in held if other == place and each.overlaps(interval)]
    found = occupancy.obstacle(interval, nearest(held, place, interval))
    assert (found is not None) == bool(overlapping)


def test_a_move_without_times_stays() -> None:
    assert occupancy.moved(hours(10, 11), None, None) == hours(10, 11)


def test_a_move_may_change_one_end_only() -> None:
    assert occupancy.moved(hours(10, 11), hour(9), None) == hours(9, 11)
    assert occupancy.moved(hours(10, 11), None, hour(12)) == hours(10, 12)


@pytest.mark.parametrize("end", [9, 10])
def test_a_stretch_that_does_not_end_after_its_start_has_a_fault(end: int) -> None:
    assert occupancy.fault(hours(10, end), timedelta(days=1)) is Reason.END_NOT_AFTER_START


def test_the_longest_stretch_is_allowed_and_a_moment_more_is_not() -> None:
    longest = timedelta(hours=24)
    assert occupancy.fault(hours(0, 24), longest) is None
    assert occupancy.fault(Interval(DAY, DAY + longest + timedelta(microseconds=1)), longest) is Reason.TOO_LONG


LONGEST = timedelta(days=31)


def held(seconds: float = 60) -> Reservation:
    """A hold that began at midnight."""
    return Reservation(
        UUID(int=1), PLACES[0], *hours(10, 11), DAY, state=State.HELD, held_at=DAY, expires_at=after(seconds)
    )


def confirmed(held_at: datetime | None = None) -> Reservation:
    """A reservation."""
    return Reservation(UUID(int=1), PLACES[0], *hours(10, 11), DAY, held_at=held_at)


def after(seconds: float) -> datetime:
    """A moment after midnight."""
    return DAY + timedelta(seconds=seconds)


ENDED = [State.RELEASED, State.CANCELLED]
TAKES = [Retake(start=hour(9)), Confirm(), Confirm(revives=True), Extend(30)]


@pytest.mark.parametrize("seconds", [59.999_999, 60, 61])
def test_a_hold_lasts_until_the_moment_at_which_it_expires_and_no_longer(seconds: float) -> None:
    assert occupancy.has_expired(held(), after(seconds)) == (seconds >= 60)


@pytest.mark.parametrize("before", [None, *(replace(confirmed(), state=state) for state in ENDED)])
@pytest.mark.parametrize("takes", TAKES)
def test_what_has_ended_is_not_there_any_more(before: Reservation | None, takes: Retake | Confirm | Extend) -> None:
    assert occupancy.again(before, takes, DAY, LONGEST) == Refused(Reason.NOT_FOUND)


@pytest.mark.parametrize("before", [held(), replace(held(), state=State.EXPIRED, expires_at=None)])
@pytest.mark.parametrize("takes", [each for each in TAKES if each != Confirm(revives=True)])
def test_an_expired_hold_says_so_whether_or_not_it_was_swept(
    before: Reservation, takes: Retake | Confirm | Extend
) -> None:
    assert occupancy.again(before, takes, after(60), LONGEST) == Refused(Reason.HOLD_EXPIRED)


@pytest.mark.parametrize("before", [held(), replace(held(), state=State.EXPIRED, expires_at=None)])
def test_an_expired_hold_may_be_revived(before: Reservation) -> None:
    assert occupancy.again(before, Confirm("order 7", revives=True), after(60), LONGEST) == replace(
        confirmed(held_at=DAY), external_ref="order 7", revived=True
    )


def test_a_hold_that_is_confirmed_in_time_is_not_revived() -> None:
    assert occupancy.again(held(), Confirm("order 7", revives=True), after(59), LONGEST) == replace(
        confirmed(held_at=DAY), external_ref="order 7"
    )


def test_confirmed_twice_it_is_confirmed_once() -> None:
    first = replace(confirmed(held_at=DAY), external_ref="order 7")
    assert occupancy.again(first, Confirm("order 8"), DAY, LONGEST) == first


@pytest.mark.parametrize("takes", [Confirm(), Extend(30)])
def test_what_was_never_a_hold_is_neither_confirmed_nor_extended(takes: Confirm | Extend) -> None:
    assert occupancy.again(confirmed(), takes, DAY, LONGEST) == Refused(Reason.NOT_HELD)


def test_a_confirmed_hold_is_extended_no_more() -> None:
    assert occupancy.again(confirmed(held_at=DAY), Extend(30), DAY, LONGEST) == Refused(Reason.NOT_HELD)


@pytest.mark.parametrize(
    ("ends", "now", "seconds", "becomes"),
    [(60, 0, 90, 90), (60, 50, 30, 80), (60, 0, 30, 60), (7_190, 7_180, 900, 7_200), (60, 0, 100_000, 7_200)],
)
def test_an_extension_never_shortens_a_hold_and_never_passes_two_hours(
    ends: int, now: int, seconds: int, becomes: int
) -> None:
    assert occupancy.again(held(ends), Extend(seconds), after(now), LONGEST) == held(becomes)


def test_a_move_keeps_the_end_of_a_hold() -> None:
    moved = occupancy.again(held(), Retake(PLACES[1], hour(12), hour(13)), DAY, LONGEST)
    assert moved == replace(held(), place=PLACES[1], start=hour(12), end=hour(13))


@pytest.mark.parametrize("lapses", [False, True])
@pytest.mark.parametrize("now", [0, 59, 60, 90])
def test_a_hold_is_released_before_it_expires_and_swept_afterwards(lapses: bool, now: int) -> None:
    ended = occupancy.ended(held(), lapses=lapses, now=after(now))
    state = State.EXPIRED if lapses else State.RELEASED
    assert ended == (replace(held(), state=state, expires_at=None) if lapses == (now >= 60) else None)


def test_a_reservation_is_cancelled_and_never_swept() -> None:
    assert occupancy.ended(confirmed(), lapses=False, now=DAY) == replace(confirmed(), state=State.CANCELLED)
    assert occupancy.ended(confirmed(), lapses=True, now=DAY) is None


@pytest.mark.parametrize("state", [*ENDED, State.EXPIRED])
@pytest.mark.parametrize("lapses", [False, True])
def test_nothing_ends_twice(state: State, lapses: bool) -> None:
    assert occupancy.ended(replace(confirmed(), state=state), lapses=lapses, now=DAY) is None
