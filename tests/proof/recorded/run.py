"""One recorded run: load and faults against a real service on a real PostgreSQL, then calm, then the check."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import asyncpg

from holdfast.upkeep import invariants
from proof.recorded import closings, draining, healing, seats_checker, stream, witness
from proof.recorded.answers import stretch
from proof.recorded.checker import check
from proof.recorded.clients import Client, Ground
from proof.recorded.doors import Places, open_places
from proof.recorded.faults import Machines, Troubles
from proof.recorded.healing import Healing
from proof.recorded.history import Call, Held, Row, Violation
from proof.recorded.seats import Guest, Hall, SeatCall
from proof.recorded.seats_checker import Breach, Change
from proof.recorded.slow import SlowClient
from proof.recorded.storm import StormyProxy
from proof.recorded.tenures import events as befell
from proof.recorded.tenures import tenures
from proof.recorded.wardens import Act, Warden
from proof.recorded.watch import Sample, Watcher
from races.ledger import check_promise
from seats import make_event
from service import Service
from tokens import SECRET

NOTHING: Mapping[str, str] = {}
ROOMS, TABLES, MANAGED = 3, 1, 1
CLIENTS, SLOW_CLIENTS = 12, 2
EVENTS, SEATS, GUESTS = 2, 6, 5
WARDENS = 2
SETTINGS = {
    "WORKERS": "2",
    "CLAIM_SECONDS_MAX": "2",
    "LOG_LEVEL": "error",
    "JWT_SECRET": SECRET,
    "RATE_LIMIT_MAX": "0",
    "PLACE_HOLDS_MAX": "1000",
    "USER_HOLDS_MAX": "1000",
    "STREAM_MAXLEN": "100000000",
}
CHANGES = """
SELECT event_id, user_id, booking_id, change FROM seat_changes WHERE event_id = ANY($1) ORDER BY event_id, revision
"""
HELD = "SELECT event_id, id, user_id FROM bookings WHERE event_id = ANY($1)"
CALM_SECONDS_MAX = 30.0
BUSY = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'
"""
EVERYTHING = """
SELECT id, coalesce(room_id, place) AS room, start_time, end_time,
    cancelled_at IS NULL AND (expires_at IS NULL OR expires_at > engine_now()) AS is_active
FROM reservations WHERE coalesce(room_id, place) = ANY($1)
"""


class Recorded(NamedTuple):
    """What was recorded, and what was found in it."""

    calls: list[Call]
    seat_calls: list[SeatCall]
    rows: list[Row]
    messages: int | None
    """Messages whose stream was checked; `None` without a Redis."""
    faults: Counter[str]
    healings: list[Healing]
    violations: list[Violation | Breach]
    log: str
    """What the service printed."""
    samples: list[Sample]


class Crowd(NamedTuple):
    """Everybody who asks for something in a run."""

    ground: Ground
    clients: list[Client]
    hall: Hall
    guests: list[Guest]
    wardens: list[Warden]

    def has_booked_since(self, moment: float) -> bool:
        """Whether some client has begun a booking after this moment and had it."""
        return healing.has_booked_since(moment, [client.calls for client in self.clients])

    def stop(self) -> None:
        """Let each finish the call that it is about."""
        self.ground.stopping.set()
        self.hall.stopping.set()
        for each in (*self.clients, *self.guests, *self.wardens):
            each.join()


async def record(
    url: str, seconds: float, seed: int, environment: Mapping[str, str] = NOTHING, machines: Machines | None = None
) -> Recorded:
    """Let clients and faults loose on a service with two workers, and check what they were told.

    With `machines`, which `url` must be on, these are killed, too, and their stream is checked.
    """
    with StormyProxy(url, seed) as proxy:
        settings = {"DATABASE_URL": proxy.url, **SETTINGS, **environment}
        if machines is not None:
            settings["REDIS_URL"] = machines.redis.url
        with Service(settings) as service:
            crowd = await _crowd(url, service, seed)
            troubles = Troubles(service, proxy, seed, crowd.has_booked_since, machines)
            watcher = Watcher(service, url)
            await asyncio.to_thread(_load, crowd, [troubles, watcher], seconds)
            await asyncio.to_thread(service.wait_until_serving)
            await _calm(url)
            # What is left is what clients are shown.
            last, late = Client(len(crowd.clients), crowd.ground), Guest(GUESTS, crowd.hall)
            await asyncio.to_thread(_look, last, late)
            violations = await _check(url, crowd, [last], [late])
            messages = None
            if machines is not None:
                with machines.redis.client() as client:
                    messages, found = await stream.check(url, client)
                violations += found
            log = service.output()
    calls = [call for client in (*crowd.clients, last) for call in client.calls]
    seat_calls = [call for guest in (*crowd.guests, late) for call in guest.calls]
    violations += draining.check(troubles.stops, calls)
    faults = proxy.counts + crowd.ground.counts
    faults["calls under way when a worker was told to stop"] = len(list(draining.under_way(troubles.stops, calls)))
    healed = healing.healings(troubles.faults, healing.acknowledged(calls, seat_calls))
    rows = await _rows(url, crowd.ground.places)
    return Recorded(calls, seat_calls, rows, messages, faults, healed, violations, log, watcher.samples)


