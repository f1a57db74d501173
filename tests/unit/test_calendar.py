"""Who gets a stretch of time, compared with a model that looks at everything."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.engine import calendar
from holdfast.engine.claims import Granted, Interval, Kind, Place, Reason, Refused, Reserve
from rooms import DAY, hour, hours

PLACES = [Place(Kind.ROOM, "a"), Place(Kind.ROOM, "b"), Place(Kind.TABLE, "a")]
wanted = st.tuples(
    st.sampled_from(PLACES),
    st.builds(lambda start, length: hours(start, start + length), st.integers(0, 24), st.integers(1, 6)),
)
Asked = tuple[Place, Interval]


def claims_for(asked: list[Asked]) -> list[Reserve]:
    """Claims with ids by their number."""
    return [Reserve(UUID(int=number), place, interval) for number, (place, interval) in enumerate(asked)]


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
    verdicts = calendar.settle(claims_for(asked), [nearest(held, *each) for each in asked], set(), DAY)
    expected = keep_apart([*held, *asked])
    got = [(each.reservation.place, each.reservation.interval) for each in verdicts if isinstance(each, Granted)]
    assert held + got == expected


@given(st.lists(wanted, max_size=12), st.lists(wanted, max_size=20))
def test_a_refusal_names_a_stretch_that_is_taken_and_in_the_way(first: list[Asked], asked: list[Asked]) -> None:
    held = keep_apart(first)
    taken = {*held}
    for (place, interval), verdict in zip(
        asked, calendar.settle(claims_for(asked), [nearest(held, *each) for each in asked], set(), DAY), strict=True
    ):
        if isinstance(verdict, Granted):
            taken.add((place, interval))
        else:
            assert verdict.reason is Reason.TIME_CONFLICT
            assert verdict.taken is not None
            assert verdict.taken.overlaps(interval)
            assert (place, verdict.taken) in taken


def test_the_first_of_two_gets_the_place() -> None:
    asked = [(PLACES[0], hours(10, 12)), (PLACES[0], hours(11, 13))]
    first, second = calendar.settle(claims_for(asked), [None, None], set(), DAY)
    assert isinstance(first, Granted)
    assert second == Refused(Reason.TIME_CONFLICT, hours(10, 12))


def test_a_refused_claim_is_in_nobodys_way() -> None:
    asked = [(PLACES[0], hours(10, 12)), (PLACES[0], hours(11, 14)), (PLACES[0], hours(12, 13))]
    verdicts = calendar.settle(claims_for(asked), [None, None, None], set(), DAY)
    assert [isinstance(each, Granted) for each in verdicts] == [True, False, True]


def test_a_grant_becomes_the_reservation_that_was_asked_for() -> None:
    claim = Reserve(UUID(int=7), PLACES[0], hours(10, 11), user_id=UUID(int=8))
    [verdict] = calendar.settle([claim], [None], set(), DAY)
    assert isinstance(verdict, Granted)
    made = verdict.reservation
    assert (made.id, made.place, made.interval, made.created_at, made.user_id) == (
        claim.id, claim.place, claim.interval, DAY, claim.user_id,
    )  # fmt: skip


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
    assert calendar.obstacle(hours(10, 11), nearest) == (nearest if in_the_way else None)


@given(st.lists(wanted, max_size=12), wanted)
def test_the_nearest_reservation_alone_tells_whether_there_is_an_overlap(first: list[Asked], one: Asked) -> None:
    held = keep_apart(first)
    place, interval = one
    overlapping = [each for other, each in held if other == place and each.overlaps(interval)]
    found = calendar.obstacle(interval, nearest(held, place, interval))
    assert (found is not None) == bool(overlapping)


def test_a_move_without_times_stays() -> None:
    assert calendar.moved(hours(10, 11), None, None) == hours(10, 11)


def test_a_move_may_change_one_end_only() -> None:
    assert calendar.moved(hours(10, 11), hour(9), None) == hours(9, 11)
    assert calendar.moved(hours(10, 11), None, hour(12)) == hours(10, 12)


@pytest.mark.parametrize("end", [9, 10])
def test_a_stretch_that_does_not_end_after_its_start_has_a_fault(end: int) -> None:
    assert calendar.fault(hours(10, end), timedelta(days=1)) is Reason.END_NOT_AFTER_START


def test_the_longest_stretch_is_allowed_and_a_moment_more_is_not() -> None:
    longest = timedelta(hours=24)
    assert calendar.fault(hours(0, 24), longest) is None
    assert calendar.fault(Interval(DAY, DAY + longest + timedelta(microseconds=1)), longest) is Reason.TOO_LONG
