"""A PostgreSQL of one test module, to be stopped and crashed at will."""

import tempfile
from pathlib import Path
from typing import Literal

import psutil

from holdfast.database.embedded import START_SECONDS_MAX, _Server


class Postgres:
    """As a context: a private server in a directory of its own, running."""

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="hf-", ignore_cleanup_errors=True)
        self._server = _Server(Path(self._directory.name))
        self.url = self._server.address
        self._runs = False

    def __enter__(self) -> "Postgres":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._runs:
            self.stop("immediate")
        self._directory.cleanup()

    def start(self) -> None:
        """Start it, recovering from a crash when there was one; returns when it takes connections."""
        self._server.start()
        self._runs = True

    def kill(self) -> None:
        """Kill -9 its first process, and wait until the others have noticed."""
        pid = int((self._server.directory / "postmaster.pid").read_text().split()[0])
        first = psutil.Process(pid)
        family = [first, *first.children(recursive=True)]
        first.kill()
        psutil.wait_procs(family, timeout=START_SECONDS_MAX)
        self._runs = False

    def stop(self, mode: Literal["fast", "immediate"]) -> None:
        """End every session (`fast`), or crash: nothing is written any more (`immediate`)."""
        self._server._run("pg_ctl", "-D", self._server.directory, "-m", mode, "-w", "-t", START_SECONDS_MAX, "stop")
        self._runs = False
