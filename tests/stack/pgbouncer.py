"""A PgBouncer in transaction mode in front of the test server, for services to be started through."""

import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import asyncpg

import servers
from databases import SERVER, name_of
from holdfast.database import embedded
from redis_server import program

ROLE = "pooled"
"""Whom services are to the server through the pooler: docs/settings.md says what a role must bring along."""
BOUNDS = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
CONFIGURATION = """
[databases]
* = host={host} port={port} password={password}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own_port}
unix_socket_dir =
pool_mode = transaction
auth_type = trust
auth_file = {users}
max_client_conn = 1000
default_pool_size = 20
server_login_retry = 1
ignore_startup_parameters = extra_float_digits
"""


class PgBouncer:
    """As a context, it runs inside. Any database of the test server can be reached through it."""

    def __init__(self) -> None:
        [self.port] = servers.free_ports(1)
        self._home = tempfile.TemporaryDirectory(prefix="pooler-")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        home = Path(self._home.name)
        given = urlsplit(os.environ[SERVER])
        host = given.hostname or parse_qs(given.query)["host"][0]
        users = home / "users"
        users.write_text(f'"postgres" ""\n"{ROLE}" ""\n')
        (home / "pgbouncer.ini").write_text(
            CONFIGURATION.format(
                host=host, port=given.port or 5432, password=given.password or "none", own_port=self.port, users=users
            )
        )
        home.chmod(0o755)
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._home.cleanup()

    def start(self) -> None:
        """Start it, and wait until it listens. It refuses to be root, and the private server knows only its owner."""
        someone: dict[str, Any] = {}
        if os.geteuid() == 0:
            someone = {"user": embedded.SYSTEM_USER, "group": embedded.SYSTEM_USER, "extra_groups": []}
        command = [program("pgbouncer"), str(Path(self._home.name) / "pgbouncer.ini")]
        with (Path(self._home.name) / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, **someone)
        servers.wait(lambda: servers.answers(self.port), "PgBouncer")

    def kill(self) -> None:
        """End it at once, with the connections of everybody."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


async def make_role() -> None:
    """Make that role on the test server, with bounds that sessions behind a pooler cannot have otherwise."""
    connection = await asyncpg.connect(os.environ[SERVER])
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", ROLE):
            await connection.execute(f"CREATE ROLE {ROLE} SUPERUSER LOGIN")
        for bound in BOUNDS:
            await connection.execute(f"ALTER ROLE {ROLE} SET {bound} = '5s'")
    finally:
        await connection.close()


def through(port: int, settings: Mapping[str, object]) -> dict[str, object]:
    """A service's settings, with the pooler on that port between it and its database."""
    direct = str(settings["DATABASE_URL"])
    pooled = f"postgresql://{ROLE}@127.0.0.1:{port}/{name_of(direct)}"
    return {**settings, "DATABASE_URL": pooled, "DATABASE_DIRECT_URL": direct}
