"""The check for conflicts costs one descent of its index, however long a place's history is."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from batches import confirm, grant, hold, move, name, release, reserve, room, settle
from holdfast.database.connections import Database
from holdfast.engine import looks, statements, writing
from holdfast.engine.claims import Place
from holdfast.kinds import KINDS
from holdfast.outbox import queries as outbox
from holdfast.rooms import queries as rooms
from holdfast.settings import Settings
from rooms import hour, some_room
from seats import cancel, make_event, seat

FILL = """
INSERT INTO reservations (id, place, room_id, start_time, end_time, created_at, cancelled_at, user_id, details, type)
SELECT gen_random_uuid(), 'room:' || (n % 50), (n % 50)::text, t, t + interval '1 hour', now(),
       CASE WHEN n % 3 = 0 THEN now() END, $1, CASE WHEN n % 5 = 0 THEN '{}'::jsonb END,
       CASE WHEN n % 5 = 0 THEN 'slot' ELSE 'range' END
FROM generate_series(1, 20000) AS n, LATERAL (SELECT timestamptz '2030-05-01' + n * interval '1 hour') AS x (t)
"""
USER = UUID(int=7)
BOOKINGS = "type = 'slot'"
INDEX = "ix_reservations_active_place_start_time"


@pytest.fixture(scope="module")
async def filled(database_url: str) -> "AsyncIterator[asyncpg.Connection]":
    """A connection to a database with fifty rooms of four hundred reservations each."""
    connection = await asyncpg.connect(database_url)
    await name(connection, *(room(str(number)) for number in range(50)))
    await connection.execute(FILL, USER)
    await connection.execute("VACUUM ANALYZE")
    yield connection
    await connection.close()


async def plan(connection: "asyncpg.Connection", statement: str, *arguments: object) -> dict[str, Any]:
    """How PostgreSQL has run a statement."""
    # As in the service, where a statement that has been prepared gets a plan for any arguments, by an index.
    await connection.execute("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off")
    found = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", *arguments)
    top: dict[str, Any] = json.loads(found)[0]["Plan"]
    return top


MANAGED = """
WITH made AS (
    INSERT INTO rooms (id, name, created_at) SELECT gen_random_uuid(), 'a', now() FROM generate_series(1, 2000)
    RETURNING id
), opened AS (
    INSERT INTO schedules (id, room_id, days_of_week, start_minute, end_minute, created_at)
    SELECT gen_random_uuid(), id, '{1}', 0, 600, now() FROM made
)
SELECT id FROM made
"""
TABLES = """
INSERT INTO tables (name, seats, location) SELECT 'a', 4, 'b' FROM generate_series(1, 2000) RETURNING id
"""


def wishes(places: list[str]) -> str:
    """Each place once, late enough."""
    return msgspec.json.encode([looks.LookRow(place, hour(10_000)) for place in places]).decode()


def nodes(top: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All steps of a plan, from the top."""
    yield top
    for below in top.get("Plans", []):
        yield from nodes(below)


async def test_a_batch_of_claims_costs_one_descent_each(filled: "asyncpg.Connection") -> None:
    places = [f"room:{number}" for number in range(20)]
    top = await plan(filled, looks.LOOK, wishes(places))
    limits = [node for node in nodes(top) if node["Node Type"] == "Limit"]
    [scan] = [node for node in nodes(top) if node.get("Relation Name") == "reservations"]
    assert scan["Index Name"] == INDEX
    assert scan["Scan Direction"] == "Backward"
    assert "Sort" not in {node["Node Type"] for limit in limits for node in nodes(limit)}
    assert (scan["Actual Loops"], scan["Actual Rows"]) == (20, 1)
    assert top["Shared Hit Blocks"] + top["Shared Read Blocks"] < 20 * 8


