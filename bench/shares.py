"""`python bench/shares.py`: how much processor time a reservation costs the workers, and PostgreSQL.

What docs/scaling.md calculates with. Processor time hardly depends on who else wants the processors, as rates do.
"""

import asyncio
import time
from collections.abc import Iterable

import asyncpg
import psutil

import postgres
import tested
import wrk
from workloads import Load

SECONDS = 5
ROWS = (
    (Load("rooms", "Creations on 1,000 rooms"), 1),
    (Load("rooms", "Creations on 1,000 rooms"), 2),
    (Load("room", "Creations on one room", rooms=1), 1),
)


def main() -> None:
    """Print a line for each row."""
    print(f"{'':34}{'a second':>10}{'workers':>12}{'PostgreSQL':>12}   µs of processor time for each")
    with postgres.running() as url:
        server = asyncio.run(postmaster(url))
        for number, (load, workers) in enumerate(ROWS):
            with tested.start(url, workers) as service:
                wrk.book(load, service.url, rooms=f"warm{number}", span=2 * number, seconds=1)
                measure(load, workers, service, server, number)


def measure(load: Load, workers: int, service: tested.Service, server: psutil.Process, number: int) -> None:
    """Drive one load, and see who spent what."""
    before = {process.pid: spent([process]) for process in family(server)}
    mine, began = spent(service.workers()), time.monotonic()
    counted = wrk.book(load, service.url, rooms=f"shares{number}", span=2 * number + 1, seconds=SECONDS)
    workers_spent = spent(service.workers()) - mine
    servers_spent = sum(spent([process]) - before.get(process.pid, 0.0) for process in family(server))
    seconds = time.monotonic() - began
    created = max(1, counted.created)
    title = f"{load.title}, {workers} worker{'s' if workers > 1 else ''}"
    print(
        f"{title:34}{counted.created / seconds:10,.0f}"
        f"{workers_spent / created * 1e6:12.0f}{servers_spent / created * 1e6:12.0f}",
        flush=True,
    )


async def postmaster(url: str) -> psutil.Process:
    """The process of the server that has all others."""
    connection = await asyncpg.connect(url)
    try:
        parent = psutil.Process(await connection.fetchval("SELECT pg_backend_pid()")).parent()
    finally:
        await connection.close()
    assert parent is not None
    return parent


def family(server: psutil.Process) -> list[psutil.Process]:
    """Every process of the server."""
    return [server, *server.children(recursive=True)]


def spent(processes: Iterable[psutil.Process]) -> float:
    """Seconds of processor time that these have spent so far."""
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return total


if __name__ == "__main__":
    main()
