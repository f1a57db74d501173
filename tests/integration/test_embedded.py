"""The private PostgreSQL: its data is kept, it ends with the last who uses it, and a kill -9 harms nothing."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import httpx
import pytest

from holdfast.database import embedded
from service import Service

ASKED_MAX = 100
HOLD = """
import sys
from pathlib import Path
from holdfast.database import embedded
with embedded.running(Path(sys.argv[1])):
    print("running", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with TemporaryDirectory(prefix="hf-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


def ask(url: str, question: str) -> object:
    async def answer() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    return asyncio.run(answer())


def is_up(data_dir: Path) -> bool:
    status = [embedded.binary("pg_isready"), "-q", "-h", data_dir / "postgres"]
    return subprocess.run(status, check=False).returncode == 0


def holder(data_dir: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, data_dir], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    return process


def test_it_is_postgresql_18_and_durable(data_dir: Path) -> None:
    with embedded.running(data_dir) as url:
        assert str(ask(url, "SHOW server_version")).startswith("18.")
        assert ask(url, "SHOW fsync") == "on"
        assert ask(url, "SHOW synchronous_commit") == "on"


def test_it_keeps_its_data_and_stops_with_its_user(data_dir: Path) -> None:
    with embedded.running(data_dir) as url:
        ask(url, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert not is_up(data_dir)
    with embedded.running(data_dir) as url:
        assert ask(url, "SELECT answer FROM kept") == 42


def test_the_last_to_leave_stops_it(data_dir: Path) -> None:
    with holder(data_dir) as other:
        with embedded.running(data_dir):
            pass
        assert is_up(data_dir)
        other.communicate()
    assert not is_up(data_dir)


def test_one_who_was_killed_is_not_waited_for(data_dir: Path) -> None:
    with holder(data_dir) as other:
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert is_up(data_dir), "nobody was left to stop it"
    with embedded.running(data_dir) as url:
        assert ask(url, "SELECT 1") == 1
    assert not is_up(data_dir)


def test_a_server_that_was_killed_recovers(data_dir: Path) -> None:
    with embedded.running(data_dir) as url:
        ask(url, "CREATE TABLE kept AS SELECT 42 AS answer")
        os.kill(int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        with embedded.running(data_dir) as again:
            assert ask(again, "SELECT answer FROM kept") == 42


def test_a_service_whose_server_was_killed_books_again(data_dir: Path) -> None:
    with Service({"DATA_DIR": data_dir}) as service:
        os.kill(int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        body = {"room_id": "blue", "start_time": "2030-06-01T10:00:00Z", "end_time": "2030-06-01T11:00:00Z"}
        answers = answers_until(201, lambda: httpx.post(f"{service.url}/reservations", json=body, timeout=30))
        assert set(answers[:-1]) <= {503}
    assert not is_up(data_dir)


def answers_until(wanted: int, ask: Callable[[], httpx.Response]) -> list[int]:
    """The statuses of one request, sent again until it is answered as wanted; each answer tells when to come back."""
    answers = [ask().status_code]
    while answers[-1] != wanted:
        assert len(answers) < ASKED_MAX, answers
        answers.append(ask().status_code)
    return answers


def test_only_its_owner_reaches_it(data_dir: Path) -> None:
    with embedded.running(data_dir):
        assert stat.S_IMODE((data_dir / "postgres").stat().st_mode) == 0o700


def test_a_path_too_long_for_a_socket_works_and_stays_private(data_dir: Path) -> None:
    long = data_dir / ("x" * 120) / "with space"
    with embedded.running(long) as url:
        assert ask(url, "SELECT 1") == 1
        directory = Path(str(ask(url, "SHOW unix_socket_directories")))
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_first_start_that_was_killed_half_way_is_begun_anew(data_dir: Path) -> None:
    (data_dir / "postgres.new").mkdir()
    (data_dir / "postgres.new" / "PG_VERSION").write_text("18\n")
    with embedded.running(data_dir) as url:
        assert ask(url, "SELECT 1") == 1


def test_a_directory_that_cannot_be_used_is_named(data_dir: Path) -> None:
    file = data_dir / "file"
    file.touch()
    with pytest.raises(embedded.EmbeddedFailed, match="cannot be used"), embedded.running(file / "data"):
        pass


def test_looking_after_it_leaves_no_errors_in_its_log(data_dir: Path) -> None:
    with embedded.running(data_dir), embedded.running(data_dir):
        pass
    logs = [path.read_text(encoding="utf-8") for path in (data_dir / "postgres" / "log").iterdir()]
    assert [line for line in "".join(logs).splitlines() if "FATAL" in line or "ERROR" in line] == []
