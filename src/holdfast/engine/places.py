"""Changes of places by commands at the terminal: made as the committer makes them, but for as long as they take."""

from datetime import datetime

from holdfast.database.again import again_on_conflict
from holdfast.database.connections import Connection, transaction
from holdfast.engine import statements
from holdfast.engine.batch import tell
from holdfast.engine.claims import Edit, Place


@again_on_conflict
async def edit(connection: Connection, place: Place, change: Edit, now: datetime) -> None:
    """Have a feature change a place itself, in a transaction of its own. Raises what the change's work raises."""
    async with transaction(connection):
        if change.names:
            await statements.ensure_places(connection, [place])
        await statements.lock(connection, [place.key])
        # In statements of their own: the one that waited for the lock saw what was before.
        revision = (await statements.revisions(connection, [place.key])).get(place.key)
        await tell(connection, place, revision, await change.work(connection, revision), now)
