"""Answers that outlive their request: they end with the rights of who asked, whatever flows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from holdfast.accounts import watch
from holdfast.accounts.bodies import PasswordChange, Registration, UserChange
from holdfast.accounts.roles import Caller, Role
from holdfast.app import Parts
from holdfast.errors import Unavailable
from holdfast.http.hot import Request
from holdfast.outbox.journal import READ_AT_ONCE
from holdfast.settings import Settings
from inprocess import Clock
from messages import change
from people import PASSWORD, some_email
from rooms import some_room
from tokens import SECRET

SECONDS_MAX = 30.0
MANY = """
INSERT INTO reservations (id, place, room_id, start_time, end_time, created_at)
SELECT gen_random_uuid(), 'room:' || $1::text, $1, hour, hour + interval '1 hour', now()
FROM generate_series(1, 5000) AS n, LATERAL (SELECT now() + n * interval '1 hour' AS hour) AS hours
"""


class Office:
    """A process's parts, a user with a token, and somebody who changes their rights."""

    def __init__(self, parts: Parts, clock: Clock) -> None:
        self.parts = parts
        self.clock = clock
        self.id = UUID(int=0)
        self.header = ""

    async def come_in(self, role: Role) -> None:
        email = some_email()
        self.id = (await self.parts.accounts.register(Registration(email, PASSWORD, role), "here")).user.id
        self.header = f"Bearer {await self.parts.accounts.sign_in(email, PASSWORD, 'here')}"

    async def disable(self) -> None:
        await self.parts.accounts.change(self.id, UserChange(disabled=True))

    async def demote(self) -> None:
        await self.parts.accounts.change(self.id, UserChange(role=Role.USER))

    async def change_password(self) -> None:
        wanted = PasswordChange(PASSWORD, "battery staple")
        await self.parts.accounts.change_password(self.id, wanted, "here")

    async def wait_a_day(self) -> None:
        self.clock.now += timedelta(days=1)

    async def delete(self) -> None:
        async with self.parts.database.engine_connection() as connection:
            await connection.execute("DELETE FROM users WHERE id = $1", self.id)

    def asked(self, path: str, query: str = "", **headers: str) -> Request:
        """A request of this user."""
        given = ({"authorization": self.header} if self.header else {}) | headers
        scope: Any = {
            "method": "GET",
            "path": path,
            "query_string": query.encode(),
            "client": ("203.0.113.7", 4711),
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()],
        }
        return Request(scope, b"", path.rpartition("/")[2])

    async def list(self, room: str, query: str) -> AsyncIterator[bytes]:
        """The parts of a room's list, as the one who answers it makes them."""
        limit = 4_000 if query else None
        answered = await self.parts.reservations.list_room_reservations(
            self.asked(f"/reservations/{room}", query), room, limit=limit
        )
        return parts_of(answered.body)


@asynccontextmanager
async def inside(settings: Settings, url: str, clock: Clock) -> AsyncIterator[Parts]:
    """A process's parts, which work inside of the block."""
    parts = Parts(settings, url, clock, None)
    nothing: Any = None
    async with parts.alive(nothing):
        yield parts


