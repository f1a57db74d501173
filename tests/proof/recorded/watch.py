"""Watches a service during a run: memory, connections, open files, waiting messages; draws what it saw."""

import asyncio
import threading
import time
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import NamedTuple

import asyncpg
import psutil

from service import Service

EVERY_SECONDS = 2.0
MEGABYTE = 1024 * 1024
COUNTS = """
SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()),
    (SELECT count(*) FROM outbox WHERE published_at IS NULL)
"""
WIDTH, HEIGHT, LEFT, ROW = 720, 96, 190, 112


class Sample(NamedTuple):
    """What there was at a moment: seconds since the beginning, and of the worker that has most of each."""

    seconds: float
    memory_mb: float
    open_files: int
    connections: int
    waiting: int


LINES = {
    "memory_mb": "memory of a worker, MB",
    "open_files": "open files of a worker",
    "connections": "connections to PostgreSQL",
    "waiting": "messages without a position",
}


class Watcher(threading.Thread):
    """Takes samples until told to stop. A moment when PostgreSQL does not answer has none."""

    def __init__(self, service: Service, url: str) -> None:
        super().__init__(name="watcher", daemon=True)
        self.stopping = threading.Event()
        self.samples: list[Sample] = []
        self._service = service
        self._url = url

    def run(self) -> None:
        """Look again and again."""
        began = time.monotonic()
        while not self.stopping.wait(EVERY_SECONDS):
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, psutil.Error, TimeoutError):
                connections, waiting = asyncio.run(self._ask())
                workers = self._service.workers()
                memory = max((worker.memory_info().rss for worker in workers), default=0) / MEGABYTE
                files = max((worker.num_fds() for worker in workers), default=0)
                self.samples.append(Sample(time.monotonic() - began, memory, files, connections, waiting))

    async def _ask(self) -> tuple[int, int]:
        connection = await asyncpg.connect(self._url, timeout=EVERY_SECONDS)
        try:
            connections, waiting = await connection.fetchrow(COUNTS)
        finally:
            await connection.close()
        return connections, waiting


def summary(samples: list[Sample]) -> list[str]:
    """For each line its median in the first and in the last third, which are alike when nothing leaks, and the most."""
    third = max(1, len(samples) // 3)
    found = []
    for name, title in LINES.items():
        values = [float(getattr(sample, name)) for sample in samples]
        first, last = sorted(values[:third])[third // 2], sorted(values[-third:])[third // 2]
        found.append(f"{first:>9,.0f} then {last:,.0f}, at most {max(values):,.0f}  {title}")
    return found


def draw(samples: list[Sample], path: Path) -> None:
    """Write a chart with one row a line, as SVG."""
    seconds = samples[-1].seconds or 1.0
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 20} {ROW * len(LINES) + 30}" '
            'font-family="sans-serif" font-size="13">'
        ),
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for number, (name, title) in enumerate(LINES.items()):
        values = [float(getattr(sample, name)) for sample in samples]
        most, top = max(*values, 1.0), number * ROW + 14
        points = " ".join(
            f"{LEFT + sample.seconds / seconds * WIDTH:.1f},{top + HEIGHT - value / most * HEIGHT:.1f}"
            for sample, value in zip(samples, values, strict=True)
        )
        parts += [
            f'<text x="8" y="{top + HEIGHT / 2}">{escape(title)}</text>',
            f'<text x="{LEFT - 6}" y="{top + 10}" text-anchor="end" fill="#555">{most:,.0f}</text>',
            f'<text x="{LEFT - 6}" y="{top + HEIGHT}" text-anchor="end" fill="#555">0</text>',
            f'<path d="M{LEFT} {top}v{HEIGHT}h{WIDTH}" fill="none" stroke="#bbb"/>',
            f'<polyline points="{points}" fill="none" stroke="#1c7ed6" stroke-width="1.5"/>',
        ]
    parts.append(
        f'<text x="{LEFT + WIDTH}" y="{ROW * len(LINES) + 22}" text-anchor="end">{seconds:,.0f} s</text></svg>'
    )
    path.write_text("\n".join(parts) + "\n", encoding="utf-8")
