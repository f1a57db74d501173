"""What a failure leaves behind names no password, no hash and no token."""

import io
import logging
import sys

import httpx
import pytest
import structlog

from holdfast import logs
from holdfast.accounts import queries
from holdfast.accounts.queries import User
from holdfast.accounts.roles import Role
from holdfast.clock import utc_now
from holdfast.database.connections import Database
from holdfast.settings import Settings
from service import Service

SECRET = "nobody may read this"


class Terminal(io.StringIO):
    """Something that takes lines as a terminal does."""

    def isatty(self) -> bool:
        """It says so."""
        return True


def fail(password: str) -> None:
    """Fail with a secret among the variables."""
    raise RuntimeError(f"a failure with {len(password)} characters")


@pytest.mark.parametrize("output", [Terminal(), io.StringIO()], ids=["terminal", "file"])
def test_a_logged_failure_shows_no_variables(monkeypatch: pytest.MonkeyPatch, output: io.StringIO) -> None:
    before, handlers, level = structlog.get_config(), logging.getLogger().handlers, logging.getLogger().level
    monkeypatch.setattr(sys, "stderr", output)
    try:
        logs.configure("info")
        try:
            fail(SECRET)
        except RuntimeError:
            structlog.stdlib.get_logger("holdfast.http").exception("request failed")
    finally:
        structlog.configure(**before)
        logging.getLogger().handlers = handlers
        logging.getLogger().setLevel(level)
    assert "a failure with 20 characters" in output.getvalue()
    assert SECRET not in output.getvalue()


async def test_a_failed_statement_does_not_tell_what_it_was_given(database_url: str) -> None:
    database = Database(database_url, Settings())
    user = User(None, "a@x.org", Role.USER, utc_now(), password_hash=SECRET)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="null value") as caught:
        async with database.begin() as connection:
            await queries.add(connection, user)
    assert SECRET not in str(caught.value)
    await database.engine.dispose()


def test_a_line_about_a_request_has_its_route_and_not_who_was_asked_for(fresh_database_url: str) -> None:
    with Service({"DATABASE_URL": fresh_database_url, "LOG_REQUESTS": "true"}) as service:
        for path in ("/metrics/anna@example.com", "/reservations/annas-room"):
            httpx.get(f"{service.url}{path}", headers={"X-Request-ID": "asked-1"}, timeout=30)
        lines = service.logged("asked-1", lines=2)
    assert ["/metrics/{user_id" in lines[0], "/reservations/{room_id" in lines[1]] == [True, True]
    assert "anna" not in "".join(lines)
