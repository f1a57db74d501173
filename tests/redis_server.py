"""A real Redis of its own for a test, or for a test process: nobody else is on it, so tests may kill it."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from types import TracebackType
from typing import Self

import pytest
import redis

from service import free_port

START_SECONDS_MAX = 20.0
PROGRAM = "redis-server"


class RedisServer:
    """`redis-server` on a free port, which it keeps when it is started again. As a context, it runs inside."""

    def __init__(self, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def client(self) -> "redis.Redis":
        """A client that waits for answers, to look at what is there."""
        return redis.Redis.from_url(self.url, decode_responses=True)

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [program(), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tempfile.gettempdir()
        )
        deadline = time.monotonic() + START_SECONDS_MAX
        with self.client() as client:
            while time.monotonic() < deadline:
                try:
                    if client.ping():
                        return
                except redis.RedisError:
                    time.sleep(0.02)
        raise AssertionError("Redis does not start")

    def kill(self) -> None:
        """End it at once, with all it holds."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Let it take connections and answer nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


def program(name: str = PROGRAM) -> str:
    """Where a server's program is. Without it tests are skipped, but never in CI."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        reason = f"{name} is not installed: apt-get install {name}, or brew install {name.removesuffix('-server')}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found
