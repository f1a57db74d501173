"""Names by which things are found are composed (NFC), as requests now are: two ways to write é were two rooms.

Where both were used, the room gets the reservations of both. Such as overlap were two rooms' until now; nobody can
decide between them but people: `holdfast check` lists them. Seats of one person under two names stay, too.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

IS_TWO = "id IS NOT NFC NORMALIZED AND kind = 'room'"
ROOMS = f"SELECT place FROM places WHERE {IS_TWO} ORDER BY place FOR UPDATE"  # noqa: S608
COMPOSED = "normalize(id, NFC)"
# Revisions only grow: whoever knows a list of either room is to ask anew.
KNOWN = f"""
SELECT {COMPOSED} AS id, max(revision) + 1 AS revision, max(closed_at) AS closed_at FROM places WHERE {IS_TWO}
GROUP BY {COMPOSED} ORDER BY {COMPOSED}
"""  # noqa: S608
JOIN = f"""
UPDATE places p SET revision = greatest(p.revision, q.revision) + 1 FROM ({KNOWN}) AS q WHERE p.place = 'room:' || q.id
"""  # noqa: S608
MAKE = f"""
INSERT INTO places (place, kind, id, revision, closed_at)
SELECT 'room:' || id, 'room', id, revision, closed_at FROM ({KNOWN}) AS q ON CONFLICT DO NOTHING
"""  # noqa: S608
MOVE = f"""
UPDATE reservations r SET place = 'room:' || q.composed, room_id = q.composed
FROM (SELECT place, {COMPOSED} AS composed FROM places WHERE {IS_TWO}) AS q
WHERE r.place = q.place
"""  # noqa: S608
FORGET = f"DELETE FROM places WHERE {IS_TWO}"  # noqa: S608
# Most people's names are ASCII, which is seen at once.
PERSON = """
octet_length(user_id) > length(user_id) AND user_id IS NOT NFC NORMALIZED AND length(normalize(user_id, NFC)) <= 255
"""
SEATS = f"""
UPDATE bookings b SET user_id = normalize(user_id, NFC)
WHERE {PERSON} AND NOT EXISTS (
    SELECT FROM bookings t
    WHERE t.event_id = b.event_id AND t.id <> b.id AND normalize(t.user_id, NFC) = normalize(b.user_id, NFC)
)
"""  # noqa: S608
CHANGES = f"UPDATE seat_changes SET user_id = normalize(user_id, NFC) WHERE {PERSON}"  # noqa: S608
ADDRESSES = """
UPDATE users u SET email = normalize(email, NFC)
WHERE email IS NOT NFC NORMALIZED AND NOT EXISTS (
    SELECT FROM users t WHERE t.id <> u.id AND normalize(t.email, NFC) = normalize(u.email, NFC)
)
"""


def upgrade() -> None:
    if op.get_bind().execute(sa.text(ROOMS)).first() is not None:
        op.execute(JOIN)
        op.execute(MAKE)
        op.execute(MOVE)
        op.execute(FORGET)
    op.execute(SEATS)
    op.execute(CHANGES)
    op.execute(ADDRESSES)


def downgrade() -> None:
    """Nothing to do: what is composed was always allowed."""
