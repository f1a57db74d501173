"""What stands in for containers: a copy of this machine's file system that vanishes, made with an overlay and a chroot.

Whatever a command changes in its box lies in memory. All boxes share this machine's network and processes. Needs root,
in a mount namespace of its own (`unshare --mount`).
"""

import os
import shutil
import subprocess
from pathlib import Path

from dockerfile import Stage, filled, pairs, without_mounts


class Box:
    """One box, begun as this machine is, with the state that Dockerfile instructions change."""

    def __init__(self, place: Path, name: str) -> None:
        self.layers = place / name
        self.root = self.layers / "root"
        self.environment = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/root"}
        self.directory = "/"
        self.user = "0:0"
        for part in ("root", "upper", "work"):
            (self.layers / part).mkdir(parents=True)
        layers = f"lowerdir=/,upperdir={self.layers}/upper,workdir={self.layers}/work"
        mount("-t", "overlay", "overlay", "-o", layers, self.root)
        for shared in ("proc", "dev", "sys"):
            mount("--rbind", f"/{shared}", self.root / shared)

    def run(self, command: list[str], *, ends: bool = True, **extra: str) -> "subprocess.Popen[bytes]":
        """Run a command in the box, and, unless it is to stay, wait for it. Raises `CalledProcessError`."""
        user, group = self.user.split(":")
        inner = ["chroot", str(self.root), "env", f"--chdir={self.directory}", "setpriv", f"--reuid={user}"]
        inner += [f"--regid={group}", "--clear-groups", "--no-new-privs"]
        if user != "0":
            inner += ["--inh-caps=-all", "--bounding-set=-all"]
        process = subprocess.Popen([*inner, *command], env=self.environment | extra)
        if ends and process.wait():
            raise subprocess.CalledProcessError(process.returncode, command)
        return process

    def seal(self) -> None:
        """Make its root file system read-only, all but an empty /tmp, as `read_only` and `tmpfs` do."""
        mount("-t", "tmpfs", "-o", "mode=1777,size=64m", "tmpfs", self.root / "tmp")
        mount("-o", "remount,bind,ro", self.root)

    def inside(self, path: str) -> Path:
        """A path of the box, as this machine sees it."""
        return self.root / (Path(self.directory) / path).as_posix().lstrip("/")


def mount(*arguments: object) -> None:
    """Mount something. Raises `CalledProcessError`."""
    subprocess.run(["mount", *map(str, arguments)], check=True)


def build(box: Box, stage: Stage, context: Path, built: dict[str, Box]) -> None:
    """Do what a stage's instructions say. Raises `CalledProcessError`."""
    for kind, rest in stage.steps:
        match kind:
            case "RUN":
                print(f"   RUN {rest[:100]}", flush=True)
                box.run(["sh", "-ec", without_mounts(rest)], PIP_QUIET="1", **keep("PIP_", "npm_config_", "SSL_"))
            case "COPY":
                print(f"   COPY {rest}", flush=True)
                copy(box, rest.split(), context, built)
            case "ENV":
                box.environment |= {name: filled(value, box.environment) for name, value in pairs(rest).items()}
            case "WORKDIR":
                box.directory = rest
                box.inside(".").mkdir(parents=True, exist_ok=True)
            case "USER":
                box.user = rest
                box.environment["HOME"] = home(box)


def copy(box: Box, given: list[str], context: Path, built: dict[str, Box]) -> None:
    """`COPY`: files into a folder, a folder's contents into another."""
    source = context
    if given[0].startswith("--from="):
        source = built[given.pop(0).removeprefix("--from=")].root
    *paths, target = given
    for path in paths:
        found, there = source / path.lstrip("/"), box.inside(target)
        if found.is_dir():
            shutil.copytree(found, there, symlinks=True, dirs_exist_ok=True)
        else:
            there.mkdir(parents=True, exist_ok=True)
            shutil.copy2(found, there)


def home(box: Box) -> str:
    """Where the user of the box is at home, as container engines find out."""
    lines = (line.split(":") for line in box.inside("/etc/passwd").read_text().splitlines())
    return next((line[5] for line in lines if line[2] == box.user.split(":")[0]), "/")


def keep(*beginnings: str) -> dict[str, str]:
    """What package managers are told on this machine: where to look for packages."""
    return {name: value for name, value in os.environ.items() if name.startswith(beginnings)}
