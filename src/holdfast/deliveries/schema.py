"""The SQL table of deliveries."""

from sqlalchemy import Column, Index, Integer, Table, Text, Uuid, text

from holdfast.database.metadata import TIME, metadata

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
