"""Who gets a seat, compared with a plain model and case by case."""

from hypothesis import given
from hypothesis import strategies as st

from holdfast.engine import occupancy
from holdfast.engine.claims import Place, Reason, Refused
from holdfast.engine.occupancy import Booker, Seats

CONCERT, PLAY, NOWHERE = (Place("event", name) for name in ("concert", "play", "nowhere"))
bookers = st.builds(Booker, st.sampled_from([CONCERT, PLAY, NOWHERE]), st.sampled_from("abcdefgh"))
totals = st.fixed_dictionaries({CONCERT: st.integers(0, 6), PLAY: st.integers(0, 6)})


def ask(*names: str) -> list[Booker]:
    """Claims for the concert."""
    return [Booker(CONCERT, name) for name in names]


@given(st.lists(bookers, max_size=30), st.sets(bookers, max_size=8), totals)
def test_seats_go_out_as_in_a_model_that_keeps_a_guest_list(
    claims: list[Booker], seated: set[Booker], totals: dict[Place, int]
) -> None:
    lists = {place: {each.user_id for each in seated if each.place == place} for place in totals}
    events = {place: Seats(total, len(lists[place])) for place, total in totals.items()}
    answers = occupancy.seat(claims, events, seated)
    for (place, user), answer in zip(claims, answers, strict=True):
        if place not in totals:
            assert answer == Refused(Reason.NOT_FOUND)
        elif user in lists[place]:
            assert answer == Refused(Reason.ALREADY_BOOKED)
        elif len(lists[place]) >= totals[place]:
            assert answer == Refused(Reason.FULL)
        else:
            assert answer is None
            lists[place].add(user)


def test_the_last_seat_goes_to_the_first_who_asks() -> None:
    assert occupancy.seat(ask("a", "b"), {CONCERT: Seats(10, 9)}, set()) == [None, Refused(Reason.FULL)]


def test_nobody_gets_two_seats_in_one_batch() -> None:
    assert occupancy.seat(ask("a", "a"), {CONCERT: Seats(10, 0)}, set()) == [None, Refused(Reason.ALREADY_BOOKED)]


def test_who_has_a_seat_is_told_so_even_when_all_are_taken() -> None:
    assert occupancy.seat(ask("a"), {CONCERT: Seats(1, 1)}, {Booker(CONCERT, "a")}) == [Refused(Reason.ALREADY_BOOKED)]


def test_a_seat_at_one_event_is_none_at_another() -> None:
    claims = [Booker(CONCERT, "a"), Booker(PLAY, "a")]
    assert occupancy.seat(claims, {CONCERT: Seats(1, 0), PLAY: Seats(1, 0)}, set()) == [None, None]


def test_an_event_that_is_not_there_has_no_seats() -> None:
    assert occupancy.seat([Booker(NOWHERE, "a")], {CONCERT: Seats(1, 0)}, set()) == [Refused(Reason.NOT_FOUND)]


def test_an_event_with_more_bookings_than_seats_is_full() -> None:
    assert occupancy.seat(ask("a"), {CONCERT: Seats(total=1, booked=3)}, set()) == [Refused(Reason.FULL)]
