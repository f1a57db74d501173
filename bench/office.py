"""The office: slots and bookings on the seeded data, at a steady rate and flat out, and with a storm of logins."""

import asyncio
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

import asyncpg
import httpx
import msgspec
from msgspec import Struct

import postgres
import tested
import wrk
from holdfast.load import measurement, target, trial
from holdfast.load.measurement import Metrics, Thresholds
from holdfast.load.orders import Orders
from holdfast.rooms.queries import Room
from holdfast.rooms.slots import Schedule, of_day
from holdfast.seeding import plan
from holdfast.seeding import service as seeding
from holdfast.settings import Settings
from slots import THREADS
from targets import Target
from workloads import CONNECTIONS

STEADY, STEADY_SECONDS = 100.0, 10.0
LOGINS_A_SECOND = 50
DAYS_AHEAD, DAYS = 150, 400
"""Slots that are booked flat out lie beyond the seeded ones."""
PAGES = 20
STORE = "INSERT INTO slots (id, room_id, start_time) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[])"


class Office(Struct, frozen=True):
    """What the run came to. Rates are per second, times in milliseconds."""

    rounds: int
    steady: list[Metrics]
    stormy: list[Metrics]
    lists: list[float]
    lists_p99_ms: list[float]
    bookings: list[float]
    last_page_ms: float
    seen_free_after_201: int
    checked: int
    targets: list[Target]


def run(rounds: int, seconds: int, tell: Callable[[str], None]) -> Office:
    """Measure on a PostgreSQL and a service of its own, with one worker; the check of what is free, with two."""
    with postgres.running() as url, tempfile.TemporaryDirectory() as directory:
        asyncio.run(seeding.seed(url, datetime.now(UTC), Settings().password_cost, lambda _: None))
        free = Slots(url, Path(directory))
        with tested.start(url, 1) as service:
            token = _token(service.url)
            steady, stormy, lists, booked = [], [], [], []
            for number in range(1, rounds + 1):
                steady.append(_steady(service.url, token))
                with _storm(service.url):
                    stormy.append(_steady(service.url, token))
                lists.append(_flat_out("slots.lua", service.url, (token, free.paths()), seconds))
                booked.append(_flat_out("bookings.lua", service.url, (token, free.next(seconds), THREADS), seconds))
                tell(
                    f"round {number}  p95 at {STEADY:g}/s {steady[-1].latency_ms.p95:.2f} ms, "
                    f"with logins {stormy[-1].latency_ms.p95:.2f} ms; "
                    f"{lists[-1].answers / lists[-1].seconds:,.0f} lists/s, "
                    f"{booked[-1].created / booked[-1].seconds:,.0f} bookings/s"
                )
            page = _last_page(service.url)
        with tested.start(url, 2) as service:
            wrong, checked = _check(service.url, free, seconds)
        return _judged(
            Office(
                rounds, steady, stormy, [each.answers / each.seconds for each in lists],
                [each.p99_ms for each in lists], [each.created / each.seconds for each in booked],
                page, wrong, checked, [],
            )
        )  # fmt: skip


