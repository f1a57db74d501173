"""One load test: what to ask for, the requests in a process of their own, the numbers and the report."""

import importlib.util
import json
import math
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import httpx
import msgspec

from holdfast.loadtest import report, results
from holdfast.loadtest.results import Answer, Limits, Results

DAYS = 7
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m)")
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}


class CannotTest(Exception):
    """There is nothing to test, or nothing to test it with. Its text is the one line to show."""


class Load(msgspec.Struct, frozen=True):
    """How many requests a second, for how many seconds; as whom (`None`: the fixed user); from which day on."""

    rate: float
    seconds: float
    token: str | None
    today: date


def duration(text: str) -> float:
    """A length of time such as `10s`, `200ms` or `1m`, in seconds. Raises `ValueError`."""
    found = DURATION.fullmatch(text.strip())
    if found is None or not 0 < float(found[1]) * UNITS[found[2]] <= 3600:
        raise ValueError(f"{text!r} is not a duration such as 10s, 200ms or 1m")
    return float(found[1]) * UNITS[found[2]]


def test(url: str, load: Load, limits: Limits, out: Path, progress: Callable[[int, int], None]) -> Results:
    """Test a service, and write `metrics.json` and `report.html` into `out`; `progress` is told answers and requests.

    Raises `CannotTest`.
    """
    if importlib.util.find_spec("locust") is None:
        raise CannotTest("locust is not installed: pip install 'holdfast[load]'")
    asked = _plan(url.rstrip("/"), load)
    total, answers = _attack(asked, round(load.rate * load.seconds), progress)
    found = results.summary(url, (load.rate, load.seconds), total, answers, limits)
    out.mkdir(parents=True, exist_ok=True)
    numbers = {name: _finite(value) for name, value in msgspec.structs.asdict(found).items()}
    (out / "metrics.json").write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    (out / "report.html").write_text(report.page(found, answers), encoding="utf-8")
    return found


def _plan(url: str, load: Load) -> dict[str, object]:
    """What to ask for: every room, the next seven days."""
    try:
        with httpx.Client(base_url=url, timeout=10, trust_env=False) as client:
            token = load.token or client.post("/dummyLogin", json={"role": "user"}).raise_for_status().json()["token"]
            headers = {"Authorization": f"Bearer {token}"}
            rooms = client.get("/rooms/list", headers=headers).raise_for_status().json()["rooms"]
    except httpx.HTTPStatusError as error:
        request = error.request.url.path
        raise CannotTest(f"{url}{request} answers {error.response.status_code}; --token names another user") from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError):
        raise CannotTest(f"no service answers at {url}") from None
    if not rooms:
        raise CannotTest(f"{url} has no rooms: run `make seed` first")
    days = [load.today + timedelta(days=number) for number in range(DAYS)]
    paths = [f"/rooms/{room['id']}/slots/list?date={day}" for room in rooms for day in days]
    return {"url": url, "headers": headers, "paths": paths, "rate": load.rate, "seconds": load.seconds}


def _attack(asked: dict[str, object], expected: int, progress: Callable[[int, int], None]) -> tuple[int, list[Answer]]:
    command = [sys.executable, "-m", "holdfast.loadtest.attack"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        with process.stdin:
            json.dump(asked, process.stdin)
        for line in process.stdout:
            told = json.loads(line)
            if isinstance(told, dict):
                return told["total"], [Answer(*each) for each in told["answers"]]
            progress(told, expected)
    raise CannotTest("the load generator ended before it was done")


def _finite(value: object) -> object:
    """A number as JSON has it, which knows no infinity."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
