"""Clients who fight for the seats of a few events, and write down every call."""

import http.client
import json
import random
import threading
import time
from collections import deque
from enum import StrEnum
from typing import Any, NamedTuple

from msgspec import Struct

from proof.recorded.history import Outcome

CALLS_MAX = 200_000
PATIENCE_SECONDS = 20.0
RETRIES_MAX = 3
PEOPLE = 14


class Act(StrEnum):
    """What was asked."""

    BOOK = "book"
    CANCEL = "cancel"
    LOOK = "look"


class Told(StrEnum):
    """Answers that only seats have; the others are `Outcome`."""

    FULL = "full"
    ALREADY = "already booked"


class SeatCall(Struct, frozen=True):
    """One call. `start` and `end` are seconds of one clock; `booking` is what was made or is to be cancelled."""

    act: Act
    start: float
    end: float
    outcome: Outcome | Told
    event: int
    user: str = ""
    booking: int | None = None
    booked: int | None = None
    """How many seats a look shows as booked."""
    key: str | None = None
    replayed: bool = False
    text: str = ""

    def __str__(self) -> str:
        about = f"{self.act} event {self.event} {self.user} {self.booking or ''} key {self.key}"
        shown = "" if self.booked is None else f" {self.booked} booked"
        return f"[{self.start:.6f} {self.end:.6f}] {about} -> {self.outcome}{shown} {self.text[:200]}"


REFUSALS: dict[tuple[Act, int, str], Outcome | Told] = {
    (Act.BOOK, 409, "EVENT_FULL"): Told.FULL,
    (Act.BOOK, 409, "ALREADY_BOOKED"): Told.ALREADY,
    (Act.CANCEL, 404, "BOOKING_NOT_FOUND"): Outcome.NOT_FOUND,
    **{(act, 503, "UNAVAILABLE"): Outcome.UNAVAILABLE for act in Act},
    **{(act, 503, "OUTCOME_UNKNOWN"): Outcome.UNKNOWN for act in Act},
}


class Booked(NamedTuple):
    """A booking that clients know of."""

    event: int
    id: int
    user: str


class Hall:
    """What the clients share: the events, and the bookings they know of."""

    def __init__(self, port: int, events: list[int], seed: int) -> None:
        self.port = port
        self.events = events
        self.seed = seed
        self.stopping = threading.Event()
        self.known: deque[Booked] = deque(maxlen=60)


class Guest(threading.Thread):
    """One client. `calls` is its part of the history."""

    def __init__(self, number: int, hall: Hall) -> None:
        super().__init__(name=f"guest {number}", daemon=True)
        self.calls: list[SeatCall] = []
        self._number = number
        self.hall = hall
        self._random = random.Random(f"{hall.seed} guest {number}")
        self._connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        """Call until told to stop."""
        for _ in range(CALLS_MAX):
            if self.hall.stopping.is_set():
                break
            lot = self._random.random()
            event = self._random.choice(self.hall.events)
            if lot < 0.3:
                self.look(event)
            elif lot < 0.55 and self.hall.known:
                self._cancel(self._random.choice(tuple(self.hall.known)))
            else:
                self._book(event, f"guest-{self._random.randrange(PEOPLE)}")
            if self._random.random() < 0.01:
                self.hang_up()
        self.hang_up()

    def look(self, event: int) -> None:
        """Ask how many seats are left."""
        self._ask(SeatCall(Act.LOOK, 0, 0, Outcome.UNKNOWN, event), "GET", f"/api/events/{event}", None)

    def _book(self, event: int, user: str) -> None:
        key = f"{self.hall.seed} {self._number} {len(self.calls)}" if self._random.random() < 0.4 else None
        call = SeatCall(Act.BOOK, 0, 0, Outcome.UNKNOWN, event, user, key=key)
        for _ in range(1 + RETRIES_MAX):
            done = self._ask(call, "POST", "/api/bookings/reserve", {"event_id": event, "user_id": user})
            if done.booking is not None:
                self.hall.known.append(Booked(event, done.booking, user))
            if key is None or done.outcome not in {Outcome.UNKNOWN, Outcome.UNAVAILABLE} or self.hall.stopping.is_set():
                return

    def _cancel(self, booked: Booked) -> None:
        call = SeatCall(Act.CANCEL, 0, 0, Outcome.UNKNOWN, booked.event, booked.user, booked.id)
        done = self._ask(call, "DELETE", f"/api/bookings/{booked.id}", None)
        if done.outcome is Outcome.OK and self._random.random() < 0.9 and booked in self.hall.known:
            self.hall.known.remove(booked)

    def _ask(self, call: SeatCall, method: str, path: str, content: object) -> SeatCall:
        headers = {"Content-Type": "application/json", "Accept-Language": "en"}
        if call.key is not None:
            headers["Idempotency-Key"] = call.key
        start = time.monotonic()
        try:
            status, replayed, text = self._exchange(method, path, content, headers)
        except ConnectionRefusedError:
            self.hang_up()
            self.hall.stopping.wait(0.02)
            # Nobody was there to take it: nothing to write down.
            return _told(call, start, time.monotonic(), Outcome.UNAVAILABLE)
        except (OSError, http.client.HTTPException):
            self.hang_up()
            done = _told(call, start, time.monotonic(), Outcome.UNKNOWN)
        else:
            done = understood(call, (start, time.monotonic()), status, text, replayed=replayed)
        self.calls.append(done)
        return done

    def _exchange(self, method: str, path: str, content: object, headers: dict[str, str]) -> tuple[int, bool, str]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.hall.port, timeout=PATIENCE_SECONDS)
            self._connection.connect()
        self._connection.request(method, path, None if content is None else json.dumps(content).encode(), headers)
        response = self._connection.getresponse()
        text = response.read().decode()
        if response.will_close:
            self.hang_up()
        return response.status, response.getheader("idempotency-replayed") == "true", text

    def hang_up(self) -> None:
        """Close the connection; the next call opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def understood(call: SeatCall, when: tuple[float, float], status: int, text: str, *, replayed: bool) -> SeatCall:
    """The call with what came back."""
    content: dict[str, Any] = json.loads(text) if text else {}
    match call.act, status:
        case Act.BOOK, 201:
            return _told(call, *when, Outcome.OK, booking=content["id"], replayed=replayed, text=text)
        case Act.CANCEL, 204:
            return _told(call, *when, Outcome.OK)
        case Act.LOOK, 200:
            return _told(call, *when, Outcome.OK, booked=content["booked_seats"])
        case _:
            code = content["error"]["code"] if status >= 400 else ""
            outcome = REFUSALS.get((call.act, status, code), Outcome.FOREIGN)
            return _told(call, *when, outcome, replayed=replayed, text=f"{status} {text}")


def _told(call: SeatCall, start: float, end: float, outcome: Outcome | Told, **more: Any) -> SeatCall:
    kept = {"event": call.event, "user": call.user, "booking": call.booking, "key": call.key} | more
    return SeatCall(call.act, start, end, outcome, **kept)
