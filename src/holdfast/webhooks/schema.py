"""The webhooks' SQL table."""

from sqlalchemy import Column, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from holdfast.database.metadata import TIME, metadata

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("url", Text, nullable=False, comment="Empty once it is removed"),
    Column("types", ARRAY(Text), nullable=False, comment="Of the messages that it gets; empty for all"),
    Column("secret", Text, nullable=False, comment="Signs; empty once it is removed"),
    Column("old_secret", Text, comment="Signs too, until old_secret_until"),
    Column("old_secret_until", TIME),
    Column("created_at", TIME, nullable=False),
    Column("queued_until", TIME, nullable=False, comment="The journal's position until which all is queued"),
    Column("failing_since", TIME, comment="The first failure since the last success"),
    Column("disabled_at", TIME, comment="NULL while messages are sent"),
    Column("disabled_why", Text, comment="admin, gone, failing or full"),
    Column("removed_at", TIME, comment="Nobody sees it any more; its deliveries are being deleted"),
)
