"""The command line, as people run it."""

import os
import subprocess
import sys
from tempfile import TemporaryDirectory


def holdfast(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the command in an empty directory, with no settings but these."""
    with TemporaryDirectory(prefix="hf-") as directory:
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return subprocess.run(
            [sys.executable, "-m", "holdfast", *arguments],
            env=inherited | {"COLUMNS": "160"} | environment,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
