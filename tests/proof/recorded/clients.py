"""Clients in threads that ask for whatever comes to mind, one call after the other, and write down every call."""

import http.client
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec

from proof.recorded.answers import LEFT, LOST, understood
from proof.recorded.doors import Places, Wire
from proof.recorded.history import Answer, Call, Held, Operation, Outcome, Stretch

CALLS_MAX = 200_000
RETRIES_MAX = 3
PATIENCE_SECONDS = 20.0
QUARTERS = 40
HOLD_SECONDS = 10
"""The shortest there are, so that many end within a run."""


class Wish(NamedTuple):
    """What a creation asks for."""

    room: str
    stretch: Stretch
    key: str | None
    by_slot: bool = False
    hold_seconds: int | None = None


class Known(NamedTuple):
    """A reservation that clients were told of, and where it was first."""

    id: str
    room: str
    is_hold: bool = False


class Ground:
    """What the clients of one run share: the places they fight for, and the reservations they know of."""

    def __init__(self, port: int, places: Places, seed: int) -> None:
        self.port = port
        self.places = places
        self.rooms: Sequence[str] = places.all
        self.seed = seed
        self.stopping = threading.Event()
        self.known: deque[Known] = deque(maxlen=150)
        """What clients were told of, acknowledged or not; cancelled ones too, until they are forgotten."""
        self.keyed: deque[Wish] = deque(maxlen=20)
        """Wishes with a key, which others send again, while the first is under way too."""
        self.to_cancel: deque[str] = deque()
        """Reservations that a warden wants to be gone."""
        self.counts: Counter[str] = Counter()


class Client(threading.Thread):
    """One client. `calls` is its part of the history."""

    lost = LOST
    """What is written down when a connection ends without an answer."""

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
        call = Call(self._number, Operation.LIST, 0, 0, LOST, room)
        self._record(call, self.ground.places.list(room), headers, known)

    def _create(self, wish: Wish) -> None:
        headers = {"Idempotency-Key": wish.key} if wish.key is not None else {}
        call = Call(
            self._number, Operation.CREATE, 0, 0, LOST, wish.room, wish.stretch, "", wish.key, wish.hold_seconds
        )
        for _ in range(1 + RETRIES_MAX):
            wire = self.ground.places.create(
                wish.room, wish.stretch, by_slot=wish.by_slot, hold_seconds=wish.hold_seconds
            )
            answer = self._record(call, wire, headers)
            if answer.held is not None:
                self.ground.known.append(Known(answer.held.id, wish.room, wish.hold_seconds is not None))
            if wish.key is None or answer.outcome not in (Outcome.UNKNOWN, Outcome.UNAVAILABLE):
                return
            if self.ground.stopping.is_set() or self._random.random() < 0.1:
                return

    def _change(self, operation: Operation) -> None:
        # Anybody's, and often the newest, so that several clients change one reservation at once.
        if self.ground.to_cancel:
            with suppress(IndexError):
                self._cancel(Known(self.ground.to_cancel.popleft(), ""))
                return
        known = tuple(self.ground.known)
        about = known[-1] if self._random.random() < 0.2 else self._random.choice(known)
        if about.is_hold and self._random.random() < 0.3:
            call = Call(self._number, Operation.CONFIRM, 0, 0, LOST, reservation_id=about.id)
            self._record(call, self.ground.places.confirm(about.id), {})
            return
        targets = self.ground.places.alike(about.room)
        if operation is Operation.MOVE and targets:
            room, stretch = self._random.choice(targets), self._stretch()
            call = Call(self._number, operation, 0, 0, LOST, room, stretch, about.id)
            self._record(call, self.ground.places.move(about.id, room, stretch), {})
            return
        self._cancel(about)

    def _cancel(self, about: Known) -> None:
        call = Call(self._number, Operation.CANCEL, 0, 0, LOST, reservation_id=about.id)
        answer = self._record(call, self.ground.places.cancel(about.id), {})
        if answer.outcome is Outcome.OK and self._random.random() < 0.9:
            self._forget(about)

    def _forget(self, known: Known) -> None:
        try:
            self.ground.known.remove(known)
        except ValueError:
            return

    def _wish(self) -> Wish:
        passing = tuple(self.ground.places.passing.now)
        is_passing = bool(passing) and self._random.random() < 0.25
        room, stretch = self._random.choice(passing if is_passing else self.ground.rooms), self._stretch()
        by_slot = self.ground.places.through_slots(room, stretch) and self._random.random() < 0.8
        lot = self._random.random()
        if lot < 0.2 and self.ground.keyed:
            wish = self._random.choice(tuple(self.ground.keyed)[-5:])
            # With another body, through the same door: a key is of its path, too.
            is_other = lot >= 0.17 and not (wish.by_slot or by_slot)
            return wish._replace(room=room, stretch=stretch) if is_other else wish
        seconds = HOLD_SECONDS if not by_slot and self._random.random() < 0.25 else None
        if lot < 0.5:
            wish = Wish(room, stretch, f"{self.ground.seed} {self._number} {len(self.calls)}", by_slot, seconds)
            self.ground.keyed.append(wish)
            return wish
        return Wish(room, stretch, None, by_slot, seconds)

    def _stretch(self) -> Stretch:
        start = self._random.randrange(QUARTERS)
        return Stretch(start, start + self._random.choice((1, 1, 2, 2, 3, 6)))

    def _record(self, call: Call, wire: Wire, headers: dict[str, str], known: tuple[Held, ...] = ()) -> Answer:
        """Make a call and write it down, unless nobody was there to take it."""
        start = time.monotonic()
        try:
            status, got, text = self._exchange(wire, headers)
        except ConnectionRefusedError:
            self.hang_up()
            self.ground.counts["calls that nobody took"] += 1
            # Bounded by the stop; both workers are gone for a moment.
            self.ground.stopping.wait(0.02)
            return Answer(Outcome.UNAVAILABLE)
        except (OSError, http.client.HTTPException) as error:
            self.hang_up()
            answer = LEFT if isinstance(error, TimeoutError) else self.lost
        else:
            answer = self._understood(call, status, got, text, known)
        end = time.monotonic()
        self.calls.append(msgspec.structs.replace(call, start=start, end=end, answer=answer))
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

    def _exchange(self, wire: Wire, headers: dict[str, str]) -> tuple[int, dict[str, str], str]:
        if self._connection is None:
            self._connection = self._new_connection()
            self._connection.connect()
        # Now and then somebody leaves without waiting for the answer.
        hasty = self._random.random() < 0.005
        self._connection.sock.settimeout(self._random.uniform(0.001, 0.03) if hasty else PATIENCE_SECONDS)
        common = {"Accept-Language": "en", "Content-Type": "application/json"}
        self._connection.request(wire.method, wire.path, wire.content, common | wire.headers | headers)
        response = self._connection.getresponse()
        text = self._read(response).decode()
        got = {name.lower(): value for name, value in response.getheaders()}
        if response.will_close:
            self.hang_up()
        return response.status, got, text

    def _new_connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.ground.port, timeout=PATIENCE_SECONDS)

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        return response.read()

    def hang_up(self) -> None:
        """Close the connection; the next call opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
