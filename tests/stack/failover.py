"""Kills the leader of three PostgreSQL servers under load, and counts what was acknowledged and is not there.

Patroni with synchronous replication keeps three servers of the wheel, etcd decides who leads, HAProxy sends Holdfast
to the leader. `make test-failover` runs it; needs the packages etcd-server and haproxy, and Patroni of PyPI with the
extras `etcd3` and `psycopg3` on the PATH. Ends with 1 when something was lost or bookings do not come back.
"""

import asyncio
import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import yaml

import servers
from holdfast.database import embedded
from rooms import body
from service import Service

CLIENTS = 8
LOAD_SECONDS = 5.0
BACK_SECONDS_MAX = 60.0
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
        self.process = self.start()

    def start(self) -> "subprocess.Popen[bytes]":
        """Start Patroni, which starts the server."""
        return servers.as_nobody([servers.find("patroni"), str(self._configuration)], self._place)

    def kill(self) -> None:
        """End Patroni and every process of its server at once."""
        parent = psutil.Process(self.process.pid)
        for process in [parent, *parent.children(recursive=True)]:
            process.kill()
        servers_left = [each for each in psutil.process_iter() if self._is_ours(each)]
        for process in servers_left:
            process.kill()
        self.process.wait()

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
    """Clients that book one free hour after the other, and what they were told."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._stop = threading.Event()
        self.acknowledged: list[tuple[float, str]] = []
        self.refused: dict[int, int] = {}
        self._threads = [threading.Thread(target=self._book, args=(number,)) for number in range(CLIENTS)]

    def __enter__(self) -> "Bookings":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _book(self, number: int) -> None:
        count = 0
        while not self._stop.is_set():
            count += 1
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
            wanted = json.dumps(body(f"client-{number}-{count}", 1, 2))
            connection.request("POST", "/reservations", wanted, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            said = json.loads(answer.read())
            connection.close()
            if answer.status == 201:
                self.acknowledged.append((time.monotonic(), said["id"]))
            else:
                self.refused[answer.status] = self.refused.get(answer.status, 0) + 1
                time.sleep(0.1)


def main() -> int:
    """Set it up, kill the leader, look."""
    with tempfile.TemporaryDirectory(prefix="failover-", ignore_cleanup_errors=True) as name:
        place = Path(name)
        place.chmod(0o755)
        etcd, peer, front = servers.free_ports(3)
        running = [start_etcd(place, etcd, peer)]
        nodes = [Node(f"node{number}", place, etcd) for number in (1, 2, 3)]
        try:
            running.append(start_haproxy(place, nodes, front))
            url = f"postgresql://postgres@127.0.0.1:{front}/postgres"
            servers.wait(lambda: asyncio.run(is_synchronous(url)), "The cluster", 90)
            with Service({"DATABASE_URL": url, "WORKERS": 2}) as service:
                return fail_over(service, nodes, url)
        finally:
            for node in nodes:
                if node.process.poll() is None:
                    node.kill()
            for process in running:
                process.kill()
                process.wait()


def fail_over(service: Service, nodes: list[Node], url: str) -> int:
    """Book, kill the leader, book on; answers the exit status."""
    with Bookings(service.port) as bookings:
        time.sleep(LOAD_SECONDS)
        leader = next(node for node in nodes if node.leads())
        before, killed = len(bookings.acknowledged), time.monotonic()
        leader.kill()
        print(f"{leader.name}, the leader, is killed after {before} bookings", flush=True)
        wait = f"A booking after {leader.name} was killed"
        servers.wait(lambda: bookings.acknowledged[-1][0] > killed + 2, wait, BACK_SECONDS_MAX)
        time.sleep(LOAD_SECONDS)
    times = sorted(moment for moment, _ in bookings.acknowledged)
    gap = max(after - earlier for earlier, after in pairwise(times))
    lost = asyncio.run(missing(url, [each for _, each in bookings.acknowledged]))
    print(f"{next(node.name for node in nodes if node.leads())} leads now; no booking for {gap:.1f} s")
    print(f"acknowledged {len(times)}, refused {bookings.refused}, lost {lost}", flush=True)
    return 1 if lost else 0


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
    ]
    lines += ["  http-check expect status 200"]
    lines += ["  default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions"]
    lines += [f"  server {node.name} 127.0.0.1:{node.port} check port {node.api}" for node in nodes]
    configuration = place / "haproxy.cfg"
    configuration.write_text("\n".join(lines) + "\n")
    return servers.as_nobody([servers.find("haproxy"), "-db", "-f", str(configuration)], place)


async def is_synchronous(url: str) -> bool:
    """Whether there is a leader, and somebody confirms its commits."""
    try:
        connection = await asyncpg.connect(url, timeout=3)
    except (OSError, asyncpg.PostgresError, TimeoutError):
        return False
    try:
        return bool(await connection.fetchval("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"))
    finally:
        await connection.close()


async def missing(url: str, ids: list[str]) -> int:
    """How many of these reservations the leader does not have."""
    connection = await asyncpg.connect(url)
    try:
        there = {str(row["id"]) for row in await connection.fetch("SELECT id FROM reservations")}
        return len(set(ids) - there)
    finally:
        await connection.close()


if __name__ == "__main__":
    sys.exit(main())
