"""Runs the service: the private PostgreSQL if there is no other, the migrations, and the worker processes."""

import asyncio
import ctypes
import gc
import multiprocessing
import os
import select
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from holdfast import descriptors, logs
from holdfast import settings as settings_module
from holdfast.database import embedded, migrate
from holdfast.metrics import MULTIPROCESS
from holdfast.settings import Settings

if TYPE_CHECKING:
    from litestar.types import ASGIApp

BIND_SECONDS_MAX = 5.0
READY_SECONDS_MAX = 30.0
WORKER_SILENT_SECONDS_MAX = 10
"""A worker that says nothing to the supervisor for so long is replaced; meanwhile it looks after no other."""
PR_SET_PDEATHSIG = 1
GARBAGE_OBJECTS_MAX = 20_000
"""How many objects may be made before the youngest are looked through; a request makes some tens."""


class StartFailed(Exception):
    """The service cannot start. Its text is the one line to show."""


def run(settings: Settings, tell: Callable[[str], None]) -> int:
    """Serve until told to stop; `tell` is given lines for the person at the terminal. Answers the exit status.

    Raises `StartFailed`, `EmbeddedFailed`, `NotReady`.
    """
    logs.configure(settings.log_level)
    descriptors.prepare(settings)
    with ExitStack() as stack:
        listener = stack.enter_context(_bind(settings.host, settings.port))
        url = settings.postgres_url
        if url is None:
            tell(f"Starting the private PostgreSQL in {settings.data_dir}")
            url = stack.enter_context(embedded.running(Path(settings.data_dir)))
        # Workers are new processes: they read their settings, this one among them, from the environment.
        os.environ["DATABASE_URL"] = url
        os.environ[MULTIPROCESS] = stack.enter_context(tempfile.TemporaryDirectory(prefix="holdfast-metrics-"))
        asyncio.run(
            migrate.prepare(
                settings.direct_url or url,
                migrate=settings.migrate_on_start,
                seconds_max=settings.database_wait_seconds_max,
                tell=tell,
            )
        )
        supervisor = Supervisor(_config(settings), [listener], tell)
        supervisor.run()
        return STARTUP_FAILURE if supervisor.failed else 0


def worker() -> "ASGIApp":
    """A worker's application: what uvicorn calls in each process that it starts."""
    # Imported here: the supervisor needs neither, and starts faster and smaller without.
    from holdfast import app
    from holdfast.edge.protocol import BoundedProtocol

    _end_with_parent()
    settings = settings_module.load()
    logs.configure(settings.log_level)
    BoundedProtocol.settings = settings
    BoundedProtocol.connections_max = descriptors.budget(settings).connections
    url = settings.postgres_url
    assert url is not None, "the supervisor sets DATABASE_URL"
    application = app.create(settings, url)
    _spare_the_collector()
    return application


class Supervisor(Multiprocess):
    """Keeps the workers alive, and says when the first ones serve."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket], tell: Callable[[str], None]) -> None:
        super().__init__(config, sockets)
        self.should_exit = WokenBySignals()
        self._tell = tell

    @property
    def failed(self) -> bool:
        """Whether a worker could not even start."""
        return any(process.exitcode == STARTUP_FAILURE for process in self.processes)

    def init_processes(self) -> None:
        """Start the workers and, once they serve, print where."""
        super().init_processes()
        self._let_go()
        if all(process.wait_until_ready(READY_SECONDS_MAX, self.should_exit) for process in self.processes):
            host, port = self.config.host, self.config.port
            shown = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
            address = f"http://{shown}:{port}"
            self._tell(f"Holdfast serves {address}\n  API docs     {address}/docs\n  health       {address}/health")

    def keep_subprocess_alive(self) -> None:
        """Replace workers that have died or say nothing."""
        super().keep_subprocess_alive()
        self._let_go()

    def _let_go(self) -> None:
        """Close our copies of the workers' ends of their pipes.

        A worker that dies while it is asked for a sign of life, as one that is starting is for a second, is then known
        to be dead at once. With a copy open it would count as silent, and nobody be replaced for ten seconds.
        """
        for process in self.processes:
            process.child_conn.close()


class WokenBySignals(threading.Event):
    """An event whose `wait` ends when a signal comes, too, so that a service told to stop begins to at once.

    Only for the first thread, whose signal handlers do no more than take a note.
    """

    def __init__(self) -> None:
        super().__init__()
        self._woken, self._waking = socket.socketpair()
        for each in (self._woken, self._waking):
            each.setblocking(False)
        signal.set_wakeup_fd(self._waking.fileno(), warn_on_full_buffer=False)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, a signal has come, or the time is over; answers whether it is set."""
        if not self.is_set() and select.select([self._woken], [], [], timeout)[0]:
            self._woken.recv(4096)
        return self.is_set()


def _config(settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        "holdfast.server:worker",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop="uvloop",
        http="holdfast.edge.protocol:BoundedProtocol",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # Which proxies to believe is a setting of ours, not of the server's.
        proxy_headers=False,
        timeout_graceful_shutdown=max(1, int(settings.shutdown_seconds_max)),
        # A worker that is starved by a busy machine is not better for being killed, and its listeners are worse off.
        timeout_worker_healthcheck=WORKER_SILENT_SECONDS_MAX,
    )


def _bind(host: str, port: int) -> socket.socket:
    """Take the port, but do not listen on it yet: nobody is to connect before the tables are there.

    The workers of a service that was killed a moment ago may still be letting go of it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    deadline = time.monotonic() + BIND_SECONDS_MAX
    while True:
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            listener.close()
            if time.monotonic() > deadline:
                raise StartFailed(f"cannot listen on HOST={host} PORT={port}: {error.strerror}") from None
            time.sleep(0.1)
        else:
            listener.set_inheritable(True)
            return listener


def _spare_the_collector() -> None:
    """Keep what lives for ever, the code and its tables, out of the garbage collector's sight.

    Otherwise each full collection walks all of it, which stops the worker for tens of milliseconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS_MAX, 20, 100)


def _end_with_parent() -> None:
    """Have the kernel end this worker when the supervisor is killed, so that no orphan keeps the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        supervisor = multiprocessing.parent_process()
        if supervisor is not None and os.getppid() != supervisor.pid:
            # It was killed while this worker was starting, before the kernel knew.
            signal.raise_signal(signal.SIGTERM)
