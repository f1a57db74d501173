"""Mistakes that somebody could make in the engine's SQL, to see that real sessions find them; see `interleaved.py`.

Each is a change of statements, which are named as the engine names them.
"""

import importlib

from proof.planting import Change, but

Sql = dict[str, tuple[tuple[str, Change], ...]]
MODULES = ("looks", "statements", "writing")
LOOKS = ("LOOK", "LOOK_PAST")
ACTIVE = "r.cancelled_at IS NULL AND (r.expires_at IS NULL OR r.expires_at > engine_now())"


def written(old: str, new: str) -> tuple[tuple[str, Change], ...]:
    """A difference in the function that writes."""
    return (("WRITE_FUNCTION", but(old, new)),)


def looked(old: str, new: str) -> tuple[tuple[str, Change], ...]:
    """A difference in both looks."""
    return tuple((name, but(old, new)) for name in LOOKS)


OF_LOOKS: Sql = {
    "look: what begins when a wish ends": looked("n.start_time < u.claim_end", "n.start_time <= u.claim_end"),
    "look: the first, not the nearest": looked("n.start_time DESC", "n.start_time ASC"),
    "look: what was cancelled": looked(" AND n.cancelled_at IS NULL", ""),
    "look: other places": looked("n.place = u.place AND ", ""),
    "look: holds do not expire": looked("AS end_time, n.expires_at", "AS end_time, NULL::timestamptz AS expires_at"),
    "look: open is closed": looked("q.closed_at IS NOT NULL", "q.closed_at IS NULL"),
    "look: what moves is in its own way": (
        ("LOOK_PAST", but(" AND n.id <> ALL($2::uuid[])", " AND $2::uuid[] IS NOT NULL")),
    ),
    "backwards: forwards": (("BACKWARDS", but("ORDER BY n.start_time DESC", "ORDER BY n.start_time ASC")),),
    "backwards: what was cancelled": (("BACKWARDS", but(" AND n.cancelled_at IS NULL", "")),),
    "backwards: told forwards": (("BACKWARDS", but("u.position, r.start_time DESC", "u.position, r.start_time")),),
    "backwards: what begins when a wish ends": (
        ("BACKWARDS", but("n.start_time < u.claim_end", "n.start_time <= u.claim_end")),
    ),
    "given: the owner is forgotten": (("GIVEN", but("r.user_id", "NULL::uuid AS user_id")),),
    "given: the time is the server's": (("GIVEN", but("(SELECT engine_now())", "clock_timestamp()")),),
    "holds: those that have expired": (("COUNTS", lambda sql: sql.replace("expires_at > ", "expires_at <= ")),),
    "holds: everywhere": (("COUNTS", but("WHERE place = u.place AND cancelled", "WHERE cancelled")),),
    "seats: anybody's booking": (("LOOK_SEATS", but(" AND user_id = u.user_id", "")),),
    "seats: booked ones are not counted": (
        (
            "LOOK_SEATS",
            but(
                "SELECT u.position, e.revision, e.total_seats, e.booked_seats",
                "SELECT u.position, e.revision, e.total_seats, 0",
            ),
        ),
    ),
    "given seats: made now": (("GIVEN_SEATS", but("b.created_at", "engine_now() AS created_at")),),
}

OF_PLACES: Sql = {
    "places are not locked": (("LOCK", but(" FOR UPDATE", "")),),
    "events are not locked": (("LOCK_EVENTS", but(" FOR UPDATE", "")),),
    "places are locked backwards": (("LOCK", but("ORDER BY place", "ORDER BY place DESC")),),
    "events are locked backwards": (("LOCK_EVENTS", but("ORDER BY id", "ORDER BY id DESC")),),
    "keys are not found": (("REMEMBERED", but("id = ANY($1::uuid[])", "id <> ALL($1::uuid[])")),),
    "anybody's message is the proof": (("MESSAGE_THERE", but(" AND id = $3", " AND $3::uuid IS NOT NULL")),),
    "anybody's key is the proof": (
        ("KEY_THERE", but(" AND claim_id = $2 AND answer = $3", " AND $2::uuid IS NOT NULL AND $3::bytea IS NOT NULL")),
    ),
    "closing closes nothing": (("CLOSE", but("closed_at = $2", "closed_at = NULLIF($2::timestamptz, $2)")),),
}

