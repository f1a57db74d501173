"""The outbox's SQL tables."""

from sqlalchemy import BigInteger, Column, Index, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from holdfast.database.metadata import TIME, metadata

outbox = Table(
    "outbox",
    metadata,
    Column("place", Text(collation="C"), primary_key=True),
    Column("revision", BigInteger, primary_key=True, comment="The place's revision that this change made"),
    Column("id", Uuid, nullable=False, comment="Listeners know a message they have seen by it"),
    Column("type", Text, nullable=False),
    Column("occurred_at", TIME, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("published_at", TIME, comment="Its position in the journal, to the microsecond its own; NULL without one"),
)
# What waits for its position. Not in the order of the primary key, else the planner might walk through that instead; in
# this order, too, the messages of a place come by their revisions.
Index("ix_outbox_waiting", outbox.c.revision, outbox.c.place, postgresql_where=outbox.c.published_at.is_(None))
Index("ix_outbox_published_at", outbox.c.published_at, postgresql_where=outbox.c.published_at.is_not(None))

relays = Table(
    "relays",
    metadata,
    Column("name", Text, primary_key=True, comment="What is relayed; there is one row"),
    Column("fence", BigInteger, nullable=False, comment="Counts the holders: who has an older number holds nothing"),
    Column("holder", Text, nullable=False),
    Column("expires_at", TIME, nullable=False, comment="From then on anybody may take the lease"),
    Column("numbered_at", TIME, nullable=False, server_default=text("'epoch'"), comment="The last position given"),
    Column("delivered_at", TIME, nullable=False, server_default=text("'epoch'"), comment="All until here is delivered"),
    Column("stuck_since", TIME, comment="Since when nothing can be delivered; NULL when it can"),
)
