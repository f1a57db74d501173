"""A load test's report: one page with everything in it, no address of anybody else's."""

from collections.abc import Sequence
from html import escape

from holdfast.loadtest.results import Answer, Results, percentile

WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM = 720, 220, 60, 30, 30
STEPS = 40
STYLE = """
:root { color-scheme: light dark; --ink: #1d2733; --dim: #66717d; --line: #d5dbe1; --page: #fff; --a: #1769c0;
  --b: #c2571a; --bad: #c02626; --good: #17803d }
@media (prefers-color-scheme: dark) { :root { --ink: #e8edf2; --dim: #9aa7b4; --line: #36414d; --page: #14191f;
  --a: #6cb2ff; --b: #ffa066; --bad: #ff7b7b; --good: #5fd38d } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); max-width: 760px;
  margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .3rem .6rem;
  border-bottom: 1px solid var(--line) } td:last-child { text-align: right; font-variant-numeric: tabular-nums }
svg { width: 100%; height: auto } text { fill: var(--dim); font-size: 12px } .grid { stroke: var(--line) }
.a { fill: none; stroke: var(--a); stroke-width: 2 } .b { fill: none; stroke: var(--b); stroke-width: 2 }
.bar { fill: var(--a) } .bad { color: var(--bad) } .good { color: var(--good) } .keyA { color: var(--a) }
.keyB { color: var(--b) }
"""


def page(results: Results, answers: Sequence[Answer]) -> str:
    """The report in HTML."""
    verdict = "".join(f'<p class="bad">Limit broken: {escape(line)}</p>' for line in results.broken)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Load test</title><style>{STYLE}</style></head><body>
<h1>Load test: free slots</h1>
<p>{escape(results.url)}: {results.asked_rate:g} requests a second for {results.seconds:g} s, each at its time whatever
became of the others. Latency counts from the moment at which a request was due.</p>
{verdict or '<p class="good">Every limit was kept.</p>'}
{_table(results)}
<h2>Latency over time, in ms: <span class="keyA">median</span>, <span class="keyB">95th percentile</span></h2>
{_over_time(answers, results.seconds)}
<h2>Latency by percentile, in ms</h2>
{_by_percentile(answers)}
<h2>Answers a second</h2>
{_rates(answers, results.seconds)}
</body></html>
"""


def _table(results: Results) -> str:
    rows = [
        ("Requests", f"{results.requests:,}"),
        ("Answered a second", f"{results.rate:,.1f}"),
        ("Answered well", f"{results.success_rate:.2%}"),
        ("Latency p50", f"{results.p50:.2f} ms"),
        ("Latency p95", f"{results.p95:.2f} ms (at most {results.p95_max:g})"),
        ("Latency p99", f"{results.p99:.2f} ms"),
        ("Longest", f"{results.longest:.2f} ms"),
        *((f"Failed: {name}", f"{count:,}") for name, count in results.errors.items()),
    ]
    return "<table>" + "".join(f"<tr><td>{escape(a)}</td><td>{escape(b)}</td></tr>" for a, b in rows) + "</table>"


def _over_time(answers: Sequence[Answer], seconds: float) -> str:
    parts: list[list[float]] = [[] for _ in range(STEPS)]
    for each in answers:
        parts[min(STEPS - 1, int(each.due / seconds * STEPS))].append(each.seconds * 1000)
    known = [(number, sorted(part)) for number, part in enumerate(parts) if part]
    lines = {
        name: [((number + 0.5) / STEPS, percentile(part, share)) for number, part in known]
        for name, share in (("a", 0.5), ("b", 0.95))
    }
    return _chart(lines, [(0, "0 s"), (1, f"{seconds:g} s")])


def _by_percentile(answers: Sequence[Answer]) -> str:
    times = sorted(each.seconds * 1000 for each in answers)
    # Each tick a tenth of what is left above the one before: the slow ones get room.
    shares = [0.0, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0]
    points = [(number / (len(shares) - 1), percentile(times, share)) for number, share in enumerate(shares) if times]
    ticks = [(number / (len(shares) - 1), f"{share * 100:g} %") for number, share in enumerate(shares)]
    return _chart({"a": points}, ticks)


def _rates(answers: Sequence[Answer], seconds: float) -> str:
    counts = [0] * STEPS
    for each in answers:
        counts[min(STEPS - 1, int((each.due + each.seconds) / seconds * STEPS))] += 1
    rates = [((number + 0.5) / STEPS, count / (seconds / STEPS)) for number, count in enumerate(counts)]
    return _chart({"a": rates}, [(0, "0 s"), (1, f"{seconds:g} s")])


def _chart(lines: dict[str, list[tuple[float, float]]], ticks: Sequence[tuple[float, str]]) -> str:
    """Lines over x from 0 to 1, with a scale from zero up to a round number."""
    top = _round_up(max((y for line in lines.values() for _, y in line), default=1.0))
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - BOTTOM - 10
    shapes = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = 10 + high * (1 - share)
        shapes.append(f'<line class="grid" x1="{LEFT}" x2="{LEFT + wide}" y1="{y:.1f}" y2="{y:.1f}"/>')
        shapes.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{top * share:g}</text>')
    for x, label in ticks:
        shapes.append(f'<text x="{LEFT + wide * x:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{label}</text>')
    for name, line in lines.items():
        points = " ".join(f"{LEFT + wide * x:.1f},{10 + high * (1 - y / top):.1f}" for x, y in line)
        shapes.append(f'<polyline class="{name}" points="{points}"/>')
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{"".join(shapes)}</svg>'


def _round_up(value: float) -> float:
    size = 10.0 ** len(str(int(value))) / 10 if value >= 1 else 0.1
    return next(size * step for step in (1, 2, 4, 5, 8, 10, 20) if size * step >= value)
