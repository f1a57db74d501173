"""Alembic migrations, one file a step."""
