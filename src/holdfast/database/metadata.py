"""The one catalogue of our SQL tables; each package's `schema.py` adds its own."""

from sqlalchemy import MetaData

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
