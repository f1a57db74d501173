"""The SQL of what the web app shows of the floor."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from holdfast.tables.queries import Table
from holdfast.tables.schema import tables


async def all_tables(connection: AsyncConnection) -> list[Table]:
    """The restaurant's tables, by id."""
    query = select(tables.c.id, tables.c.name, tables.c.seats, tables.c.location).order_by(tables.c.id)
    return [Table(*row) for row in await connection.execute(query)]
