"""Mistakes that somebody could make in the engine, as changes of its source text, to see that the proof finds them."""

from proof.edits import BATCH, CALENDAR, COMMITTER, KEYS, LINK, READER, SETTLEMENT, TRANSACTION, WRITING, Edit
from proof.seats_errors import SEATS_ERRORS

LOOK_LINE = "    revisions, held, closed = await statements.look(connection, places, wanted, batch.cancelled)\n"
METRICS = "                metrics.BATCH_CLAIMS"
CHECK = " AND q.revision = u.seen"


ERRORS: dict[str, tuple[Edit, ...]] = {
    "written without a look at the revision": (Edit(WRITING, CHECK, ""),),
    "the revision is looked at before the lock": (
        Edit(WRITING, "PERFORM FROM places", "PERFORM FROM (SELECT FROM places"),
        Edit(WRITING, CHECK, " AND u.seen = q.seen_before"),
    ),
    "nothing locks what is written": (
        Edit(WRITING, "PERFORM FROM places WHERE place = ANY(locked) ORDER BY place FOR UPDATE;", ""),
    ),
    "locks in any order": (Edit(WRITING, "ANY(locked) ORDER BY place FOR UPDATE", "ANY(locked) FOR UPDATE"),),
    "half of the places may have changed": (
        Edit(WRITING, "found_places <> json_array_length(revisions)", "found_places = 0"),
    ),
    "a refused write counts as done": (
        Edit(
            TRANSACTION,
            "            raise _known(work, error) from error\n        raise _doubt(",
            "            return\n        raise _doubt(",
        ),
    ),
    "a write that was not answered counts as refused": (
        Edit(
            TRANSACTION,
            "        raise _doubt(connection, work, proof, error, has_lock=False) from error\n",
            "        cut(connection)\n        raise error\n",
        ),
    ),
    "a write that comes too late is let in": (
        Edit(TRANSACTION, "            await doubt.work.fence(connection)\n", "            pass\n"),
    ),
    "two looks at one place may differ": (
        Edit(
            BATCH,
            "self.revisions.setdefault(place, revisions[place]) != revisions[place]",
            "self.revisions.update(revisions)",
        ),
    ),
    "back-to-back clashes": (Edit(CALENDAR, "nearest.end > wanted.start", "nearest.end >= wanted.start"),),
    "the wrong end is compared": (Edit(CALENDAR, "nearest.end > wanted.start", "nearest.end > wanted.end"),),
    "a batch does not see its own grants": (Edit(CALENDAR, "        grants.add(claim.interval)\n", ""),),
    "the descent before the release": (
        Edit(
            SETTLEMENT,
            LOOK_LINE,
            "    revisions, held, closed = await statements.look(connection, places, wanted)\n"
            "    given = [each.reservation for each in batch.verdicts.values() if isinstance(each, Granted)]\n"
            "    free = {(reservation.place, reservation.interval) for reservation in given}\n"
            "    held = [None if (c.place, one) in free else one for c, one in zip(firsts, held)]\n",
        ),
    ),
    "a move looks at the place it leaves": (
        Edit(
            SETTLEMENT,
            "statements.look(connection, [target.key], [Wish(target.key, wanted.end)], [before.id])\n"
            "    batch.note(look.revisions, [target.key])\n",
            "statements.look(\n"
            "        connection, [before.place.key], [Wish(before.place.key, wanted.end)], [before.id]\n    )\n",
        ),
    ),
    "a move is in its own way": (
        Edit(SETTLEMENT, "[Wish(target.key, wanted.end)], [before.id])", "[Wish(target.key, wanted.end)])"),
    ),
    "a reservation is given back twice": (
        Edit(SETTLEMENT, "held.pop(claim.reservation_id, None)", "held.get(claim.reservation_id)"),
    ),
    "answer before commit": (
        Edit(
            TRANSACTION,
            "    if proof is not None:\n        await _write(",
            "    for claim, verdict in zip(work._batch.claims, work.verdicts()):\n"
            "        if not early[claim.id].done():\n"
            "            early[claim.id].set_result(verdict)\n"
            "    if proof is not None:\n        await _write(",
        ),
        Edit(TRANSACTION, "async def settle(connection", "early = {}\n\n\nasync def settle(connection"),
        Edit(
            COMMITTER,
            "                work = settler.work(claims)\n",
            "                work = settler.work(claims)\n"
            "                transaction.early.update((waiting.claim.id, waiting.answer) for waiting in batch)\n",
        ),
    ),
    "retry without looking": (Edit(COMMITTER, "await self._was_committed(doubt)", "False"),),
    "believe without looking": (Edit(COMMITTER, "await self._was_committed(doubt)", "True"),),
    "look without the lock": (Edit(TRANSACTION, "        await doubt.work.lock_changed(connection)\n", ""),),
    "retry when the look fails": (
        Edit(COMMITTER, "attempts((Exception,), LOOK", "attempts(AWAY, LOOK"),
        Edit(
            COMMITTER,
            "except Exception as error:  # noqa",
            "except AWAY as error:  # noqa",
        ),
    ),
    "what putting a connection back says hides what was wrong": (
        Edit(LINK, "except Exception as failure:", "except ZeroDivisionError as failure:"),
    ),
    "a connection that has failed is kept": (
        Edit(
            COMMITTER,
            "                await self._link.let_go(error)\n                raise\n",
            "                raise\n",
        ),
    ),
    "a connection is kept when there is nothing to do": (
        Edit(COMMITTER, "                await self._link.let_go()\n", ""),
    ),
    "no ROLLBACK after an error": (
        Edit(
            TRANSACTION,
            '            await connection.execute("ROLLBACK")\n        except AWAY',
            "            pass\n        except AWAY",
        ),
    ),
    "a key that is taken is ignored": (
        Edit(WRITING, "        ORDER BY u.id;\n", "        ORDER BY u.id ON CONFLICT DO NOTHING;\n"),
    ),
    "a key's body is not compared": (Edit(KEYS, "    if known.body != key.body:\n", "    if False:\n"),),
    "the first answer is marked as a repeated one": (
        Edit(KEYS, "replayed=known.claim_id != claim_id)", "replayed=True)"),
    ),
    "the revision is not raised": (Edit(WRITING, "SET revision = u.raised\n", "SET revision = u.seen\n"),),
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
            "            for key, answers in self._take().items():\n"
            "                asked.setdefault(key, []).extend(answers)\n",
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
} | SEATS_ERRORS
