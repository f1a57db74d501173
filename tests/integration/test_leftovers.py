"""Lock files of a killed private PostgreSQL: removed when they name somebody else, never while a server lives."""

import fcntl
import os
import pwd
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psutil
import pytest

from holdfast.database import embedded, leftovers
from namespaces import Namespace
from service import free_port

GONE_SECONDS_MAX = 20.0
ROUNDS = 5
SLEEPERS = 40
USE = """
import os, subprocess, sys
from pathlib import Path
from holdfast.database import embedded
for _ in range(int(sys.argv[2])):
    subprocess.Popen(["sleep", "600"], user=int(sys.argv[3]))
with embedded.running(Path(sys.argv[1])):
    print("running", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A private PostgreSQL that was made and stopped, to copy: making one takes seconds."""
    with TemporaryDirectory(prefix="hf-", ignore_cleanup_errors=True) as directory:
        with embedded.running(Path(directory)):
            pass
        yield Path(directory)


@pytest.fixture
def data_dir(made: Path) -> Iterator[Path]:
    with TemporaryDirectory(prefix="hf-", ignore_cleanup_errors=True) as directory:
        subprocess.run(["cp", "--archive", f"{made}/.", directory], check=True)
        yield Path(directory)


def server_user() -> int:
    """Whom the private server runs as: PostgreSQL minds only processes that it may send signals to."""
    return pwd.getpwnam(embedded.SYSTEM_USER).pw_uid if os.geteuid() == 0 else os.geteuid()


def locks(data_dir: Path) -> list[Path]:
    return [data_dir / "postgres" / "postmaster.pid", data_dir / "postgres" / ".s.PGSQL.5432.lock"]


def postmaster(data_dir: Path) -> psutil.Process:
    return psutil.Process(int(locks(data_dir)[0].read_text(encoding="ascii").split()[0]))


def crash(data_dir: Path) -> None:
    """Start the server, and kill it with all its children; its lock files stay."""
    with held(data_dir):
        pass
    assert all(lock.exists() for lock in locks(data_dir))


@contextmanager
def held(data_dir: Path) -> Iterator[psutil.Process]:
    """A server that a process which was killed has left behind; it is killed at the end."""
    arguments = [sys.executable, "-c", USE, str(data_dir), "0", "0"]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as user:
        assert user.stdout is not None
        assert user.stdout.readline() == "running\n"
        user.kill()
    server = postmaster(data_dir)
    everybody = [server, *server.children(recursive=True)]
    try:
        yield server
    finally:
        for each in everybody:
            if each.is_running():
                each.kill()
        psutil.wait_procs(everybody, timeout=GONE_SECONDS_MAX)


def name(data_dir: Path, first_line: str) -> None:
    """Let both lock files name this process."""
    for lock in locks(data_dir):
        _, *rest = lock.read_text(encoding="ascii").splitlines(keepends=True)
        lock.write_text("".join([f"{first_line}\n", *rest]), encoding="ascii")


@contextmanager
def living() -> Iterator[int]:
    with subprocess.Popen(["sleep", "600"], user=server_user()) as other:
        yield other.pid
        other.kill()


@contextmanager
def zombie() -> Iterator[int]:
    with subprocess.Popen(["true"], user=server_user()) as other:
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        yield other.pid


@contextmanager
def itself() -> Iterator[int]:
    yield os.getpid()


@contextmanager
def first_of_all() -> Iterator[int]:
    yield 1


@pytest.mark.parametrize("somebody", [living, zombie, itself, first_of_all], ids=lambda each: each.__name__)
def test_locks_that_name_somebody_else_do_not_keep_it_from_starting(
    somebody: Callable[[], "contextmanager[int]"], data_dir: Path
) -> None:
    crash(data_dir)
    with somebody() as number:
        name(data_dir, str(number))
        with embedded.running(data_dir):
            assert postmaster(data_dir).pid != number


@pytest.mark.parametrize("which", [0, 1], ids=["directory", "socket"])
def test_one_lock_that_names_somebody_else_is_enough_to_be_in_the_way(which: int, data_dir: Path) -> None:
    crash(data_dir)
    with living() as number:
        locks(data_dir)[which].write_text(f"{number}\n", encoding="ascii")
        locks(data_dir)[1 - which].unlink()
        with embedded.running(data_dir):
            assert postmaster(data_dir).is_running()


@pytest.mark.parametrize("content", ["", "\n", "nonsense\n", "0\n", "-0\n"])
def test_locks_that_were_written_half_do_not_keep_it_from_starting(content: str, data_dir: Path) -> None:
    crash(data_dir)
    for lock in locks(data_dir):
        lock.write_text(content, encoding="ascii")
    with embedded.running(data_dir):
        assert postmaster(data_dir).is_running()


def remove(data_dir: Path) -> None:
    leftovers.remove_stale_locks(data_dir / "postgres", data_dir / "postgres")


