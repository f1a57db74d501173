"""Those who run the house: they open rooms and tables, close them under everybody's hands, and change events' seats."""

import http.client
import json
import random
import threading
import time
from typing import Any, NamedTuple

from proof.recorded.clients import Ground
from proof.recorded.doors import HOURS, TABLE
from proof.recorded.history import Outcome
from proof.recorded.seats import Hall

CALLS_MAX = 20_000
PATIENCE_SECONDS = 20.0
OPEN_SECONDS = (0.2, 1.5)
"""For how long clients may fight for a place before it is closed."""
SEATS_AT_LEAST, SEATS_AT_MOST = 2, 9


MAYBE = (Outcome.OK, Outcome.UNKNOWN, Outcome.UNAVAILABLE)
"""What may have happened: of work without the committer a lost commit is told as unavailable, too."""


class Act:
    """What a warden asks for."""

    RETIRE = "retire"
    DELETE = "delete"
    SCHEDULE = "schedule"
    RESIZE = "resize"


class WardenCall(NamedTuple):
    """One call, as in the clients' history; `about` is a place or an event, `seats` how many it is to have."""

    act: str
    start: float
    end: float
    outcome: Outcome
    about: str
    status: int = 0
    code: str = ""
    seats: int = 0


REFUSED = {
    (Act.DELETE, "TABLE_HAS_RESERVATIONS"),
    (Act.SCHEDULE, "SCHEDULE_EXISTS"),
    (Act.SCHEDULE, "ROOM_CLOSED"),
    (Act.RESIZE, "SEATS_ALREADY_BOOKED"),
    # Of what an earlier call did whose answer was lost.
    (Act.DELETE, "TABLE_NOT_FOUND"),
}


class Warden(threading.Thread):
    """One of them. `calls` is its part of the history. Two share the rooms whose schedules they make."""

    def __init__(self, number: int, ground: Ground, hall: Hall) -> None:
        super().__init__(name=f"warden {number}", daemon=True)
        self.calls: list[WardenCall] = []
        self._ground, self._hall = ground, hall
        self._random = random.Random(f"{ground.seed} warden {number}")
        self._connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        """Open, wait, close, until told to stop."""
        for _ in range(CALLS_MAX):
            if self._ground.stopping.is_set():
                break
            self._random.choice((self._room, self._table, self._seats))()
        self._hang_up()

    def _room(self) -> None:
        made = self._ask("POST", "/rooms/create", {"name": "d"})
        if made is None or made[0] != 201:
            return
        room = str(made[1]["room"]["id"])
        self._ground.places.passing.add(room)
        twice = [threading.Thread(target=self._schedule, args=(room,)) for _ in range(2)]
        for each in twice:
            each.start()
        for each in twice:
            each.join()
        self._wait()
        if self._random.random() < 0.3:
            # At the moment of closing, too.
            late = threading.Thread(target=self._schedule, args=(room,))
            late.start()
            self._note(Act.RETIRE, room, "POST", f"/rooms/{room}/retire", None)
            late.join()
        else:
            self._note(Act.RETIRE, room, "POST", f"/rooms/{room}/retire", None)
        self._wait()

    def _schedule(self, room: str) -> None:
        self._note(Act.SCHEDULE, room, "POST", f"/rooms/{room}/schedule/create", HOURS, alone=True)

    def _table(self) -> None:
        made = self._ask("POST", "/tables", {"name": "a", "seats": 4, "location": "b"})
        if made is None or made[0] != 201:
            return
        table = int(made[1]["id"])
        place = f"{TABLE}{table}"
        self._ground.places.passing.add(place)
        self._wait()
        while not self._ground.stopping.is_set():
            done = self._note(Act.DELETE, place, "DELETE", f"/tables/{table}", None)
            if done.outcome is not Outcome.CONFLICT:
                return
            self._empty(table)

    def _empty(self, table: int) -> None:
        """Cancel what is held there: the clients' history does not know who cancels, so they are told to."""
        listed = self._ask("GET", f"/reservations?limit=500&table_id={table}", None)
        for each in listed[1]["items"] if listed is not None and listed[0] == 200 else ():
            self._ground.to_cancel.append(str(each["id"]))
        self._ground.stopping.wait(0.05)

    def _seats(self) -> None:
        event = self._random.choice(self._hall.events)
        seats = self._random.randint(SEATS_AT_LEAST, SEATS_AT_MOST)
        path = f"/api/events/{event}"
        self._note(Act.RESIZE, str(event), "PATCH", path, {"total_seats": seats}, seats=seats)
        self._ground.stopping.wait(self._random.uniform(0, 0.1))

    def _wait(self) -> None:
        self._ground.stopping.wait(self._random.uniform(*OPEN_SECONDS))

    def _note(
        self, act: str, about: str, method: str, path: str, content: object, *, seats: int = 0, alone: bool = False
    ) -> WardenCall:
        """Make a call and write it down."""
        start = time.monotonic()
        answer = self._ask(method, path, content, alone=alone)
        end = time.monotonic()
        if answer is None:
            call = WardenCall(act, start, end, Outcome.UNKNOWN, about, seats=seats)
        else:
            status, got = answer
            code = got["error"]["code"] if status >= 400 else ""
            call = WardenCall(act, start, end, _outcome(act, status, code), about, status, code, seats)
        self.calls.append(call)
        return call

    def _ask(
        self, method: str, path: str, content: object, *, alone: bool = False
    ) -> tuple[int, dict[str, Any]] | None:
        """The answer; `None` when there was none. `alone` is on a connection of its own."""
        connection = None if alone else self._connection
        try:
            if connection is None:
                connection = http.client.HTTPConnection("127.0.0.1", self._ground.port, timeout=PATIENCE_SECONDS)
            if not alone:
                self._connection = connection
            headers = {"Content-Type": "application/json", "Accept-Language": "en"} | self._ground.places.admin
            connection.request(method, path, None if content is None else json.dumps(content).encode(), headers)
            response = connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException):
            if connection is not None:
                connection.close()
            if not alone:
                self._hang_up()
            self._ground.stopping.wait(0.02)
            return None
        if alone:
            connection.close()
        elif response.will_close:
            self._hang_up()
        return response.status, json.loads(text) if text else {}

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _outcome(act: str, status: int, code: str) -> Outcome:
    if status < 300:
        return Outcome.OK
    if (act, code) in REFUSED:
        return Outcome.NOT_FOUND if code == "TABLE_NOT_FOUND" else Outcome.CONFLICT
    if status == 503:
        return Outcome.UNKNOWN if code == "OUTCOME_UNKNOWN" else Outcome.UNAVAILABLE
    # A commit outside the committer that is not answered is told as unavailable, or breaks off.
    return Outcome.FOREIGN
