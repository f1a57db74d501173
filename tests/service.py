"""A real service in processes of its own, started by the command that people start it with."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import psutil

from databases import address_of, name_of

START_SECONDS_MAX = 60.0
INHERITED = ("PATH", "PYTHONPATH", "HOME", "LANG", "COVERAGE_", "COV_CORE_")
"""Names in the environment, or beginnings of them, that a service gets from the tests."""
STOP_SECONDS_MAX = 60.0
POOLER = "TEST_POOLER_PORT"
"""The environment variable that names the port of a pooler that services are to be started behind."""


class Service:
    """`holdfast serve` with the given settings on a free port. As a context, it runs inside and ends with it."""

    def __init__(self, settings: Mapping[str, object], *, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        settings = _pooled(settings)
        self._settings = {name: str(value) for name, value in settings.items()}
        self._output = tempfile.TemporaryFile("w+")  # noqa: SIM115  lives as long as the service
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._output.close()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        inherited = {name: value for name, value in os.environ.items() if name.startswith(INHERITED)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "holdfast", "serve"],
            env=inherited | {"PORT": str(self.port)} | self._settings,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            cwd=tempfile.gettempdir(),  # so that no `.env` of a developer counts
            text=True,
        )
        self.wait_until_serving()

    def wait_until_serving(self, seconds_max: float = START_SECONDS_MAX) -> None:
        """Poll until the service answers; fails with its output when it ends or takes too long."""
        deadline = time.monotonic() + seconds_max
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                break
            if self._answers():
                return
            time.sleep(0.02)
        raise AssertionError(f"the service does not serve:\n{self.output()}")

    def _answers(self) -> bool:
        """Whether it answers now. httpx would load certificates each time, which takes longer than to ask."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/_info")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop(self) -> int | None:
        """Ask it to stop, wait, and answer its exit status; kill it when it takes too long."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the service did not stop:\n{self.output()}") from None

    def kill(self) -> None:
        """Kill -9 the supervisor and its workers at once, and wait until they are gone."""
        if self.process is None or self.process.poll() is not None:
            return
        family = [psutil.Process(self.process.pid), *self.workers()]
        for member in family:
            member.kill()
        self.process.wait(STOP_SECONDS_MAX)
        psutil.wait_procs(family, timeout=STOP_SECONDS_MAX)

    def workers(self) -> list[psutil.Process]:
        """The worker processes; one that has just died does not count."""
        assert self.process is not None
        return [child for child in psutil.Process(self.process.pid).children() if _is_worker(child)]

    def logged(self, *words: str, lines: int = 1, seconds_max: float = 60.0) -> list[str]:
        """The lines it has printed with all of these words, once there are so many: a line comes after the answer."""
        deadline = time.monotonic() + seconds_max
        while (
            len(found := [line for line in self.output().splitlines() if all(word in line for word in words)]) < lines
        ):
            assert time.monotonic() < deadline, f"{len(found)} lines with {words} after {seconds_max} s"
            time.sleep(0.02)
        return found

    def output(self) -> str:
        """What it has printed and logged so far."""
        self._output.seek(0)
        return self._output.read()


def _pooled(settings: Mapping[str, object]) -> Mapping[str, object]:
    """With the pooler between that `make test-stack` has started, if it has.

    It knows the test server only: what a test starts for itself, or puts a proxy before, is left as it is.
    """
    port, url = os.environ.get(POOLER), str(settings.get("DATABASE_URL", ""))
    if port is None or "DATABASE_DIRECT_URL" in settings or not url or url != address_of(name_of(url)):
        return settings
    from stack.pgbouncer import through

    return through(int(port), settings)


def _is_worker(child: psutil.Process) -> bool:
    try:
        return "spawn_main" in " ".join(child.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
