"""The webhooks' SQL tables."""

from sqlalchemy import Column, Index, Integer, Table, Text, Uuid, text
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

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("webhook_id", Uuid, primary_key=True),
    Column("message_id", Uuid, primary_key=True),
    Column("type", Text, nullable=False),
    Column("place", Text(collation="C"), nullable=False),
    Column("position", TIME, nullable=False, comment="In the journal; a place's messages go out in this order"),
    Column("body", Text, comment="What is sent; NULL once it need not be sent again"),
    Column("queued_at", TIME, nullable=False),
    Column("due_at", TIME, comment="When to send it; NULL behind another of its place, and once it is settled"),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("first_tried_at", TIME),
    Column("tried_at", TIME),
    Column("status", Integer, comment="Of the last answer"),
    Column("failure", Text, comment="What was wrong with the last attempt"),
    Column("settled_at", TIME, comment="NULL while it waits"),
    Column("outcome", Text, comment="delivered or given_up, once it is settled"),
)
deliveries = webhook_deliveries.c
Index("ix_webhook_deliveries_log", deliveries.webhook_id, deliveries.queued_at, deliveries.message_id)
Index(
    "ix_webhook_deliveries_due",
    deliveries.webhook_id,
    deliveries.due_at,
    deliveries.position,
    postgresql_where=deliveries.due_at.is_not(None),
)
Index(
    "ix_webhook_deliveries_waiting",
    deliveries.webhook_id,
    deliveries.place,
    deliveries.position,
    postgresql_where=deliveries.settled_at.is_(None),
)
