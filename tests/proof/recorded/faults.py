"""What goes wrong during the load, drawn from a seed: workers, servers and clocks."""

import asyncio
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import psutil

from proof.recorded.draining import Stop
from proof.recorded.healing import DATABASE_SECONDS_MAX, WORKER_SECONDS_MAX, Fault
from proof.recorded.history import Outcome
from proof.recorded.storm import StormyProxy
from races.postgres import Postgres
from races.proxy import Fate
from redis_server import RedisServer
from service import Service

STALL_SECONDS_MAX = 0.8
OUTAGE_SECONDS = 11.5
"""Longer than the service waits before it says that nobody knows."""
OUTAGE_EVERY_SECONDS = 40.0
JUMP_SECONDS_MAX = 2 * 3600.0
"""Less than a key is remembered for: a clock that jumps beyond that makes its retries new."""
FREEZE_SECONDS_MAX = 10.0
"""Longer than a relay's lease, and as long as a commit is looked for."""
GIVE_UP_SECONDS = 20.0
"""How long healing is waited for, however long it takes."""
SESSIONS = "FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
FAULTS_MAX = 10_000


class Machines(NamedTuple):
    """Servers of the run's own, which may be killed."""

    postgres: Postgres
    redis: RedisServer
    clock: Path | None = None
    """The file that says how many seconds the service's clock is off."""