@pytest.mark.parametrize("has_statistics", [False, True])
async def test_what_places_demand_costs_a_descent_each(fresh_database_url: str, has_statistics: bool) -> None:
    connection = await asyncpg.connect(fresh_database_url)
    await connection.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
    ids = [str(row[0]) for row in await connection.fetch(MANAGED)]
    numbers = [str(row[0]) for row in await connection.fetch(TABLES)]
    places = [Place("room", each) for each in ids[::100]] + [Place("table", each) for each in numbers[::100]]
    await name(connection, *places)
    if has_statistics:
        await connection.execute("VACUUM ANALYZE")
    wanted = [looks.NamedLookRow(place.key, hour(1), place.kind, place.id) for place in places]
    top = await plan(connection, KINDS.demands.looks[0], msgspec.json.encode(wanted).decode())
    assert len(places) == 40
    assert top["Actual Rows"] == 40
    assert top["Shared Hit Blocks"] + top["Shared Read Blocks"] < 40 * 16
    await connection.close()


async def test_a_new_place_costs_the_same_however_much_there_is(filled: "asyncpg.Connection") -> None:
    """An index that is read whole for what is not there returns nothing, and costs all its pages."""
    places = [room(some_room()) for _ in range(5)]
    top = await plan(
        filled, statements.ENSURE, [each.key for each in places], ["room"] * 5, [each.id for each in places]
    )
    assert top["Shared Hit Blocks"] + top["Shared Read Blocks"] < 5 * 16


async def test_a_move_costs_one_descent(filled: "asyncpg.Connection") -> None:
    some = await filled.fetchval("SELECT id FROM reservations WHERE place = 'room:1' AND cancelled_at IS NULL LIMIT 1")
    top = await plan(filled, looks.LOOK_PAST, wishes(["room:1"]), [some])
    [scan] = [node for node in nodes(top) if node.get("Relation Name") == "reservations"]
    assert scan["Index Name"] == INDEX
    assert scan["Scan Direction"] == "Backward"
    assert top["Shared Hit Blocks"] + top["Shared Read Blocks"] < 10


async def test_a_batch_locks_its_places_in_order_whatever_the_plan(filled: "asyncpg.Connection") -> None:
    # An index would hand them over sorted, asked or not.
    await filled.execute("SET enable_indexscan = off; SET enable_bitmapscan = off")
    top = await plan(filled, statements.LOCK, [f"room:{number}" for number in range(3)])
    assert [node["Node Type"] for node in nodes(top)][:2] == ["LockRows", "Sort"]
    await filled.execute("RESET enable_indexscan; RESET enable_bitmapscan")


async def test_what_is_taken_of_a_day_costs_two_descents(filled: "asyncpg.Connection") -> None:
    places = [f"room:{number}" for number in range(10)]
    top = await plan(filled, rooms.TAKEN, places, [hour(10_000)] * 10)
    scans = [node for node in nodes(top) if node.get("Relation Name") == "reservations"]
    assert {(scan["Index Name"], scan["Node Type"]) for scan in scans} == {(INDEX, "Index Only Scan")}
    assert top["Shared Hit Blocks"] + top["Shared Read Blocks"] < 10 * 12


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (f"SELECT id FROM reservations WHERE {BOOKINGS} ORDER BY created_at DESC, id DESC LIMIT 20", "created_at_id"),
        (f"SELECT id FROM reservations WHERE {BOOKINGS} ORDER BY created_at, id LIMIT 20", "created_at_id"),
        (f"SELECT count(*) FROM reservations WHERE {BOOKINGS} AND created_at > now()", "created_at_id"),
        (
            (
                f"SELECT id FROM reservations WHERE {BOOKINGS} AND user_id = '{USER}' AND start_time >= '2032-08-10' "
                "ORDER BY start_time, id"
            ),
            "user_id_start_time",
        ),
    ],
    ids=["newest", "oldest", "count", "one's own"],
)
async def test_bookings_are_found_by_an_index_of_theirs(
    filled: "asyncpg.Connection", statement: str, index: str
) -> None:
    top = await plan(filled, statement)
    scans = [node for node in nodes(top) if node.get("Index Name")]
    assert {scan["Index Name"] for scan in scans} == {f"ix_reservations_booking_{index}"}
    assert top["Shared Hit Blocks"] + top["Shared Read Blocks"] < 100


