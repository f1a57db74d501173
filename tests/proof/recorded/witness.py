"""A witness inside the database, which sees every write at the moment that it is made, whatever anybody is told.

History alone knows each moment only between two bounds, so what was granted just after a place was closed may as well
have been granted just before. The rows cannot be mistaken: whoever writes holds the lock of the place.
"""

import asyncpg

from proof.recorded.history import Violation

WITNESS = """
CREATE TABLE witnessed (rule text NOT NULL, what text NOT NULL);

CREATE FUNCTION witness_reservation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM rooms WHERE id::text = NEW.room_id AND retired_at IS NOT NULL)
        OR EXISTS (SELECT FROM places WHERE place = NEW.place AND closed_at IS NOT NULL)
        OR (NEW.place LIKE 'table:%' AND NOT EXISTS (SELECT FROM tables WHERE 'table:' || id = NEW.place))
    THEN
        INSERT INTO witnessed VALUES ('granted after closing', NEW.id || ' at ' || NEW.place);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER witness AFTER INSERT ON reservations FOR EACH ROW EXECUTE FUNCTION witness_reservation();
-- What is held in a closed place may become less, never more.
CREATE TRIGGER witness_of_moves AFTER UPDATE ON reservations FOR EACH ROW
    WHEN (NEW.cancelled_at IS NULL AND NOT (
        NEW.place = OLD.place AND NEW.start_time >= OLD.start_time AND NEW.end_time <= OLD.end_time
    ))
    EXECUTE FUNCTION witness_reservation();

CREATE FUNCTION witness_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO witnessed
    VALUES ('oversold', format('event %s: %s booked of %s', NEW.id, NEW.booked_seats, NEW.total_seats));
    RETURN NEW;
END $$;
CREATE TRIGGER witness AFTER UPDATE ON events FOR EACH ROW WHEN (NEW.booked_seats > NEW.total_seats)
    EXECUTE FUNCTION witness_event();

CREATE FUNCTION witness_table() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM reservations WHERE place = 'table:' || OLD.id AND cancelled_at IS NULL) THEN
        INSERT INTO witnessed VALUES ('deleted while held', 'table ' || OLD.id);
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER witness AFTER DELETE ON tables FOR EACH ROW EXECUTE FUNCTION witness_table();

CREATE FUNCTION witness_schedule() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM rooms WHERE id = NEW.room_id AND retired_at IS NOT NULL) THEN
        INSERT INTO witnessed VALUES ('scheduled after closing', 'room ' || NEW.room_id);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER witness AFTER INSERT OR UPDATE ON schedules FOR EACH ROW EXECUTE FUNCTION witness_schedule();
"""
OPEN_AND_CLOSED = """
SELECT 'room ' || r.id FROM rooms r JOIN places q ON q.place = 'room:' || r.id
WHERE (r.retired_at IS NULL) <> (q.closed_at IS NULL)
UNION ALL
SELECT q.place FROM places q WHERE q.kind = 'table'
    AND (q.closed_at IS NULL) <> EXISTS (SELECT FROM tables t WHERE q.place = 'table:' || t.id)
UNION ALL
SELECT r.place FROM reservations r JOIN places q ON q.place = r.place
WHERE r.place LIKE 'table:%' AND q.closed_at IS NOT NULL AND r.cancelled_at IS NULL
"""


async def install(connection: "asyncpg.Connection") -> None:
    """Have the database look at what is written from now on."""
    await connection.execute(WITNESS)


async def remove(connection: "asyncpg.Connection") -> None:
    """Have it look no longer; what it saw stays. `holdfast check` names every trigger that migrations did not make."""
    for table in ("reservations", "events", "tables", "schedules"):
        await connection.execute(f"DROP TRIGGER witness ON {table}")
    await connection.execute("DROP TRIGGER witness_of_moves ON reservations")


async def breaches(connection: "asyncpg.Connection") -> list[Violation]:
    """What was seen; and what is closed and not said to be, or the reverse, now that all is over."""
    seen = await connection.fetch("SELECT rule, what FROM witnessed")
    differ = await connection.fetch(OPEN_AND_CLOSED)
    return [
        *(Violation(row["rule"], row["what"], ()) for row in seen),
        *(Violation("open and closed", row[0], ()) for row in differ),
    ]
