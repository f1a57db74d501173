"""The SQL table of a restaurant's tables. Who has them is in the engine's `reservations`."""

from sqlalchemy import BigInteger, Column, Identity, Integer, Table, Text

from holdfast.database.metadata import NOW, TIME, metadata

tables = Table(
    "tables",
    metadata,
    Column("id", BigInteger, Identity(always=False), primary_key=True),
    Column("name", Text, nullable=False),
    Column("seats", Integer, nullable=False),
    Column("location", Text, nullable=False),
    Column("created_at", TIME, nullable=False, server_default=NOW),
)
