"""Drafts a migration from the difference between the code's tables and the last migration, on a throw-away database."""

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from holdfast.database import embedded, migrate
from schemas import import_all


def main(name: str) -> None:
    """Write the draft beside the other migrations."""
    import_all()

    def draft(connection: Connection) -> None:
        number = f"{int(migrate.head()) + 1:04}"
        command.revision(migrate.config(connection), message=name, autogenerate=True, rev_id=number)

    with tempfile.TemporaryDirectory(prefix="hf-") as directory, embedded.running(Path(directory)) as url:
        asyncio.run(migrate.upgrade(url))
        asyncio.run(migrate.run(url, draft))


if __name__ == "__main__":
    main(sys.argv[1])
