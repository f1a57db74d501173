"""`holdfast check` finds each kind of damage that was made by hand, and says where it is."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

import catalog
from databases import create_database, drop_database, name_of
from holdfast.database import migrate
from holdfast.upkeep import catalog as made
from holdfast.upkeep import invariants
from terminal import holdfast

ROOM, RETIRED = "0190a0a0-0000-7000-8000-00000000000a", "0190a0a0-0000-7000-8000-00000000000b"
USER = "0190a0a0-0000-7000-8000-0000000000aa"
HASH = "$2b$11$" + "a" * 53
# A Monday; the room is open on weekdays from nine to six, in UTC.
MONDAY = "2030-01-07"
SEED = f"""
INSERT INTO rooms (id, name, capacity, created_at, retired_at)
    VALUES ('{ROOM}', 'Blue', 4, '2026-01-01Z', NULL), ('{RETIRED}', 'Old', 4, '2026-01-01Z', '2026-02-01Z');
INSERT INTO places (place, kind, id, revision, closed_at) VALUES
    ('room:{ROOM}', 'room', '{ROOM}', 3, NULL), ('room:{RETIRED}', 'room', '{RETIRED}', 2, '2026-02-01Z'),
    ('room:annex', 'room', 'annex', 1, NULL), ('table:1', 'table', '1', 1, NULL), ('table:2', 'table', '2', 2, now());
INSERT INTO schedules (room_id, id, days_of_week, start_minute, end_minute, created_at)
    VALUES ('{ROOM}', gen_random_uuid(), '{{1,2,3,4,5}}', 540, 1080, '2026-01-01Z');
INSERT INTO tables (name, seats, location) VALUES ('One', 4, 'Hall'), ('Two', 4, 'Hall');
DELETE FROM tables WHERE id = 2;
INSERT INTO users (id, email, role, created_at, password_hash)
    VALUES ('{USER}', 'anna@example.org', 'user', '2026-01-01Z', '{HASH}');
INSERT INTO reservations (id, place, room_id, start_time, end_time, user_id, created_at, details, type) VALUES
    (gen_random_uuid(), 'room:{ROOM}', '{ROOM}', '{MONDAY} 09:00Z', '{MONDAY} 09:30Z', '{USER}', '2026-01-02Z',
        '{{"conference_link": null}}', 'slot'),
    (gen_random_uuid(), 'room:{ROOM}', '{ROOM}', '{MONDAY} 10:00Z', '{MONDAY} 12:00Z', '{USER}', '2026-01-02Z', NULL,
        'range'),
    (gen_random_uuid(), 'room:annex', 'annex', '{MONDAY} 03:00Z', '{MONDAY} 03:10Z', NULL, '2026-01-02Z', NULL,
        'range'),
    (gen_random_uuid(), 'table:1', NULL, '{MONDAY} 19:00Z', '{MONDAY} 21:00Z', NULL, '2026-01-02Z',
        '{{"customer_name": "Anna", "party_size": 2}}', 'table');
INSERT INTO slots (id, room_id, start_time)
    VALUES ('{{slot}}', '{ROOM}', '{MONDAY} 09:00Z');
INSERT INTO events (name, total_seats, booked_seats, revision) VALUES ('Concert', 3, 1, 1);
INSERT INTO bookings (event_id, user_id) VALUES (1, 'anna');
INSERT INTO seat_changes (user_id, event_id, revision, booking_id, change, occurred_at)
    VALUES ('anna', 1, 1, 1, 'created', now());
INSERT INTO relays (name, fence, holder, expires_at, numbered_at, delivered_at)
    VALUES ('outbox', 3, 'somebody', now(), now(), now());
INSERT INTO outbox (place, revision, id, type, occurred_at, data, published_at) VALUES
    ('event:1', 1, gen_random_uuid(), 'booking.created', now(), '{{}}', now()),
    ('table:1', 1, gen_random_uuid(), 'reservation.created', now(), '{{}}', NULL);
