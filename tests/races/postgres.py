"""A PostgreSQL of one test module, to be stopped and crashed at will."""

import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Literal

import psutil

from holdfast.database.embedded import START_SECONDS_MAX, _Server

MEGABYTE = 1024 * 1024
FILLER = "filler"


class Postgres:
    """As a context: a private server in a directory of its own, running; `disk_mb` gives it a small disk in memory."""

    def __init__(self, disk_mb: int = 0) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="hf-", ignore_cleanup_errors=True)
        self.disk = Path(self._directory.name) if disk_mb else None
        if disk_mb:
            mount = ["mount", "-t", "tmpfs", "-o", f"size={disk_mb}m,mode=755", "tmpfs", self._directory.name]
            subprocess.run(mount, check=True)
        self._server = _Server(Path(self._directory.name))
        self.url = self._server.address
        self._runs = False

    def __enter__(self) -> "Postgres":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._runs:
            self.stop("immediate")
        if self.disk is not None:
            subprocess.run(["umount", "--lazy", str(self.disk)], check=True)
        self._directory.cleanup()

    def start(self) -> None:
        """Start it, recovering from a crash when there was one; returns when it takes connections."""
        self._server.start(is_only_user=True)
        self._runs = True

    def ask_for_password(self, role: str) -> None:
        """Let this role in with its password only, from the next time that the server reads its settings."""
        rules = self._server.directory / "pg_hba.conf"
        rules.write_text(f"local all {role} scram-sha-256\n" + rules.read_text(encoding="utf-8"), encoding="utf-8")

    def fill_disk(self) -> None:
        """Leave no room on its disk."""
        assert self.disk is not None
        with suppress(OSError), (self.disk / FILLER).open("wb") as file:
            while True:
                file.write(bytes(MEGABYTE))

    def free_disk(self) -> None:
        """Leave room again. A server that does not run any more is to be started."""
        assert self.disk is not None
        (self.disk / FILLER).unlink(missing_ok=True)

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
