"""Slots from schedules: what a day holds, what is free of it, what is inside the hours."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as some

from holdfast.engine.claims import Interval
from holdfast.rooms import slots
from holdfast.rooms.slots import SLOT, Schedule

ROOM = UUID("01a1fb84-59ff-748e-a6bb-ac0d7cba3bbf")
WEDNESDAY = date(2030, 5, 1)
dates = some.dates(date(1970, 1, 1), date(2200, 12, 31))
minutes = some.integers(0, 24 * 60 - 1)


@some.composite
def schedules(draw: some.DrawFn) -> Schedule:
    start = draw(some.integers(0, 24 * 60 - 2))
    end = draw(some.integers(start + 1, 24 * 60 - 1))
    days = draw(some.sets(some.integers(1, 7), min_size=1))
    return Schedule(uuid4(), tuple(sorted(days)), start, end)


@some.composite
def stretches(draw: some.DrawFn) -> list[Interval]:
    """Stretches of a day or so that do not overlap, in order."""
    edges = sorted(draw(some.sets(some.integers(-600, 2_000), max_size=12)))
    midnight = datetime.combine(WEDNESDAY, datetime.min.time(), UTC)
    moments = [midnight + timedelta(minutes=edge) for edge in edges]
    return [Interval(start, end) for start, end in zip(moments[::2], moments[1::2], strict=False)]


def office(start: int, end: int, *days: int) -> Schedule:
    return Schedule(ROOM, days or (1, 2, 3, 4, 5, 6, 7), start, end)


def times(schedule: Schedule, day: date = WEDNESDAY) -> list[str]:
    return [f"{slot.start:%H:%M}" for slot in slots.of_day(ROOM, schedule, day)]


def test_slots_begin_at_opening_time_and_follow_each_other() -> None:
    assert times(office(555, 11 * 60)) == ["09:15", "09:45", "10:15"]


def test_the_last_slot_ends_at_closing_time() -> None:
    assert times(office(540, 600)) == ["09:00", "09:30"]


def test_a_slot_that_does_not_fit_whole_is_not_made() -> None:
    assert times(office(540, 599)) == ["09:00"]
    assert times(office(540, 569)) == []


def test_a_day_from_midnight_on_has_forty_seven_slots() -> None:
    found = times(office(0, 1439))
    assert (len(found), found[0], found[-1]) == (47, "00:00", "23:00")


def test_a_closed_day_has_none() -> None:
    assert times(office(540, 600, 1, 2)) == []


def test_sunday_is_the_seventh_day() -> None:
    assert times(office(540, 600, 7), date(2030, 5, 5)) == ["09:00", "09:30"]


def test_an_id_never_changes() -> None:
    """Whatever the machine, the process and the version: clients keep these ids."""
    start = datetime(2030, 5, 1, 9, tzinfo=UTC)
    assert slots.slot_id(ROOM, start) == UUID("6f9cd5b8-d491-52f7-8599-5855216413ae")
    assert slots.slot_id(ROOM, start).version == 5


@given(schedules(), dates)
def test_slots_of_a_day_are_whole_in_order_and_inside_the_hours(schedule: Schedule, day: date) -> None:
    found = slots.of_day(ROOM, schedule, day)
    assert all(slot.start.date() == day and slot.end - slot.start == SLOT for slot in found)
    assert all(one.end == other.start for one, other in pairwise(found))
    assert all(slots.is_slot(schedule, Interval(slot.start, slot.end)) for slot in found)
    is_open = day.isoweekday() in schedule.days
    assert len(found) == ((schedule.end_minute - schedule.start_minute) // 30 if is_open else 0)


@given(schedules(), dates, dates)
def test_slots_of_two_rooms_and_two_days_have_ids_of_their_own(schedule: Schedule, one: date, other: date) -> None:
    mine, another = slots.of_day(ROOM, schedule, one), slots.of_day(uuid4(), schedule, one)
    later = slots.of_day(ROOM, schedule, other)
    ids = {slot.id for slot in mine + another} | {slot.id for slot in later}
    assert len(ids) == len(mine) + len(another) + (len(later) if other != one else 0)


@given(schedules(), stretches())
def test_free_is_what_no_stretch_overlaps(schedule: Schedule, taken: list[Interval]) -> None:
    made = slots.of_day(ROOM, schedule, WEDNESDAY)
    expected = [slot for slot in made if not any(each.overlaps(Interval(slot.start, slot.end)) for each in taken)]
    assert slots.free(made, taken) == expected


@given(schedules(), dates, minutes, some.integers(1, 3_000))
def test_open_is_every_minute_of_one_days_hours(schedule: Schedule, day: date, first: int, length: int) -> None:
    start = datetime.combine(day, datetime.min.time(), UTC) + timedelta(minutes=first)
    expected = (
        day.isoweekday() in schedule.days and schedule.start_minute <= first and first + length <= schedule.end_minute
    )
    assert slots.is_open(schedule, Interval(start, start + timedelta(minutes=length))) is expected


@given(schedules(), dates, minutes, some.integers(1, 61))
def test_what_is_a_slot_is_among_the_days_slots(schedule: Schedule, day: date, first: int, length: int) -> None:
    start = datetime.combine(day, datetime.min.time(), UTC) + timedelta(minutes=first)
    wanted = Interval(start, start + timedelta(minutes=length))
    made = {Interval(slot.start, slot.end) for slot in slots.of_day(ROOM, schedule, day)}
    assert slots.is_slot(schedule, wanted) is (wanted in made)


def test_a_stretch_over_midnight_is_not_inside_a_day() -> None:
    late = datetime(2030, 5, 1, 23, 30, tzinfo=UTC)
    assert not slots.is_open(office(0, 1439), Interval(late, late + SLOT))


def test_seconds_beside_a_slot_make_it_none() -> None:
    start = datetime(2030, 5, 1, 9, 0, 1, tzinfo=UTC)
    assert not slots.is_slot(office(540, 720), Interval(start, start + SLOT))


def test_ten_years_are_not_far_and_a_day_more_is() -> None:
    for direction in (1, -1):
        assert not slots.is_far(WEDNESDAY + direction * timedelta(days=3653), WEDNESDAY)
        assert slots.is_far(WEDNESDAY + direction * timedelta(days=3654), WEDNESDAY)
