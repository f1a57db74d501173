"""The service under test: the same `holdfast serve` that the tests start, and how much memory its workers hold."""

import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

import holdfast

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from redis_server import RedisServer  # noqa: F401  for others here, who cannot find it by themselves
from service import Service

MEGABYTE = 1024 * 1024
LOOK_SECONDS = 0.02


class Services:
    """Services on one PostgreSQL, one for each number of workers, each started when first asked for."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._stack = ExitStack()
        self._by_workers: dict[int, Service] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def has(self, workers: int) -> bool:
        """Whether the service with so many workers runs already."""
        return workers in self._by_workers

    def all(self) -> list[Service]:
        """List those that run: while one is measured, another may have the lease and publish."""
        return list(self._by_workers.values())

    def get(self, workers: int) -> Service:
        """The service with so many workers."""
        if workers not in self._by_workers:
            self._by_workers[workers] = self._stack.enter_context(start(self._database_url, workers))
        return self._by_workers[workers]


def start(database_url: str, workers: int) -> Service:
    """A service with default settings but for these, to be used as a context."""
    # The code that runs here is the code that is measured, whatever else is installed.
    source = Path(holdfast.__file__).parents[1]
    settings = {"DATABASE_URL": database_url, "WORKERS": workers, "RATE_LIMIT_MAX": 0, "PYTHONPATH": source}
    return Service(settings)


def memory_mb(service: Service) -> float:
    """The resident memory of the service's largest worker."""
    return max(worker.memory_info().rss for worker in service.workers()) / MEGABYTE


class Growth:
    """How much memory the largest worker held at most, and before."""

    def __init__(self, before_mb: float) -> None:
        self.before_mb = before_mb
        self.most_mb = before_mb

    @property
    def mb(self) -> float:
        """How much more it held at most."""
        return self.most_mb - self.before_mb


@contextmanager
def watched(service: Service) -> Iterator[Growth]:
    """Look at the service's memory again and again while the block runs."""
    growth = Growth(memory_mb(service))
    ended = threading.Event()
    workers = service.workers()

    def look() -> None:
        while not ended.wait(LOOK_SECONDS):
            try:
                growth.most_mb = max(growth.most_mb, *(worker.memory_info().rss / MEGABYTE for worker in workers))
            except psutil.NoSuchProcess:
                return

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield growth
    finally:
        ended.set()
        watcher.join()
