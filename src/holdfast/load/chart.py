"""Charts as SVG, in the colours of the page around them; nothing but a browser is needed."""

from collections.abc import Iterator, Sequence
from html import escape
from math import ceil, floor, log10

from msgspec import Struct

WIDTH, HEIGHT = 860, 240
LEFT, RIGHT, TOP, BOTTOM = 58, 14, 12, 34
LINES_ACROSS = 4


class Line(Struct, frozen=True):
    """A series of values, drawn as a line of a colour of the page's (`a`, `b`, `c`)."""

    colour: str
    values: Sequence[float | None]


class Axis(Struct, frozen=True):
    """Where the values of a chart lie: `at` in seconds from the left, and from nought to `most` from below."""

    at: Sequence[float]
    seconds: float
    most: float

    def x(self, at: float) -> float:
        """From the left of the picture."""
        return LEFT + (WIDTH - LEFT - RIGHT) * at / self.seconds

    def y(self, value: float) -> float:
        """From the top of the picture."""
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self.most


def lines(title: str, series: Sequence[Line], at: Sequence[float], seconds: float) -> str:
    """Several series over time."""
    axis = Axis(at, seconds, top(max((y for each in series for y in each.values if y is not None), default=1)))
    parts = list(_frame(title, axis))
    for each in series:
        pairs = [(x, y) for x, y in zip(at, each.values, strict=True) if y is not None]
        points = " ".join(f"{axis.x(x):.1f},{axis.y(y):.1f}" for x, y in pairs)
        parts.append(f'<polyline class="line {each.colour}" points="{points}"/>')
    return _svg(title, parts)


def bars(title: str, good: Sequence[float], bad: Sequence[float], at: Sequence[float], seconds: float) -> str:
    """Two values over time, one on top of the other."""
    axis = Axis(at, seconds, top(max((a + b for a, b in zip(good, bad, strict=True)), default=1)))
    parts = list(_frame(title, axis))
    width = max(1.0, (WIDTH - LEFT - RIGHT) / max(1, len(at)) - 2)
    for x, right, wrong in zip(at, good, bad, strict=True):
        parts.append(_bar(axis, x, width, (0, right), "a"))
        if wrong:
            parts.append(_bar(axis, x, width, (right, right + wrong), "c"))
    return _svg(title, parts)


def top(most: float) -> float:
    """A round number that is not less: 1, 2 or 5 times a power of ten, or a quarter of such."""
    if most <= 0:
        return 1.0
    power: float = 10.0 ** floor(log10(most))
    return next(step * power for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if step * power >= most)


def _frame(title: str, axis: Axis) -> Iterator[str]:
    yield f"<title>{escape(title)}</title>"
    for number in range(LINES_ACROSS + 1):
        value = axis.most * number / LINES_ACROSS
        y = axis.y(value)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>'
    step = max(1, ceil(axis.seconds / 10)) if axis.seconds >= 2 else axis.seconds / 4
    for number in range(floor(axis.seconds / step) + 1):
        x = axis.x(number * step)
        yield f'<text x="{x:.1f}" y="{HEIGHT - 12}" text-anchor="middle">{number * step:g} s</text>'


def _bar(axis: Axis, at: float, width: float, span: tuple[float, float], colour: str) -> str:
    below, above = (axis.y(value) for value in span)
    return (
        f'<rect class="bar {colour}" x="{axis.x(at) + 1:.1f}" y="{above:.1f}" width="{width:.1f}"'
        f' height="{below - above:.1f}"/>'
    )


def _svg(title: str, parts: Sequence[str]) -> str:
    return "\n".join(
        [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">', *parts, "</svg>"]
    )