async def _crowd(url: str, service: Service, seed: int) -> Crowd:
    places = await asyncio.to_thread(open_places, service.url, ROOMS, TABLES, MANAGED)
    ground = Ground(service.port, places, seed)
    connection = await asyncpg.connect(url)
    await witness.install(connection)
    hall = Hall(service.port, [await make_event(connection, SEATS) for _ in range(EVENTS)], seed)
    await connection.close()
    clients = [Client(number, ground) for number in range(CLIENTS)]
    clients += [SlowClient(number, ground) for number in range(CLIENTS, CLIENTS + SLOW_CLIENTS)]
    guests = [Guest(number, hall) for number in range(GUESTS)]
    return Crowd(ground, clients, hall, guests, [Warden(number, ground, hall) for number in range(WARDENS)])


def _load(crowd: Crowd, others: list[Troubles | Watcher], seconds: float) -> None:
    for each in (*crowd.clients, *crowd.guests, *crowd.wardens, *others):
        each.start()
    crowd.ground.stopping.wait(seconds)
    for other in others:
        other.stopping.set()
        other.join()
    crowd.stop()


def _look(client: Client, guest: Guest) -> None:
    for place in client.ground.rooms:
        client.list(place)
    for event in guest.hall.events:
        guest.look(event)
    client.hang_up()
    guest.hang_up()


async def _check(
    url: str, crowd: Crowd, more_clients: list[Client], more_guests: list[Guest]
) -> list[Violation | Breach]:
    calls = [call for client in (*crowd.clients, *more_clients) for call in client.calls]
    rows = await _rows(url, crowd.ground.places)
    seat_calls = [call for guest in (*crowd.guests, *more_guests) for call in guest.calls]
    connection = await asyncpg.connect(url)
    events = crowd.hall.events
    changes = [Change(*row.values()) for row in await connection.fetch(CHANGES, events)]
    held = [tuple(row.values()) for row in await connection.fetch(HELD, events)]
    await witness.remove(connection)
    broken = await invariants.broken(connection, lambda _: None)
    seen = await witness.breaches(connection)
    await connection.close()
    acts = [call for warden in crowd.wardens for call in warden.calls]
    resizes = [call for call in acts if call.act == Act.RESIZE]
    return [
        *check(sorted(calls, key=lambda call: call.start), rows),
        *closings.check(calls, acts, rows, tenures(calls, befell(calls, rows))),
        *seats_checker.check(seat_calls, changes, SEATS, held, resizes),
        *seen,
        *(Violation("invariant", f"{each.invariant.sentence}: {each.lines[0]}", ()) for each in broken),
        *await _ledger(url),
    ]


async def _ledger(url: str) -> list[Violation]:
    """What the database says without any history."""
    try:
        await check_promise(url)
    except AssertionError as error:
        return [Violation("ledger", f"rows overlap, or a place's messages are not numbered without gaps: {error}", ())]
    return []


async def _calm(url: str) -> None:
    """Wait until nothing that was begun is under way in the database, whoever began it."""
    connection = await asyncpg.connect(url)
    try:
        deadline = time.monotonic() + CALM_SECONDS_MAX
        while await connection.fetchval(BUSY):
            assert time.monotonic() < deadline, "the database does not come to rest"
            await asyncio.sleep(0.05)
    finally:
        await connection.close()


async def _rows(url: str, places: Places) -> list[Row]:
    connection = await asyncpg.connect(url)
    try:
        found = await connection.fetch(EVERYTHING, [*places.all, *places.passing.ever])
    finally:
        await connection.close()
    return [Row(Held(str(row["id"]), row["room"], stretch(row)), row["is_active"]) for row in found]
