"""The yardsticks: the same PostgreSQL without the service, driven by its own pgbench."""

import re
import subprocess
import tempfile
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import parse_qs, urlsplit

import asyncpg

from holdfast.database.embedded import binary
from workloads import ROOMS, Measurement, Yardstick

SCRIPTS = Path(__file__).parent / "scripts"
THREADS = 2
GRACE_SECONDS = 60
# Made anew before each measurement, so the yardsticks never pay for what earlier rounds left behind.
TABLES = f"""
DROP TABLE IF EXISTS bench_bare, bench_naive_rooms, bench_naive_reservations;
CREATE TABLE bench_bare (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    place text NOT NULL, start_time timestamptz NOT NULL, end_time timestamptz NOT NULL
);
CREATE TABLE bench_naive_rooms (id int PRIMARY KEY);
INSERT INTO bench_naive_rooms SELECT generate_series(1, {ROOMS});
CREATE TABLE bench_naive_reservations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    room_id int NOT NULL, start_time timestamptz NOT NULL, end_time timestamptz NOT NULL
);
CREATE INDEX ON bench_naive_reservations (room_id, start_time);
ANALYZE bench_naive_rooms;
"""


async def make_tables(connection: "asyncpg.Connection") -> None:
    """Give the yardsticks empty tables."""
    await connection.execute(TABLES)


def measure(yardstick: Yardstick, url: str, *, round_number: int, seconds: int) -> Measurement:
    """Run one yardstick for so many seconds. Raises `RuntimeError` when a transaction failed."""
    with tempfile.TemporaryDirectory(prefix="hf-pgbench-") as directory:
        log = ["--log", "--log-prefix", f"{directory}/log"] if yardstick.logged else []
        told = _run(yardstick, url, seconds, log)
        rate = _number(r"tps = ([\d.]+)", told)
        if not log:
            # Only the mean is known, and a mean is no median.
            return Measurement(yardstick.name, round_number, rate)
        times = sorted(_logged_ms(Path(directory)))
    last = quantiles(times, n=100)[-1]
    return Measurement(yardstick.name, round_number, rate, p50_ms=median(times), p99_ms=last, max_ms=times[-1])


def _run(yardstick: Yardstick, url: str, seconds: int, log: list[str]) -> str:
    address = urlsplit(url)
    done = subprocess.run(
        [binary("pgbench"), "-M", "prepared", "-c", str(yardstick.clients), "-j", str(min(THREADS, yardstick.clients)),
         "-n", "-T", str(seconds), "-f", SCRIPTS / yardstick.script, "-D", "n=0", "-D", f"rooms={yardstick.rooms}",
         *log, "-h", parse_qs(address.query)["host"][0], "-U", address.username or "postgres",
         address.path.lstrip("/")],
        check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=seconds + GRACE_SECONDS,
        env={"LC_ALL": "C"},
    )  # fmt: skip
    if done.returncode != 0 or _number(r"failed transactions: (\d+)", done.stdout) > 0:
        raise RuntimeError(f"pgbench failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    if found is None:
        raise RuntimeError(f"pgbench did not tell {pattern}:\n{text}")
    return float(found.group(1))


def _logged_ms(directory: Path) -> list[float]:
    """How long each transaction took; the third word of each line of the log says it in microseconds."""
    lines = [line for path in directory.iterdir() for line in path.read_text(encoding="utf-8").splitlines()]
    return [int(line.split()[2]) / 1000 for line in lines]
