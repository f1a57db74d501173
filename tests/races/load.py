"""Steady load from threads that remember every answer, so that it can be compared with the tables after a fault."""

import http.client
import json
import random
import threading
import time
from collections.abc import Sequence
from uuid import UUID

import asyncpg

from races.ledger import ACTIVE, check_promise
from races.volley import Answer
from rooms import body, some_room

LOST = Answer(0, {}, "")
REFUSED = Answer(0, {}, "not even connected")
COUNT_MAX = 20_000
"""No load goes on for ever, whatever a test forgets."""


class Load:
    """As a context: threads that make, move and cancel reservations, one request after the other, until it ends."""

    def __init__(self, ports: Sequence[int], *, threads: int = 8) -> None:
        self._ports = ports
        self._rooms = [some_room() for _ in range(20)]
        self._stopping = threading.Event()
        self._changed = threading.Condition()
        self.answers: list[Answer] = []
        self.held: set[UUID] = set()
        """Reservations that clients were told they have."""
        self.gone: set[UUID] = set()
        """Reservations that clients were told are cancelled."""
        self.unknown: set[UUID] = set()
        """Reservations that may or may not be there, and clients know it."""
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(threads)]

    def __enter__(self) -> "Load":
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Send nothing more, and wait for the answers to what was sent."""
        self._stopping.set()
        for each in self._threads:
            each.join()

    def wait_for(self, status: int, count: int, seconds_max: float = 60.0) -> None:
        """Wait until `count` more answers of this status have come."""
        with self._changed:
            wanted = self._seen(status) + count
            done = self._changed.wait_for(lambda: self._seen(status) >= wanted, seconds_max)
        assert done, f"not {count} times {status} within {seconds_max} s"

    async def check(self, url: str, *, unanswered: bool) -> None:
        """Tables and answers tell the same story. `unanswered`: requests may have had effects nobody heard of."""
        connection = await asyncpg.connect(url)
        try:
            rows = await connection.fetch(f"{ACTIVE} AND room_id = ANY($1)", self._rooms)
        finally:
            await connection.close()
        active = {row["id"] for row in rows}
        assert self.held, "nothing was held, so nothing is shown"
        assert self.held - active == set(), "acknowledged, and not there"
        assert self.gone & active == set(), "cancelled, and still there"
        if not unanswered:
            assert active - self.held - self.unknown == set(), "there, and nobody was told"
        await check_promise(url)

    def _seen(self, status: int) -> int:
        return sum(answer.status == status for answer in self.answers)

    def _run(self, number: int) -> None:
        rng = random.Random(number)
        mine: list[UUID] = []
        port = self._ports[number % len(self._ports)]
        for _ in range(COUNT_MAX):
            if self._stopping.is_set():
                return
            choice = rng.random()
            if mine and choice < 0.1:
                self._cancel(port, mine.pop(rng.randrange(len(mine))))
            elif mine and choice < 0.2:
                self._note(_send(port, "PATCH", f"/reservations/{rng.choice(mine)}", self._somewhere(rng)))
            elif choice < 0.3:
                self._note(_send(port, "GET", f"/reservations/{rng.choice(self._rooms)}?limit=5"))
            else:
                mine += self._reserve(port, self._somewhere(rng))

    def _somewhere(self, rng: random.Random) -> dict[str, object]:
        start = rng.randrange(4_000) / 4
        return body(rng.choice(self._rooms), start, start + rng.randrange(1, 5) / 4)

    def _reserve(self, port: int, wanted: dict[str, object]) -> list[UUID]:
        answer = _send(port, "POST", "/reservations", wanted)
        made = [UUID(answer.json["id"])] if answer.status == 201 else []
        self.held.update(made)
        if answer.status == 503 and answer.code == "OUTCOME_UNKNOWN":
            self.unknown.add(UUID(answer.json["error"]["details"]["id"]))
        self._note(answer)
        return made

    def _cancel(self, port: int, reservation_id: UUID) -> None:
        answer = _send(port, "DELETE", f"/reservations/{reservation_id}")
        # After UNAVAILABLE nothing has changed, so then it is still held.
        if answer.status == 204:
            self.gone.add(reservation_id)
            self.held.discard(reservation_id)
        elif answer == LOST or (answer.status == 503 and answer.code == "OUTCOME_UNKNOWN"):
            self.unknown.add(reservation_id)
            self.held.discard(reservation_id)
        self._note(answer)

    def _note(self, answer: Answer) -> None:
        with self._changed:
            self.answers.append(answer)
            self._changed.notify_all()


def _send(port: int, method: str, path: str, wanted: dict[str, object] | None = None) -> Answer:
    """One request on a connection of its own; status 0 when the connection ended before the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, json.dumps(wanted) if wanted else None, {"Content-Type": "application/json"})
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read().decode())
    except ConnectionRefusedError:
        # A service that is not there is asked again a little later, not ten thousand times a second.
        time.sleep(0.01)
        return REFUSED
    except (OSError, http.client.HTTPException):
        return LOST
    finally:
        connection.close()
