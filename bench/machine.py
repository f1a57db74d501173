"""What the numbers were measured on: numbers of different machines say nothing about each other."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import psutil

import wrk

PACKAGES = ("asyncpg", "httptools", "litestar", "msgspec", "sqlalchemy", "uvicorn", "uvloop")


def describe(data: Path) -> dict[str, object]:
    """Processor, memory, system, and the file system that `data` is on."""
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": platform.platform(),
        "file_system": _file_system(data),
        "load_before": [round(each, 2) for each in os.getloadavg()],
    }


def is_busy() -> bool:
    """Whether other programs kept more than a quarter of the processor busy in the last minute."""
    return os.getloadavg()[0] > (os.cpu_count() or 1) / 4


def versions() -> dict[str, str]:
    """Of everything that takes part."""
    from holdfast import __version__

    packages = {name: version(name) for name in PACKAGES}
    return {"holdfast": __version__, "python": platform.python_version(), "wrk": wrk.version(), **packages}


def _cpu() -> str:
    """The processor's model."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _file_system(data: Path) -> str:
    """The kind of file system; on one that lies in memory, a durable commit costs nothing."""
    mounted = {Path(each.mountpoint): each.fstype for each in psutil.disk_partitions(all=True)}
    found = [mounted[parent] for parent in [data.resolve(), *data.resolve().parents] if parent in mounted]
    return found[0] if found else "unknown"
