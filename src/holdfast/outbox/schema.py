"""The outbox's SQL table."""

from sqlalchemy import BigInteger, Column, DateTime, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from holdfast.database.metadata import metadata

outbox = Table(
    "outbox",
    metadata,
    Column("place", Text(collation="C"), primary_key=True),
    Column("revision", BigInteger, primary_key=True, comment="The place's revision that this change made"),
    Column("id", Uuid, nullable=False, comment="Listeners know a message they have seen by it"),
    Column("type", Text, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("data", JSONB, nullable=False),
    Column("published_at", DateTime(timezone=True)),
)
