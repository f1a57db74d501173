"""Real clients, real workers that are killed, a real PostgreSQL behind a storm: what was told is what is."""

import random

from proof.recorded.history import Outcome
from proof.recorded.report import report
from proof.recorded.run import record

SECONDS = 12.0


async def test_a_recorded_history_under_faults_breaks_no_promise(fresh_database_url: str) -> None:
    seed = random.randrange(1_000_000)
    run = await record(fresh_database_url, SECONDS, seed)
    print(text := report(run, seed))
    assert run.violations == [], text
    # Otherwise nothing is shown.
    assert {call.outcome for call in run.calls} >= {Outcome.OK, Outcome.CONFLICT, Outcome.UNKNOWN}, text
    assert run.faults.keys() >= {"workers killed", "stalls", "all connections reset", "messages delayed"}, text
