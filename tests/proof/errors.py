"""Mistakes that somebody could make in the engine, as changes of its source text, to see that the proof finds them."""

from typing import NamedTuple

LOCK_LINE = "batch.revisions = await statements.lock(connection, batch.places)\n"
NEAREST_LINE = "held = await statements.nearest(connection, firsts)\n"
RELEASE_LINE = "        await _release(connection, batch)\n"


class Edit(NamedTuple):
    """One piece of source, which must be there exactly once, and what takes its place."""

    module: str
    old: str
    new: str


COMMITTER = "holdfast.engine.committer"
SETTLEMENT = "holdfast.engine.settlement"
STATEMENTS = "holdfast.engine.statements"
CALENDAR = "holdfast.engine.calendar"
READER = "holdfast.engine.reader"

ERRORS: dict[str, tuple[Edit, ...]] = {
    "no lock": (Edit(STATEMENTS, " ORDER BY place FOR UPDATE", ""),),
    "lock and read in one statement": (
        Edit(SETTLEMENT, LOCK_LINE, LOCK_LINE.replace(".lock(", ".revisions(")),
        Edit(SETTLEMENT, NEAREST_LINE, NEAREST_LINE + "    " + LOCK_LINE),
        Edit(STATEMENTS, 'NEAREST = """', 'NEAREST = """WITH locked AS (SELECT FROM places FOR UPDATE)'),
    ),
    "locks in any order": (Edit(STATEMENTS, " ORDER BY place FOR UPDATE", " FOR UPDATE"),),
    "back-to-back clashes": (Edit(CALENDAR, "nearest.end > wanted.start", "nearest.end >= wanted.start"),),
    "the wrong end is compared": (Edit(CALENDAR, "nearest.end > wanted.start", "nearest.end > wanted.end"),),
    "a batch does not see its own grants": (Edit(CALENDAR, "        grants.add(claim.interval)\n", ""),),
    "the descent before the release": (
        Edit(
            SETTLEMENT,
            RELEASE_LINE,
            "        seen = await statements.nearest(connection, reserves) if reserves else []\n"
            "        batch.seen = {claim.id: held for claim, held in zip(reserves, seen)}\n" + RELEASE_LINE,
        ),
        Edit(
            SETTLEMENT,
            NEAREST_LINE,
            "given = [v.reservation for v in batch.verdicts.values() if isinstance(v, Granted) and not v.replayed]\n"
            "    free = {(reservation.place, reservation.interval) for reservation in given}\n"
            "    held = [None if (c.place, batch.seen[c.id]) in free else batch.seen[c.id] for c in firsts]\n",
        ),
    ),
    "a move looks at the place it leaves": (
        Edit(SETTLEMENT, "nearest_but(connection, target,", "nearest_but(connection, before.place,"),
    ),
    "a move is in its own way": (Edit(STATEMENTS, " AND id <> $3", ""),),
    "a reservation is given back twice": (
        Edit(SETTLEMENT, "cancelled.pop(claim.reservation_id, None)", "cancelled.get(claim.reservation_id)"),
    ),
    "answer before commit": (
        Edit(
            SETTLEMENT,
            "    if proof is not None:\n        await _commit(",
            "    for claim, verdict in zip(claims, verdicts):\n"
            "        if not early[claim.id].done():\n"
            "            early[claim.id].set_result(verdict)\n"
            "    if proof is not None:\n        await _commit(",
        ),
        Edit(SETTLEMENT, "class Batch:\n", "early = {}\n\n\nclass Batch:\n"),
        Edit(
            COMMITTER,
            "        await committer.ensure_places(claims)\n",
            "        await committer.ensure_places(claims)\n"
            "        settlement.early.update((waiting.claim.id, waiting.answer) for waiting in batch)\n",
        ),
    ),
    "retry without looking": (Edit(COMMITTER, "if not await self._was_committed(doubt):", "if True:"),),
    "believe without looking": (Edit(COMMITTER, "if not await self._was_committed(doubt):", "if False:"),),
    "look without the lock": (Edit(SETTLEMENT, "        await statements.lock(connection, doubt.places)\n", ""),),
    "retry when the look fails": (
        Edit(COMMITTER, "_attempts((Exception,), LOOK", "_attempts(AWAY, LOOK"),
        Edit(
            COMMITTER,
            "except Exception as error:\n            raise StillInDoubt",
            "except AWAY as error:\n            raise StillInDoubt",
        ),
    ),
    "answer after the connection is put back": (
        Edit(COMMITTER, "                _answer(batch, verdicts)\n", ""),
        Edit(
            COMMITTER,
            "            _answer(batch, doubt.verdicts)\n",
            "            verdicts = doubt.verdicts\n        _answer(batch, verdicts)\n",
        ),
    ),
    "no ROLLBACK after an error": (
        Edit(
            SETTLEMENT,
            '            await connection.execute("ROLLBACK")\n        except AWAY',
            "            pass\n        except AWAY",
        ),
    ),
    "keys looked up before the lock, and believed": (
        Edit(SETTLEMENT, "    " + LOCK_LINE, "    early = await _replay(connection, batch)\n    " + LOCK_LINE),
        Edit(SETTLEMENT, "reserves = await _replay(connection, batch)", "reserves = early"),
        Edit(SETTLEMENT, "raise KeyTaken\n", "pass\n"),
    ),
    "a key taken at another place is ignored": (Edit(SETTLEMENT, "raise KeyTaken\n", "pass\n"),),
    "a key's body is not compared": (
        Edit(
            SETTLEMENT,
            "replay(answer) if body == claim.key.body else Refused(Reason.KEY_REUSED)\n        else",
            "replay(answer)\n        else",
        ),
    ),
    "the revision is not raised": (
        Edit(SETTLEMENT, "        await statements.raise_revisions(connection, batch.raised)\n", ""),
    ),
    "the place that a move leaves is not told": (
        Edit(SETTLEMENT, 'batch.tell("reservation.moved", uuids.uuid7(), after, before.place)', "pass"),
    ),
    "a lost wake-up of a lane": (
        Edit(COMMITTER, "            self._task = None\n\n", "            pass\n\n"),
        Edit(
            COMMITTER,
            "        if not task.cancelled() and task.ex",
            "        self._task = None\n        if not task.cancelled() and task.ex",
        ),
    ),
    "a lost wake-up of the reader": (
        Edit(
            READER,
            "        self._readers.discard(reader)\n        self._begin()\n",
            "        self._readers.discard(reader)\n",
        ),
    ),
    "a read joins a query under way": (
        Edit(
            READER,
            "list(asked))\n",
            "list(asked))\n"
            "                for key, answers in self._take().items():\n"
            "                    asked.setdefault(key, []).extend(answers)\n",
        ),
    ),
    "the halves of a batch forget who was answered": (
        Edit(
            COMMITTER, "self._settle([waiting for waiting in part if not waiting.answer.done()])", "self._settle(part)"
        ),
    ),
    "told that it is too late, and settled all the same": (
        Edit(
            COMMITTER,
            "            waiting.refuse(Unavailable())\n            return False\n",
            "            waiting.refuse(Unavailable())\n            return True\n",
        ),
    ),
    "a second answer to one who has left": (
        Edit(
            COMMITTER,
            "        if not waiting.answer.done():\n            waiting.answer.set_result(verdict)",
            "        waiting.answer.set_result(verdict)",
        ),
    ),
}
