"""The description as others use it: public generators make clients of it, and a linter finds nothing to say.

Each tool is installed apart from our own packages, from a lock of its own, the first time that it is needed.
"""

import fcntl
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from service import Service

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PYTHON = HERE / ".venv" / "bin" / "python"
SPECTRAL = HERE / "node_modules" / "@stoplight" / "spectral-cli" / "dist" / "index.js"
OPENAPI_TYPESCRIPT = ROOT / "frontend" / "node_modules" / "openapi-typescript" / "bin" / "cli.js"
TOLD = ["Reservation", "Reservation", "ErrorResponse", "Slot", "SlotBooking", "SlotBooking", "Event", "SeatBooking"]
"""What `client.py` is answered, line by line."""

sys.path.insert(0, str(ROOT))
import hatch_build  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    """The tools, by one test process, while others that need what they share wait."""
    with (ROOT / "frontend" / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        hatch_build.install()
        if is_stale(HERE / "node_modules" / ".package-lock.json", HERE / "package-lock.json"):
            hatch_build.npm("ci", "--loglevel=error", folder=HERE)
            (HERE / "node_modules" / ".package-lock.json").touch()
        if is_stale(HERE / ".venv" / "installed", HERE / "requirements.lock"):
            run(sys.executable, "-m", "venv", "--clear", "--without-pip", ".venv")
            pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", ".venv"]
            run(*pip, "install", "--require-hashes", "--no-deps", "-r", "requirements.lock")
            (HERE / ".venv" / "installed").touch()


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The description, as `make swagger` writes it."""
    written = tmp_path_factory.mktemp("described") / "openapi.json"
    run(sys.executable, str(ROOT / "frontend" / "openapi.py"), str(written))
    return written


@pytest.fixture(scope="module")
def generated(description: Path) -> subprocess.CompletedProcess[str]:
    """The run of openapi-python-client, which leaves `holdfast_client` beside the description."""
    made = str(description.with_name("holdfast_client"))
    command = [str(PYTHON), "-m", "openapi_python_client", "generate", "--path", str(description), "--fail-on-warning"]
    # It puts what it has written into form with the ruff beside it.
    environment = {"PATH": str(PYTHON.parent)}
    return run(*command, "--meta", "none", "--output-path", made, check=False, environment=environment)


def is_stale(installed: Path, lock: Path) -> bool:
    return not installed.is_file() or installed.stat().st_mtime < lock.stat().st_mtime


def run(
    *command: str, check: bool = True, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """A program's run, in this folder, with all that it says in `stdout`."""
    return subprocess.run(
        command, cwd=HERE, check=check, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def linted(description: Path) -> subprocess.CompletedProcess[str]:
    return run(str(hatch_build.node()[0]), str(SPECTRAL), "lint", "--fail-severity=hint", str(description), check=False)


def test_the_lock_has_all_that_its_packages_need() -> None:
    done = run(sys.executable, "-m", "pip", "--python", ".venv", "check", check=False)
    assert done.returncode == 0, done.stdout


def test_openapi_python_client_warns_of_nothing(generated: subprocess.CompletedProcess[str]) -> None:
    assert generated.returncode == 0, generated.stdout
    assert len(generated.stdout.splitlines()) == 1, generated.stdout


def test_a_generated_client_has_every_operation_and_every_schema(
    generated: subprocess.CompletedProcess[str], description: Path
) -> None:
    described = json.loads(description.read_text(encoding="utf-8"))
    client = description.with_name("holdfast_client")
    calls = {path.stem for path in client.glob("api/*/*.py")} - {"__init__"}
    operations = {each["operationId"] for item in described["paths"].values() for each in item.values()}
    assert calls == {re.sub("([A-Z])", r"_\1", each).lower() for each in operations}
    classes = set(re.findall(r"^class (\w+)", "".join(map(Path.read_text, client.glob("models/*.py"))), re.MULTILINE))
    assert classes >= described["components"]["schemas"].keys()


def test_a_generated_client_understands_every_booking(
    generated: subprocess.CompletedProcess[str], description: Path, service: Service
) -> None:
    told = run(
        str(PYTHON),
        str(HERE / "client.py"),
        service.url,
        environment={"PYTHONPATH": str(description.parent)},
        check=False,
    )
    assert told.stdout.splitlines() == TOLD, told.stdout


def test_openapi_typescript_warns_of_nothing(description: Path) -> None:
    command = [str(hatch_build.node()[0]), str(OPENAPI_TYPESCRIPT), str(description)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, "⚠" in done.stderr) == (0, False), done.stderr


def test_spectral_finds_nothing(description: Path) -> None:
    done = linted(description)
    assert done.returncode == 0, done.stdout


def test_spectral_finds_what_is_wrong(description: Path, tmp_path: Path) -> None:
    described = json.loads(description.read_text(encoding="utf-8"))
    described["paths"]["/rooms/list"]["get"]["operationId"] = "createRoom"
    described["components"]["schemas"]["Slot"]["examples"] = [{"id": 1}]
    wrong = tmp_path / "openapi.json"
    wrong.write_text(json.dumps(described), encoding="utf-8")
    done = linted(wrong)
    assert done.returncode == 1
    assert "operation-operationId-unique" in done.stdout
