"""Runs the tests on servers that other people's installations have: what `make test-stack` does.

First Debian's PostgreSQL 15, directly; then the same behind PgBouncer in transaction mode; then nginx in front. Needs
the packages nginx, pgbouncer, postgresql-15 and redis-server. Arguments go to pytest.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import servers
from databases import SERVER
from service import POOLER
from stack.pgbouncer import PgBouncer, make_role

TESTS = Path(__file__).parents[1]
BINARIES = Path("/usr/lib/postgresql/15/bin")
ON_POSTGRES = ["integration", "contract", "races"]
BEHIND_POOLER = ["contract", "races"]
NOT_BEHIND_POOLER = [
    # They give services time-outs of their own, which sessions behind a pooler have from their role.
    "--ignore=tests/races/test_bounds.py",
    # A pooler that was refused once does not ask again at once: for `server_login_retry` seconds.
    "--deselect=tests/contract/test_health.py::test_the_database_may_go_and_come_back",
]
OPTIONS = ["-c", "max_connections=400", "-c", "timezone=UTC", "-c", "listen_addresses=127.0.0.1"]


def main() -> int:
    """Run all three; answers the worst exit status."""
    with tempfile.TemporaryDirectory(prefix="stack-", ignore_cleanup_errors=True) as name:
        place = Path(name)
        place.chmod(0o755)
        with postgres(place) as url:
            os.environ |= {SERVER: url, "CI": "true"}
            worst = run_on("PostgreSQL 15", ON_POSTGRES)
            asyncio.run(make_role())
            with PgBouncer() as pooler:
                os.environ[POOLER] = str(pooler.port)
                worst = max(worst, run_on("PostgreSQL 15 behind PgBouncer", BEHIND_POOLER, NOT_BEHIND_POOLER))
                del os.environ[POOLER]
            worst = max(worst, run_on("Pooler and proxy on PostgreSQL 15", ["stack"]))
        del os.environ[SERVER]
        return max(worst, run_on("Pooler and proxy on the private PostgreSQL", ["stack"]))


@contextmanager
def postgres(place: Path) -> Iterator[str]:
    """A throw-away PostgreSQL 15; its address."""
    data = place / "data"
    servers.give(data)
    made = servers.as_nobody([str(BINARIES / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust"], place)
    if made.wait():
        raise SystemExit((place / "initdb.log").read_text())
    [port] = servers.free_ports(1)
    own = ["-c", f"port={port}", "-c", f"unix_socket_directories={data}"]
    server = servers.as_nobody([str(BINARIES / "postgres"), "-D", str(data), *OPTIONS, *own], place)
    try:
        servers.wait(lambda: servers.answers(port), "PostgreSQL 15")
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        server.wait()


def run_on(title: str, folders: list[str], left_out: list[str] | None = None) -> int:
    """Run some of the tests; answers the exit status."""
    print(f"\n== {title}", flush=True)
    jobs = str(len(os.sched_getaffinity(0)))
    command = [sys.executable, "-m", "pytest", "-q", "-n", jobs, "--dist", "loadfile", *sys.argv[1:]]
    command += [str(TESTS / folder) for folder in folders]
    command += left_out or []
    return subprocess.run(command, check=False, cwd=TESTS.parent).returncode


if __name__ == "__main__":
    sys.exit(main())