async def test_before_there_are_statistics_no_statement_takes_an_index_of_lists(fresh_database_url: str) -> None:
    """On tables that were never analysed every index looks as good as any other; these would be read whole."""
    connection = await asyncpg.connect(fresh_database_url)
    await connection.execute("SET plan_cache_mode = force_generic_plan")
    for statement, arguments in {
        looks.LOOK: "'[]'",
        looks.LOOK_PAST: "'[]', array[gen_random_uuid()]",
        KINDS.demands.looks[0]: "'[]'",
        KINDS.demands.looks[1]: "'[]', array[gen_random_uuid()]",
        looks.BACKWARDS: "'[]', array[gen_random_uuid()], 64",
        looks.GIVEN: "array['a'], array[gen_random_uuid()]",
        statements.TAGS: "array['a']",
        rooms.TAKEN: "array['a'], array[now()]",
        "SELECT id FROM reservations WHERE id = $1::uuid": "gen_random_uuid()",
    }.items():
        await connection.execute(f"PREPARE asked AS {statement}")
        lines = [row[0] for row in await connection.fetch(f"EXPLAIN EXECUTE asked({arguments})")]
        await connection.execute("DEALLOCATE asked")
        assert not re.search("start_of_all|booking", "\n".join(lines))
    await connection.close()


SEATS = """
INSERT INTO bookings (event_id, user_id)
SELECT event_id, 'user' || n FROM unnest($1::bigint[], $2::int[]) AS u (event_id, seats), generate_series(1, seats) n
"""


@pytest.mark.parametrize("has_statistics", [False, True])
async def test_a_seat_costs_the_same_however_many_are_booked(fresh_database_url: str, has_statistics: bool) -> None:
    """One descent of the unique index, at an event of ten and at one of twenty thousand, fresh or not."""
    connection = await asyncpg.connect(fresh_database_url)
    small, large = await make_event(connection, 100), await make_event(connection, 100_000)
    await connection.execute(SEATS, [small, large], [10, 20_000])
    # Somebody who has seats at many other events.
    others = [await make_event(connection, 1) for _ in range(500)]
    await connection.execute("INSERT INTO bookings (event_id, user_id) SELECT unnest($1::bigint[]), 'user7'", others)
    if has_statistics:
        await connection.execute("VACUUM ANALYZE")
    for event in (small, large):
        wanted = msgspec.json.encode([looks.SeatLookRow(event, "user7")]).decode()
        top = await plan(connection, looks.LOOK_SEATS, wanted)
        scans = [node for node in nodes(top) if node.get("Index Name", "").endswith("user_id")]
        assert [(scan["Index Name"], scan["Actual Rows"]) for scan in scans] == [("uq_bookings_event_id_user_id", 1)]
        assert top["Shared Hit Blocks"] + top["Shared Read Blocks"] < 12
    await connection.close()


# By an index, too, a table can be read whole.
READ = """
SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_user_tables
WHERE relname IN ('events', 'places', 'reservations', 'bookings')
"""


async def test_a_plan_made_while_there_was_little_reads_no_table_whole_when_there_is_much(
    fresh_database_url: str,
) -> None:
    """Nobody analyses the tables between, as it is in the first minute of a sale on a fresh installation."""
    database = Database(fresh_database_url, Settings())
    await database.open()
    async with database.engine_connection() as connection:
        one = await make_event(connection, 1_000)
        await name(connection, room("1"), room("2"))
        for number in range(10):
            await seat(connection, one, f"user{number}")
            made = await grant(connection, reserve(room("1"), number, number + 1))
            made = await grant(connection, move(made, end=hour(number + 0.5)))
            if number > 5:
                await grant(connection, release(made))
                await settle(connection, cancel(await seat(connection, one, "whoever leaves")))
            await grant(connection, confirm(await grant(connection, hold(room("2"), number, number + 1))))
        await connection.execute("INSERT INTO events (name, total_seats) SELECT n, 1 FROM generate_series(1, 5000) n")
        await name(connection, *(room(str(number)) for number in range(5_000)))
        await connection.execute(FILL, USER)
        await connection.execute("SELECT pg_stat_force_next_flush()")
        before = await connection.fetchval(READ)
        await settle(connection, cancel(await seat(connection, one, "somebody")))
        made = await grant(connection, reserve(room("1"), 11, 12))
        await grant(connection, release(await grant(connection, move(made, end=hour(13)))))
        await grant(connection, confirm(await grant(connection, hold(room("2"), 11, 12))))
        await connection.execute("SELECT pg_stat_force_next_flush()")
        assert await connection.fetchval(READ) - before < 100
    await database.close()


