"""Places, reservations, idempotency keys, outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

WRITE_BATCH = """
CREATE FUNCTION write_batch_1(
    locked text[], revisions json, cancelled uuid[], removed uuid[], moment timestamptz,
    new_reservations json, new_messages json, new_keys json
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    found_places bigint;
BEGIN
    -- Sorted, so two batches can never wait on each other.
    PERFORM FROM places WHERE place = ANY(locked) ORDER BY place FOR UPDATE;
    IF json_array_length(revisions) > 0 THEN
        UPDATE places q SET revision = u.raised
        FROM json_to_recordset(revisions) AS u (place text, seen bigint, raised bigint)
        WHERE q.place = ANY(locked) AND q.place = u.place AND q.revision = u.seen;
        GET DIAGNOSTICS found_places = ROW_COUNT;
        IF found_places <> json_array_length(revisions) THEN
            RAISE EXCEPTION 'a place has changed since the batch was decided' USING ERRCODE = 'HF001';
        END IF;
        IF cardinality(cancelled) > 0 THEN
            UPDATE reservations SET cancelled_at = moment
            WHERE place = ANY(locked) AND id = ANY(cancelled);
        END IF;
        IF cardinality(removed) > 0 THEN
            DELETE FROM reservations WHERE place = ANY(locked) AND id = ANY(removed);
        END IF;
        INSERT INTO reservations (id, place, room_id, start_time, end_time, user_id, created_at, details)
        SELECT u.id, u.place, CASE q.kind WHEN 'room' THEN q.id END, u.start_time, u.end_time, u.user_id, u.created_at,
            u.details
        FROM places q
        JOIN json_to_recordset(new_reservations) AS u (
            id uuid, place text, start_time timestamptz, end_time timestamptz, user_id uuid, created_at timestamptz,
            details jsonb
        ) ON u.place = q.place
        WHERE q.place = ANY(locked);
        INSERT INTO outbox (place, revision, id, type, occurred_at, data)
        SELECT u.place, u.revision, u.id, u.type, u.occurred_at, u.data
        FROM places q
        JOIN json_to_recordset(new_messages) AS u (
            place text, revision bigint, id uuid, type text, occurred_at timestamptz, data jsonb
        ) ON u.place = q.place
        WHERE q.place = ANY(locked);
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
        "idempotency_keys",
        sa.Column("id", sa.Uuid(), nullable=False, comment="Made of caller, path and key"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="SHA-256 of the request's body"),
        sa.Column("claim_id", sa.Uuid(), nullable=False, comment="The claim whose answer this is"),
        sa.Column("answer", sa.LargeBinary(), nullable=False, comment="What a retry is told"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_keys")),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("place", sa.Text(collation="C"), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False, comment="The place's revision that this change made"),
        sa.Column("id", sa.Uuid(), nullable=False, comment="Listeners know a message they have seen by it"),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("place", "revision", name=op.f("pk_outbox")),
    )
    op.create_table(
        "places",
        sa.Column(
            "place",
            sa.Text(collation="C"),
            nullable=False,
            comment="kind:id, the one name of a place in every table",
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column(
            "revision",
            sa.BigInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Counts the changes here",
        ),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_places")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_table(
        "reservations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Text(collation="C"), nullable=False),
        sa.Column("room_id", sa.Text(), nullable=True, comment="The room's id as clients name it; NULL for tables"),
        sa.Column("start_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "user_id",
            sa.Uuid(),
            nullable=True,
            comment="The owner; NULL for reservations made without a token",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "cancelled_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="NULL while the reservation is active",
        ),
        sa.Column(
            "details",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="What the place's feature keeps with it",
        ),
        sa.PrimaryKeyConstraint("id", "place", name=op.f("pk_reservations")),
    )
    op.create_index(
        "ix_reservations_active_place_start_time",
        "reservations",
        ["place", "start_time"],
        unique=False,
        postgresql_include=["end_time"],
        postgresql_where=sa.text("cancelled_at IS NULL"),
    )
    op.create_index(
        "ix_reservations_start_of_all",
        "reservations",
        [sa.text("(start_time AT TIME ZONE 'UTC')")],
        unique=False,
    )
    op.create_index(
        "ix_reservations_active_user_id_start_time",
        "reservations",
        ["user_id", "start_time"],
        unique=False,
        postgresql_where=sa.text("cancelled_at IS NULL AND user_id IS NOT NULL"),
    )
    op.execute(WRITE_BATCH)


def downgrade() -> None:
    op.execute("DROP FUNCTION write_batch_1")
    op.drop_index(
        "ix_reservations_active_user_id_start_time",
        table_name="reservations",
        postgresql_where=sa.text("cancelled_at IS NULL AND user_id IS NOT NULL"),
    )
    op.drop_index("ix_reservations_start_of_all", table_name="reservations")
    op.drop_index(
        "ix_reservations_active_place_start_time",
        table_name="reservations",
        postgresql_include=["end_time"],
        postgresql_where=sa.text("cancelled_at IS NULL"),
    )
    op.drop_table("reservations")
    op.drop_table("places")
    op.drop_table("outbox")
    op.drop_index("ix_idempotency_keys_created_at", table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
