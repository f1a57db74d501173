"""Processor time that an operation costs: of the service, of PostgreSQL's sessions by what they are for, of the load.

Rates depend on whoever else wants the processors; processor time hardly does. It is read from `schedstat`, which counts
nanoseconds, of each thread: a process's own file has that of its main thread only.
"""

import os
import resource
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import psutil
from msgspec import Struct

import postgres
import tested

SESSIONS = "SELECT pid, application_name FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
LANES, RELAY = "holdfast engine", "holdfast journal"
TICKS = os.sysconf("SC_CLK_TCK")


class Spent(Struct):
    """Seconds of processor time. `others` are sessions that are neither lanes' nor the relay's."""

    service: float = 0.0
    lanes: float = 0.0
    relay: float = 0.0
    others: float = 0.0
    background: float = 0.0
    load: float = 0.0

    @property
    def without_load(self) -> float:
        """Everything but the load generator."""
        return self.service + self.lanes + self.relay + self.others + self.background

    def each(self, operations: int) -> "Spent":
        """Microseconds for each of so many operations."""
        many = max(1, operations) / 1e6
        return Spent(*(getattr(self, name) / many for name in self.__struct_fields__))


class Processors:
    """Reads the processor time of one PostgreSQL and of whoever uses it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._server = postgres.ask(url, _postmaster)

    @contextmanager
    def watched(self, services: Sequence[tested.Service] = ()) -> Iterator[Spent]:
        """Count what is spent while the block runs; the numbers are there when it has ended.

        The load generator is whatever other program the block has run and waited for.
        """
        spent = Spent()
        began, begun, ended_before = _load(), self._threads(services), _ended(self._server)
        yield spent
        roles = self._roles(services)
        for pid, seconds in self._threads(services).items():
            role = roles.get(pid, "background")
            setattr(spent, role, getattr(spent, role) + seconds - begun.get(pid, 0.0))
        # Sessions that have ended meanwhile, as a yardstick's have, are known to their parent only.
        spent.others += max(0.0, _ended(self._server) - ended_before)
        spent.load = _load() - began

    def _roles(self, services: Sequence[tested.Service]) -> dict[int, str]:
        sessions = postgres.ask(self._url, _sessions)
        roles = {pid: {LANES: "lanes", RELAY: "relay"}.get(name, "others") for pid, name in sessions.items()}
        return roles | {process.pid: "service" for process in _families(services)}

    def _threads(self, services: Sequence[tested.Service]) -> dict[int, float]:
        processes = [self._server, *self._server.children(recursive=True), *_families(services)]
        return {process.pid: _of_threads(process.pid) for process in processes}


def _families(services: Sequence[tested.Service]) -> list[psutil.Process]:
    """The supervisors and their workers."""
    supervisors = [psutil.Process(service.process.pid) for service in services if service.process is not None]
    return [process for each in supervisors for process in (each, *each.children(recursive=True))]


def _of_threads(pid: int) -> float:
    """Seconds that a process's threads have run; 0 for one that has ended."""
    return sum(_nanoseconds(Path(f"/proc/{pid}/task").glob("*/schedstat"))) / 1e9


def _nanoseconds(files: Iterable[Path]) -> Iterator[int]:
    try:
        for file in files:
            yield int(file.read_text(encoding="ascii").split()[0])
    except OSError:
        return


def _ended(server: psutil.Process) -> float:
    """Seconds that those children of a server have run which have ended."""
    fields = Path(f"/proc/{server.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    # The 16th and 17th field of the whole line, of which the first two are cut off here: cutime and cstime.
    return (int(fields[13]) + int(fields[14])) / TICKS


def _load() -> float:
    """Seconds that programs have run which this one has started and waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def _sessions(connection: "asyncpg.Connection") -> dict[int, str]:
    return {row["pid"]: row["application_name"] for row in await connection.fetch(SESSIONS)}


async def _postmaster(connection: "asyncpg.Connection") -> psutil.Process:
    parent = psutil.Process(await connection.fetchval("SELECT pg_backend_pid()")).parent()
    assert parent is not None, "every session has a server"
    return parent
