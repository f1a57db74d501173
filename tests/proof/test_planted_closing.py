"""Each mistake planted in a copy of the product makes the test fail that is there to find it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from proof.closing_errors import CLOSING_ERRORS
from proof.recorded.planting import planted

ROOT = Path(__file__).parents[2]
# To load those that one test does not need takes longer than the test.
PLUGINS = ("-p", "no:cacheprovider", "-p", "pytest_asyncio.plugin", "-p", "pytest_timeout", "-p", "xdist.plugin")


@pytest.mark.parametrize("name", CLOSING_ERRORS)
def test_a_planted_error_fails_its_test(name: str, tmp_path: Path) -> None:
    error = CLOSING_ERRORS[name]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *PLUGINS, error.found_by],
        env=os.environ | planted(error.edits, tmp_path) | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    # By what it claims, and not because nothing could be started.
    assert "\nE  " in done.stdout, done.stdout
    assert "1 failed" in done.stdout, done.stdout
    assert "error" not in done.stdout.splitlines()[-1], done.stdout
