"""Log lines name no person, whatever goes wrong with what they sent."""

import asyncio
import io
import logging
import sys
from collections.abc import Callable, Iterator

import asyncpg
import httpx
import pytest
import structlog
from sqlalchemy.exc import IntegrityError

from holdfast import logs
from rooms import DAY
from service import Service

TELLTALE = ("Zaphod", "zaphod", "Beeblebrox", "tell-tale-password")
DETAIL = "Key (email)=(zaphod@example.org) already exists."


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What is logged as services log it."""
    before, handlers, level = structlog.get_config(), logging.getLogger().handlers, logging.getLogger().level
    output = io.StringIO()
    monkeypatch.setattr(sys, "stderr", output)
    logs.configure("info")
    yield output
    structlog.configure(**before)
    logging.getLogger().handlers = handlers
    logging.getLogger().setLevel(level)


def unique() -> asyncpg.PostgresError:
    """What the driver raises for an address that is taken."""
    told = {"C": "23505", "M": 'duplicate key value violates "uq_users_email"', "D": DETAIL, "n": "uq_users_email"}
    return asyncpg.PostgresError.new(told)


def wrapped() -> Exception:
    """As SQLAlchemy tells it."""
    driver = Exception(f"<class 'asyncpg'>: duplicate key\nDETAIL:  {DETAIL}")
    error = IntegrityError("INSERT INTO users VALUES ('zaphod')", {"email": "zaphod"}, driver)
    error.__cause__ = unique()
    return error


@pytest.mark.parametrize(
    "error",
    [
        unique(), wrapped(), ExceptionGroup("some", [unique(), wrapped()]),
        asyncpg.PostgresError.new({"C": "22P02", "M": 'invalid input syntax for type uuid: "Zaphod"'}),
        asyncpg.PostgresError.new({"C": "23502", "M": "null value", "D": "Failing row contains (Zaphod, null)."}),
        ValueError("invalid literal for int() with base 10: 'Zaphod'"), KeyError("zaphod@example.org"),
    ],
    ids=["driver", "SQLAlchemy", "group", "input", "row", "number", "key"],
)  # fmt: skip
def test_an_error_is_told_without_what_was_written(lines: io.StringIO, error: Exception) -> None:
    logger = structlog.stdlib.get_logger("holdfast.test")
    try:
        try:
            raise error  # noqa: TRY301
        except Exception as cause:
            raise RuntimeError("it failed") from cause
    except RuntimeError as failure:
        logger.exception("a failure")
        logger.warning("a failure", error=failure.__cause__)
        logger.warning("a failure", error=repr(failure.__cause__) if "Key" in str(error) else "")
        logging.getLogger("other").error("a failure", exc_info=failure)  # noqa: TRY400
    told = lines.getvalue()
    assert "it failed" in told
    assert type(error).__name__ in told
    assert not [name for name in TELLTALE if name in told], told


PLANTED = """
CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE 'odd: %', new USING ERRCODE = '22000', DETAIL = format('row %s', new); END$$;
CREATE TRIGGER odd_reservations BEFORE INSERT ON reservations FOR EACH ROW EXECUTE FUNCTION odd();
CREATE TRIGGER odd_bookings BEFORE INSERT ON bookings FOR EACH ROW EXECUTE FUNCTION odd();
CREATE TRIGGER odd_users BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION odd();
CREATE TRIGGER odd_tables BEFORE INSERT ON tables FOR EACH ROW EXECUTE FUNCTION odd();
CREATE TRIGGER odd_rooms BEFORE INSERT ON rooms FOR EACH ROW EXECUTE FUNCTION odd();
"""


async def test_a_service_whose_database_refuses_everything(
    fresh_database_url: str, start: Callable[..., Service]
) -> None:
    service = start(DATABASE_URL=fresh_database_url, RATE_LIMIT_MAX=0, LOG_REQUESTS="true", LOG_MESSAGES="true")
    connection = await asyncpg.connect(fresh_database_url)
    async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
        admin = {"Authorization": f"Bearer {(await http.post('/dummyLogin', json={'role': 'admin'})).json()['token']}"}
        table = {"name": "One", "seats": 4, "location": "Hall"}
        table_id = (await http.post("/tables", json=table, headers=admin)).json()["id"]
        event = {"name": "Concert", "total_seats": 5}
        event_id = (await http.post("/api/events", json=event, headers=admin)).json()["id"]
        await connection.execute(PLANTED)
        evening = {"table_id": table_id, "reservation_time": DAY.isoformat(), "duration_minutes": 60}
        account = {"email": "zaphod@example.org", "password": "tell-tale-password", "role": "user"}
        span = {"start_time": "2030-01-01T10:00:00Z", "end_time": "2030-01-01T11:00:00Z"}
        asked = [
            http.post("/reservations", json=evening | {"party_size": 2, "customer_name": "Zaphod Beeblebrox"}),
            http.post("/reservations", json=span | {"room_id": "Zaphod's room"}),
            http.post("/api/bookings/reserve", json={"event_id": event_id, "user_id": "Zaphod"}),
            http.post("/register", json=account),
            http.post("/login", json=account),
            http.post("/tables", json=table | {"name": "Zaphod's"}, headers=admin),
            http.post("/rooms/create", json={"name": "Zaphod's"}, headers=admin),
            http.get("/api/bookings/stats/Zaphod"),
        ]
        statuses = [answer.status_code for answer in await asyncio.gather(*asked)]
    assert statuses.count(500) >= 5
    await connection.close()
    service.stop()
    told = service.output()
    assert "request failed" in told
    assert not [line for line in told.splitlines() if any(name in line for name in TELLTALE)]
