"""What the database says after a race: the promise, and whether answers and tables tell the same story."""

from collections.abc import Iterable
from uuid import UUID

import asyncpg

from races.volley import Answer
from rooms import overlaps

ACTIVE = "SELECT id FROM reservations WHERE cancelled_at IS NULL"
GAPS = """
SELECT p.place FROM places p LEFT JOIN outbox o ON o.place = p.place
WHERE EXISTS (
    SELECT FROM reservations r WHERE r.place = p.place
    AND greatest(r.created_at, r.cancelled_at) BETWEEN now() - interval '10 minutes' AND now() + interval '1 minute'
)
GROUP BY p.place, p.revision
HAVING count(o.revision) <> p.revision OR coalesce(max(o.revision), 0) <> p.revision
"""
"""Places whose messages are not numbered 1, 2, 3, … up to the place's revision.

Those where nothing has happened lately are left out: messages are removed after a quarter of an hour.
"""


async def check_promise(url: str) -> None:
    """No two active reservations of a place overlap, and every change has exactly one message."""
    connection = await asyncpg.connect(url)
    try:
        assert await overlaps(connection) == []
        assert await connection.fetch(GAPS) == []
    finally:
        await connection.close()


async def active_ids(url: str) -> set[UUID]:
    """The ids of all active reservations."""
    connection = await asyncpg.connect(url)
    try:
        return {row["id"] for row in await connection.fetch(ACTIVE)}
    finally:
        await connection.close()


def acknowledged(answers: Iterable[Answer]) -> set[UUID]:
    """The ids of the reservations that clients were told they have."""
    return {UUID(answer.json["id"]) for answer in answers if answer.status == 201}


def statuses(answers: Iterable[Answer]) -> dict[int, int]:
    """How many answers had which status."""
    found: dict[int, int] = {}
    for answer in answers:
        found[answer.status] = found.get(answer.status, 0) + 1
    return found
