"""How messages that wait and messages that were published are found, and which relay is the active one."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NUMBER_FUNCTION = """
CREATE FUNCTION number_messages_1(my_fence bigint, floor timestamptz, lasting interval, at_once integer)
RETURNS integer LANGUAGE plpgsql
-- Only plans that are right however many wait: they are made when few do.
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    base timestamptz;
    found_messages integer;
BEGIN
    -- In an order of which there is one index only, that of the messages that wait.
    PERFORM FROM outbox WHERE published_at IS NULL ORDER BY revision, place LIMIT 1;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    UPDATE relays
    SET numbered_at = greatest(numbered_at, clock_timestamp(), floor) + at_once * interval '1 microsecond',
        expires_at = clock_timestamp() + lasting
    WHERE name = 'outbox' AND fence = my_fence
    RETURNING numbered_at - at_once * interval '1 microsecond' INTO base;
    IF NOT FOUND THEN
        RETURN -1;
    END IF;
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE outbox o SET published_at = base + w.position * interval '1 microsecond'
    FROM (
        SELECT u.place, u.revision, row_number() OVER (ORDER BY u.revision, u.place) AS position
        FROM (
            SELECT place, revision FROM outbox WHERE published_at IS NULL ORDER BY revision, place LIMIT at_once
        ) u
    ) w
    WHERE o.place = w.place AND o.revision = w.revision;
    GET DIAGNOSTICS found_messages = ROW_COUNT;
    RETURN found_messages;
END
$$
"""


def upgrade() -> None:
    op.create_table(
        "relays",
        sa.Column("name", sa.Text(), nullable=False, comment="What is relayed; there is one row"),
        sa.Column(
            "fence",
            sa.BigInteger(),
            nullable=False,
            comment="Counts the holders: who has an older number holds nothing",
        ),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column(
            "expires_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="From then on anybody may take the lease",
        ),
        sa.Column(
            "numbered_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("'epoch'"),
            nullable=False,
            comment="The last position given",
        ),
        sa.Column(
            "delivered_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("'epoch'"),
            nullable=False,
            comment="All until here is delivered",
        ),
        sa.Column(
            "stuck_since",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Since when nothing can be delivered; NULL when it can",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_relays")),
    )
    op.alter_column(
        "outbox",
        "published_at",
        comment="Its position in the journal, to the microsecond its own; NULL without one",
    )
    # Quick on a large table all the same: no version that was released wrote messages without removing them.
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["revision", "place"],
        unique=False,
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.create_index(
        "ix_outbox_published_at",
        "outbox",
        ["published_at"],
        unique=False,
        postgresql_where=sa.text("published_at IS NOT NULL"),
    )
    op.execute(NUMBER_FUNCTION)
    # Each row is written twice and deleted: it is not to wait until a fifth of the table is dead.
    op.execute(
        "ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.2)"
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION number_messages_1")
    op.execute("ALTER TABLE outbox RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor)")
    op.drop_index("ix_outbox_published_at", table_name="outbox", postgresql_where=sa.text("published_at IS NOT NULL"))
    op.drop_index("ix_outbox_waiting", table_name="outbox", postgresql_where=sa.text("published_at IS NULL"))
    op.alter_column("outbox", "published_at", comment=None)
    op.drop_table("relays")
