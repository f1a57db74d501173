"""A recorded run in words: what was asked and answered, what went wrong around it, and what was broken."""

from collections import Counter
from collections.abc import Sequence
from statistics import median

from proof.recorded.healing import Healing
from proof.recorded.run import Recorded
from proof.recorded.watch import summary

VIOLATIONS_SHOWN_MAX = 10
LOG_SHOWN_MAX = 3_000
GREETING_LINES = 3


def report(run: Recorded, seed: int) -> str:
    """All that somebody needs to see, and to try again."""
    answers = Counter(f"{call.operation}: {call.outcome}" for call in run.calls)
    answers += Counter(f"seat, {call.act}: {call.outcome}" for call in run.seat_calls)
    answers["replayed"] = sum(call.answer.replayed for call in run.calls) + sum(
        call.replayed for call in run.seat_calls
    )
    active = sum(row.is_active for row in run.rows)
    told = "" if run.messages is None else f", {run.messages:,} messages against the stream"
    count = len(run.calls) + len(run.seat_calls)
    checked = f"{count:,} calls checked against {len(run.rows):,} reservations, {active} of them active{told}"
    lines = [
        f"seed {seed}: {checked}",
        *_counts(answers),
        f"Faults and events: {run.faults.total():,}",
        *_counts(run.faults),
        "Healed: how often; seconds until somebody had booked again, in the median and at most, of those allowed",
        *_healed(run.healings),
        "In the first and in the last third of the time",
        *(summary(run.samples) if run.samples else ()),
    ]
    late = [f"TOO LATE: {each}" for each in run.healings if each.is_late]
    if not run.violations:
        return "\n".join([*lines, *(late or ["Nothing wrong."])])
    shown = [str(violation) for violation in run.violations[:VIOLATIONS_SHOWN_MAX]]
    kinds = Counter(violation.rule for violation in run.violations)
    again = f"Again: PYTHONPATH=tests python -m proof.recorded --seed {seed}"
    if run.log.count("\n") > GREETING_LINES:
        shown.append(f"The service's log ends\n{run.log[-LOG_SHOWN_MAX:]}")
    return "\n".join(
        [*lines, *late, *shown, f"{len(run.violations)} VIOLATIONS with seed {seed}", *_counts(kinds), again]
    )


def _counts(counts: Counter[str]) -> list[str]:
    return [f"{count:>9,}  {name}" for name, count in sorted(counts.items())]


def _healed(healings: Sequence[Healing]) -> list[str]:
    kinds: dict[tuple[str, float], list[float]] = {}
    for each in healings:
        kinds.setdefault((each.kind, each.seconds_max), []).append(each.seconds)
    return [
        f"{len(seconds):>9,}  {median(seconds):.1f}  {max(seconds):.1f} of {seconds_max:.0f}  {kind}"
        for (kind, seconds_max), seconds in sorted(kinds.items())
    ]
