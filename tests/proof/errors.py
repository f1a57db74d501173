"""Mistakes that somebody could make in the engine, to see that the simulation finds them; see `planting.py`.

Those in its SQL are in `sql_errors.py`.
"""

from textwrap import indent

from proof.planting import Planted, but, function, instead, left_out, line, never

BEHIND = """seen = await looks.look(connection, rows, leaving)
gone = {(each.place.key, each.interval) for each in batch.left.values() if each.state not in occupancy.TAKING}
seen = seen._replace(nearest=[
    None if near is not None and (wish.place, (near.start, near.end)) in gone else near
    for wish, near in zip(rows, seen.nearest, strict=True)
])
"""

JOIN = """for key, answers in self._take().items():
    asked.setdefault(key, []).extend(answers)
"""
EARLY = """        for change, verdict in zip(work._batch.changes, work.verdicts(), strict=True):
            if not early[change.id].done():
                early[change.id].set_result(verdict)
"""
WAITING = "transaction.early.update((each.change.id, each.answer) for each in batch)\n"

OF_DECISIONS: dict[str, tuple[Planted, ...]] = {
    "back-to-back clashes": (function("obstacle", but("nearest.end > wanted.start", "nearest.end >= wanted.start")),),
    "the wrong end is compared": (function("obstacle", but("nearest.end > wanted.start", "nearest.end > wanted.end")),),
    "a batch does not see its own grants": (line("own grants", left_out),),
    "what lies behind a released one is not seen": (
        function(
            "judging.look",
            but(
                "seen = await looks.look(connection, rows, away, demands.looks if tells_more else None)\n",
                indent(BEHIND, "    ").lstrip(),
            ),
        ),
    ),
    "a move looks at the place it leaves": (
        function(
            "Settlement._retake",
            but("Proposal(after.place, after.interval,", "Proposal(before.place, after.interval,"),
        ),
    ),
    "a move is in its own way": (line("moves", but("[before.id]", "[]")),),
    "a reservation is given back twice": (
        line("given back once", but("self._batch.left.get(given, found.get(given))", "found.get(given)")),
    ),
    "the owner is lost in a move": (function("_moved", but("details=details)", "details=details, user_id=None)")),),
    "the time of making is lost in a move": (
        function("_moved", but("details=details)", "details=details, created_at=wanted.start)")),
    ),
    "details are lost in a move": (
        function("_moved", but("{**(before.details or {}), **takes.details}", "takes.details")),
    ),
    "a closed place is given": (function("occupancy.settle", but("if place in closed:", "if False:")),),
    "places are edited without a lock": (
        function("Settler.needs_care", instead("def needs_care(self, change):\n    return False")),
    ),
    "moves share their batch": (
        function("Settler.is_alone", instead("def is_alone(self, change):\n    return False")),
    ),
}

OF_HOLDS: dict[str, tuple[Planted, ...]] = {
    "an expired hold is confirmed": (function("has_expired", but("reservation.expires_at <= now", "False")),),
    "a hold has expired a moment early": (
        function(
            "has_expired", but("reservation.expires_at <= now", "reservation.expires_at <= now + timedelta(seconds=1)")
        ),
    ),
    "a grant over an expired hold does not end it": (line("the expired end", left_out),),
    "a look stops at an expired hold": (line("behind the expired", instead("nearest[position] = None")),),
    "a look goes behind expired holds once": (line("further behind the expired", never),),
    "an extension shortens": (
        function("_extended", but("expires_at=max(before.expires_at, wanted)", "expires_at=wanted")),
    ),
    "an extension knows no end": (
        function(
            "_extended",
            but(
                "min(now + timedelta(seconds=takes.seconds), before.held_at + HOLD_LONGEST)",
                "now + timedelta(seconds=takes.seconds)",
            ),
        ),
    ),
    "a hold is revived without a look": (line("looks before it revives", but("is_again or is_dead", "is_again")),),
    "a revived one is not marked": (function("again", but("revived=True", "revived=False")),),
    "what it was confirmed with is lost": (function("_confirmed", but("takes.external_ref", "before.external_ref")),),
    "a confirmed hold still ends": (function("_confirmed", but("expires_at=None", "expires_at=before.expires_at")),),
    "a move ends a hold sooner": (
        function("_moved", but("details=details)", "details=details, expires_at=before.held_at)")),
    ),
    "a released hold counts as cancelled": (function("ended", but("State.RELEASED if", "State.CANCELLED if")),),
    "a sweep ends what has not expired": (
        function("ended", but("has_expired(before, now) is not lapses", "(has_expired(before, now) and not lapses)")),
    ),
    "one hold too many": (function("beyond", but("+ at_place < bounds[0]", "+ at_place <= bounds[0]")),),
    "holds of one batch are not counted": (line("own holds", left_out),),
    "holds begin by the process's clock": (
        function("Settlement._grant", but("began = self._batch.time", "began = self._batch.now")),
    ),
}

