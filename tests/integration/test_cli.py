"""The command line, as people run it."""

import re
from tempfile import TemporaryDirectory

import httpx
import pytest

from databases import empty_database
from holdfast import __version__
from holdfast.database import migrate
from holdfast.settings import HINTS
from service import Service, free_port
from terminal import holdfast


def test_version_is_printed() -> None:
    assert holdfast("version").stdout.strip() == __version__


def test_settings_are_listed_with_their_secrets_masked() -> None:
    shown = holdfast("settings", JWT_SECRET="0123456789abcdef0123456789abcdef", DATABASE_URL="postgresql://u:pw@h/d")
    assert shown.returncode == 0
    listed = set(re.findall(r"│ ([A-Z_]+) ", shown.stdout))
    assert {name.upper() for name in HINTS} <= listed
    assert "0123456789abcdef" not in shown.stdout
    assert "pw@h" not in shown.stdout


@pytest.mark.parametrize("command", ["serve", "migrate", "settings"])
def test_a_wrong_setting_stops_the_start_with_one_line(command: str) -> None:
    done = holdfast(command, PORT="99999")
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["holdfast: PORT=99999 is not allowed: a whole number from 1 to 65535"]


def test_a_taken_port_stops_the_start_with_one_line(service: Service) -> None:
    done = holdfast("serve", PORT=str(service.port))
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"holdfast: cannot listen on HOST=127.0.0.1 PORT={service.port}: Address already in use"
    ]


def test_a_database_that_is_away_stops_the_start_with_one_line() -> None:
    done = holdfast(
        "serve",
        PORT=str(free_port()),
        DATABASE_URL="postgresql://postgres@127.0.0.1:1/none",
        DATABASE_WAIT_SECONDS_MAX="0.1",
    )
    assert done.returncode == 1
    assert done.stderr.startswith("holdfast: gave up on the database after 0.1 s: it does not answer")
    assert len(done.stderr.splitlines()) == 1


async def test_migrate_brings_the_tables_up_and_down() -> None:
    async with empty_database() as url:
        up = holdfast("migrate", DATABASE_URL=url)
        assert up.stdout.strip() == f"The database is at revision {migrate.head()}"
        down = holdfast("migrate", "--down", "--to", "base", DATABASE_URL=url)
        assert down.stdout.strip() == "The database is at revision base"


def test_migrate_says_in_one_line_when_the_database_is_away() -> None:
    done = holdfast("migrate", DATABASE_URL="postgresql://postgres@127.0.0.1:1/none")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_a_service_prints_where_it_serves_and_ends_well(database_url: str) -> None:
    with Service({"DATABASE_URL": database_url}) as service:
        assert service.stop() == 0
        assert f"Holdfast serves {service.url}" in service.output()
        assert f"{service.url}/docs" in service.output()


def test_without_a_database_it_brings_its_own_and_keeps_the_data() -> None:
    with TemporaryDirectory(prefix="hf-", ignore_cleanup_errors=True) as directory:
        request = {"room_id": "kept", "start_time": "2030-01-01T10:00:00Z", "end_time": "2030-01-01T11:00:00Z"}
        with Service({"DATA_DIR": directory}) as service:
            assert httpx.post(f"{service.url}/reservations", json=request, timeout=30).status_code == 201
            service.kill()
            service.start()
            assert [item["room_id"] for item in httpx.get(f"{service.url}/reservations/kept", timeout=30).json()] == [
                "kept"
            ]
            assert httpx.post(f"{service.url}/reservations", json=request, timeout=30).status_code == 409