def write(done: Office, directory: Path) -> Path:
    """Write `office.json`; answers where."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "office.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(done), indent=2) + b"\n")
    return path


class Slots:
    """Slots that nobody has booked, stored as if somebody had looked at their days."""

    def __init__(self, url: str, directory: Path) -> None:
        self._url = url
        self._directory = directory
        self._rooms = plan.rooms(datetime.now(UTC))
        today = datetime.now(UTC).date()
        days = (today + timedelta(days=DAYS_AHEAD + number) for number in range(DAYS))
        self._left = ((room, day) for day in days for room in self._rooms)
        self._files = 0

    def paths(self) -> Path:
        """A file with the lists of all rooms for the next seven days."""
        today = datetime.now(UTC).date()
        days = [today + timedelta(days=number) for number in range(target.DAYS)]
        return self._file(f"/rooms/{room.id}/slots/list?date={day}" for room in self._rooms for day in days)

    def next(self, seconds: int) -> Path:
        """A file with the ids of enough slots for so many seconds."""
        found = []
        while len(found) < 12_000 * seconds:
            room, day = next(self._left)
            found += of_day(room.id, _schedule(room), day)
        columns = [each.id for each in found], [each.room_id for each in found], [each.start for each in found]

        async def store(connection: "asyncpg.Connection") -> None:
            await connection.execute(STORE, *columns)
            await connection.execute("ANALYZE slots, reservations")

        postgres.ask(self._url, store)
        postgres.ask(self._url, postgres.checkpoint)
        return self._file(str(each.id) for each in found)

    def days(self) -> Iterator[tuple[str, date]]:
        """Rooms and days without a booking."""
        for room, day in self._left:
            if day.isoweekday() in _schedule(room).days:
                yield str(room.id), day

    def _file(self, lines: Iterator[str]) -> Path:
        self._files += 1
        path = self._directory / f"{self._files}.txt"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path


def _flat_out(script: str, url: str, arguments: tuple[object, ...], seconds: int) -> wrk.Counted:
    return wrk.run(script, url, arguments, connections=CONNECTIONS, seconds=seconds)


def _steady(url: str, token: str) -> Metrics:
    _, paths = target.slots_paths(url, token, datetime.now(UTC).date())
    orders = Orders(url, token, paths, STEADY, STEADY_SECONDS)
    return measurement.measure(trial.send(orders, lambda _: None), orders, Thresholds(200, 0.01), "")


@contextmanager
def _storm(url: str) -> Iterator[None]:
    """Logins at a constant rate, whatever becomes of them."""
    ends = threading.Event()
    wanted = {"email": "user00001@example.com", "password": plan.PASSWORD}

    def log_in(client: httpx.Client) -> None:
        if not ends.is_set():
            client.post("/login", json=wanted)

    def blow() -> None:
        due = time.monotonic()
        while not ends.is_set():
            due += 1 / LOGINS_A_SECOND
            pool.submit(log_in, client)
            ends.wait(max(0.0, due - time.monotonic()))

    limits = httpx.Limits(max_connections=200)
    with httpx.Client(base_url=url, timeout=60, limits=limits) as client, ThreadPoolExecutor(200) as pool:
        wind = threading.Thread(target=blow)
        wind.start()
        try:
            yield
        finally:
            ends.set()
            wind.join()
            pool.shutdown(cancel_futures=True)
            # Passwords are checked one after the other: when this one is, none of the storm's is left.
            client.post("/login", json=wanted).raise_for_status()


def _last_page(url: str) -> float:
    """The median time of the last page of all bookings, in milliseconds."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {_token(url, 'admin')}"}, timeout=60) as client:
        total = client.get("/bookings/list").json()["pagination"]["total"]
        times = []
        for _ in range(PAGES):
            before = time.perf_counter()
            answer = client.get("/bookings/list", params={"page": -(-total // 20)})
            times.append((time.perf_counter() - before) * 1000)
            assert answer.json()["bookings"]
        return median(times)


def _check(url: str, free: Slots, seconds: int) -> tuple[int, int]:
    """Book, and look through new connections, any worker's: how often a slot was seen free after its 201."""
    headers = {"Authorization": f"Bearer {_token(url)}"}
    wrong = checked = 0
    until = time.monotonic() + seconds
    days = free.days()
    with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        while time.monotonic() < until:
            room, day = next(days)
            path = f"/rooms/{room}/slots/list?date={day}"
            for slot in client.get(path).json()["slots"][:5]:
                assert client.post("/bookings/create", json={"slotId": slot["id"]}).status_code == 201
                for _ in range(3):
                    seen = httpx.get(url + path, headers=headers, timeout=60).json()["slots"]
                    wrong += slot["id"] in {each["id"] for each in seen}
                    checked += 1
    return wrong, checked


def _schedule(room: Room) -> Schedule:
    assert room.schedule is not None, "every seeded room has one"
    return room.schedule


def _token(url: str, role: str = "user") -> str:
    return str(httpx.post(f"{url}/dummyLogin", json={"role": role}, timeout=60).json()["token"])


def _judged(done: Office) -> Office:
    steady, stormy = (
        median(each.latency_ms.p95 for each in done.steady),
        median(each.latency_ms.p95 for each in done.stormy),
    )
    failed = sum(sum(each.errors.values()) for each in done.steady)
    seen = f"seen free after a 201, through any of 2 workers, {done.checked:,} looks"
    wishes = [
        Target(f"free slots at {STEADY:g}/s: p95 in ms", steady, False, 2.0),
        Target(f"free slots at {STEADY:g}/s: requests that failed", failed, False, 0),
        Target(f"their p95 with {LOGINS_A_SECOND} logins a second : without", stormy / steady, False, 2.0),
        Target(f"lists of free slots a second, {CONNECTIONS} connections", median(done.lists), True, 10_000),
        Target(f"bookings a second, {CONNECTIONS} connections", median(done.bookings), True, 5_000),
        Target("last page of /bookings/list in ms", done.last_page_ms, False, 20.0),
        Target(seen, done.seen_free_after_201, False, 0),
    ]
    return msgspec.structs.replace(done, targets=wishes)
