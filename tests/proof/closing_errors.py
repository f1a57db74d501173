"""Mistakes with what is closed, changed or forgotten, as changes of the product's source, and the test that finds each.

Beyond the engine, which the simulation knows: these are found by real services on a real PostgreSQL.
"""

from typing import NamedTuple

from proof.edits import OCCUPANCY, SETTLEMENT, SETTLER, Edit

HOUSEKEEPING = "holdfast.engine.housekeeping"
STATEMENTS = "holdfast.engine.statements"
ROOMS = "holdfast.rooms.service"
TABLES = "holdfast.tables.service"
EVENTS = "holdfast.events.service"
RACES = "tests/races/test_closing.py::test_"
DEMANDS = "tests/integration/test_demands.py::test_"
KEYS = "tests/integration/test_key_lifetime.py::test_"


class Planted(NamedTuple):
    """A mistake, and a test that fails because of it."""

    edits: tuple[Edit, ...]
    found_by: str


CLOSING_ERRORS: dict[str, Planted] = {
    "a move ignores a closed place": Planted(
        (Edit(SETTLEMENT, "(refused.reason is Reason.CLOSED and is_less)", "(refused.reason is Reason.CLOSED)"),),
        f"{RACES}what_was_decided_before_its_place_was_closed_is_refused[of_a_move_into_it]",
    ),
    "a claim ignores a closed place": Planted(
        (Edit(OCCUPANCY, "        if place in closed:\n", "        if False:\n"),),
        f"{RACES}what_was_decided_before_its_place_was_closed_is_refused[of_a_slot]",
    ),
    "retiring does not close the place": Planted(
        (Edit(ROOMS, "            await statements.close(connection, room.place.key, now)\n", ""),),
        f"{RACES}what_is_asked_after_a_room_was_retired_is_refused_by_the_engine_too[of_a_range]",
    ),
    "deleting a table does not close the place": Planted(
        (Edit(TABLES, "            await statements.close(connection, place.key, now)\n", ""),),
        f"{RACES}what_was_decided_before_its_table_was_deleted_is_refused[of_a_table]",
    ),
    "closing closes nothing": Planted(
        (Edit(STATEMENTS, "SET closed_at = $2", "SET closed_at = closed_at + ($2 - now())"),),
        f"{RACES}what_was_decided_before_its_table_was_deleted_is_refused[of_a_move_to_a_table]",
    ),
    "a table is deleted without a look at who has it": Planted(
        (Edit(TABLES, "if await queries.is_reserved_after(connection, place, now):", "if False:"),),
        f"{RACES}a_table_that_was_reserved_while_its_deletion_waited_stays[of_a_table]",
    ),
    "a table is deleted without its lock": Planted(
        (Edit(SETTLER, "return isinstance(change.takes, Edit)", "return False"),),
        f"{RACES}a_table_that_was_reserved_while_its_deletion_waited_stays[of_a_table]",
    ),
    "seats are changed without the lock": Planted(
        (Edit(SETTLER, "return isinstance(change.takes, Edit)", "return False"),),
        f"{RACES}a_seat_that_was_booked_while_its_change_waited_is_not_taken_away",
    ),
    "seats are changed without a look at who has them": Planted(
        (Edit(EVENTS, "if seats < event.booked_seats and", "if False and"),),
        f"{RACES}a_seat_that_was_booked_while_its_change_waited_is_not_taken_away",
    ),
    "a schedule is made without a look at the one there is": Planted(
        (Edit(ROOMS, "            if room.schedule is not None:\n", "            if False:\n"),),
        f"{RACES}of_two_schedules_that_wait_for_one_room_the_second_is_refused",
    ),
    "a schedule is made for a retired room": Planted(
        (
            Edit(
                ROOMS,
                "is not None:\n                raise RoomClosed",
                "is None and False:\n                raise RoomClosed",
            ),
        ),
        f"{RACES}a_schedule_is_refused_whose_room_was_retired_while_it_waited",
    ),
    "nothing is demanded of a move": Planted(
        (Edit(SETTLEMENT, "if is_again and against:", "if False:"),),
        f"{DEMANDS}a_party_stays_at_a_table_that_has_become_too_small",
    ),
    "a known key is declined": Planted(
        (Edit(SETTLEMENT, "known.get(change.id, error)", "error"),),
        f"{DEMANDS}what_was_granted_with_a_key_is_told_again_whatever_is_demanded_now",
    ),
    "a key is spent by what is declined": Planted(
        (Edit(SETTLEMENT, "keys.first_of_each(changes, against)", "keys.first_of_each(changes)"),),
        f"{DEMANDS}who_comes_with_the_key_of_one_that_was_declined_is_judged_anew",
    ),
    "keys are forgotten after 24 minutes": Planted(
        (Edit(HOUSEKEEPING, "timedelta(hours=24)", "timedelta(minutes=24)"),),
        f"{KEYS}a_key_is_forgotten_after_a_day_and_not_a_microsecond_sooner",
    ),
    "keys are kept for ever": Planted(
        (Edit(HOUSEKEEPING, "    while await _forget_some(pool, clock):\n", "    while False:\n"),),
        f"{KEYS}a_key_is_forgotten_after_a_day_and_not_a_microsecond_sooner",
    ),
    "a thousand keys are forgotten and no more": Planted(
        (Edit(STATEMENTS, 'return int(done.rpartition(" ")[2]) == KEYS_FORGOTTEN_AT_ONCE', "return False"),),
        f"{KEYS}all_old_keys_are_forgotten_however_many",
    ),
    "the house is kept twice a day": Planted(
        (Edit(HOUSEKEEPING, "PAUSE_SECONDS = 600.0", "PAUSE_SECONDS = 43_200.0"),),
        f"{KEYS}the_house_is_kept_often_enough_that_a_key_lives_hardly_longer",
    ),
}
