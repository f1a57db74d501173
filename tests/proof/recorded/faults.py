"""What goes wrong during the load, drawn from a seed: the network to PostgreSQL, and workers that are killed."""

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import asyncpg
import psutil

from proof.recorded.history import Outcome
from races.postgres import Postgres
from races.proxy import SECONDS_MAX, Fate, Proxy, Step, _Link, reset, rest_of_request
from redis_server import RedisServer
from service import Service

LATE_SECONDS_MAX = 1.0
STALL_SECONDS_MAX = 0.8
OUTAGE_SECONDS = 11.5
"""Longer than the service waits before it says that nobody knows."""
OUTAGE_EVERY_SECONDS = 40.0
JUMP_SECONDS_MAX = 2 * 3600.0
"""Less than a key is remembered for: a clock that jumps beyond that makes its retries new."""
FREEZE_SECONDS_MAX = 10.0
"""Longer than a relay's lease, and as long as a commit is looked for."""
TERMINATE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
FAULTS_MAX = 10_000


class StormyProxy(Proxy):
    """A proxy that, while it storms, delays messages, resets connections, and loses commits and their answers."""

    def __init__(self, target: str, seed: int) -> None:
        super().__init__(target)
        self.counts: Counter[str] = Counter()
        self.storms = False
        self._random = random.Random(f"{seed} proxy")
        self._flows = threading.Event()
        self._flows.set()

    def stall(self, seconds: float, stopping: threading.Event) -> None:
        """Let no message through for a while."""
        self._flows.clear()
        stopping.wait(seconds)
        self._flows.set()

    def cut(self) -> None:
        """Reset every connection."""
        self._cut_all()

    def _take(self, link: _Link, message: bytes) -> Fate | None:
        step = link.step(message)
        if not self.storms:
            return None
        self._flows.wait(SECONDS_MAX)
        lot = self._random.random()
        if step is None:
            if lot < 0.0005:
                self.counts["connections reset"] += 1
                raise ConnectionResetError
            if lot < 0.004:
                self.counts["messages delayed"] += 1
                time.sleep(self._random.uniform(0.001, 0.05))
            return None
        if step is Step.COMMIT and self._fate is not None:
            self.counts["commit answered to nobody, and then the database is away"] += 1
            fate, self._fate = self._fate, None
            return fate
        self._dies_after = False
        drawn = self._drawn(step, lot)
        if drawn is not None:
            self.counts[drawn.name.replace("_", " ").lower()] += 1
        return drawn

    def _drawn(self, step: Step, lot: float) -> Fate | None:
        if step is Step.WRITE:
            return Fate.WRITE_LATE if lot < 0.01 else None
        if lot < 0.02:
            return Fate.ANSWER_LOST
        if lot < 0.03:
            return Fate.COMMIT_LOST
        return Fate.COMMIT_LATE if lot < 0.04 else None

    def _lose(self, link: _Link, message: bytes, fate: Fate) -> None:
        if fate not in {Fate.COMMIT_LATE, Fate.WRITE_LATE}:
            super()._lose(link, message, fate)
            return
        link.silent = True
        if fate is Fate.WRITE_LATE:
            message += rest_of_request(link.client)
        reset(link.client)
        time.sleep(self._random.uniform(0.0, LATE_SECONDS_MAX) ** 2 / LATE_SECONDS_MAX)
        with suppress(OSError):
            link.server.sendall(message)
            link.answered.wait(SECONDS_MAX)
        reset(link.server)


class Machines(NamedTuple):
    """Servers of the run's own, which may be killed."""

    postgres: Postgres
    redis: RedisServer
    clock: Path | None = None
    """The file that says how many seconds the service's clock is off."""


