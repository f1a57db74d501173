"""The one catalogue of our SQL tables, to which each package's `schema.py` adds its own; and what columns share."""

from sqlalchemy import DateTime, MetaData, text

TIME = DateTime(timezone=True)
NOW = text("now()")

metadata = MetaData(
    # Fixed names, so that every migration can say which index or key it means.
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
