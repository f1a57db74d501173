"""One engine: states and types of reservations, holds that expire, one function that writes, and one that tells time.

The version before cannot write any more: its functions raise an error that says why. Stop it before you migrate.
"""

from importlib import import_module
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

TIME = """
CREATE FUNCTION engine_now() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE AS 'SELECT clock_timestamp()'
"""
WRITE = """
CREATE FUNCTION write_changes_1(
    locked text[], locked_events bigint[], revisions json, event_revisions json, moment timestamptz,
    changed_ids uuid[], changed json, reserved json, unbooked bigint[], booked json, messages json, new_keys json
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    done bigint;
BEGIN
    -- Sorted, and places before events, so two batches can never wait on each other.
    IF locked IS NOT NULL THEN
        PERFORM FROM places WHERE place = ANY(locked) ORDER BY place FOR UPDATE;
    END IF;
    IF locked_events IS NOT NULL THEN
        PERFORM FROM events WHERE id = ANY(locked_events) ORDER BY id FOR UPDATE;
    END IF;
    IF revisions IS NOT NULL THEN
        UPDATE places q SET revision = u.raised
        FROM json_to_recordset(revisions) AS u (place text, seen bigint, raised bigint)
        WHERE q.place = ANY(locked) AND q.place = u.place AND q.revision = u.seen;
        GET DIAGNOSTICS done = ROW_COUNT;
        IF done <> json_array_length(revisions) THEN
            RAISE EXCEPTION 'a place has changed since the batch was decided' USING ERRCODE = 'HF001';
        END IF;
    END IF;
    IF event_revisions IS NOT NULL THEN
        -- What is typed into psql need not raise a revision, so the seats are counted once more.
        UPDATE events e SET revision = u.raised, booked_seats = e.booked_seats + u.taken
        FROM json_to_recordset(event_revisions) AS u (event_id bigint, seen bigint, raised bigint, taken integer)
        WHERE e.id = ANY(locked_events) AND e.id = u.event_id AND e.revision = u.seen
            AND (u.taken <= 0 OR e.booked_seats + u.taken <= e.total_seats);
        GET DIAGNOSTICS done = ROW_COUNT;
        IF done <> json_array_length(event_revisions) THEN
            RAISE EXCEPTION 'an event has changed since the batch was decided' USING ERRCODE = 'HF001';
        END IF;
    END IF;
    IF changed_ids IS NOT NULL THEN
        -- Time frees a held place without any write. So whoever relies on a hold proves that it has not expired, and
        -- whoever takes its place that it has.
        UPDATE reservations r
        SET place = (a.place ->> 0) || ':' || (a.place ->> 1),
            room_id = CASE a.place ->> 0 WHEN 'room' THEN a.place ->> 1 END,
            start_time = a.start, end_time = a.end, details = a.details, state = coalesce(a.state, 'confirmed'),
            expires_at = a.expires_at, external_ref = a.external_ref, revived = coalesce(a.revived, false),
            cancelled_at = CASE WHEN a.state IN ('released', 'expired', 'cancelled') THEN moment END
        FROM json_to_recordset(changed) AS u (was_at text, proves text, after json)
        CROSS JOIN LATERAL json_to_record(u.after) AS a (
            id uuid, place json, start timestamptz, "end" timestamptz, details jsonb, state text,
            expires_at timestamptz, external_ref text, revived boolean
        )
        WHERE r.id = ANY(changed_ids) AND r.place = u.was_at AND r.id = a.id AND CASE u.proves
            WHEN 'active' THEN r.cancelled_at IS NULL AND (r.expires_at IS NULL OR r.expires_at > engine_now())
            WHEN 'expired' THEN r.state = 'expired' OR r.expires_at <= engine_now() END;
        GET DIAGNOSTICS done = ROW_COUNT;
        IF done <> json_array_length(changed) THEN
            RAISE EXCEPTION 'a reservation has changed since the batch was decided' USING ERRCODE = 'HF001';
        END IF;
    END IF;
    IF reserved IS NOT NULL THEN
        INSERT INTO reservations (
            id, place, room_id, start_time, end_time, user_id, created_at, details, type, state, expires_at, held_at
        )
        SELECT u.id, (u.place ->> 0) || ':' || (u.place ->> 1), CASE u.place ->> 0 WHEN 'room' THEN u.place ->> 1 END,
            u.start, u.end, u.user_id, u.created_at, u.details, coalesce(u.type, 'range'),
            coalesce(u.state, 'confirmed'), u.expires_at, u.held_at
        FROM json_to_recordset(reserved) AS u (
            id uuid, place json, start timestamptz, "end" timestamptz, user_id uuid, created_at timestamptz,
            details jsonb, type text, state text, expires_at timestamptz, held_at timestamptz
        );
    END IF;
    IF unbooked IS NOT NULL THEN
        DELETE FROM bookings WHERE event_id = ANY(locked_events) AND id = ANY(unbooked);
        GET DIAGNOSTICS done = ROW_COUNT;
        IF done <> cardinality(unbooked) THEN
            RAISE EXCEPTION 'a booking has gone since the batch was decided' USING ERRCODE = 'HF001';
        END IF;
    END IF;
    IF booked IS NOT NULL THEN
        INSERT INTO bookings (id, event_id, user_id, created_at)
        SELECT u.id, u.event_id, u.user_id, moment
        FROM json_to_recordset(booked) AS u (id bigint, event_id bigint, user_id text);
    END IF;
    IF unbooked IS NOT NULL OR booked IS NOT NULL THEN
        INSERT INTO seat_changes (user_id, event_id, revision, booking_id, change, occurred_at)
        SELECT u.data ->> 'user_id', (u.data ->> 'event_id')::bigint, u.revision, (u.data ->> 'id')::bigint,
            split_part(u.type, '.', 2), moment
        FROM json_to_recordset(messages) AS u (revision bigint, type text, data json)
        WHERE u.type LIKE 'booking.%';
    END IF;
    IF messages IS NOT NULL THEN
        INSERT INTO outbox (place, revision, id, type, occurred_at, data)
        SELECT u.place, u.revision, u.id, u.type, moment, u.data
        FROM json_to_recordset(messages) AS u (place text, revision bigint, id uuid, type text, data jsonb);
    END IF;
    IF new_keys IS NOT NULL THEN
        INSERT INTO idempotency_keys (id, body, claim_id, answer, created_at)
        SELECT u.id, u.body, u.claim_id, u.answer, moment
        FROM json_to_recordset(new_keys) AS u (id uuid, body bytea, claim_id uuid, answer bytea)
        ORDER BY u.id;
    END IF;
END
$$
"""
# The version before calls these two.
OLD_BATCH = """
write_batch_1(
    locked text[], revisions json, cancelled uuid[], removed uuid[], moment timestamptz,
    new_reservations json, new_messages json, new_keys json
)
"""
OLD_SEATS = """
write_seats_1(
    locked bigint[], revisions json, cancelled bigint[], moment timestamptz,
    new_bookings json, new_messages json, new_keys json
)
"""
REFUSE = """
CREATE OR REPLACE FUNCTION {} RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'this database belongs to a newer version of Holdfast: stop this process, and start that version'
        USING ERRCODE = 'feature_not_supported';
END
$$
"""
COLUMNS: "tuple[sa.Column[Any], ...]" = (
    sa.Column("type", sa.Text(), server_default=sa.text("'range'"), nullable=False, comment="range, slot or table"),
    sa.Column(
        "state",
        sa.Text(),
        server_default=sa.text("'confirmed'"),
        nullable=False,
        comment="held, pending, confirmed; or ended: released, expired, cancelled",
    ),
    sa.Column(
        "expires_at",
        sa.DateTime(timezone=True),
        nullable=True,
        comment="When a hold ends by itself; NULL for all others",
    ),
    sa.Column(
        "held_at",
        sa.DateTime(timezone=True),
        nullable=True,
        comment="When it began as a hold; NULL for what was never one",
    ),
    sa.Column("external_ref", sa.Text(), nullable=True, comment="What the hold was confirmed with"),
    sa.Column(
        "revived",
        sa.Boolean(),
        server_default=sa.text("false"),
        nullable=False,
        comment="Confirmed after it had expired",
    ),
)
FILL = """
UPDATE reservations SET
    type = CASE WHEN place LIKE 'table:%' THEN 'table' WHEN details IS NOT NULL THEN 'slot' ELSE 'range' END,
    state = CASE WHEN cancelled_at IS NULL THEN 'confirmed' ELSE 'cancelled' END
WHERE cancelled_at IS NOT NULL OR details IS NOT NULL OR place LIKE 'table:%'
"""
OF_SLOTS = sa.text("type = 'slot'")
OF_DETAILS = sa.text("details IS NOT NULL AND room_id IS NOT NULL")
TAKEN = sa.text("cancelled_at IS NULL")
HELD = sa.text("cancelled_at IS NULL AND expires_at IS NOT NULL")
VERSIONS = "holdfast.database.migrations.versions"
HOLDS_THERE = "SELECT EXISTS (SELECT FROM reservations WHERE cancelled_at IS NULL AND expires_at IS NOT NULL)"


