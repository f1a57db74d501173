"""Drives the service with wrk, and reads what it counted."""

import shutil
import subprocess
from pathlib import Path

import msgspec
from msgspec import Struct

from slots import SLOT_SECONDS, TAKEN, THREAD_SLOTS, THREADS, start_of
from workloads import Load

SCRIPTS = Path(__file__).parent / "scripts"
ANSWER_SECONDS_MAX = 30
GRACE_SECONDS = 60
MISSING = """wrk, the load generator, is not installed. Install it with one of
  apt-get install wrk     Debian, Ubuntu
  dnf install wrk         Fedora
  brew install wrk        macOS
or from its source: https://github.com/wg/wrk"""


class Counted(Struct, frozen=True):
    """What wrk's threads counted together; `p50_ms` and the like are of all answers."""

    seconds: float
    answers: int
    lost: int
    bytes: int
    others: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    created: int = 0
    conflicts: int = 0
    needless: int = 0


def program() -> str:
    """Where wrk lies. Ends the run, saying how to install it, when it is missing."""
    found = shutil.which("wrk")
    if found is None:
        raise SystemExit(MISSING)
    return found


def version() -> str:
    """The version that wrk tells."""
    # It has no option for that alone: this one prints the usage as well, and fails.
    told = subprocess.run([program(), "-v"], check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return (told.stdout + told.stderr).partition("Copyright")[0].strip()


def book(load: Load, url: str, *, rooms: str, span: int, seconds: int) -> Counted:
    """Ask for reservations for so many seconds, in the span of this number."""
    key = f"{rooms}-{span}" if load.keyed else "-"
    arguments = (start_of(span), THREAD_SLOTS, SLOT_SECONDS, TAKEN, rooms, load.rooms, key, load.taken_in_ten)
    return run("book.lua", url, arguments, connections=load.connections, seconds=seconds)


def list_room(url: str, room: str, *, seconds: int) -> Counted:
    """Ask for a room's list for so many seconds, one after the other."""
    return run("list.lua", url, (room,), connections=1, seconds=seconds)


def run(script: str, url: str, arguments: tuple[object, ...], *, connections: int, seconds: int) -> Counted:
    """Drive a service with one of the scripts, and read what it counted."""
    done = subprocess.run(
        [program(), f"-t{min(THREADS, connections)}", f"-c{connections}", f"-d{seconds}s",
         "--timeout", f"{ANSWER_SECONDS_MAX}s", "-s", SCRIPTS / script, url, "--", *map(str, arguments)],
        check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=seconds + GRACE_SECONDS,
    )  # fmt: skip
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            return msgspec.json.decode(line.removeprefix("RESULT "), type=Counted)
    raise RuntimeError(f"wrk failed:\n{done.stdout}\n{done.stderr}")
