"""The process that sends requests at a constant rate, whatever becomes of those before: an open model, on locust.

Runs by itself (`python -m holdfast.load.arrivals`), because locust replaces the sockets and clocks of the process that
imports it. Reads `Orders` from standard input, and writes `Count` and then `Finished` to standard output, as JSON in
lines.
"""

# Before all others: it replaces what they would import.
import locust  # isort: skip

import gc
import sys
from itertools import cycle, islice
from time import perf_counter
from typing import Any

import gevent
import msgspec
from gevent.event import Event
from gevent.lock import BoundedSemaphore
from gevent.pool import Group
from locust import FastHttpUser, task
from locust.contrib.fasthttp import FastHttpSession
from locust.env import Environment
from locust.exception import StopUser

from holdfast.load.orders import Count, Finished, Orders, Sample

CONNECTIONS_MAX = 1_000
"""Requests under way at once; more wait, and their waiting counts."""
COARSE_SECONDS = 0.0015
"""The event loop counts in milliseconds, so the last one before a request is waited for awake."""
PROGRESS_SECONDS = 0.2
WARM_PATH = "/_info"


class Ledger:
    """What is known of the requests so far."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.samples: list[Sample] = []
        self.begun: dict[int, float] = {}
        self.start = 0.0
        self.is_done = Event()

    def due(self, number: int) -> float:
        """When a request should be sent."""
        return self.start + number / self.orders.rate

    def note(self, number: int, error: str | None) -> None:
        """Keep what became of a request, now."""
        due, now = self.due(number), perf_counter()
        lag = self.begun.pop(number, now) - due
        self.samples.append(Sample(due - self.start, lag * 1000, (now - due) * 1000, error))

    def give_up(self) -> None:
        """Count those that are not answered yet as failed."""
        for number in list(self.begun):
            self.note(number, "timeout")


class Arrivals(FastHttpUser):
    """One user who sends every request, each in a greenlet of its own."""

    fixed_count = 1
    ledger: Ledger

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.turns = BoundedSemaphore(CONNECTIONS_MAX)
        self.free: list[FastHttpSession] = []

    @task
    def send_all(self) -> None:
        """The whole test."""
        ledger, orders = self.ledger, self.ledger.orders
        self.free.append(self.session())
        self.free[0].get(WARM_PATH, context={"number": None})
        under_way = Group()
        ledger.start = perf_counter() + COARSE_SECONDS
        for number, path in enumerate(islice(cycle(orders.paths), orders.count)):
            _wait_until(ledger.due(number))
            ledger.begun[number] = perf_counter()
            under_way.spawn(self.send, number, path)
        under_way.join(timeout=orders.answer_seconds_max)
        ledger.give_up()
        ledger.is_done.set()
        raise StopUser

    def send(self, number: int, path: str) -> None:
        """One request, over a connection that nobody uses now."""
        headers = {"Authorization": f"Bearer {self.ledger.orders.token}", "Accept-Encoding": "identity"}
        with self.turns:
            session = self.free.pop() if self.free else self.session()
            session.get(path, headers=headers, name="slots", context={"number": number})
            self.free.append(session)

    def session(self) -> FastHttpSession:
        """A connection of its own. A request on which the service closes it is sent again, at most twice."""
        seconds = self.ledger.orders.answer_seconds_max
        session = FastHttpSession(
            self.host,
            self.environment.events.request,
            self,
            concurrency=1,
            network_timeout=seconds,
            connection_timeout=seconds,
        )
        session.client.redirect_response_codes = frozenset()  # type: ignore[misc]
        return session


def run(orders: Orders) -> list[Sample]:
    """Send, and tell on standard output how it goes."""
    ledger = Ledger(orders)

    def noted(response: Any, exception: Exception | None, context: dict[str, Any], **_: object) -> None:
        number = context["number"]
        if number in ledger.begun:
            ledger.note(number, kind_of(response, exception))

    user = type("Sender", (Arrivals,), {"ledger": ledger})
    environment = Environment(user_classes=[user], host=orders.url)
    # Before locust's own listeners, which do not concern whoever waits for an answer.
    environment.events.request.add_listener(noted)  # type: ignore[no-untyped-call]
    runner = environment.create_local_runner()
    # What was imported will not become garbage; the collector need not look through it in the middle of the test.
    gc.collect()
    gc.freeze()
    runner.start(1, spawn_rate=1)
    while not ledger.is_done.wait(timeout=PROGRESS_SECONDS):
        _say(Count(len(ledger.samples), sum(each.error is not None for each in ledger.samples)))
    runner.quit()
    return ledger.samples


def kind_of(response: Any, exception: Exception | None) -> str | None:
    """What is wrong with an answer, in a word or two; `None` for one that is as it should be."""
    if response is not None and response.status_code:
        if response.status_code != 200:
            return f"status {response.status_code}"
        if exception is None:
            return None if (response.content or b"").startswith(b'{"slots"') else "unexpected answer"
    if isinstance(exception, TimeoutError) or "timed out" in str(exception):
        return "timeout"
    return type(exception).__name__


def _wait_until(moment: float) -> None:
    pause = moment - perf_counter() - COARSE_SECONDS
    if pause > 0:
        gevent.sleep(pause)
    while perf_counter() < moment:
        # Not `sleep(0)`: answers would lie unread meanwhile.
        gevent.idle()


def _say(what: Count | Finished) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(what) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    assert locust.__version__
    _say(Finished(run(msgspec.json.decode(sys.stdin.buffer.read(), type=Orders))))
