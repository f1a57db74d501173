"""The servers that stand beside Holdfast in docker-compose.yml, run by this machine's programs with its options."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

NOBODY = 65534


def as_nobody(command: list[str], place: Path, **extra: str) -> "subprocess.Popen[bytes]":
    """Start a program as a user who may nothing, when we are root; what it prints goes to a file."""
    someone: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **extra}
    with (place / f"{Path(command[0]).name}.log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, cwd="/", env=environment, **someone)


def give(directory: Path) -> None:
    """Make a directory that belongs to that user."""
    directory.mkdir()
    if os.geteuid() == 0:
        os.chown(directory, NOBODY, NOBODY)


def postgres(service: dict[str, Any], binaries: Path, place: Path, port: int) -> "subprocess.Popen[bytes]":
    """PostgreSQL, set up as its image does it from the same variables, with a password over TCP."""
    settings = service["environment"]
    data, secret = place / "postgres", place / "password"
    give(data)
    secret.write_text(settings["POSTGRES_PASSWORD"])
    options = ["--username", settings["POSTGRES_USER"], "--pwfile", str(secret), "--auth", "scram-sha-256"]
    options += settings["POSTGRES_INITDB_ARGS"].split()
    done = as_nobody([str(binaries / "initdb"), "-D", str(data), *options], place)
    if done.wait():
        raise SystemExit((place / "initdb.log").read_text())
    own = ["-c", f"port={port}", "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={data}"]
    server = as_nobody([str(binaries / "postgres"), "-D", str(data), *service["command"][1:], *own], place)
    login = f"postgresql://{settings['POSTGRES_USER']}:{settings['POSTGRES_PASSWORD']}@127.0.0.1:{port}/postgres"
    ready = [str(binaries / "psql"), login, "-qc", f'CREATE DATABASE "{settings["POSTGRES_DB"]}"']
    wait(lambda: subprocess.run(ready, check=False, capture_output=True).returncode == 0, "PostgreSQL")
    return server


def redis(service: dict[str, Any], place: Path, port: int) -> "subprocess.Popen[bytes]":
    """Redis, with the command of its container."""
    program, *options = service["command"]
    give(place / "redis")
    own = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(place / "redis")]
    server = as_nobody([find(program), *options, *own], place)
    wait(lambda: answers(port), "Redis")
    return server


def nginx(
    configuration: Path, place: Path, api: int | str, port: int, *, resolver: str = ""
) -> "subprocess.Popen[bytes]":
    """nginx, with the configuration of its container, but for the lines that say where things are.

    `api` is a port of this machine, or a name and a port; the name server at `resolver` is asked for the name.
    """
    found = find("nginx")
    there = api if isinstance(api, str) else f"127.0.0.1:{api}"
    ours = configuration.read_text()
    changed = {
        "set $holdfast api:8080;": f"set $holdfast {there};",
        "listen 3000;": f"listen 127.0.0.1:{port};",
        "listen 8080;": "",
        "resolver 127.0.0.11 ": f"resolver {resolver or '127.0.0.11'} ",
    }
    for before, after in changed.items():
        assert before in ours, before
        ours = ours.replace(before, after)
    home = place / "front"
    give(home)
    temporary = "".join(
        f"{kind}_temp_path {home}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (home / "nginx.conf").write_text(
        f"daemon off; pid {home}/pid; error_log {home}/error.log warn;\nevents {{}}\n"
        f"http {{\naccess_log {home}/access.log;\n{temporary}{ours}}}\n"
    )
    server = as_nobody([found, "-c", str(home / "nginx.conf")], place)
    wait(lambda: answers(port), f"nginx (see {home}/error.log)")
    return server


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def wait(is_ready: Any, what: str, seconds_max: float = 60) -> None:
    """Wait until something is ready. Raises `SystemExit` when it takes too long."""
    deadline = time.monotonic() + seconds_max
    while not is_ready():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what} does not start")
        time.sleep(0.1)


def find(program: str) -> str:
    """Where a program is. Raises `SystemExit` with what is to be installed first."""
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        raise SystemExit(f"{program} is needed: apt-get install {program}")
    return found