class Troubles(threading.Thread):
    """Makes trouble for a service and its servers until told to stop; by then everything works again."""

    def __init__(self, service: Service, proxy: StormyProxy, seed: int, machines: Machines | None = None) -> None:
        super().__init__(name="troubles", daemon=True)
        self.stopping = threading.Event()
        self._service = service
        self._proxy = proxy
        self._machines = machines
        self._random = random.Random(f"{seed} troubles")

    def run(self) -> None:
        """One trouble after the other."""
        self._proxy.storms = True
        outage = time.monotonic() + OUTAGE_EVERY_SECONDS / 2
        kinds: tuple[Callable[[], None], ...] = (self._kill, self._stall, self._cut, self._freeze)
        if self._machines is not None:
            kinds += (
                self._kill_all,
                self._crash_database,
                self._kill_database,
                self._end_sessions,
                self._kill_redis,
                self._freeze_redis,
                self._empty_redis,
            )
            kinds += (self._fill_disk,) if self._machines.postgres.disk is not None else ()
            kinds += (self._jump,) if self._machines.clock is not None else ()
        for number in range(FAULTS_MAX):
            if self.stopping.wait(self._random.uniform(0.2, 1.2)):
                break
            if time.monotonic() > outage:
                self._outage()
                outage = time.monotonic() + OUTAGE_EVERY_SECONDS
                continue
            # Each kind once, however short the run is.
            (kinds[number] if number < len(kinds) else self._random.choice(kinds))()
        self._proxy.storms = False
        self._proxy.revive()

    def _kill(self) -> None:
        workers = self._service.workers()
        # One is always left, and a new one is not killed before it serves.
        with suppress(psutil.NoSuchProcess):
            if len(workers) == 2 and min(time.time() - each.create_time() for each in workers) > 0.5:
                self._random.choice(workers).kill()
                self._proxy.counts["workers killed"] += 1

    def _stall(self) -> None:
        self._proxy.counts["stalls"] += 1
        self._proxy.stall(self._random.uniform(0.05, STALL_SECONDS_MAX), self.stopping)

    def _cut(self) -> None:
        self._proxy.counts["all connections reset"] += 1
        self._proxy.cut()

    def _outage(self) -> None:
        """The answer to a COMMIT is lost, and the database is away until the service has given up looking."""
        self._proxy.counts[f"outages, which make outcomes {Outcome.UNKNOWN}"] += 1
        self._proxy.lose(Fate.ANSWER_LOST, and_die=True)
        self.stopping.wait(OUTAGE_SECONDS)
        self._proxy.revive()

    def _freeze(self) -> None:
        """A worker stands still, perhaps for longer than its lease as relay, and then goes on as if nothing was."""
        workers = self._service.workers()
        if len(workers) < 2:
            return
        self._proxy.counts["workers frozen"] += 1
        worker = self._random.choice(workers)
        with suppress(psutil.NoSuchProcess):
            worker.suspend()
            self.stopping.wait(self._random.choice((0.2, 1.0, FREEZE_SECONDS_MAX)))
        with suppress(psutil.NoSuchProcess):
            worker.resume()

    def _kill_all(self) -> None:
        workers = self._service.workers()
        if len(workers) < 2:
            return
        self._proxy.counts["all workers killed"] += 1
        for worker in workers:
            with suppress(psutil.NoSuchProcess):
                worker.kill()

    def _crash_database(self) -> None:
        assert self._machines is not None
        self._proxy.counts["PostgreSQL stopped at once"] += 1
        self._machines.postgres.stop("immediate")
        self.stopping.wait(self._random.uniform(0, 0.5))
        self._machines.postgres.start()

    def _kill_database(self) -> None:
        assert self._machines is not None
        self._proxy.counts["PostgreSQL's first process killed"] += 1
        self._machines.postgres.kill()
        self._machines.postgres.start()

    def _end_sessions(self) -> None:
        assert self._machines is not None
        self._proxy.counts["sessions of PostgreSQL ended"] += asyncio.run(_terminate(self._machines.postgres.url))

    def _kill_redis(self) -> None:
        assert self._machines is not None
        self._proxy.counts["Redis killed"] += 1
        self._machines.redis.kill()
        self.stopping.wait(self._random.uniform(0, 1.0))
        self._machines.redis.start()

    def _freeze_redis(self) -> None:
        assert self._machines is not None
        self._proxy.counts["Redis frozen"] += 1
        self._machines.redis.freeze()
        self.stopping.wait(self._random.uniform(0.05, 2.0))
        self._machines.redis.thaw()

    def _fill_disk(self) -> None:
        assert self._machines is not None
        self._proxy.counts["disk of PostgreSQL full"] += 1
        self._machines.postgres.fill_disk(self._random.uniform(0.2, 2.0))

    def _jump(self) -> None:
        assert self._machines is not None
        assert self._machines.clock is not None
        self._proxy.counts["clock of the service jumped"] += 1
        fresh = self._machines.clock.with_suffix(".new")
        fresh.write_text(f"{self._random.uniform(-JUMP_SECONDS_MAX, JUMP_SECONDS_MAX):+.1f}")
        fresh.rename(self._machines.clock)

    def _empty_redis(self) -> None:
        assert self._machines is not None
        self._proxy.counts["Redis emptied"] += 1
        with self._machines.redis.client() as client:
            client.flushall()


async def _terminate(url: str) -> int:
    """End every other session, in the middle of whatever it does; answers how many there were."""
    connection = await asyncpg.connect(url)
    try:
        return len(await connection.fetch(TERMINATE))
    finally:
        await connection.close()
