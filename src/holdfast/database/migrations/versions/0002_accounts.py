"""Users, and the installation's own key for tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# The fixed users of /dummyLogin. Nobody can sign in as one with a password.
DUMMIES = """
INSERT INTO users (id, email, role, created_at) VALUES
    ('00000000-0000-4000-8000-00000000ad01', 'admin@dummy.invalid', 'admin', now()),
    ('00000000-0000-4000-8000-00000000ad02', 'user@dummy.invalid', 'user', now())
"""


def upgrade() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("id", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False, comment="Signs tokens when the setting JWT_SECRET does not"),
        sa.CheckConstraint("id = 1", name=op.f("ck_signing_keys_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_keys")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(collation="C"), nullable=False, comment="In lower case"),
        sa.Column(
            "password_hash",
            sa.Text(),
            nullable=True,
            comment="bcrypt; NULL for users who cannot sign in with a password",
        ),
        sa.Column("role", sa.Text(), nullable=False, comment="admin or user"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "disabled_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="NULL while the account may be used",
        ),
        sa.Column(
            "epoch",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Counts passwords; tokens carry it",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.execute(DUMMIES)


def downgrade() -> None:
    op.drop_table("users")
    op.drop_table("signing_keys")
