"""Clients in threads that ask for whatever comes to mind, one call after the other, and write down every call."""

import http.client
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from typing import NamedTuple

from proof.recorded.answers import LOST, body, understood
from proof.recorded.history import Answer, Call, Held, Operation, Outcome, Stretch

CALLS_MAX = 200_000
RETRIES_MAX = 3
PATIENCE_SECONDS = 20.0
QUARTERS = 40
PATHS = {Operation.CREATE: "POST", Operation.CANCEL: "DELETE", Operation.MOVE: "PATCH", Operation.LIST: "GET"}


class Wish(NamedTuple):
    """What a creation asks for."""

    room: str
    stretch: Stretch
    key: str | None


class Ground:
    """What the clients of one run share: the rooms they fight for, and the reservations they know of."""

    def __init__(self, port: int, rooms: Sequence[str], seed: int) -> None:
        self.port = port
        self.rooms = rooms
        self.seed = seed
        self.stopping = threading.Event()
        self.known: deque[str] = deque(maxlen=150)
        """Ids that clients were told of, acknowledged or not; cancelled ones too, until they are forgotten."""
        self.keyed: deque[Wish] = deque(maxlen=20)
        """Wishes with a key, which others send again, while the first is under way too."""
        self.counts: Counter[str] = Counter()


class Client(threading.Thread):
    """One client. `calls` is its part of the history."""

    def __init__(self, number: int, ground: Ground) -> None:
        super().__init__(name=f"client {number}", daemon=True)
        self.calls: list[Call] = []
        self._number = number
        self.ground = ground
        self._random = random.Random(f"{ground.seed} {number}")
        self._connection: http.client.HTTPConnection | None = None
        self._lists: dict[str, tuple[str, tuple[Held, ...]]] = {}

    def run(self) -> None:
        """Call until told to stop."""
        for _ in range(CALLS_MAX):
            if self.ground.stopping.is_set():
                break
            lot = self._random.random()
            if lot < 0.2:
                self.list(self._random.choice(self.ground.rooms))
            elif lot < 0.55 and self.ground.known:
                self._change(Operation.CANCEL if lot < 0.38 else Operation.MOVE)
            else:
                self._create(self._wish())
            if self._random.random() < 0.01:
                # The next connection may be to the other worker.
                self.hang_up()
        self.hang_up()

    def list(self, room: str) -> None:
        """List a room, now and then only if it has changed."""
        tag, known = self._lists.get(room, ("", ()))
        headers = {"If-None-Match": tag} if tag and self._random.random() < 0.5 else {}
        self._record(Call(self._number, Operation.LIST, 0, 0, LOST, room), f"/reservations/{room}", headers, known)

    def _create(self, wish: Wish) -> None:
        headers = {"Idempotency-Key": wish.key} if wish.key is not None else {}
        call = Call(self._number, Operation.CREATE, 0, 0, LOST, wish.room, wish.stretch, key=wish.key)
        for _ in range(1 + RETRIES_MAX):
            answer = self._record(call, "/reservations", headers)
            if answer.held is not None:
                self.ground.known.append(answer.held.id)
            if wish.key is None or answer.outcome not in (Outcome.UNKNOWN, Outcome.UNAVAILABLE):
                return
            if self.ground.stopping.is_set() or self._random.random() < 0.1:
                return

    def _change(self, operation: Operation) -> None:
        # Anybody's, and often the newest, so that several clients change one reservation at once.
        known = tuple(self.ground.known)
        reservation_id = known[-1] if self._random.random() < 0.2 else self._random.choice(known)
        wish = self._wish() if operation is Operation.MOVE else Wish("", Stretch(0, 0), None)
        stretch = wish.stretch if operation is Operation.MOVE else None
        call = Call(self._number, operation, 0, 0, LOST, wish.room, stretch, reservation_id)
        answer = self._record(call, f"/reservations/{reservation_id}", {})
        if operation is Operation.CANCEL and answer.outcome is Outcome.OK and self._random.random() < 0.9:
            self._forget(reservation_id)

    def _forget(self, reservation_id: str) -> None:
        try:
            self.ground.known.remove(reservation_id)
        except ValueError:
            return

    def _wish(self) -> Wish:
        start = self._random.randrange(QUARTERS)
        room = self._random.choice(self.ground.rooms)
        stretch = Stretch(start, start + self._random.choice((1, 1, 2, 3, 6)))
        lot = self._random.random()
        if lot < 0.2 and self.ground.keyed:
            wish = self._random.choice(tuple(self.ground.keyed)[-5:])
            return wish if lot < 0.17 else Wish(room, stretch, wish.key)
        if lot < 0.5:
            wish = Wish(room, stretch, f"{self.ground.seed} {self._number} {len(self.calls)}")
            self.ground.keyed.append(wish)
            return wish
        return Wish(room, stretch, None)

    def _record(self, call: Call, path: str, headers: dict[str, str], known: tuple[Held, ...] = ()) -> Answer:
        """Make a call and write it down, unless nobody was there to take it."""
        content = body(call.room, call.stretch) if call.stretch is not None else None
        start = time.monotonic()
        try:
            status, got, text = self._exchange(PATHS[call.operation], path, content, headers)
        except ConnectionRefusedError:
            self.hang_up()
            self.ground.counts["calls that nobody took"] += 1
            # Bounded by the stop; both workers are gone for a moment.
            self.ground.stopping.wait(0.02)
            return Answer(Outcome.UNAVAILABLE)
        except (OSError, http.client.HTTPException):
            self.hang_up()
            answer = LOST
        else:
            answer = self._understood(call, status, got, text, known)
        end = time.monotonic()
        self.calls.append(
            Call(
                call.client, call.operation, start, end, answer, call.room, call.stretch, call.reservation_id, call.key
            )
        )
        return answer

    def _understood(self, call: Call, status: int, got: dict[str, str], text: str, known: tuple[Held, ...]) -> Answer:
        if call.operation is Operation.LIST and status == 304:
            self.ground.counts["lists answered 304"] += 1
            return Answer(Outcome.OK, listed=known)
        wanted = call.wanted if call.operation is Operation.CREATE else None
        answer = understood(call.operation, status, got, text, wanted)
        if call.operation is Operation.LIST and answer.outcome is Outcome.OK:
            self._lists[call.room] = (got.get("etag", ""), answer.listed)
        return answer

    def _exchange(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], str]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.ground.port, timeout=PATIENCE_SECONDS)
            self._connection.connect()
        # Now and then somebody leaves without waiting for the answer.
        hasty = self._random.random() < 0.005
        self._connection.sock.settimeout(self._random.uniform(0.001, 0.03) if hasty else PATIENCE_SECONDS)
        common = {"Accept-Language": "en", "Content-Type": "application/json"}
        self._connection.request(method, path, content, common | headers)
        response = self._connection.getresponse()
        text = response.read().decode()
        got = {name.lower(): value for name, value in response.getheaders()}
        if response.will_close:
            self.hang_up()
        return response.status, got, text

    def hang_up(self) -> None:
        """Close the connection; the next call opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
