"""Kills the leader of three PostgreSQL servers under load, again and again, and looks what became of the bookings.

Patroni with synchronous replication keeps three servers of the wheel, etcd decides who leads, HAProxy sends Holdfast
to the leader. `make test-failover` runs it; needs the packages etcd-server and haproxy, and Patroni of PyPI with the
extras `etcd3` and `psycopg3` on the PATH. Ends with 1 when something that was acknowledged is not there, when
something overlaps or `holdfast check` finds fault, and when bookings took longer to come back than they may.
"""

import argparse
import asyncio
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from contextlib import ExitStack, suppress
from math import inf
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
import psutil
import yaml

import servers
from holdfast.database import embedded
from proof.recorded.healing import FAILOVER_SECONDS_MAX, Booking
from rooms import body, overlaps
from service import Service

NODES = 3
CLIENTS = 8
LOAD_SECONDS = 5.0
BACK_SECONDS_MAX = 90.0
STANDBYS = """
SELECT count(*) FILTER (WHERE state = 'streaming') AS streaming, count(*) FILTER (WHERE sync_state = 'sync') AS sync
FROM pg_stat_replication
"""
EXPECTED = {201, 409, 503}
HBA = ["local all all trust", "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"]


class Node:
    """One server and the Patroni that keeps it."""

    def __init__(self, name: str, place: Path, etcd: int) -> None:
        self.name = name
        self.port, self.api = servers.free_ports(2)
        servers.give(place / name)
        self._configuration = place / f"{name}.yml"
        self._configuration.write_text(yaml.safe_dump(self._settings(place / name, etcd)))
        self._place = place
        self.start()

    def start(self) -> None:
        """Start Patroni, which starts the server: as a replica when another leads."""
        self.process = servers.as_nobody([servers.find("patroni"), str(self._configuration)], self._place)

    def kill(self) -> None:
        """End Patroni and every process of its server at once, and wait until they are gone."""
        heads = [each for each in psutil.process_iter() if each.pid == self.process.pid or self._is_ours(each)]
        family = [*heads, *(child for each in heads for child in each.children(recursive=True))]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()
        psutil.wait_procs(family, timeout=BACK_SECONDS_MAX)

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return str(self._place / self.name / "data") in process.cmdline()
        except psutil.Error:
            return False

    def leads(self) -> bool:
        """Whether its Patroni says that it is the leader."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.api}/primary", timeout=2) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def _settings(self, home: Path, etcd: int) -> dict[str, Any]:
        parameters = {"max_connections": 200, "unix_socket_directories": str(home), "fsync": "on"}
        users = {"username": "postgres", "password": "none"}
        dcs = {"ttl": 20, "loop_wait": 5, "retry_timeout": 5, "synchronous_mode": True, "synchronous_mode_strict": True}
        return {
            "scope": "holdfast",
            "name": self.name,
            "restapi": {"listen": f"127.0.0.1:{self.api}", "connect_address": f"127.0.0.1:{self.api}"},
            "etcd3": {"host": f"127.0.0.1:{etcd}"},
            "bootstrap": {
                "dcs": dcs | {"postgresql": {"use_pg_rewind": True}},
                "initdb": [{"encoding": "UTF8"}, "data-checksums", {"auth": "trust"}],
            },
            "postgresql": {
                "listen": f"127.0.0.1:{self.port}",
                "connect_address": f"127.0.0.1:{self.port}",
                "data_dir": str(home / "data"),
                "bin_dir": str(embedded.BINARIES),
                "pgpass": str(home / "pgpass"),
                "authentication": {"superuser": users, "replication": users, "rewind": users},
                "parameters": parameters,
                "pg_hba": HBA,
            },
        }


class Bookings:
    """Clients, two and two after the same hours, and what they were told."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._stop = threading.Event()
        self.acknowledged: dict[str, Booking] = {}
        self.answers: Counter[int] = Counter()
        self._threads = [threading.Thread(target=self._book, args=(number,)) for number in range(CLIENTS)]

    def __enter__(self) -> "Bookings":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def first_after(self, moment: float) -> float:
        """When the first that was begun after this moment was acknowledged; `inf` when none was."""
        return min((each.acknowledged for each in list(self.acknowledged.values()) if each.begun > moment), default=inf)

    def _book(self, number: int) -> None:
        count = 0
        while not self._stop.is_set():
            count += 1
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
            wanted = json.dumps(body(f"pair-{number // 2}-{count}", 1, 2))
            begun = time.monotonic()
            connection.request("POST", "/reservations", wanted, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            said = json.loads(answer.read())
            connection.close()
            self.answers[answer.status] += 1
            if answer.status == 201:
                self.acknowledged[said["id"]] = Booking(begun, time.monotonic())
            elif answer.status == 503:
                self._stop.wait(0.1)


def main() -> int:
    """Set it up, kill leaders, look."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1, help="how often the leader is killed")
    kills = parser.parse_args().kills
    with tempfile.TemporaryDirectory(prefix="failover-", ignore_cleanup_errors=True) as name:
        place = Path(name)
        place.chmod(0o755)
        etcd, peer, front = servers.free_ports(3)
        with ExitStack() as running:
            running.callback(end, start_etcd(place, etcd, peer))
            nodes = []
            for number in range(1, NODES + 1):
                nodes.append(node := Node(f"node{number}", place, etcd))
                running.callback(node.kill)
            running.callback(end, start_haproxy(place, nodes, front))
            url = f"postgresql://postgres@127.0.0.1:{front}/postgres"
            servers.wait(lambda: asyncio.run(is_whole(url)), "The cluster", BACK_SECONDS_MAX)
            with Service({"DATABASE_URL": url, "WORKERS": 2}) as service:
                return fail_over(service, nodes, url, kills)


def fail_over(service: Service, nodes: list[Node], url: str, kills: int) -> int:
    """Book, kill one leader after the other, and look; answers the exit status."""
    with Bookings(service.port) as bookings:
        pauses = [lose_leader(number, bookings, nodes, url) for number in range(1, kills + 1)]
        time.sleep(LOAD_SECONDS)
    lost, overlapping = asyncio.run(look(url, set(bookings.acknowledged)))
    told = f"lost {lost}, overlapping {overlapping}, answers {dict(sorted(bookings.answers.items()))}"
    print(f"kills {kills}, no booking for {median(pauses):.1f} s in the median, {max(pauses):.1f} s at most")
    print(f"acknowledged {len(bookings.acknowledged)}, {told}", flush=True)
    checked = subprocess.run(
        [sys.executable, "-m", "holdfast", "check"], env=os.environ | {"DATABASE_URL": url}, check=False
    )
    is_late = max(pauses) > FAILOVER_SECONDS_MAX
    if is_late:
        print(f"Too late: {FAILOVER_SECONDS_MAX:.0f} s at most")
    return int(bool(lost or overlapping or checked.returncode or is_late or bookings.answers.keys() - EXPECTED))


def lose_leader(number: int, bookings: Bookings, nodes: list[Node], url: str) -> float:
    """Kill the leader under load, and have it back as a replica; answers the seconds until a booking was made."""
    time.sleep(LOAD_SECONDS)
    leader = next(node for node in nodes if node.leads())
    before, killed = len(bookings.acknowledged), time.monotonic()
    leader.kill()
    # What the old leader may still have confirmed tells nothing.
    dead = time.monotonic()
    servers.wait(lambda: bookings.first_after(dead) < inf, f"Booking without {leader.name}", BACK_SECONDS_MAX)
    seconds = bookings.first_after(dead) - killed
    then = next((node.name for node in nodes if node.leads()), "nobody")
    leader.start()
    began = time.monotonic()
    servers.wait(lambda: asyncio.run(is_whole(url)), f"{leader.name} as a replica", BACK_SECONDS_MAX)
    print(
        f"{number:>3}: {leader.name}, the leader, is killed after {before} bookings; {then} leads, "
        f"no booking for {seconds:.1f} s; {leader.name} follows after {time.monotonic() - began:.1f} s more",
        flush=True,
    )
    return seconds


def start_etcd(place: Path, port: int, peer: int) -> "subprocess.Popen[bytes]":
    """One etcd; a real installation has three."""
    servers.give(place / "etcd")
    here, there = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer}"
    command = [servers.find("etcd"), "--data-dir", str(place / "etcd" / "data"), "--listen-client-urls", here]
    command += ["--advertise-client-urls", here, "--listen-peer-urls", there]
    command += ["--initial-advertise-peer-urls", there, "--initial-cluster", f"default={there}"]
    process = servers.as_nobody(command, place)
    servers.wait(lambda: servers.answers(port), "etcd")
    return process


def start_haproxy(place: Path, nodes: list[Node], port: int) -> "subprocess.Popen[bytes]":
    """HAProxy, which sends everybody to the server whose Patroni says that it leads."""
    lines = ["defaults", "  mode tcp", "  timeout connect 2s", "  timeout client 1h", "  timeout server 1h"]
    lines += [
        "listen leader",
        f"  bind 127.0.0.1:{port}",
        "  option httpchk GET /primary",
        "  http-check expect status 200",
        "  default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions",
    ]
    lines += [f"  server {node.name} 127.0.0.1:{node.port} check port {node.api}" for node in nodes]
    configuration = place / "haproxy.cfg"
    configuration.write_text("\n".join(lines) + "\n")
    return servers.as_nobody([servers.find("haproxy"), "-db", "-f", str(configuration)], place)


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a server that need not tidy up."""
    process.kill()
    process.wait()


async def is_whole(url: str) -> bool:
    """Whether there is a leader whom all others follow, and one of them confirms its commits."""
    try:
        connection = await asyncpg.connect(url, timeout=3)
        try:
            standbys = await connection.fetchrow(STANDBYS)
        finally:
            await connection.close()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
        return False
    return bool(standbys["streaming"] == NODES - 1 and standbys["sync"])


async def look(url: str, ids: set[str]) -> tuple[int, int]:
    """How many of these reservations the leader does not have, and how many overlap."""
    connection = await asyncpg.connect(url)
    try:
        there = {str(row["id"]) for row in await connection.fetch("SELECT id FROM reservations")}
        return len(ids - there), len(await overlaps(connection))
    finally:
        await connection.close()


if __name__ == "__main__":
    sys.exit(main())