PLANNED = "SELECT sum(custom_plans) FROM pg_prepared_statements WHERE statement = ANY($1)"


async def test_no_batch_is_planned_anew_when_the_tables_have_statistics(fresh_database_url: str) -> None:
    """With them a plan for the very arguments seems cheaper, and making it costs more than it saves."""
    database = Database(fresh_database_url, Settings())
    await database.open()
    async with database.engine_connection() as connection:
        places = [room(str(number)) for number in range(1_000)]
        await name(connection, *places)
        await connection.execute(
            "INSERT INTO events (name, total_seats) SELECT n, 1000 FROM generate_series(1, 1000) n"
        )
        for number, place in enumerate(places[:100]):
            await grant(connection, reserve(place, number, number + 1))
        await connection.execute("ANALYZE")
        for number in range(20):
            await grant(connection, reserve(places[number], 200, 201))
            await seat(connection, 1, f"user{number}")
        asked = [looks.LOOK, writing.WRITE, looks.LOOK_SEATS]
        assert await connection.fetchval(PLANNED, asked) == 0
    await database.close()


MESSAGES = """
INSERT INTO outbox (place, revision, id, type, occurred_at, data, published_at)
SELECT 'room:' || n % 50, n, gen_random_uuid(), 'test', now(), '{}',
    CASE WHEN n <= $1 THEN now() - (60000 - n) * interval '1 second' END
FROM generate_series(1, 60000) n
"""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("published", [0, 30_000, 60_000], ids=["none published", "half", "all"])
async def test_the_journal_is_read_by_its_index_however_much_is_published(
    fresh_database_url: str, published: int
) -> None:
    """Without statistics, and after the tables were empty: so it is on the first day of an installation."""
    connection = await asyncpg.connect(fresh_database_url)
    await connection.execute("ALTER TABLE outbox SET (autovacuum_enabled = off)")
    await connection.execute(MESSAGES, published)
    taken = await outbox.take(connection, "test", timedelta(hours=1))
    assert taken is not None
    transaction = connection.transaction()
    for statement, arguments in {
        outbox.READ: (EPOCH, 500),
        outbox.REREAD: (EPOCH, 500, None, None),
        outbox.LAST: (),
        outbox.REMOVE: (hour(0), timedelta(hours=1), 500),
    }.items():
        if statement == outbox.REMOVE:
            await transaction.start()
            assert await outbox.hold(connection, taken[0], 0, timedelta(hours=1))
        top = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *arguments))[0]["Plan"]
        # A range that is sorted afterwards would be read whole before its first message.
        scans = [node["Node Type"] for node in nodes(top) if "Scan" in node["Node Type"]]
        assert set(scans) <= {"Index Scan", "Index Only Scan", "Subquery Scan"}, (statement, scans)
        assert "ix_outbox_published_at" in {node.get("Index Name") for node in nodes(top)}
    await transaction.rollback()
    await connection.close()


@pytest.mark.parametrize("waiting", [0, 1_000], ids=["none waits", "some wait"])
async def test_giving_positions_costs_the_same_however_much_is_kept(fresh_database_url: str, waiting: int) -> None:
    """Planned while the outbox was empty, as in a relay that has just been installed."""
    connection = await asyncpg.connect(fresh_database_url)
    await connection.execute("ALTER TABLE outbox SET (autovacuum_enabled = off)")
    taken = await outbox.take(connection, "test", timedelta(hours=1))
    assert taken is not None
    for _ in range(10):
        await outbox.number(connection, taken[0], 0, timedelta(hours=1), 100)
    await connection.execute(MESSAGES, 60_000 - waiting)
    await connection.execute("SELECT pg_stat_force_next_flush()")
    before = await connection.fetchval(SCANNED)
    assert await outbox.number(connection, taken[0], 0, timedelta(hours=1), 100) == min(waiting, 100)
    await connection.execute("SELECT pg_stat_force_next_flush()")
    assert await connection.fetchval(SCANNED) == before
    await connection.close()


SCANNED = "SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'outbox'"
