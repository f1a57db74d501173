"""Settings: where they come from, and what a wrong one says."""

from pathlib import Path

import pytest

from holdfast.settings import HINTS, RESERVATION_DAYS_LIMIT, allowed, is_secret, load, meaning
from holdfast.settings_rules import WrongSetting

SECRET = "0123456789abcdef0123456789abcdef"


def settings(**environment: str):
    return load(environment, env_file=None)


def refusal(**environment: str) -> str:
    with pytest.raises(WrongSetting) as caught:
        settings(**environment)
    return str(caught.value)


def test_every_default_works() -> None:
    default = settings()
    assert (default.host, default.port, default.workers) == ("127.0.0.1", 8080, 1)
    assert default.postgres_url is None


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("PORT=9000\nWORKERS=3\n")
    read = load({"PORT": "9001"}, env_file=file)
    assert (read.port, read.workers) == (9001, 3)


def test_an_empty_value_counts_as_not_set() -> None:
    assert settings(PORT="", REDIS_PASSWORD="  ").port == 8080


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("PORT", "0", "a whole number from 1 to 65535"),
        ("PORT", "eighty", "a whole number from 1 to 65535"),
        ("WORKERS", "1.5", "a whole number from 1 to 64"),
        ("ACCESS", "closed", "one of open, token"),
        ("DEFAULT_LANGUAGE", "de", "one of ru, en"),
        ("PRODUCTION", "maybe", "true or false"),
        ("BODY_SECONDS_MAX", "0", "a number from 0.1 to 3600"),
        ("LANES", "3", "one of 0, 1, 2, 4, 8, 16, 32"),
        ("RESERVATION_DAYS_MAX", str(RESERVATION_DAYS_LIMIT + 1), f"a whole number from 1 to {RESERVATION_DAYS_LIMIT}"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(name: str, value: str, rule: str) -> None:
    assert refusal(**{name: value}) == f"{name}={value} is not allowed: {rule}"


def test_a_wrong_secret_is_not_shown() -> None:
    text = refusal(JWT_SECRET="too-short-to-be-safe")
    assert "too-short" not in text
    assert text == "JWT_SECRET=*** is not allowed: at least 32 bytes"


@pytest.mark.parametrize("address", ["http://", "https:///path", "ftp://host", "http://a b", "https://host/?x=1"])
@pytest.mark.parametrize("name", ["CONFERENCE_URL", "JITSI_URL"])
def test_what_is_no_address_of_a_conference_service_is_refused(name: str, address: str) -> None:
    refused = f"{name}={address} is not allowed: an address that begins with https:// or http://"
    assert refusal(**{name: address}) == refused


@pytest.mark.parametrize("token", ["two words", "héllo", "line\nbreak"])
def test_a_token_that_no_header_can_carry_is_refused_unseen(token: str) -> None:
    assert refusal(CONFERENCE_TOKEN=token).startswith("CONFERENCE_TOKEN=*** is not allowed")


def test_a_conference_service_needs_an_address() -> None:
    assert "CONFERENCE_URL must be set" in refusal(CONFERENCE_PROVIDER="http")
    assert settings(CONFERENCE_PROVIDER="http", CONFERENCE_URL="http://127.0.0.1:9000/links").conference_url


def test_a_wrong_database_address_is_not_shown() -> None:
    assert "hunter2" not in refusal(DATABASE_URL="mysql://user:hunter2@host/db")


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    assert settings(JWT_SECRET_FILE=str(file)).jwt_secret == SECRET


def test_the_value_itself_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("x" * 40)
    assert settings(JWT_SECRET=SECRET, JWT_SECRET_FILE=str(file)).jwt_secret == SECRET


def test_a_secret_file_that_is_missing_stops_the_start() -> None:
    assert refusal(JWT_SECRET_FILE="/nowhere/secret").startswith("JWT_SECRET_FILE=/nowhere/secret is not allowed")


def test_the_database_address_is_made_of_its_parts() -> None:
    made = settings(DB_HOST="db", DB_PORT="5433", DB_USERNAME="bob", DB_PASSWORD="p@ss/word", DB_DATABASE="b")
    assert made.postgres_url == "postgresql://bob:p%40ss%2Fword@db:5433/b"


def test_the_whole_address_wins_over_its_parts() -> None:
    assert settings(DB_HOST="db", DATABASE_URL="postgresql://other/x").postgres_url == "postgresql://other/x"


def test_the_address_of_sqlalchemy_users_is_understood() -> None:
    assert settings(DATABASE_URL="postgresql+asyncpg://u@h/d").postgres_url == "postgresql://u@h/d"


def test_production_insists_on_access_being_set() -> None:
    assert "ACCESS must be set" in refusal(PRODUCTION="true", JWT_SECRET=SECRET)


def test_production_insists_on_a_secret() -> None:
    assert "JWT_SECRET must be set" in refusal(PRODUCTION="true", ACCESS="open")


def test_passwords_of_a_public_server_cost_some_work() -> None:
    secret = "s" * 32
    assert "at least 10" in refusal(PRODUCTION="true", ACCESS="open", JWT_SECRET=secret, PASSWORD_COST="9")


@pytest.mark.parametrize("name", HINTS)
def test_every_setting_says_what_it_is_for_and_what_is_allowed(name: str) -> None:
    assert meaning(name)
    assert allowed(name)


def test_the_secrets_are_known() -> None:
    assert {name for name in HINTS if is_secret(name)} == {
        "conference_token",
        "database_url",
        "database_direct_url",
        "db_password",
        "redis_url",
        "redis_password",
        "jwt_secret",
    }


def test_the_parts_of_redis_make_its_address() -> None:
    """As seed 001 names them; a password may hold any sign."""
    assert settings().redis_address is None
    assert settings(REDIS_HOST="cache").redis_address == "redis://cache:6379/0"
    assert settings(REDIS_HOST="::1", REDIS_PORT="1", REDIS_PASSWORD="a@b").redis_address == "redis://:a%40b@[::1]:1/0"


def test_the_address_of_redis_wins_over_its_parts() -> None:
    """A `REDIS_URL` is the whole address."""
    assert settings(REDIS_URL="redis://a:1/2", REDIS_HOST="b").redis_address == "redis://a:1/2"


def test_an_address_that_is_not_of_redis_is_refused() -> None:
    """At the start, not at the first use."""
    with pytest.raises(WrongSetting, match="REDIS_URL"):
        settings(REDIS_URL="http://a")