OF_WRITES: Sql = {
    "write: without a look at the revision": written(" AND q.revision = u.seen", ""),
    "write: without a look at the event's revision": written(" AND e.revision = u.seen", ""),
    "write: the revision is not raised": written("SET revision = u.raised\n", "SET revision = u.seen\n"),
    "write: the event's revision is not raised": written("SET revision = u.raised,", "SET revision = u.seen,"),
    "write: half of the places may have changed": written("done <> json_array_length(revisions)", "done = 0"),
    "write: half of the events may have changed": written("done <> json_array_length(event_revisions)", "done = 0"),
    "write: half of the reservations may have changed": written("done <> json_array_length(changed)", "done = 0"),
    "write: seats are not counted": written("e.booked_seats + u.taken\n", "e.booked_seats\n"),
    "write: locks backwards": written("ANY(locked) ORDER BY place FOR", "ANY(locked) ORDER BY place DESC FOR"),
    "write: locks events backwards": written(
        "ANY(locked_events) ORDER BY id FOR", "ANY(locked_events) ORDER BY id DESC FOR"
    ),
    "write: whoever confirms proves nothing": written(ACTIVE, "r.cancelled_at IS NULL"),
    "write: a hold lives a moment longer": written("r.expires_at > engine_now()", "r.expires_at >= engine_now()"),
    "write: the place is lost in a move": written("SET place = (a.place ->> 0) || ':' || (a.place ->> 1),\n", "SET\n"),
    "write: the room is lost in a move": written(
        "room_id = CASE a.place ->> 0 WHEN 'room' THEN a.place ->> 1 END,\n", "\n"
    ),
    "write: the start is lost in a move": written("start_time = a.start, ", ""),
    "write: the end is lost in a move": written("end_time = a.end, ", ""),
    "write: details are lost in a move": written("details = a.details, state", "details = NULL, state"),
    "write: the owner is lost in a move": written(
        "cancelled_at = CASE WHEN", "user_id = NULL, cancelled_at = CASE WHEN"
    ),
    "write: the time of making is lost in a move": written(
        "cancelled_at = CASE WHEN", "created_at = moment, cancelled_at = CASE WHEN"
    ),
    "write: an extension is lost": written("expires_at = a.expires_at, ", ""),
    "write: the state is lost": written("state = coalesce(a.state, 'confirmed'),\n", "\n"),
    "write: what it was confirmed with is lost": written("external_ref = a.external_ref,", "external_ref = NULL,"),
    "write: a revived one is not marked": written("coalesce(a.revived, false)", "false"),
    "write: holds do not end": written("('released', 'expired', 'cancelled')", "('expired', 'cancelled')"),
    "write: ended at another time": written("THEN moment END", "THEN engine_now() END"),
    "write: nobody owns what is new": written("u.end, u.user_id, u.created_at", "u.end, NULL, u.created_at"),
    "write: a hold never began": written("u.expires_at, u.held_at\n", "u.expires_at, NULL\n"),
    "write: bookings are made now": written("u.event_id, u.user_id, moment\n", "u.event_id, u.user_id, now()\n"),
    "write: given back and kept": written("DELETE FROM bookings WHERE", "PERFORM FROM bookings WHERE"),
    "write: changes of seats are all made": written("split_part(u.type, '.', 2)", "'created'"),
    "write: a key that is taken is ignored": written("ORDER BY u.id;", "ORDER BY u.id ON CONFLICT DO NOTHING;"),
}

SQL_ERRORS = OF_LOOKS | OF_PLACES | OF_WRITES


def plant_sql(name: str) -> None:
    """Change the statements; the function that writes is changed when the database is made."""
    for constant, change in SQL_ERRORS[name]:
        # Not before: errors of other kinds are planted while none of the engine is loaded.
        modules = [importlib.import_module(f"holdfast.engine.{module}") for module in MODULES]
        [module] = [each for each in modules if constant in vars(each)]
        setattr(module, constant, change(getattr(module, constant)))