OF_SEATS: dict[str, tuple[Planted, ...]] = {
    "seats: one more than there are": (line("seats left", but("booked[each.place] >= ", "booked[each.place] > ")),),
    "seats: a batch does not count its own grants": (line("own seats", left_out),),
    "seats: a batch seats one person twice": (line("one seat each", left_out),),
    "seats: a seat is given back twice": (line("seats once", but("seats.pop(given, None)", "seats.get(given)")),),
    "seats: a cancellation counts as a booking": (function("Batch.unbook", but("booking, -1)", "booking, 1)")),),
    "seats: an id is used twice": (function("Settler.work", but("self._ids.popleft()", "self._ids[0]")),),
}

OF_MESSAGES: dict[str, tuple[Planted, ...]] = {
    "two looks at one place may differ": (
        function(
            "Batch.note",
            but(
                "self.revisions.setdefault(place, revisions[place]) != revisions[place]",
                "self.revisions.update(revisions)",
            ),
        ),
    ),
    "the place that a move leaves is not told": (line("the place that was left", left_out),),
    "a hold is told as a reservation": (
        function(
            "batch._told",
            but(
                'return "reservation.held", "reservation.released"', 'return "reservation.created", "reservation.moved"'
            ),
        ),
    ),
    "a key's body is not compared": (function("repeated", but("known.body != key.body", "False")),),
    "the first answer is marked as a repeated one": (
        function("repeated", but("replayed=known.claim_id != change_id", "replayed=True")),
    ),
    "a repeated key is decided anew": (
        function("Settlement._reserve", but("keys.first_of_each(changes, against)", "(list(range(len(changes))), [])")),
    ),
    "an answer is not remembered": (function("Settlement._answer", but("if change.key is not None:", "if False:")),),
}

OF_COMMITS: dict[str, tuple[Planted, ...]] = {
    "a refused write counts as done": (
        function(
            "transaction._write", but("            raise _known(work, error) from error\n", "            return\n")
        ),
    ),
    "a write that was not answered counts as refused": (
        function(
            "transaction._write",
            but(
                "raise _doubt(connection, work, proof, error, has_lock=False) from error",
                "cut(connection)\n        raise error",
            ),
        ),
    ),
    "a commit that was not answered counts as refused": (
        function(
            "_settle_locked",
            but(
                "raise _doubt(connection, work, proof, error, has_lock=True) from error",
                "cut(connection)\n            raise error",
            ),
        ),
    ),
    "a write that comes too late is let in": (line("fence", never),),
    "look without the lock": (line("lock before the look", left_out),),
    "what is being made is not waited for": (line("waits for what is made", left_out),),
    "answer before commit": (
        function(
            "transaction.settle",
            but(
                "        await _write(connection, work, proof)", EARLY + "        await _write(connection, work, proof)"
            ),
        ),
        function("was_committed", but("async def was_committed(", "early = {}\n\n\nasync def was_committed(")),
        function(
            "Lane._attempt",
            but("work = settler.work(changes)\n", "work = settler.work(changes)\n" + indent(WAITING, 12 * " ")),
        ),
    ),
    "retry without looking": (function("Lane._resolve", but("await self._was_committed(doubt)", "False")),),
    "believe without looking": (function("Lane._resolve", but("await self._was_committed(doubt)", "True")),),
    "retry when the look fails": (
        function("Lane._was_committed", but("attempts((Exception,), LOOK", "attempts(AWAY, LOOK")),
        function("Lane._was_committed", but("except Exception as error:", "except AWAY as error:")),
    ),
    "no ROLLBACK after an error": (function("_abandon", but('await connection.execute("ROLLBACK")', "pass")),),
}

OF_LANES: dict[str, tuple[Planted, ...]] = {
    "what putting a connection back says hides what was wrong": (
        function("KeptConnection.let_go", but("except Exception as failure:", "except ZeroDivisionError as failure:")),
    ),
    "a connection that has failed is kept": (function("Lane._attempt", but("await self._link.let_go(error)", "pass")),),
    "a connection is kept when there is nothing to do": (
        function("Lane._run", but("await self._link.let_go()", "pass")),
    ),
    "a lost wake-up of a lane": (
        function("Lane._run", but("self._task = None", "pass")),
        function(
            "Lane._ended",
            but("if not task.cancelled() and", "self._task = None\n    if not task.cancelled() and"),
        ),
    ),
    "a lost wake-up of the reader": (function("BatchLoader._ended", but("self._begin()", "pass")),),
    "a read joins a query under way": (
        function(
            "BatchLoader._answer",
            but(
                "list(asked))\n",
                "list(asked))\n" + indent(JOIN, 8 * " "),
            ),
        ),
    ),
    "the halves of a batch forget who was answered": (
        line("halves", but("[waiting for waiting in part if not waiting.answer.done()]", "part")),
    ),
    "told that it is too late, and settled all the same": (
        function(
            "Lane._is_alive",
            but(
                "waiting.refuse(Unavailable())\n        return False",
                "waiting.refuse(Unavailable())\n        return True",
            ),
        ),
    ),
    "a second answer to one who has left": (
        function("QueuedChange.tell", but("elif not self.answer.done():", "else:")),
    ),
}

ERRORS = OF_DECISIONS | OF_HOLDS | OF_SEATS | OF_MESSAGES | OF_COMMITS | OF_LANES
