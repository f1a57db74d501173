"""What a PostgreSQL server keeps: committed rows, transactions, row locks and their waiting; READ COMMITTED."""

import asyncio
import itertools
from collections.abc import Coroutine
from contextvars import Context
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import asyncpg

from proof.loop import SimulatedLoop
from proof.weather import Weather

Rows = dict[Any, Any]
START = datetime(2030, 1, 1, tzinfo=UTC)
PACES = (1, 100, 1_000, 1_000)
"""Seconds of the database's clock in a virtual one. The quickest make holds expire between two statements."""


class Spot(NamedTuple):
    """The row of a place that is no event."""

    revision: int
    closed_at: datetime | None = None


class Event(NamedTuple):
    """An event's row."""

    revision: int
    total: int
    booked: int


class State(NamedTuple):
    """What is committed at one moment. Never changed in place: a commit makes a new one, so each is a snapshot."""

    places: Rows
    """Place to its row."""
    reservations: Rows
    """(place, id) to a row."""
    keys: Rows
    """Key id to a row."""
    outbox: Rows
    """(place, revision) to a row."""
    events: Rows
    """Event id to its row."""
    bookings: Rows
    """(event id, id) to a row."""
    holders: Rows
    """(event id, person) to a booking's id: the unique index."""


class Commit(NamedTuple):
    """One committed transaction: when, what it wrote (table to key to row, `None` for deleted), and the state after.

    `at` is when by the database's clock, `locked_at` when it had the last of its places.
    """

    time: float
    writes: dict[str, Rows]
    state: State
    at: datetime
    locked_at: datetime


class Transaction:
    """What one transaction has written and locked, and who waits for its end."""

    __slots__ = ("is_over", "locked_at", "locks", "waiters", "waits_for", "writes")

    def __init__(self, now: datetime) -> None:
        self.locked_at = now
        self.writes: dict[str, Rows] = {}
        self.locks: list[tuple[str, Any]] = []
        self.waiters: list[asyncio.Future[None]] = []
        self.waits_for: Transaction | None = None
        self.is_over = False

    def write(self, table: str, key: Any, row: Any) -> None:
        """Set a row, or delete it with `None`."""
        self.writes.setdefault(table, {})[key] = row


