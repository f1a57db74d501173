"""The outcome of a load test as a page that needs nothing but a browser: light and dark, no scripts, no other files."""

from html import escape
from string import Template

from holdfast import __version__
from holdfast.load import chart
from holdfast.load.chart import Line
from holdfast.load.measurement import Metrics

PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Holdfast: load test</title>
<style>
:root { color-scheme: light dark; --paper: #ffffff; --card: #f5f7f9; --ink: #1d2730; --soft: #5b6874; --grid: #dfe4e9;
  --a: #2f6f9f; --b: #c2751a; --c: #b3372f; --good: #1f7a4d; }
@media (prefers-color-scheme: dark) { :root { --paper: #14191e; --card: #1d242b; --ink: #e6ebf0; --soft: #9aa7b3;
  --grid: #313b45; --a: #6fb1e0; --b: #e5a14f; --c: #ef7f77; --good: #62c795; } }
body { margin: 0 auto; max-width: 900px; padding: 24px 20px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 24px; margin: 0; } h2 { font-size: 16px; margin: 28px 0 6px; }
p { margin: 4px 0; } .soft { color: var(--soft); } .kept { color: var(--good); } .broken { color: var(--c); }
.outcome { font-weight: 600; margin: 12px 0; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(118px, 1fr)); gap: 10px; margin: 16px 0; }
dl div { background: var(--card); border-radius: 8px; padding: 10px 12px; }
dt { color: var(--soft); font-size: 13px; } dd { margin: 0; font-size: 20px; font-variant-numeric: tabular-nums; }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--soft); font-size: 12px; }
.grid { stroke: var(--grid); } .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.line.a { stroke: var(--a); } .line.b { stroke: var(--b); } .line.c { stroke: var(--c); }
.bar.a { fill: var(--a); } .bar.c { fill: var(--c); }
.key::before { content: ""; display: inline-block; width: 14px; height: 3px; margin: 0 6px 4px 14px; }
.key.a::before { background: var(--a); } .key.b::before { background: var(--b); }
.key.c::before { background: var(--c); }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: 5px 8px;
  border-bottom: 1px solid var(--grid); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.track { background: var(--card); border-radius: 3px; } .track span { display: block; height: 12px; min-width: 2px;
  background: var(--a); border-radius: 3px; }
</style>
</head>
<body>
<h1>Load test</h1>
<p class="soft">$where, from $started_at</p>
<p class="outcome">$outcome</p>
<dl>$numbers</dl>
<h2>Latency over time, ms</h2>
<p class="soft"><span class="key a">p50</span><span class="key b">p95</span><span class="key c">max</span></p>
$latency
<h2>Percentiles</h2>
<table><tr><th>of all requests</th><th class="number">ms</th><th></th></tr>$percentiles</table>
<h2>Answers a second</h2>
<p class="soft"><span class="key a">as they should be</span><span class="key c">failed</span></p>
$rate
<h2>Errors</h2>
$errors
<h2>How this was measured</h2>
<p>Requests are sent at a constant rate, whether those before have been answered or not. Each latency counts from the
moment at which the request should have been sent, so nobody's waiting is left out. Requests that failed count too.
$lag</p>
<p class="soft">Holdfast $version</p>
</body>
</html>
""")


def page(metrics: Metrics) -> str:
    """The page, as HTML."""
    settings, latency = metrics.settings, metrics.latency_ms
    return PAGE.substitute(
        where=f"{settings.rate:g} requests/s for {settings.seconds:g} s on {escape(settings.url)}",
        started_at=escape(metrics.started_at),
        outcome=_outcome(metrics),
        numbers=_numbers(metrics),
        latency=_latency_chart(metrics),
        percentiles=_percentiles(metrics),
        rate=_rate_chart(metrics),
        errors=_errors(metrics),
        lag=f"The test itself sent 99 of 100 requests at most {metrics.lag_p99_ms:.2f} ms late; the slowest answer"
        f" took {_ms(latency.max)} ms.",
        version=escape(__version__),
    )


def _outcome(metrics: Metrics) -> str:
    limits = metrics.settings.limits
    if metrics.is_kept:
        return (
            f'<span class="kept">Limits kept</span>: p95 at most {limits.p95_ms:g} ms,'
            f" at most {limits.max_err:.2%} failed"
        )
    return f'<span class="broken">Limits broken</span>: {escape("; ".join(metrics.broken))}'


def _numbers(metrics: Metrics) -> str:
    latency = metrics.latency_ms
    shown = {
        "requests": f"{metrics.requests:,}",
        "answers/s": f"{metrics.rate:,.1f}",
        "success": f"{metrics.success_rate:.2%}",
        "p50": f"{_ms(latency.p50)} ms",
        "p95": f"{_ms(latency.p95)} ms",
        "p99": f"{_ms(latency.p99)} ms",
    }
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in shown.items())


def _ms(value: float) -> str:
    """As many digits as say something."""
    return f"{value:.2f}" if value < 1_000 else f"{value:,.0f}"


def _latency_chart(metrics: Metrics) -> str:
    parts = metrics.stretches
    series = [
        Line("c", [part.max for part in parts]),
        Line("b", [part.p95 for part in parts]),
        Line("a", [part.p50 for part in parts]),
    ]
    middles = [part.start + part.seconds / 2 for part in parts]
    return chart.lines("Latency over time in milliseconds", series, middles, _end(metrics))


def _rate_chart(metrics: Metrics) -> str:
    parts = metrics.stretches
    good = [part.answers / part.seconds for part in parts]
    bad = [part.errors / part.seconds for part in parts]
    return chart.bars("Answers a second", good, bad, [part.start for part in parts], _end(metrics))


def _end(metrics: Metrics) -> float:
    """When the last answer came, in seconds."""
    return metrics.stretches[-1].start + metrics.stretches[-1].seconds


def _percentiles(metrics: Metrics) -> str:
    latency = metrics.latency_ms
    shown = {
        "50 %": latency.p50,
        "90 %": latency.p90,
        "95 %": latency.p95,
        "99 %": latency.p99,
        "the slowest": latency.max,
    }
    return "".join(
        f'<tr><td>{name}</td><td class="number">{_ms(value)}</td><td style="width:60%"><div class="track">'
        f'<span style="width:{100 * value / max(latency.max, 0.001):.1f}%"></span></div></td></tr>'
        for name, value in shown.items()
    )


def _errors(metrics: Metrics) -> str:
    if not metrics.errors:
        return "<p>None.</p>"
    rows = "".join(
        f'<tr><td>{escape(kind)}</td><td class="number">{count:,}</td></tr>' for kind, count in metrics.errors.items()
    )
    return f'<table><tr><th>kind</th><th class="number">requests</th></tr>{rows}</table>'
