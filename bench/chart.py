"""The medians as bars, in an SVG that needs nothing but a browser."""

from collections.abc import Sequence
from html import escape

from targets import Median
from workloads import Listing, Row, Yardstick

WIDTH, LABEL, BAR, GAP, TOP = 900, 410, 20, 8, 44
OURS, YARDSTICK = "#2f6f9f", "#9a9a9a"


def draw(rows: Sequence[Row], medians: dict[str, Median]) -> str:
    """One bar a row, as long as its rate; yardsticks in grey. Lists a second are of another size, and left out."""
    shown = [row for row in rows if row.name in medians and not isinstance(row, Listing)]
    most = max((medians[row.name].rate for row in shown), default=1) or 1
    height = TOP + len(shown) * (BAR + GAP) + GAP
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13" role="img">',
        "<title>Holdfast and its yardsticks, operations a second</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        '<text x="12" y="26" font-size="16" font-weight="bold">Operations a second (median of rounds)</text>',
    ]
    for index, row in enumerate(shown):
        parts += _bar(row, medians[row.name].rate, most, TOP + index * (BAR + GAP))
    return "\n".join([*parts, "</svg>", ""])


def _bar(row: Row, rate: float, most: float, y: int) -> list[str]:
    length = (WIDTH - LABEL - 90) * rate / most
    baseline = y + BAR * 0.72
    colour = YARDSTICK if isinstance(row, Yardstick) else OURS
    return [
        f'<text x="{LABEL - 10}" y="{baseline:.1f}" text-anchor="end">{escape(row.title)}</text>',
        f'<rect x="{LABEL}" y="{y}" width="{length:.1f}" height="{BAR}" rx="2" fill="{colour}"/>',
        f'<text x="{LABEL + length + 8:.1f}" y="{baseline:.1f}">{rate:,.0f}</text>',
    ]