class Server:
    """The database that all simulated processes share. `faults` are mistakes that no engine may make."""

    def __init__(self, loop: SimulatedLoop, random: Random, weather: Weather) -> None:
        self.ids = itertools.count(1)
        self.loop = loop
        self.random = random
        self.weather = weather
        self.pace = random.choice(PACES)
        self.state = State({}, {}, {}, {}, {}, {}, {})
        self.commits: list[Commit] = []
        self.faults: list[str] = []
        self.generation = 0
        self.is_away = False
        self.open: dict[Transaction, None] = {}
        self._locks: dict[tuple[str, Any], Transaction] = {}
        self.first = self.state

    def open_events(self, events: Rows) -> None:
        """Have events from the start."""
        self.first = self.state = self.state._replace(events=events)

    def time(self) -> float:
        """Virtual seconds."""
        return self.loop.time()

    def now(self) -> datetime:
        """The database's clock."""
        return START + timedelta(seconds=self.loop.time() * self.pace)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something on the server's side, whatever becomes of the process that asked for it."""
        self.loop.create_task(work, context=Context())

    @property
    def position(self) -> int:
        """How many transactions have been committed."""
        return len(self.commits)

    async def pause(self) -> None:
        """Let a random time pass, and others run."""
        await asyncio.sleep(self.random.choice(self.weather.latencies))

    def is_stormy(self, chance: float) -> bool:
        """Whether something that has this chance while the storm lasts goes wrong now."""
        return self.loop.time() < self.weather.storm_seconds and self.random.random() < chance

    def begin(self) -> Transaction:
        """A new transaction."""
        transaction = Transaction(self.now())
        self.open[transaction] = None
        return transaction

    def end(self, transaction: Transaction, commit: bool) -> None:
        """Commit or roll back, give up the locks and wake whoever waits, in any order."""
        if transaction.is_over:
            return
        transaction.is_over = True
        del self.open[transaction]
        if commit and transaction.writes:
            tables = {name: _changed(getattr(self.state, name), rows) for name, rows in transaction.writes.items()}
            self.state = self.state._replace(**tables)
            self.commits.append(
                Commit(self.loop.time(), transaction.writes, self.state, self.now(), transaction.locked_at)
            )
        self._let_go(transaction, 0)

    def mark(self, transaction: Transaction) -> tuple[dict[str, Rows], int]:
        """Set a savepoint: what was written and how much was locked by then."""
        return {name: dict(rows) for name, rows in transaction.writes.items()}, len(transaction.locks)

    def go_back(self, transaction: Transaction, mark: tuple[dict[str, Rows], int]) -> None:
        """Undo what was written since a savepoint, and give up what was locked since."""
        transaction.writes, locks = {name: dict(rows) for name, rows in mark[0].items()}, mark[1]
        self._let_go(transaction, locks)

    def _let_go(self, transaction: Transaction, kept: int) -> None:
        """Give up locks, all but the first so many. Whoever waits looks again."""
        for lock in transaction.locks[kept:]:
            del self._locks[lock]
        del transaction.locks[kept:]
        waiters, transaction.waiters = transaction.waiters, []
        if len(waiters) > 1:
            self.random.shuffle(waiters)
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def go_away(self) -> None:
        """The server ends: every connection breaks, and what was not committed is gone."""
        self.is_away = True
        self.generation += 1
        for transaction in list(self.open):
            self.end(transaction, commit=False)

    def come_back(self) -> None:
        """The server can be reached again."""
        self.is_away = False

    def view(self, snapshot: State, transaction: Transaction, table: str) -> Rows:
        """A table as a statement sees it: its snapshot, and what its own transaction wrote."""
        rows: Rows = getattr(snapshot, table)
        own = transaction.writes.get(table)
        return _changed(rows, own) if own else rows

    def latest(self, transaction: Transaction, table: str, key: Any) -> Any:
        """A row's newest committed version or the transaction's own, which is what a locked row is read again as."""
        own = transaction.writes.get(table)
        if own is not None and key in own:
            return own[key]
        return getattr(self.state, table).get(key)

    async def lock(self, transaction: Transaction, table: str, key: Any) -> None:
        """Have a row, or a key of a unique index, until the transaction ends; waits for whoever has it."""
        lock = (table, key)
        while (holder := self._locks.get(lock)) is not transaction:
            if holder is None:
                self._locks[lock] = transaction
                transaction.locks.append(lock)
                if table in {"places", "events"}:
                    transaction.locked_at = self.now()
                # Between one lock and the next others may come.
                await asyncio.sleep(0)
                return
            await self.wait(transaction, holder)

    async def wait(self, transaction: Transaction, holder: Transaction) -> None:
        """Wait for the end of another transaction, for `lock_timeout` at most."""
        other: Transaction | None = holder
        while other is not None:
            if other is transaction:
                self.faults.append("deadlock: two transactions of the engine wait for each other")
                raise asyncpg.DeadlockDetectedError("deadlock detected")
            other = other.waits_for
        woken: asyncio.Future[None] = self.loop.create_future()
        holder.waiters.append(woken)
        alarm = self.loop.call_later(self.weather.lock_seconds_max, _give_up, woken)
        transaction.waits_for = holder
        try:
            await woken
        finally:
            alarm.cancel()
            transaction.waits_for = None
        if transaction.is_over:
            raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    async def claim_key(self, transaction: Transaction, table: str, key: Any) -> bool:
        """Be the one to insert a unique key; false when it is there, known only after others who insert it ended."""
        while self.latest(transaction, table, key) is None:
            holder = self._locks.get((table, key))
            if holder is None or holder is transaction:
                await self.lock(transaction, table, key)
                return True
            await self.wait(transaction, holder)
        return False


def _changed(rows: Rows, changes: Rows) -> Rows:
    changed = {**rows, **changes}
    return {key: row for key, row in changed.items() if row is not None} if None in changes.values() else changed


def _give_up(woken: "asyncio.Future[None]") -> None:
    if not woken.done():
        woken.set_exception(asyncpg.LockNotAvailableError("canceling statement due to lock timeout"))