@pytest.mark.parametrize("is_stopped", [False, True], ids=["running", "stopped"])
def test_the_locks_of_a_living_server_stay(is_stopped: bool, data_dir: Path) -> None:
    with held(data_dir) as server:
        if is_stopped:
            server.suspend()
        before = [lock.read_bytes() for lock in locks(data_dir)]
        remove(data_dir)
        assert [lock.read_bytes() for lock in locks(data_dir)] == before
        # Its files may have been made wrong by hand: it lives all the same.
        with living() as number:
            name(data_dir, str(number))
            remove(data_dir)
        assert all(lock.exists() for lock in locks(data_dir))


def test_a_living_server_is_known_by_its_directory_alone(data_dir: Path) -> None:
    with held(data_dir):
        (data_dir / "postgres" / leftovers.SOCKET).unlink()
        remove(data_dir)
        assert all(lock.exists() for lock in locks(data_dir))


def test_a_living_server_is_known_by_its_socket_alone(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A server in another container is not among the processes that are seen from here.
    monkeypatch.setattr(leftovers, "_is_deserted", lambda directory: True)
    with held(data_dir):
        name(data_dir, str(os.getpid()))
        remove(data_dir)
        assert all(lock.exists() for lock in locks(data_dir))


def test_locks_stay_while_a_child_of_the_killed_server_works_on(data_dir: Path) -> None:
    with held(data_dir) as server:
        child = server.children()[0]
        child.suspend()
        server.kill()
        psutil.wait_procs([server], timeout=GONE_SECONDS_MAX)
        with living() as number:
            name(data_dir, str(number))
            remove(data_dir)
        assert all(lock.exists() for lock in locks(data_dir))


def test_without_a_list_of_processes_nothing_is_removed(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crash(data_dir)
    for lock in locks(data_dir):
        lock.write_text("", encoding="ascii")
    monkeypatch.setattr(leftovers, "PROCESSES", data_dir / "nowhere")
    remove(data_dir)
    assert all(lock.exists() for lock in locks(data_dir))


def test_locks_stay_while_somebody_else_uses_the_directory(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crash(data_dir)
    monkeypatch.setattr(embedded, "LEFTOVERS_SECONDS_MAX", 0.0)
    with (data_dir / "using.lock").open("w") as other, living() as number:
        # As a container does whose server cannot be seen from here.
        fcntl.flock(other, fcntl.LOCK_SH)
        name(data_dir, str(number))
        with pytest.raises(embedded.EmbeddedFailed), embedded.running(data_dir):
            pass
        assert all(lock.exists() for lock in locks(data_dir))


def test_it_starts_after_each_kill_of_its_container(data_dir: Path) -> None:
    for turn in range(ROUNDS):
        # So many that they have the numbers of the last turn's server, all its children among them.
        arguments = ["-c", USE, data_dir, SLEEPERS * turn, server_user()]
        with Namespace(arguments, {}) as container:
            container.read_until("running")


def test_a_service_that_is_the_first_process_reaps_orphans_and_hands_signals_on(data_dir: Path) -> None:
    settings = {"DATA_DIR": data_dir, "PORT": free_port(), "WORKERS": 2}
    with Namespace(["-m", "holdfast", "serve"], settings) as container:
        container.read_until("/health")
        killed = postmaster_in(container)
        killed.kill()
        psutil.wait_procs([killed], timeout=GONE_SECONDS_MAX)
        assert not killed.is_running(), "it was reaped"
        # A worker's end is for the supervisor to see, who replaces it.
        supervisor = container.first.children()[0]
        worker = next(each for each in supervisor.children() if "spawn_main" in " ".join(each.cmdline()))
        worker.kill()
        container.read_until("is started again")
        psutil.wait_procs([worker], timeout=GONE_SECONDS_MAX)
        assert books_again(int(settings["PORT"]))
        assert [each for each in container.members() if each.status() == psutil.STATUS_ZOMBIE] == []
        assert container.stop() == 0


def test_the_status_of_a_command_that_is_the_first_process_is_its_own(data_dir: Path) -> None:
    with Namespace(["-m", "holdfast", "serve"], {"DATA_DIR": data_dir, "PORT": "none"}) as container:
        assert container.ended() == 1


def postmaster_in(container: Namespace) -> psutil.Process:
    [found] = [each for each in container.members() if "-D" in each.cmdline() and each.name() == "postgres"]
    return found


def books_again(port: int) -> bool:
    """Whether a room is booked; each answer that it is not tells when to ask again."""
    body = {"room_id": "blue", "start_time": "2030-06-01T10:00:00Z", "end_time": "2030-06-01T11:00:00Z"}
    for _ in range(100):
        if httpx.post(f"http://127.0.0.1:{port}/reservations", json=body, timeout=30).status_code == 201:
            return True
    return False