@pytest.fixture
async def office(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    """It looks at rights twenty times a second, so that no test waits for long."""
    monkeypatch.setattr(watch, "CHECK_SECONDS", 0.05)
    monkeypatch.setattr(watch, "RETRY_SECONDS", 0.05)
    clock = Clock(datetime.now(UTC))
    settings = Settings(jwt_secret=SECRET, password_cost=4, access="token", login_failures_max=0)
    async with inside(settings, database_url, clock) as parts:
        found = Office(parts, clock)
        await found.come_in(Role.ADMIN)
        # Nobody is to be the last admin.
        await Office(parts, clock).come_in(Role.ADMIN)
        yield found


@asynccontextmanager
async def flowing(url: str, room: str) -> AsyncIterator[None]:
    """Messages of a room come without a pause inside of the block."""
    connection = await asyncpg.connect(url)

    async def flow() -> None:
        while True:
            await change(connection, room)

    task = asyncio.create_task(flow())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await connection.close()


def parts_of(body: Any) -> AsyncIterator[bytes]:
    """The parts of an answer that comes in parts."""
    assert not isinstance(body, bytes)
    found: AsyncIterator[bytes] = body
    return found


async def to_the_end(parts: AsyncIterator[bytes]) -> None:
    """Returns when nothing more comes."""
    async with asyncio.timeout(SECONDS_MAX):
        async for _ in parts:
            pass


CHANGES = [Office.disable, Office.demote, Office.change_password, Office.wait_a_day, Office.delete]
Change = Callable[[Office], Awaitable[None]]
changes = pytest.mark.parametrize("change_rights", CHANGES, ids=lambda each: each.__name__)


@changes
async def test_a_stream_ends_though_messages_flow(office: Office, database_url: str, change_rights: Change) -> None:
    room = some_room()
    async with flowing(database_url, room):
        answered = await office.parts.live.stream_messages(office.asked("/stream", f"place=room:{room}"))
        parts = parts_of(answered.body)
        heard = b""
        while heard.count(b"event:") < 100:
            heard += await anext(parts)
        await change_rights(office)
        await to_the_end(parts)


@changes
async def test_a_stream_ends_in_silence(office: Office, change_rights: Change) -> None:
    answered = await office.parts.live.stream_messages(office.asked("/stream", "place=room:silent"))
    await change_rights(office)
    await to_the_end(parts_of(answered.body))


@changes
async def test_what_was_missed_is_not_told_to_who_has_lost_the_right(
    office: Office, database_url: str, change_rights: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "CHECK_SECONDS", 0)
    room = some_room()
    connection = await asyncpg.connect(database_url)
    for _ in range(READ_AT_ONCE + 1):
        await change(connection, room)
    await connection.close()
    asked = office.asked("/stream", f"place=room:{room}", last_event_id="0-0")
    parts = parts_of((await office.parts.live.stream_messages(asked)).body)
    while b"event:" not in await anext(parts):
        pass
    await change_rights(office)
    assert [part async for part in parts] == []


@pytest.mark.parametrize("query", ["", "limit=4000"], ids=["hot", "not"])
@changes
async def test_a_long_list_ends(
    office: Office, database_url: str, change_rights: Change, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "CHECK_SECONDS", 0)
    room = some_room()
    connection = await asyncpg.connect(database_url)
    await connection.execute(MANY, room)
    await connection.close()
    parts = await office.list(room, query)
    assert await anext(parts)
    await change_rights(office)
    with pytest.raises(ConnectionAbortedError):
        await to_the_end(parts)


async def test_who_keeps_their_rights_hears_on(office: Office, database_url: str) -> None:
    room = some_room()
    async with flowing(database_url, room):
        answered = await office.parts.live.stream_messages(office.asked("/stream", f"place=room:{room}"))
        heard = b""
        async for part in parts_of(answered.body):
            heard += part
            if heard.count(b"event:") > 500:
                return
    pytest.fail("the stream has ended")


async def test_who_has_no_token_hears_on_in_silence(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "CHECK_SECONDS", 0.01)
    async with inside(Settings(jwt_secret=SECRET), database_url, Clock(datetime.now(UTC))) as parts:
        office = Office(parts, Clock())
        listening = parts_of((await parts.live.stream_messages(office.asked("/stream", "place=room:silent"))).body)
        for _ in range(5):
            assert (await anext(listening)).startswith(b":")


class Door:
    """Access as a database that comes and goes lets it be asked."""

    def __init__(self) -> None:
        self.is_shut = False
        self.caller_now = Caller(uuid4(), Role.USER)

    async def caller(self, _: str | None) -> Caller:
        """Who the caller is now."""
        if self.is_shut:
            raise Unavailable
        return self.caller_now


async def test_while_nobody_knows_nothing_is_shown_but_silence_may_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "CHECK_SECONDS", 0)
    door: Any = Door()
    watched = watch.Watch(door, "Bearer x", door.caller_now)
    assert await watched.holds()
    door.is_shut = True
    assert await watched.holds(showing=False)
    assert watched.seconds_left > 0
    assert not await watched.holds(showing=True)
    door.is_shut = False
    assert await watched.holds()


def test_rights_are_looked_at_well_within_fifteen_seconds() -> None:
    assert watch.CHECK_SECONDS <= 10
