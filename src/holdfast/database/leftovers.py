"""Lock files that a killed PostgreSQL left behind, and that name a process which is now somebody else's.

PostgreSQL takes a lock file for its own when the process that it names lives, whoever that is. In a container the
numbers begin anew at each start, so after a kill they soon name another process, or a zombie, and PostgreSQL does not
start. Here such a file is removed, once it is certain that no server of this directory lives.
"""

import os
import socket
from contextlib import suppress
from pathlib import Path

import structlog

logger = structlog.stdlib.get_logger("holdfast.database")

SOCKET = ".s.PGSQL.5432"
PROCESSES = Path("/proc")


def remove_stale_locks(directory: Path, socket_directory: Path) -> None:
    """Remove the lock files that would keep a server of this directory from starting, if none lives.

    The caller sees to it that nobody else uses the directory: a server may live where this process cannot see it, in
    another container, but then whoever started it does, too. A file whose process is gone is left to PostgreSQL.
    """
    locks = (directory / "postmaster.pid", socket_directory / f"{SOCKET}.lock")
    stale = [lock for lock in locks if _is_in_the_way(lock)]
    if not stale or _is_listened_to(socket_directory / SOCKET) or not _is_deserted(directory):
        return
    for lock in stale:
        logger.warning("a lock file of a killed PostgreSQL is removed", file=str(lock))
        lock.unlink(missing_ok=True)


def _is_in_the_way(lock: Path) -> bool:
    """Whether PostgreSQL would not start beside this file: it names a process that is there, or none at all."""
    try:
        first = lock.read_text(encoding="ascii", errors="replace").partition("\n")[0]
    except OSError:
        return False
    try:
        # PostgreSQL for a single user writes its number as a negative one.
        number = abs(int(first))
    except ValueError:
        # Written half, when the machine was switched off.
        return True
    return number == 0 or (PROCESSES / str(number)).exists()


def _is_listened_to(path: Path) -> bool:
    """Whether a server listens on this socket: then it lives, also where its process cannot be seen."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except OSError:
            # Full, forbidden or late: there may be somebody.
            return True
    return True


def _is_deserted(directory: Path) -> bool:
    """Whether no process works in this directory, as a server and each of its children do; zombies do not.

    `False` when that cannot be told: without /proc, or when a process of the directory's owner hides where it works.
    """
    try:
        wanted = directory.stat()
        numbers = [each for each in PROCESSES.iterdir() if each.name.isdecimal()]
    except OSError:
        return False
    return bool(numbers) and not any(_may_work_in(process, wanted) for process in numbers)


def _may_work_in(process: Path, wanted: os.stat_result) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):
        try:
            found = (process / "cwd").stat()
        except PermissionError:
            return process.stat().st_uid == wanted.st_uid and not _is_zombie(process)
        return (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino)
    # It has ended, or is a zombie, which works nowhere.
    return False


def _is_zombie(process: Path) -> bool:
    """Whether a process has ended and only waits for its parent. The name before the state may have any character."""
    return (process / "stat").read_text(errors="replace").rpartition(")")[2].split()[0] in {"Z", "X"}