def upgrade() -> None:
    op.execute(TIME)
    for column in COLUMNS:
        op.add_column("reservations", column)
    _comment("When it ended, however; NULL until then")
    op.execute(FILL)
    op.drop_index("ix_reservations_active_place_start_time", table_name="reservations")
    op.create_index(
        "ix_reservations_active_place_start_time",
        "reservations",
        ["place", "start_time"],
        postgresql_include=["end_time", "expires_at"],
        postgresql_where=TAKEN,
    )
    op.create_index(
        "ix_reservations_held_place_expires_at", "reservations", ["place", "expires_at"], postgresql_where=HELD
    )
    op.create_index("ix_reservations_held_expires_at", "reservations", ["expires_at"], postgresql_where=HELD)
    _index_bookings(OF_SLOTS)
    op.execute(WRITE)
    op.execute(REFUSE.format(OLD_BATCH))
    op.execute(REFUSE.format(OLD_SEATS))


def downgrade() -> None:
    if op.get_bind().execute(sa.text(HOLDS_THERE)).scalar():
        raise RuntimeError("there are holds, which the version before does not know: let them expire, or release them")
    op.execute("DROP FUNCTION write_changes_1")
    op.execute("DROP FUNCTION write_batch_1")
    op.execute("DROP FUNCTION write_seats_1")
    op.execute(import_module(f"{VERSIONS}.0001_reservations").WRITE_BATCH)
    op.execute(import_module(f"{VERSIONS}.0005_events").WRITE_SEATS)
    _index_bookings(OF_DETAILS)
    op.drop_index("ix_reservations_held_expires_at", table_name="reservations")
    op.drop_index("ix_reservations_held_place_expires_at", table_name="reservations")
    op.drop_index("ix_reservations_active_place_start_time", table_name="reservations")
    op.create_index(
        "ix_reservations_active_place_start_time",
        "reservations",
        ["place", "start_time"],
        postgresql_include=["end_time"],
        postgresql_where=TAKEN,
    )
    _comment("NULL while the reservation is active")
    for column in reversed(COLUMNS):
        op.drop_column("reservations", column.name)
    op.execute("DROP FUNCTION engine_now")


def _comment(text: str) -> None:
    op.alter_column("reservations", "cancelled_at", comment=text)


def _index_bookings(predicate: sa.TextClause) -> None:
    """Index bookings as what this says."""
    for name, columns in (
        ("ix_reservations_booking_created_at_id", ["created_at", "id"]),
        ("ix_reservations_booking_user_id_start_time", ["user_id", "start_time"]),
    ):
        op.drop_index(name, table_name="reservations")
        op.create_index(name, "reservations", columns, postgresql_where=predicate)