INSERT INTO webhooks (id, url, types, secret, created_at, queued_until)
    VALUES ('{USER}', 'https://a.example', '{{}}', 's', now(), now());
INSERT INTO webhook_deliveries (webhook_id, message_id, type, place, position, body, queued_at, due_at)
    VALUES ('{USER}', gen_random_uuid(), 'booking.created', 'event:1', now(), '{{}}', now(), now());
INSERT INTO idempotency_keys (id, body, claim_id, answer, created_at)
    VALUES (gen_random_uuid(), sha256(''), gen_random_uuid(), '{{"type":"Refused","reason":"time_conflict"}}', now());
"""
BOOK = """
INSERT INTO reservations (id, place, room_id, start_time, end_time, user_id, created_at, details, type)
VALUES (gen_random_uuid(), 'room:{place}', '{room}', '{start}', '{end}', NULL, '{made}', {details},
    CASE WHEN {details} IS NULL THEN 'range' ELSE 'slot' END)
"""
RESERVE = "UPDATE reservations SET {} WHERE room_id = 'annex'"
SLOT = "UPDATE reservations SET {} WHERE details ? 'conference_link'"
RANGE = "UPDATE reservations SET {} WHERE room_id = '" + ROOM + "' AND details IS NULL"
TABLE = "UPDATE reservations SET {} WHERE place = 'table:1'"
PLACE = "INSERT INTO places (place, kind, id) VALUES ('{0}:{1}', '{0}', '{1}')"
DROP = "ALTER TABLE {} DROP CONSTRAINT {}"

# Name of the kind, what is planted, and words of a line that tells of it.
PLANTED = [
    (
        "overlap",
        RESERVE.format("end_time = '2030-01-08Z'") + "; INSERT INTO reservations SELECT gen_random_uuid(), place, "
        "room_id, start_time + interval '1 m', end_time, NULL, created_at FROM reservations WHERE room_id = 'annex'",
        "room:annex: what begins at",
    ),
    ("no place", "DELETE FROM places WHERE place = 'room:annex'", "the place has no row to lock"),
    ("end before start", RESERVE.format("end_time = start_time - interval '1 minute'"), "ends before it begins"),
    ("end at start", RESERVE.format("end_time = start_time"), "ends before it begins"),
    ("another room", RESERVE.format("room_id = 'elsewhere'"), "its room is said to be elsewhere"),
    ("no room", RESERVE.format("room_id = NULL"), "its room is said to be none"),
    ("endless", RESERVE.format("end_time = 'infinity'"), "is of no year that can be read"),
    ("before Christ", RESERVE.format("start_time = '0044-03-15Z BC'"), "is of no year that can be read"),
    ("a year and more", RESERVE.format("end_time = start_time + interval '400 days'"), "lasts longer than any may"),
    ("made never", RESERVE.format("created_at = '-infinity'"), "was made or cancelled in no year"),
    (
        "cancelled before made",
        RESERVE.format("cancelled_at = created_at - interval '1 day', state = 'cancelled'"),
        "was cancelled before it was made",
    ),
    ("details a list", TABLE.format("details = '[1]'"), "its details cannot be read"),
    ("details a text", SLOT.format("details = '\"x\"'"), "its details cannot be read"),
    ("link a number", SLOT.format("details = '{\"conference_link\": 7}'"), "its link cannot be read"),
    ("guest a number", TABLE.format("details = '{\"customer_name\": 7}'"), "its guest cannot be read"),
    ("party a text", TABLE.format('details = \'{"party_size": "two"}\''), "its party cannot be read"),
    ("no such state", RESERVE.format("state = 'perhaps'"), "nobody knows a state perhaps"),
    ("no such type", RESERVE.format("type = 'week'"), "is not of the type week"),
    ("a slot without details", RESERVE.format("type = 'slot'"), "is not of the type slot"),
    ("ended by half", RESERVE.format("cancelled_at = now()"), "is said to be confirmed, and ended"),
    ("ended in words", RESERVE.format("state = 'cancelled'"), "is said to be cancelled, and takes its place"),
    ("a hold for ever", RESERVE.format("state = 'held', held_at = now()"), "is said to be held, and never expires"),
    (
        "a reservation that expires",
        RESERVE.format("expires_at = now(), held_at = now()"),
        "is said to be confirmed, and expires",
    ),
    ("revived from nothing", RESERVE.format("revived = true"), "was never held"),
    (
        "held for a day",
        RESERVE.format("state = 'held', held_at = now(), expires_at = now() + interval '1 day'"),
        "is held until before it began, or for more than two hours",
    ),
    (
        "place of another kind",
        "UPDATE places SET kind = 'table' WHERE place = 'room:annex'",
        "says that it is table annex",
    ),
    ("place of no kind", PLACE.format("boat", "1"), "place boat:1 says that it is boat 1"),
    ("place without an id", PLACE.format("room", ""), "place room: says that it is room"),
    ("negative revision", "UPDATE places SET revision = -1 WHERE place = 'room:annex'", "has the revision -1"),
    ("UUID in capitals", PLACE.format("room", ROOM.upper()), f"is spelled {ROOM}, too"),
    ("UUID without hyphens", PLACE.format("room", ROOM.replace("-", "")), f"is spelled {ROOM}, too"),
    ("UUID in braces", PLACE.format("room", "{" + ROOM + "}"), f"is spelled {ROOM}, too"),
    ("UUID as a URN", PLACE.format("room", "urn:uuid:" + ROOM), f"is spelled {ROOM}, too"),
    ("lone UUID in capitals", PLACE.format("room", USER.upper()), f"should be spelled {USER}"),
    ("number with a zero", PLACE.format("table", "01"), "place table:01: is spelled 1, too"),
    ("number with a sign", PLACE.format("table", "+1"), "place table:+1: is spelled 1, too"),
    ("number with a space", PLACE.format("table", " 1"), "is spelled 1, too"),
    ("no number", PLACE.format("table", "one"), "place table:one: is no table's number"),
    ("decomposed name", PLACE.format("room", "cafe\u0301"), "should be spelled caf\u00e9"),
    ("lost room", SLOT.format("room_id = 'annex', place = 'room:annex'"), "in room annex: there is no such room"),
    ("an hour's booking", SLOT.format("end_time = start_time + interval '1 hour'"), "lasts 01:00:00"),
    (
        "booking between slots",
        SLOT.format("start_time = start_time + interval '5 min', end_time = end_time + interval '5 min'"),
        "the room has no slot at 2030-01-07 09:05:00+00",
    ),
    (
        "booking at night",
        SLOT.format("start_time = start_time - interval '3 h', end_time = end_time - interval '3 h'"),
        "the room has no slot at 2030-01-07 06:00:00+00",
    ),
    (
        "booking on Sunday",
        SLOT.format("start_time = start_time - interval '1 d', end_time = end_time - interval '1 d'"),
        "the room has no slot at 2030-01-06 09:00:00+00",
    ),
    ("range at night", RANGE.format("end_time = start_time + interval '9 hours'"), "reservation"),
    ("deleted table", "DELETE FROM tables WHERE id = 1", "at table:1: there is no such table"),
    (
        "deleted table whose place is open",
        "UPDATE places SET closed_at = NULL WHERE place = 'table:2'",
        "table 2 is deleted, and its place is open",
    ),
    (
        "table whose place is closed",
        "UPDATE places SET closed_at = now() WHERE place = 'table:1'",
        "table 1 is in use, and its place is closed",
    ),
    (
        "retired room whose place is open",
        f"UPDATE places SET closed_at = NULL WHERE id = '{RETIRED}'",
        f"room {RETIRED} is retired, and its place is open",
    ),
    (
        "room whose place is closed",
        f"UPDATE places SET closed_at = now() WHERE id = '{ROOM}'",
        f"room {ROOM} is in use, and its place is closed",
    ),
    (
        "closed place of no room",
        "UPDATE places SET closed_at = now() WHERE id = 'annex'",
        "place room:annex is closed, and no room was retired",
    ),
    ("room without a place", f"DELETE FROM places WHERE id = '{RETIRED}'", f"room {RETIRED} is no place"),
    ("schedule of no room", "UPDATE schedules SET room_id = gen_random_uuid()", "there is no such room"),
    (
        "two schedules",
        DROP.format("schedules", "pk_schedules") + "; INSERT INTO schedules SELECT * FROM schedules",
        "is not the only one",
    ),
    ("no day", "UPDATE schedules SET days_of_week = '{}'", "is of no day"),
    ("day 0", "UPDATE schedules SET days_of_week = '{0,1}'", "is of the days {0,1}"),
    ("day 8", "UPDATE schedules SET days_of_week = '{1,8}'", "is of the days {1,8}"),
    ("unknown day", "UPDATE schedules SET days_of_week = '{1,NULL}'", "is of the days {1,NULL}"),
    ("closes before it opens", "UPDATE schedules SET end_minute = 500", "goes from minute 540 to minute 500"),
    ("closes as it opens", "UPDATE schedules SET end_minute = 540", "goes from minute 540 to minute 540"),
    ("opens before midnight", "UPDATE schedules SET start_minute = -30", "goes from minute -30 to"),
    ("closes after midnight", "UPDATE schedules SET end_minute = 1500", "to minute 1500 of the day"),
    ("no slot", "UPDATE schedules SET end_minute = 560", "is too short for a slot"),
    ("slot of no room", "UPDATE slots SET room_id = gen_random_uuid()", "there is no such room"),
    ("slot between", "UPDATE slots SET start_time = start_time + interval '5 min'", "the room has no slot at"),
    ("slot at night", "UPDATE slots SET start_time = start_time - interval '5 h'", "the room has no slot at"),
    ("slot with another id", "UPDATE slots SET id = gen_random_uuid()", "it should be {slot}"),
    ("room without a name", f"UPDATE rooms SET name = ' ' WHERE id = '{ROOM}'", "its name is empty"),
    ("table without a seat", "UPDATE tables SET seats = 0", "table 1: a name is empty, or it has no seat"),
    ("wrong count", "UPDATE events SET booked_seats = 2", "1 bookings, 2 counted, 3 seats"),
    ("more than seats", "UPDATE events SET total_seats = 0", "1 bookings, 1 counted, 0 seats"),
    (
        "lost event",
        DROP.format("bookings", "fk_bookings_event_id") + "; DELETE FROM events",
        "booking 1 of event 1: there is no such event",
    ),
    (
        "two seats",
        DROP.format("bookings", "uq_bookings_event_id_user_id")
        + "; INSERT INTO bookings (event_id, user_id) VALUES (1, 'anna')",
        "event 1: anna has 2 seats",
    ),
    (
        "one id twice",
        DROP.format("bookings", "pk_bookings")
        + "; INSERT INTO bookings (id, event_id, user_id) VALUES (1, 1, 'boris')",
        "booking 1: there are 2",
    ),
    ("event without a name", "UPDATE events SET name = ''", "event 1: its name is empty"),
    ("event counted back", "UPDATE events SET revision = -1", "it has the revision -1"),
    (
        "seats without end",
        DROP.format("events", "ck_events_seats") + "; UPDATE events SET total_seats = -1",
        "it has -1 seats",
    ),
    ("booked past the log", "DELETE FROM seat_changes", "booked 0 times and cancelled 0 times, and 1 seats are held"),
    ("cancelled past the log", "DELETE FROM bookings; UPDATE events SET booked_seats = 0", "and 0 seats are held"),
    ("another booking", "UPDATE bookings SET id = 7", "another booking is held"),
    ("log of no event", "UPDATE seat_changes SET event_id = 9", "event 9, revision 1: there is no such event"),
    ("log ahead", "UPDATE seat_changes SET revision = 9", "revision 9: the event is at revision 1"),
    ("unknown change", "UPDATE seat_changes SET change = 'sold'", "nobody knows a change sold"),
    ("revision behind", "UPDATE places SET revision = 0 WHERE place = 'table:1'", "and its revision is 0"),
    ("event's revision behind", "UPDATE events SET revision = 0", "and its revision is 0"),
    (
        "gap",
        (
            "INSERT INTO outbox SELECT place, revision + 2, gen_random_uuid(), type, now(), '{}' FROM outbox WHERE "
            "place = 'table:1'; UPDATE places SET revision = 3 WHERE place = 'table:1'"
        ),
        "2 messages from 1 to 3 are kept",
    ),
    ("data a list", "UPDATE outbox SET data = '[]' WHERE place = 'table:1'", "its data cannot be read"),
    ("type empty", "UPDATE outbox SET type = '' WHERE place = 'table:1'", "it has no type"),
    ("message twice", "UPDATE outbox SET id = (SELECT max(id::text)::uuid FROM outbox)", "another message has its id"),
    ("position twice", "UPDATE outbox SET published_at = (SELECT max(published_at) FROM outbox)", "2 messages have it"),
    (
        "position ahead",
        "UPDATE outbox SET published_at = now() + interval '1 h' WHERE place = 'table:1'",
        "was not given",
    ),
    ("no relay", "DELETE FROM relays", "there is none, and messages have positions"),
    (
        "two relays",
        "INSERT INTO relays (name, fence, holder, expires_at) VALUES ('two', 1, '', now())",
        "relay two: is one too many",
    ),
    (
        "lease without end",
        "UPDATE relays SET expires_at = now() + interval '1 year'",
        "nobody else can take over until",
    ),
    ("lost webhook", "DELETE FROM webhooks", "there is no such webhook"),
    ("unknown outcome", "UPDATE webhook_deliveries SET outcome = 'lost', settled_at = now()", "an outcome lost"),
    ("outcome without an end", "UPDATE webhook_deliveries SET outcome = 'delivered'", "is settled without an outcome"),
    ("nothing to send", "UPDATE webhook_deliveries SET body = NULL", "waits, and there is nothing to send"),
    (
        "unknown reason",
        "UPDATE webhooks SET disabled_at = now(), disabled_why = 'bored'",
        "nobody knows a reason bored",
    ),
    (
        "capitals",
        f"UPDATE users SET email = 'Anna@Example.org' WHERE id = '{USER}'",
        f"account {USER}: its address is not",
    ),
    (
        "twins",
        "INSERT INTO users (id, email, role, created_at) VALUES (gen_random_uuid(), 'ANNA@example.org', 'user', now())",
        f"its address differs from that of account {USER}",
    ),
    (
        "decomposed twins",
        (
            "INSERT INTO users (id, email, role, created_at) VALUES (gen_random_uuid(), 'e\u0301@a.org', "
            "'user', now()), (gen_random_uuid(), '\u00e9@a.org', 'user', now())"
        ),
        "its address differs from that of account",
    ),
    (
        "Cyrillic twins",
        (
            "INSERT INTO users (id, email, role, created_at) VALUES (gen_random_uuid(), 'АННА@a.org', "
            "'user', now()), (gen_random_uuid(), 'анна@a.org', 'user', now())"
        ),
        "its address differs from that of account",
    ),
    ("unknown role", "UPDATE users SET role = 'king' WHERE email LIKE 'anna%'", "nobody knows a role king"),
    ("password in clear", "UPDATE users SET password_hash = 'secret' WHERE email LIKE 'anna%'", "cannot be checked"),
    ("short key", "INSERT INTO signing_keys (secret) VALUES ('short')", "signing key 1: it is too short"),
    ("unreadable answer", "UPDATE idempotency_keys SET answer = '\\x00'", "its answer cannot be read"),
    ("answer of no kind", 'UPDATE idempotency_keys SET answer = \'{"type":"Lost"}\'', "its answer cannot be read"),
    ("empty answer", "UPDATE idempotency_keys SET answer = ''", "its answer cannot be read"),
    ("no hash", "UPDATE idempotency_keys SET body = ''", "its body's hash is none"),
    ("unreadable moment", "UPDATE events SET created_at = 'infinity'", "event 1: a time"),
    ("bookings' sequence", "SELECT setval('bookings_id_seq', 1, false)", "sequence bookings_id_seq has given 0"),
    ("events' sequence", "SELECT setval('events_id_seq', 1, false)", "sequence events_id_seq has given 0"),
    (
        "tables' sequence",
        "SELECT setval('tables_id_seq', 1)",
        "sequence tables_id_seq has given 1, and there is an id 2",
    ),
    ("older version", "UPDATE alembic_version SET version_num = '0003'", "said to be at revision 0003"),
    ("unknown version", "UPDATE alembic_version SET version_num = 'x'", "said to be at revision x"),
    ("no version", "DELETE FROM alembic_version", "alembic_version has 0 rows"),
    ("two versions", "INSERT INTO alembic_version VALUES ('0001')", "alembic_version has 2 rows"),
    ("no table of versions", "DROP TABLE alembic_version", "there is no table alembic_version"),
    ("no table", "DROP TABLE webhook_deliveries", "table webhook_deliveries is missing"),
    ("no column", "ALTER TABLE places DROP COLUMN closed_at", "column places.closed_at is missing"),
    (
        "no default",
        "ALTER TABLE places ALTER revision DROP DEFAULT",
        "column places.revision is another: bigint NOT NULL;",
    ),
    ("another default", "ALTER TABLE users ALTER epoch SET DEFAULT 7", "column users.epoch is another"),
    (
        "NULL allowed",
        "ALTER TABLE reservations ALTER end_time DROP NOT NULL",
        "column reservations.end_time is another",
    ),
    ("another type", "ALTER TABLE places ALTER revision TYPE integer", "column places.revision is another: integer"),
    (
        "time without a zone",
        "ALTER TABLE outbox ALTER occurred_at TYPE timestamp",
        "column outbox.occurred_at is another",
    ),
    ("another collation", 'ALTER TABLE users ALTER email TYPE text COLLATE "default"', "column users.email is another"),
    ("no identity", "ALTER TABLE tables ALTER id DROP IDENTITY", "column tables.id is another"),
    (
        "column that must be given",
        "ALTER TABLE rooms ADD floor integer; UPDATE rooms SET floor = 1; ALTER TABLE rooms ALTER floor SET NOT NULL",
        "column rooms.floor should not be there",
    ),
    ("unlogged", "ALTER TABLE idempotency_keys SET UNLOGGED", "table idempotency_keys is another: unlogged table"),
    ("row security", "ALTER TABLE places ENABLE ROW LEVEL SECURITY", "with row security"),
    ("policy", "CREATE POLICY p ON places USING (false)", "policy places.p should not be there"),
    ("heir", "CREATE TABLE more () INHERITS (reservations)", "with heirs"),
    ("no primary key", DROP.format("places", "pk_places"), "constraint places.pk_places is missing"),
    ("no unique constraint", DROP.format("users", "uq_users_email"), "constraint users.uq_users_email is missing"),
    ("no foreign key", DROP.format("bookings", "fk_bookings_event_id"), "bookings.fk_bookings_event_id is missing"),
    ("no check", DROP.format("events", "ck_events_seats"), "constraint events.ck_events_seats is missing"),
    ("added check", "ALTER TABLE rooms ADD CONSTRAINT c CHECK (capacity < 9) NOT VALID", "rooms.c should not be there"),
    (
        "added foreign key",
        "ALTER TABLE slots ADD CONSTRAINT f FOREIGN KEY (room_id) REFERENCES rooms",
        "constraint slots.f should not be there",
    ),
    (
        "foreign key from elsewhere",
        "CREATE TABLE notes (event_id bigint REFERENCES events ON DELETE CASCADE)",
        "should not be there: FOREIGN KEY (event_id) REFERENCES events(id)",
    ),
    (
        "no conflict index",
        "DROP INDEX ix_reservations_active_place_start_time",
        "index reservations.ix_reservations_active_place_start_time is missing",
    ),
    (
        "invalid index",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_outbox_waiting'::regclass",
        "index outbox.ix_outbox_waiting is another",
    ),
    (
        "another index",
        "DROP INDEX ix_outbox_waiting; CREATE INDEX ix_outbox_waiting ON outbox (place)",
        "index outbox.ix_outbox_waiting is another",
    ),
    ("added unique index", "CREATE UNIQUE INDEX u ON rooms (name)", "index rooms.u should not be there"),
    ("no function", "DROP FUNCTION write_batch_1", "function write_batch_1(locked text[]"),
    (
        "another body",
        (
            "CREATE OR REPLACE FUNCTION number_messages_1(my_fence bigint, floor timestamptz, lasting interval, "
            "at_once integer) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN 0; END'"
        ),
        "function number_messages_1(my_fence",
    ),
    ("a function's settings", "ALTER FUNCTION write_batch_1 SET lock_timeout = 1", "lock_timeout=1"),
    ("security definer", "ALTER FUNCTION write_batch_1 SECURITY DEFINER", "security definer"),
    (
        "function of the same name",
        "CREATE FUNCTION write_seats_1(integer) RETURNS void LANGUAGE sql AS ''",
        "function write_seats_1(integer) should not be there",
    ),
    (
        "trigger",
        (
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER t "
            "BEFORE INSERT ON reservations FOR EACH ROW EXECUTE FUNCTION f()"
        ),
        "trigger reservations.t should not be there",
    ),
    (
        "foreign keys off",
        "ALTER TABLE bookings DISABLE TRIGGER ALL",
        "trigger bookings.foreign keys should not be there",
    ),
    (
        "rule",
        "CREATE RULE r AS ON DELETE TO reservations DO INSTEAD NOTHING",
        "rule reservations.r should not be there",
    ),
    ("view for a table", "ALTER TABLE slots RENAME TO s; CREATE VIEW slots AS SELECT * FROM s", "permanent view"),
    ("no sequence", "ALTER TABLE bookings ALTER id DROP IDENTITY", "sequence bookings_id_seq is missing"),
    (
        "sequence in steps",
        "ALTER SEQUENCE bookings_id_seq INCREMENT BY -1 MINVALUE -9 START 1",
        "bookings_id_seq is another",
    ),
    ("sequence in circles", "ALTER SEQUENCE events_id_seq CYCLE", "sequence events_id_seq is another"),
]


@pytest.fixture(scope="module")
async def template() -> AsyncIterator[tuple[str, str]]:
    """The name of a database with one of everything, and the id of its slot."""
    from datetime import UTC, datetime
    from uuid import UUID

    from holdfast.rooms.slots import slot_id

    slot = str(slot_id(UUID(ROOM), datetime(2030, 1, 7, 9, tzinfo=UTC)))
    url = await create_database()
    await migrate.upgrade(url)
    connection = await asyncpg.connect(url)
    await connection.execute(SEED.replace("{slot}", slot))
    await connection.close()
    yield name_of(url), slot
    await drop_database(url)


@pytest.fixture
async def damaged(template: tuple[str, str]) -> AsyncIterator[str]:
    """A copy of it, to be damaged."""
    url = await create_database(template[0])
    yield url
    await drop_database(url)


async def found(url: str) -> list[str]:
    """Every line that is told of a database."""
    connection = await asyncpg.connect(url)
    lines = [line for each in await invariants.broken(connection, lambda _: None) for line in each.lines]
    await connection.close()
    return lines


async def test_one_of_everything_is_sound(damaged: str) -> None:
    assert await found(damaged) == []
    done = await asyncio.to_thread(holdfast, "check", DATABASE_URL=damaged)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("planted", "line"), [each[1:] for each in PLANTED], ids=[each[0] for each in PLANTED])
async def test_damage_is_found(damaged: str, template: tuple[str, str], planted: str, line: str) -> None:
    connection = await asyncpg.connect(damaged)
    await connection.execute(planted)
    await connection.close()
    told = await found(damaged)
    assert any(line.replace("{slot}", template[1]) in each for each in told), told


@pytest.mark.parametrize(
    "planted",
    [
        "CREATE INDEX mine ON reservations (created_at)",
        "ALTER TABLE rooms ADD floor integer",
        "ALTER TABLE rooms ADD floor integer NOT NULL DEFAULT 0",
        "CREATE TABLE notes (id integer PRIMARY KEY, text text)",
        "CREATE VIEW busy AS SELECT * FROM reservations",
        "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    ],
)
async def test_what_does_no_harm_may_be_added(damaged: str, planted: str) -> None:
    connection = await asyncpg.connect(damaged)
    await connection.execute(planted)
    await connection.close()
    assert await found(damaged) == []


@pytest.mark.parametrize(
    "planted",
    [
        "UPDATE alembic_version SET version_num = '0003'",
        "DROP TABLE places CASCADE",
        "ALTER TABLE reservations DROP COLUMN details CASCADE",
    ],
)
async def test_the_command_tells_and_changes_nothing(damaged: str, planted: str) -> None:
    connection = await asyncpg.connect(damaged)
    await connection.execute(planted)
    before = await catalog.made(damaged)
    done = await asyncio.to_thread(holdfast, "check", DATABASE_URL=damaged)
    assert done.returncode == 1
    assert "wrong" in done.stderr
    assert done.stderr.count("\n") == 1
    assert await catalog.made(damaged) == before
    await connection.close()


async def test_the_expected_catalogue_is_what_migrations_make(fresh_database_url: str) -> None:
    """`python tests/catalog.py` writes it anew."""
    assert await catalog.made(fresh_database_url) == made.expected()


async def test_sequences_that_are_behind_are_mended(damaged: str) -> None:
    connection = await asyncpg.connect(damaged)
    for name in ("bookings", "events", "tables"):
        await connection.execute(f"SELECT setval('{name}_id_seq', 1, false)")
    done = await asyncio.to_thread(holdfast, "repair", DATABASE_URL=damaged)
    assert done.stdout == (
        "sequence events_id_seq: 0 became 1\nsequence bookings_id_seq: 0 became 1\n"
        "sequence tables_id_seq: 0 became 2\n3 mended\n"
    )
    assert await found(damaged) == []
    assert await connection.fetchval("SELECT nextval('bookings_id_seq')") == 2
    assert await connection.fetchval("SELECT nextval('tables_id_seq')") == 3
    await connection.close()


@pytest.mark.parametrize(
    "planted",
    [
        "DELETE FROM seat_changes",
        "DELETE FROM bookings",
        "INSERT INTO bookings (event_id, user_id) VALUES (1, 'boris')",
    ],
)
async def test_seats_that_were_not_written_down_are(damaged: str, planted: str) -> None:
    connection = await asyncpg.connect(damaged)
    await connection.execute(planted)
    await connection.close()
    assert await found(damaged)
    done = await asyncio.to_thread(holdfast, "repair", DATABASE_URL=damaged)
    assert done.returncode == 0
    assert done.stdout.endswith("1 mended\n")
    assert await found(damaged) == []
