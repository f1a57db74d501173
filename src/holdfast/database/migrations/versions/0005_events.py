"""Events, their bookings, and what was booked and cancelled."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

WRITE_SEATS = """
CREATE FUNCTION write_seats_1(
    locked bigint[], revisions json, cancelled bigint[], moment timestamptz,
    new_bookings json, new_messages json, new_keys json
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    done bigint;
BEGIN
    -- Sorted, so two batches can never wait on each other.
    PERFORM FROM events WHERE id = ANY(locked) ORDER BY id FOR UPDATE;
    IF json_array_length(revisions) > 0 THEN
        UPDATE events e SET revision = u.raised, booked_seats = e.booked_seats + u.taken
        FROM json_to_recordset(revisions) AS u (event_id bigint, seen bigint, raised bigint, taken integer)
        WHERE e.id = ANY(locked) AND e.id = u.event_id AND e.revision = u.seen
            AND (u.taken <= 0 OR e.booked_seats + u.taken <= e.total_seats);
        GET DIAGNOSTICS done = ROW_COUNT;
        IF done <> json_array_length(revisions) THEN
            RAISE EXCEPTION 'an event has changed since the batch was decided' USING ERRCODE = 'HF001';
        END IF;
        IF cardinality(cancelled) > 0 THEN
            DELETE FROM bookings WHERE event_id = ANY(locked) AND id = ANY(cancelled);
            GET DIAGNOSTICS done = ROW_COUNT;
            IF done <> cardinality(cancelled) THEN
                RAISE EXCEPTION 'a booking has gone since the batch was decided' USING ERRCODE = 'HF001';
            END IF;
        END IF;
        INSERT INTO bookings (id, event_id, user_id, created_at)
        SELECT u.id, u.event_id, u.user_id, moment
        FROM events e
        JOIN json_to_recordset(new_bookings) AS u (id bigint, event_id bigint, user_id text) ON u.event_id = e.id
        WHERE e.id = ANY(locked);
        INSERT INTO seat_changes (user_id, event_id, revision, booking_id, change, occurred_at)
        SELECT u.data ->> 'user_id', e.id, u.revision, (u.data ->> 'id')::bigint, split_part(u.type, '.', 2), moment
        FROM events e
        JOIN json_to_recordset(new_messages) AS u (place text, revision bigint, type text, data json)
            ON u.place = 'event:' || e.id
        WHERE e.id = ANY(locked) AND u.type LIKE 'booking.%';
        INSERT INTO outbox (place, revision, id, type, occurred_at, data)
        SELECT u.place, u.revision, u.id, u.type, moment, u.data
        FROM events e
        JOIN json_to_recordset(new_messages) AS u (place text, revision bigint, id uuid, type text, data jsonb)
            ON u.place = 'event:' || e.id
        WHERE e.id = ANY(locked);
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


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("total_seats", sa.Integer(), nullable=False),
        sa.Column(
            "booked_seats",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Counts its bookings",
        ),
        sa.Column(
            "revision",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Counts the changes here",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("total_seats BETWEEN 0 AND 10000000", name=op.f("ck_events_seats")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "bookings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_bookings_event_id")),
        sa.PrimaryKeyConstraint("id", "event_id", name=op.f("pk_bookings")),
        sa.UniqueConstraint("event_id", "user_id", name=op.f("uq_bookings_event_id_user_id")),
    )
    op.create_index("ix_bookings_person_id", "bookings", [sa.text("(user_id || '')"), "id"], unique=False)
    op.create_table(
        "seat_changes",
        sa.Column("user_id", sa.String(length=255, collation="C"), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "revision",
            sa.BigInteger(),
            nullable=False,
            comment="The event's revision that this change made",
        ),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False, comment="created or cancelled"),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "event_id", "revision", name=op.f("pk_seat_changes")),
    )
    op.execute(WRITE_SEATS)


def downgrade() -> None:
    op.execute("DROP FUNCTION write_seats_1")
    op.drop_table("seat_changes")
    op.drop_index("ix_bookings_person_id", table_name="bookings")
    op.drop_table("bookings")
    op.drop_table("events")
