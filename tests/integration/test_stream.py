"""The copy of the journal in Redis: complete and in order, whatever happened to Redis or to the relay in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
import redis

from holdfast.database.connections import Database
from holdfast.outbox import consumer as consumers
from holdfast.outbox import positions
from holdfast.outbox import stream as streams
from holdfast.outbox.consumer import Consumer
from holdfast.outbox.journal import Journal, Lease
from holdfast.outbox.messages import Entry
from holdfast.outbox.sinks import LocalSink, StreamSink
from holdfast.outbox.stream import RedisStream
from holdfast.outbox.subscribers import SubscribedMessage, Subscribers
from messages import change, ids, leading, numbered, opened
from races.locks import until
from redis_server import RedisServer
from rooms import some_room


@pytest.fixture
async def database(fresh_database_url: str) -> AsyncIterator[Database]:
    """A database of its own."""
    async with opened(fresh_database_url) as database:
        yield database


@pytest.fixture
async def connection(fresh_database_url: str) -> "AsyncIterator[asyncpg.Connection]":
    """Another process's connection to it."""
    connection = await asyncpg.connect(fresh_database_url)
    yield connection
    await connection.close()


@asynccontextmanager
async def stream_of(server: RedisServer, length_max: int = 1_000_000) -> AsyncIterator[RedisStream]:
    """A stream of its own, inside of the block."""
    async with streams.connect(server.url) as client:
        yield RedisStream(client, some_room(), length_max)


@pytest.fixture
async def stream(redis_server: RedisServer) -> AsyncIterator[RedisStream]:
    """A stream of its own."""
    async with stream_of(redis_server) as stream:
        yield stream


async def deliver_all(outlet: StreamSink | LocalSink, lease: Lease, delivered: int = 0) -> int:
    """Deliver until nothing comes next."""
    while True:
        await numbered(lease)
        after = await outlet.deliver(lease, delivered)
        if after == delivered:
            return delivered
        delivered = after


async def test_the_stream_is_the_journal(
    database: Database, connection: "asyncpg.Connection", stream: RedisStream
) -> None:
    journal = Journal(database)
    room = some_room()
    written = [await change(connection, room) for _ in range(5)]
    await deliver_all(StreamSink(journal, stream), await leading(journal))
    entries = await stream.read(0)
    assert ids(entries) == written
    assert entries == await journal.read(0)


async def test_an_answer_that_was_lost_does_not_publish_twice(
    database: Database, connection: "asyncpg.Connection", stream: RedisStream
) -> None:
    journal = Journal(database)
    lease = await leading(journal)
    written = await change(connection, some_room())
    await numbered(lease)
    assert await stream.append(0, await journal.read(0)) is None
    # The relay has not heard that, and begins where it was.
    await deliver_all(StreamSink(journal, stream), lease, 0)
    assert ids(await stream.read(0)) == [written]


async def test_who_stalled_and_wakes_up_late_appends_nothing(
    database: Database, connection: "asyncpg.Connection", stream: RedisStream
) -> None:
    journal = Journal(database)
    stalled = await leading(journal, "stalled")
    room = some_room()
    first = await change(connection, room)
    await numbered(stalled)
    held_back = await journal.read(0)
    quick = await leading(journal, "quick")
    second = await change(connection, room)
    await deliver_all(StreamSink(journal, stream), quick)
    assert await stream.append(0, held_back) == await journal.last()
    assert ids(await stream.read(0)) == [first, second]


async def test_what_redis_has_lost_is_published_again(database: Database, connection: "asyncpg.Connection") -> None:
    journal = Journal(database)
    lease = await leading(journal)
    room = some_room()
    written = [await change(connection, room) for _ in range(3)]
    with RedisServer() as server:
        async with stream_of(server) as stream:
            outlet = StreamSink(journal, stream)
            delivered = await deliver_all(outlet, lease)
            server.kill()
            server.start()
            written.append(await change(connection, room))
            await deliver_all(outlet, lease, delivered)
            assert ids(await stream.read(0)) == written


async def test_what_somebody_else_writes_to_the_stream_keeps_no_message_out(
    database: Database, connection: "asyncpg.Connection", stream: RedisStream, redis_server: RedisServer
) -> None:
    journal = Journal(database)
    lease = await leading(journal)
    written = [await change(connection, some_room())]
    outlet = StreamSink(journal, stream)
    delivered = await deliver_all(outlet, lease)
    written.append(await change(connection, some_room()))
    await numbered(lease)
    strange = positions.shown(await journal.last() + 3_600_000_000)
    redis_server.client().xadd(stream._name, {"who": "somebody"}, id=strange)
    await deliver_all(outlet, lease, delivered)
    assert ids(await stream.read(0)) == written


