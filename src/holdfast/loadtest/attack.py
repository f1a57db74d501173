"""Sends the requests, in a process of its own: locust changes Python's own library when it is loaded.

Reads what to do from standard input, tells how many answers there are so far, one number a line, and ends with all of
them in JSON.
"""

import itertools
import json
import random
import sys
import time
from typing import Any

import gevent
from locust import FastHttpUser, task
from locust.env import Environment
from locust.exception import StopUser
from locust.log import setup_logging

EARLY_SECONDS = 0.0015
"""The clock of timers ticks in milliseconds: this much before its time a request begins to look at a finer one."""
USERS_MIN, USERS_MAX = 10, 1_000
TOLD_EVERY_SECONDS = 0.25
PATIENCE_SECONDS = 10.0


class Plan:
    """What to send, and what came back. Request n is due at n / rate seconds, whatever became of those before it."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self.paths: list[str] = asked["paths"]
        self.headers: dict[str, str] = asked["headers"]
        self.rate: float = asked["rate"]
        self.total = max(1, round(asked["rate"] * asked["seconds"]))
        self.numbers = itertools.count()
        self.begun = time.perf_counter() + 1.0
        self.answers: list[tuple[float, float, str]] = []
        self._random = random.Random(1)  # noqa: S311  nothing here is to be hard to guess

    def due(self) -> float | None:
        """When the next request is to be sent, or `None` when there is none left."""
        number = next(self.numbers)
        return None if number >= self.total else self.begun + number / self.rate

    def path(self) -> str:
        """A day of a room."""
        return self._random.choice(self.paths)

    def note(self, due: float, outcome: str) -> None:
        """Note an answer: when it was due, how long it took from then, in seconds, and `ok` or what went wrong."""
        self.answers.append((due - self.begun, time.perf_counter() - due, outcome))


def visitor(plan: Plan, url: str) -> type[FastHttpUser]:
    """Somebody with a connection of their own, who sends whichever request is due next."""

    class Visitor(FastHttpUser):
        host = url
        network_timeout = PATIENCE_SECONDS
        connection_timeout = PATIENCE_SECONDS

        def on_start(self) -> None:
            """Connect, so that no measured request has to."""
            self.client.get("/_info")

        @task
        def look(self) -> None:
            due = plan.due()
            if due is None:
                raise StopUser
            wait_until(due)
            with self.client.get(plan.path(), headers=plan.headers, catch_response=True) as answer:
                is_ok = answer.status_code == 200
                outcome = "ok" if is_ok else f"status {answer.status_code}" if answer.status_code else "no answer"
                plan.note(due, outcome)
                answer.success()

    return Visitor


def wait_until(moment: float) -> None:
    """Return at a moment of the performance counter, and let others run meanwhile."""
    gevent.sleep(max(0.0, moment - EARLY_SECONDS - time.perf_counter()))
    while time.perf_counter() < moment:
        gevent.sleep(0)


def main() -> None:
    """Do what standard input says."""
    asked = json.load(sys.stdin)
    setup_logging("ERROR")  # type: ignore[no-untyped-call]
    plan = Plan(asked)
    environment = Environment(user_classes=[visitor(plan, asked["url"])])
    runner = environment.create_local_runner()
    users = int(min(USERS_MAX, max(USERS_MIN, plan.rate)))
    runner.start(users, spawn_rate=users)
    latest = plan.begun + plan.total / plan.rate + PATIENCE_SECONDS
    while len(plan.answers) < plan.total and time.perf_counter() < latest:
        gevent.sleep(TOLD_EVERY_SECONDS)
        print(len(plan.answers), flush=True)  # noqa: T201  read by who started this process
    runner.quit()
    print(json.dumps({"total": plan.total, "answers": plan.answers}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