class Troubles(threading.Thread):
    """Makes trouble for a service and its servers until told to stop; by then everything works again.

    `has_booked` says whether a booking that was begun after a moment has been acknowledged.
    """

    def __init__(
        self,
        service: Service,
        proxy: StormyProxy,
        seed: int,
        has_booked: Callable[[float], bool],
        machines: Machines | None = None,
    ) -> None:
        super().__init__(name="troubles", daemon=True)
        self.stopping = threading.Event()
        self.faults: list[Fault] = []
        """What was done and taken away again, one after the other."""
        self.stops: list[Stop] = []
        self._service = service
        self._proxy = proxy
        self._has_booked = has_booked
        self._machines = machines
        self._random = random.Random(f"{seed} troubles")

    def run(self) -> None:
        """One trouble after the other."""
        self._proxy.storms = True
        outage = time.monotonic() + OUTAGE_EVERY_SECONDS / 2
        kinds = self._kinds()
        # Each kind once, however short the run is.
        first = iter(kinds)
        for _ in range(FAULTS_MAX):
            if self.stopping.wait(self._random.uniform(0.2, 1.2)):
                break
            if time.monotonic() > outage:
                self._outage()
                outage = time.monotonic() + OUTAGE_EVERY_SECONDS
                continue
            (next(first, None) or self._random.choice(kinds))()
            if self._random.random() < 0.5:
                self._see_healed()
        self._proxy.storms = False
        self._proxy.revive()
        self._see_healed()

    def _kinds(self) -> tuple[Callable[[], None], ...]:
        kinds: tuple[Callable[[], None], ...] = (self._kill, self._stall, self._cut, self._freeze)
        kinds += (self._stop_worker, self._kill_relay)
        if self._machines is None:
            return kinds
        kinds += (
            self._kill_all,
            self._crash_database,
            self._kill_database,
            self._kill_session,
            self._end_sessions,
            self._kill_redis,
            self._freeze_redis,
            self._empty_redis,
        )
        kinds += (self._fill_disk,) if self._machines.postgres.disk is not None else ()
        return (*kinds, self._jump) if self._machines.clock is not None else kinds

    @contextmanager
    def _fault(self, kind: str, seconds_max: float = WORKER_SECONDS_MAX) -> Iterator[None]:
        """Something is done inside, and over at the end; from there on the service has so long to heal."""
        began = time.monotonic()
        yield
        self.faults.append(Fault(kind, began, time.monotonic(), seconds_max))
        self._proxy.counts[kind] += 1

    def _see_healed(self) -> None:
        """Wait for a booking after the last fault: about half of them stand alone, so that each kind is measured."""
        over = self.faults[-1].over if self.faults else -inf
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while not self._has_booked(over) and time.monotonic() < deadline:
            time.sleep(0.02)

    def _workers(self) -> list[psutil.Process]:
        """Both workers, when both are there: one is always left, though perhaps one that is only starting."""
        workers = self._service.workers()
        with suppress(psutil.NoSuchProcess):
            if len(workers) == 2 and min(time.time() - each.create_time() for each in workers) > 0.5:
                return workers
        return []

    def _kill(self) -> None:
        if workers := self._workers():
            with suppress(psutil.NoSuchProcess), self._fault("workers killed"):
                self._random.choice(workers).kill()

    def _kill_relay(self) -> None:
        """The worker that publishes messages is killed; another is to take over."""
        holders = asyncio.run(_ask(self._proxy.target, "SELECT holder FROM relays"))
        for worker in self._workers():
            if any(f"-{worker.pid}-" in holder for holder in holders):
                with suppress(psutil.NoSuchProcess), self._fault("workers killed that had the relay's lease"):
                    worker.kill()

    def _stop_worker(self) -> None:
        """A worker is told to stop. Nothing else goes wrong until it is gone."""
        if workers := self._workers():
            worker, told = self._random.choice(workers), time.monotonic()
            with suppress(psutil.NoSuchProcess), self._fault("workers told to stop"):
                worker.terminate()
            _, alive = psutil.wait_procs([worker], timeout=GIVE_UP_SECONDS)
            self.stops.append(Stop(told, inf if alive else time.monotonic()))

    def _stall(self) -> None:
        with self._fault("stalls"):
            self._proxy.stall(self._random.uniform(0.05, STALL_SECONDS_MAX), self.stopping)

    def _cut(self) -> None:
        with self._fault("all connections reset"):
            self._proxy.cut()

    def _outage(self) -> None:
        """The answer to a COMMIT is lost, and the database is away until the service has given up looking."""
        with self._fault(f"outages, which make outcomes {Outcome.UNKNOWN}", DATABASE_SECONDS_MAX):
            self._proxy.lose(Fate.ANSWER_LOST, and_die=True)
            self.stopping.wait(OUTAGE_SECONDS)
            self._proxy.revive()

    def _freeze(self) -> None:
        """A worker stands still, perhaps for longer than its lease as relay, and then goes on as if nothing was."""
        workers = self._service.workers()
        if len(workers) < 2:
            return
        worker = self._random.choice(workers)
        with suppress(psutil.NoSuchProcess), self._fault("workers frozen"):
            worker.suspend()
            self.stopping.wait(self._random.choice((0.2, 1.0, FREEZE_SECONDS_MAX)))
            with suppress(psutil.NoSuchProcess):
                worker.resume()

    def _kill_all(self) -> None:
        workers = self._service.workers()
        if len(workers) < 2:
            return
        with self._fault("all workers killed"):
            for worker in workers:
                with suppress(psutil.NoSuchProcess):
                    worker.kill()

    def _crash_database(self) -> None:
        assert self._machines is not None
        with self._fault("PostgreSQL stopped at once", DATABASE_SECONDS_MAX):
            self._machines.postgres.stop("immediate")
            self.stopping.wait(self._random.uniform(0, 0.5))
        self._machines.postgres.start()

    def _kill_database(self) -> None:
        assert self._machines is not None
        with self._fault("PostgreSQL's first process killed", DATABASE_SECONDS_MAX):
            self._machines.postgres.kill()
        self._machines.postgres.start()

    def _kill_session(self) -> None:
        """One process of PostgreSQL dies: it ends all others, and recovers by itself."""
        assert self._machines is not None
        if pids := asyncio.run(_ask(self._machines.postgres.url, f"SELECT pid {SESSIONS}")):
            with suppress(psutil.NoSuchProcess), self._fault("PostgreSQL's session killed", DATABASE_SECONDS_MAX):
                psutil.Process(self._random.choice(pids)).kill()

    def _end_sessions(self) -> None:
        assert self._machines is not None
        with self._fault("all sessions of PostgreSQL ended at once"):
            ended = asyncio.run(_ask(self._machines.postgres.url, f"SELECT pg_terminate_backend(pid) {SESSIONS}"))
        self._proxy.counts["sessions of PostgreSQL ended"] += len(ended)

    def _kill_redis(self) -> None:
        assert self._machines is not None
        with self._fault("Redis killed"):
            self._machines.redis.kill()
            self.stopping.wait(self._random.uniform(0, 1.0))
            self._machines.redis.start()

    def _freeze_redis(self) -> None:
        assert self._machines is not None
        with self._fault("Redis frozen"):
            self._machines.redis.freeze()
            self.stopping.wait(self._random.uniform(0.05, 2.0))
            self._machines.redis.thaw()

    def _fill_disk(self) -> None:
        assert self._machines is not None
        postgres = self._machines.postgres
        with self._fault("disk of PostgreSQL full", DATABASE_SECONDS_MAX):
            postgres.fill_disk()
            self.stopping.wait(self._random.uniform(0.2, 2.0))
            postgres.free_disk()
        postgres.start()

    def _jump(self) -> None:
        assert self._machines is not None
        clock = self._machines.clock
        assert clock is not None
        fresh = clock.with_suffix(".new")
        fresh.write_text(f"{self._random.uniform(-JUMP_SECONDS_MAX, JUMP_SECONDS_MAX):+.1f}")
        with self._fault("clock of the service jumped"):
            fresh.rename(clock)

    def _empty_redis(self) -> None:
        assert self._machines is not None
        with self._fault("Redis emptied"), self._machines.redis.client() as client:
            client.flushall()


async def _ask(url: str, query: str) -> list[Any]:
    """What a query gives, asked again while the server recovers from a crash."""
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while True:
        try:
            connection = await asyncpg.connect(url)
            try:
                return [row[0] for row in await connection.fetch(query)]
            finally:
                await connection.close()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)