async def test_the_stream_is_trimmed(
    database: Database, connection: "asyncpg.Connection", redis_server: RedisServer
) -> None:
    async with stream_of(redis_server, 100) as stream:
        entries = [Entry(number, b"{}") for number in range(1, 1001)]
        await stream.append(0, entries)
        # By whole nodes of a hundred entries, so roughly.
        assert redis_server.client().xlen(stream._name) <= 200


async def test_nothing_is_appended_to_what_is_no_stream(redis_server: RedisServer, stream: RedisStream) -> None:
    redis_server.client().set(stream._name, "text")
    with pytest.raises(streams.REDIS_AWAY):
        await stream.append(0, [Entry(1, b"{}")])


class Ear:
    """A subscriber that remembers what it was told, and fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.heard: list[SubscribedMessage] = []
        self._failures = failures

    async def hear(self, told: SubscribedMessage) -> None:
        """Remember it, or fail."""
        if self._failures:
            self._failures -= 1
            raise RuntimeError("not now")
        self.heard.append(told)


def listening(ear: Ear, *types: str) -> Subscribers:
    """Subscribers of which there is one."""
    subscribers = Subscribers()
    subscribers.register(ear.hear, *types)
    return subscribers


async def test_without_redis_subscribers_hear_all_in_order(
    database: Database, connection: "asyncpg.Connection"
) -> None:
    journal = Journal(database)
    room, ear = some_room(), Ear()
    written = [await change(connection, room) for _ in range(3)]
    await deliver_all(LocalSink(journal, listening(ear)), await leading(journal))
    assert [told.id for told in ear.heard] == written
    assert ear.heard[0].place == f"room:{room}"


async def test_a_subscriber_hears_only_the_types_it_wants(database: Database, connection: "asyncpg.Connection") -> None:
    journal = Journal(database)
    ear = Ear()
    await change(connection, some_room(), "room.created")
    wanted = await change(connection, some_room(), "room.retired")
    await deliver_all(LocalSink(journal, listening(ear, "room.retired")), await leading(journal))
    assert [told.id for told in ear.heard] == [wanted]


async def test_a_subscriber_that_fails_is_told_again(database: Database, connection: "asyncpg.Connection") -> None:
    journal = Journal(database)
    ear = Ear(failures=2)
    written = await change(connection, some_room())
    await deliver_all(LocalSink(journal, listening(ear)), await leading(journal))
    assert [told.id for told in ear.heard] == [written]


async def test_a_message_that_no_attempt_can_tell_is_passed_over(
    database: Database, connection: "asyncpg.Connection"
) -> None:
    journal = Journal(database)
    ear = Ear(failures=3)
    room = some_room()
    await change(connection, room)
    second = await change(connection, room)
    await deliver_all(LocalSink(journal, listening(ear)), await leading(journal))
    assert [told.id for told in ear.heard] == [second]


async def test_what_a_dead_consumer_has_left_undone_is_done_by_another(
    database: Database, connection: "asyncpg.Connection", stream: RedisStream
) -> None:
    journal = Journal(database)
    written = [await change(connection, some_room()) for _ in range(3)]
    await deliver_all(StreamSink(journal, stream), await leading(journal))
    await stream.make_group()
    assert len(await stream.consume("dead")) == 3
    ear = Ear()
    heir = Consumer(stream, listening(ear), "heir")
    assert await heir.claim(idle_seconds=0) == 3
    assert sorted(told.id for told in ear.heard) == sorted(written)
    assert await heir.claim(idle_seconds=0) == 0


async def test_a_consumer_hears_what_comes_and_survives_the_loss_of_its_group(
    database: Database, connection: "asyncpg.Connection", stream: RedisStream, redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(consumers, "PAUSE_SECONDS", 0.01)
    journal = Journal(database)
    lease, outlet, ear = await leading(journal), StreamSink(journal, stream), Ear()
    task = asyncio.create_task(Consumer(stream, listening(ear), "one").run())
    first = await change(connection, some_room())
    delivered = await deliver_all(outlet, lease)
    await until(lambda: bool(ear.heard))
    redis_server.client().delete(stream._name)
    second = await change(connection, some_room())
    await deliver_all(outlet, lease, delivered)
    await until(lambda: second in [told.id for told in ear.heard])
    assert ear.heard[0].id == first
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_frozen_redis_is_away(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "SECONDS_MAX", 0.2)
    async with stream_of(redis_server) as stream:
        redis_server.freeze()
        try:
            with pytest.raises(redis.RedisError):
                await stream.append(0, [])
        finally:
            redis_server.thaw()


async def test_a_reader_that_is_cancelled_ends_whatever_the_client_is_doing(stream: RedisStream) -> None:
    """The client loses a cancellation that comes while it connects or picks a connection, some of each hundred."""

    async def read_on() -> None:
        while True:
            await stream.read(0)

    for pause in (0, 0, 0.0005, 0.001, 0.002, 0.003) * 40:
        task = asyncio.create_task(read_on())
        await asyncio.sleep(pause)
        task.cancel()
        _, alive = await asyncio.wait([task], timeout=5)
        assert not alive
