"""Mistakes that somebody could make with seats, as changes of the engine's source; see `errors.py`."""

from proof.edits import POOL, POOL_SETTLEMENT, POOL_STATEMENTS, Edit

LOCK = "PERFORM FROM events WHERE id = ANY(locked) ORDER BY id FOR UPDATE;"

SEATS_ERRORS: dict[str, tuple[Edit, ...]] = {
    "seats: written without a look at the revision": (Edit(POOL_STATEMENTS, " AND e.revision = u.seen", ""),),
    "seats: nothing locks what is written": (Edit(POOL_STATEMENTS, LOCK, ""),),
    "seats: locks in any order": (Edit(POOL_STATEMENTS, LOCK, LOCK.replace(" ORDER BY id", "")),),
    "seats: the revision is not raised": (Edit(POOL_STATEMENTS, "SET revision = u.raised", "SET revision = u.seen"),),
    "seats: bookings are not counted": (
        Edit(POOL_STATEMENTS, "booked_seats = e.booked_seats + u.taken", "booked_seats = e.booked_seats"),
    ),
    "seats: a cancelled one stays": (Edit(POOL_STATEMENTS, "DELETE FROM bookings", "SELECT FROM bookings"),),
    "seats: a cancellation counts as a booking": (
        Edit(POOL_SETTLEMENT, "claim.id, booking, taken=-1)", "claim.id, booking, taken=1)"),
    ),
    "seats: one more than there are": (Edit(POOL, "booked[claim.place] >= pools", "booked[claim.place] > pools"),),
    "seats: a batch does not count its own grants": (Edit(POOL, "            booked[claim.place] += 1\n", ""),),
    "seats: a batch seats one person twice": (Edit(POOL, "            holders.add(claim)\n", ""),),
    "seats: a seat is given back twice": (
        Edit(POOL_SETTLEMENT, "held.pop(claim.booking_id, None)", "held.get(claim.booking_id)"),
    ),
    "seats: an id is used twice": (Edit(POOL_SETTLEMENT, "self._ids.popleft()", "self._ids[0]"),),
    "seats: a write that comes too late is let in": (
        Edit(POOL_SETTLEMENT, "        if not self._raised:\n            return\n", "        return\n"),
    ),
    "seats: look without the lock": (
        Edit(POOL_SETTLEMENT, "await pool_statements.lock(connection, self._changed())", "pass"),
    ),
    "seats: a repeated key is decided anew": (Edit(POOL_SETTLEMENT, "keys.first_of_each(books)", "(books, [])"),),
    "seats: an answer is not remembered": (
        Edit(POOL_SETTLEMENT, "self._answers.append((claim, msgspec.json.encode(verdict)))", "pass"),
    ),
}
