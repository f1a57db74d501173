"""A PID namespace in place of a container: its first process is number 1, and killing it kills all in it."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import psutil
import pytest

from service import INHERITED

FIRST_SECONDS_MAX = 20.0


class Namespace:
    """A Python command as the first process of a namespace of its own. As a context, it is killed at the end."""

    def __init__(self, arguments: list[object], settings: Mapping[str, object]) -> None:
        inherited = {name: value for name, value in os.environ.items() if name.startswith(INHERITED)}
        self._outer = subprocess.Popen(
            [*prefix(), sys.executable, *map(str, arguments)],
            env=inherited | {name: str(value) for name, value in settings.items()},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/",
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def read_until(self, word: str) -> list[str]:
        """The lines that it prints, up to one with this word; fails when it ends before."""
        assert self._outer.stdout is not None
        lines: list[str] = []
        for line in self._outer.stdout:
            lines.append(line)
            if word in line:
                return lines
        raise AssertionError("".join(lines))

    @property
    def first(self) -> psutil.Process:
        """Its first process, as seen from here."""
        [child] = [each for each in psutil.Process(self._outer.pid).children() if each.name() != "sudo"]
        return child

    def members(self) -> list[psutil.Process]:
        """Everybody else in it."""
        return self.first.children(recursive=True)

    def kill(self) -> None:
        """Kill -9 its first process, as `docker kill` does, and with it all others; wait until they are gone."""
        if self._outer.poll() is None:
            everybody = [self.first, *self.members()]
            everybody[0].kill()
            psutil.wait_procs(everybody, timeout=FIRST_SECONDS_MAX)
        self._outer.communicate()

    def stop(self) -> int:
        """Tell it to end, as `docker stop` does; answers its status."""
        self.first.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        """Wait until it ends by itself; answers its status."""
        self._outer.communicate(timeout=FIRST_SECONDS_MAX)
        return self._outer.returncode


def prefix() -> list[str]:
    """The command that makes a namespace. Skips where that is not allowed, but in the CI, where it must be."""
    unshare = shutil.which("unshare") or "unshare"
    alone = [unshare, "--pid", "--fork", "--kill-child", "--mount-proc"]
    if os.geteuid() == 0:
        return alone
    for command in ([unshare, "--user", "--map-current-user", *alone[1:]], ["sudo", "-nE", *alone]):
        if subprocess.run([*command, "true"], check=False, capture_output=True).returncode == 0:
            return command
    if os.environ.get("CI"):
        pytest.fail("no PID namespace can be made here")
    pytest.skip("no PID namespace can be made here")
