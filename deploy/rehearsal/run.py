"""Rehearses the image and docker-compose.yml on a machine without a container engine; needs root, Redis and nginx.

Does what the Dockerfile says, instruction by instruction, in copies of this machine's file system; starts the command
of the image, as its user, on a read-only file system, with the environment of docker-compose.yml, beside PostgreSQL,
Redis and nginx with the options that stand there; and asks through nginx as people would. Not rehearsed: the images
that are built upon, for which this machine stands in, networks, volumes and limits of containers.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import boxes
import compose
import dockerfile
import questions
import servers
from boxes import Box

ROOT = Path(__file__).parents[2]
ALONE = "REHEARSAL_ALONE"


def main() -> None:
    """Rehearse; ends with status 0 when all went as it should."""
    if os.geteuid() != 0:
        raise SystemExit("Root is needed, to make copies of the file system")
    if ALONE not in os.environ:
        # In a mount namespace of its own: all mounts vanish with it.
        command = ["unshare", "--mount", "--propagation=private", sys.executable, __file__]
        raise SystemExit(subprocess.run(command, check=False, env=os.environ | {ALONE: "1"}).returncode)
    with tempfile.TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True) as name:
        boxes.mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", name)
        place = Path(name)
        image, stage = build(place)
        with ExitStack() as stack:
            port = start(image, stage, place, stack)
            questions.ask(f"http://127.0.0.1:{port}")
            check_health(image, stage)
        run_without_a_database(image, stage)
    print("== Rehearsed", flush=True)


def build(place: Path) -> tuple[Box, dockerfile.Stage]:
    """Every stage, each in a box; answers the last."""
    context = place / "context"
    gather(context)
    built: dict[str, Box] = {}
    stages = dockerfile.stages((ROOT / "Dockerfile").read_text())
    for stage in stages:
        print(f"== Stage {stage.name}, on this machine instead of {stage.base}", flush=True)
        box = built[stage.name] = Box(place, stage.name)
        (box.root / "usr/local/bin/python").unlink(missing_ok=True)
        (box.root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
        boxes.build(box, stage, context, built)
    image = built[stages[-1].name]
    size = sum(each.lstat().st_size for each in (image.root / "opt/holdfast").rglob("*")) / 1e6
    print(f"   /opt/holdfast has {size:.0f} MB", flush=True)
    image.seal()
    return image, stages[-1]


def gather(context: Path) -> None:
    """What Git has of the working copy and .dockerignore lets through."""
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    wanted = [rule[1:] for rule in rules if rule.startswith("!")]
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *wanted],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.splitlines()  # fmt: skip
    for name in listed:
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, context / name)


def start(image: Box, stage: dockerfile.Stage, place: Path, stack: ExitStack) -> int:
    """Everything that docker-compose.yml starts; answers nginx's port. It ends with the stack."""
    project = compose.load([ROOT / "docker-compose.yml"], {})["services"]
    database, cache, api, front = servers.free_ports(4)
    print("== PostgreSQL, Redis, Holdfast and nginx", flush=True)
    binaries = next((image.root / "opt/holdfast/lib").glob("python3*/site-packages/*/pginstall18/bin"))
    stack.callback(stop, servers.postgres(project["postgres"], binaries, place, database), signal.SIGINT)
    stack.callback(stop, servers.redis(project["redis"], place, cache))
    here = {"DB_HOST": "127.0.0.1", "DB_PORT": database, "REDIS_HOST": "127.0.0.1", "REDIS_PORT": cache, "PORT": api}
    settings = project["api"]["environment"] | here | {"TRUSTED_PROXIES": "127.0.0.1"}
    image.environment |= {name: str(value) for name, value in settings.items()}
    command = dockerfile.words(stage.last("ENTRYPOINT")) + dockerfile.words(stage.last("CMD"))
    stack.callback(stop, image.run(command, ends=False))
    servers.wait(lambda: servers.answers(api), "Holdfast")
    stack.callback(stop, servers.nginx(ROOT / "deploy/nginx/holdfast.conf", place, api, front))
    return front


def check_health(image: Box, stage: dockerfile.Stage) -> None:
    """The image's own check, and a command beside the service."""
    said = stage.last("HEALTHCHECK")
    print("== HEALTHCHECK", flush=True)
    image.run(dockerfile.words(re.split(r"\bCMD ", said)[1]))
    image.run(["holdfast", "check"])


def run_without_a_database(image: Box, stage: dockerfile.Stage) -> None:
    """The image alone, with nothing but a volume: it starts a PostgreSQL of its own there."""
    print("== The image alone, with its private PostgreSQL", flush=True)
    volume = image.root / "var/lib/holdfast"
    boxes.mount("-t", "tmpfs", "-o", f"mode=700,uid={image.user.split(':')[0]}", "tmpfs", volume)
    [port] = servers.free_ports(1)
    alone = {"DB_HOST": "", "REDIS_HOST": "", "TRUSTED_PROXIES": "", "PORT": str(port), "WORKERS": "1"}
    image.environment |= alone
    process = image.run([*dockerfile.words(stage.last("ENTRYPOINT")), "serve"], ends=False)
    servers.wait(lambda: servers.answers(port), "Holdfast")
    questions.book(f"http://127.0.0.1:{port}", "alone")
    stop(process)


def stop(process: "subprocess.Popen[bytes]", how: signal.Signals = signal.SIGTERM) -> None:
    """Ask it to end as `docker stop` would. Raises `SystemExit` when it ends badly or not in time."""
    process.send_signal(how)
    try:
        status = process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        raise SystemExit(f"{process.args!r} did not stop") from None
    if status not in {0, -how}:
        raise SystemExit(f"{process.args!r} ended with {status}")


if __name__ == "__main__":
    main()
