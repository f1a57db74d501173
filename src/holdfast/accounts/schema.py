"""The accounts' SQL tables."""

from sqlalchemy import CheckConstraint, Column, Integer, SmallInteger, Table, Text, Uuid, text

from holdfast.database.metadata import TIME, metadata

users = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", Text(collation="C"), nullable=False, unique=True, comment="In lower case"),
    Column("password_hash", Text, comment="bcrypt; NULL for users who cannot sign in with a password"),
    Column("role", Text, nullable=False, comment="admin or user"),
    Column("created_at", TIME, nullable=False),
    Column("disabled_at", TIME, comment="NULL while the account may be used"),
    Column("epoch", Integer, nullable=False, server_default=text("0"), comment="Counts passwords; tokens carry it"),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("id", SmallInteger, primary_key=True, server_default=text("1")),
    Column("secret", Text, nullable=False, comment="Signs tokens when the setting JWT_SECRET does not"),
    CheckConstraint("id = 1", name="only_one"),
)
