"""Records a service under load and faults, and checks the history: `python -m proof.recorded --seconds 60 --seed 1`.

A seed draws the clients' wishes and the faults again, though not their exact moments. Ends with 1 when a promise is
broken, and when bookings take longer to come back after a fault than they may.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from databases import SERVER, empty_database
from holdfast.database import migrate
from proof.closing_errors import CLOSING_ERRORS
from proof.errors import ERRORS
from proof.recorded.faults import Machines
from proof.recorded.planting import planted, skewed
from proof.recorded.report import report
from proof.recorded.run import Recorded, record
from proof.recorded.watch import draw
from races.postgres import Postgres
from redis_server import RedisServer

DISK_MB = 4_000
PLANTS = ERRORS | {name: error.edits for name, error in CLOSING_ERRORS.items()}


async def recorded(
    seconds: float, seed: int, environment: Mapping[str, str], machines: Machines | None = None
) -> Recorded:
    """One run in a database of its own."""
    async with empty_database() as url:
        await migrate.upgrade(url)
        return await record(url, seconds, seed, environment, machines)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m proof.recorded", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long the load lasts")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="draws wishes and faults")
    parser.add_argument("--plant", choices=PLANTS, help="plant this error first, which should be found")
    parser.add_argument("--gently", action="store_true", help="leave PostgreSQL and Redis themselves alone")
    parser.add_argument("--disk", action="store_true", help="fill PostgreSQL's disk, too: a small one; needs root")
    parser.add_argument("--clock", action="store_true", help="let the service's clock jump, too")
    parser.add_argument("--chart", type=Path, help="draw memory, connections and more into this file, as SVG")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hf-", ignore_cleanup_errors=True) as directory:
        environment = planted(PLANTS[arguments.plant], Path(directory) / "planted") if arguments.plant else {}
        clock = Path(directory) / "clock" if arguments.clock else None
        if clock is not None:
            clock.write_text("0")
            environment = skewed(clock, Path(directory) / "skewed")
        with Postgres(DISK_MB if arguments.disk else 0) as postgres, RedisServer() as redis:
            os.environ[SERVER] = postgres.url
            machines = None if arguments.gently else Machines(postgres, redis, clock)
            run = asyncio.run(recorded(arguments.seconds, arguments.seed, environment, machines))
    print(report(run, arguments.seed))
    if arguments.chart is not None:
        draw(run.samples, arguments.chart)
        print(f"written: {arguments.chart}")
    return bool(run.violations or any(each.is_late for each in run.healings))


if __name__ == "__main__":
    sys.exit(main())
