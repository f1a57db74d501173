"""Every setting, read once from the environment, from files that hold secrets, and from `.env`."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import quote

import msgspec
from msgspec import Meta

from holdfast import settings_file
from holdfast.settings_addresses import address, plain
from holdfast.settings_rules import JWT_SECRET_BYTES_MIN as SECRET_BYTES_MIN
from holdfast.settings_rules import Networks, WrongSetting, check_together, networks

SECRET = {"secret": True}
RESERVATION_DAYS_LIMIT = 366
"""No installation may allow longer reservations: a list by window looks this far back for one that still runs."""

Seconds = Annotated[float, Meta(ge=0.1, le=3600)]
LogLevel = Literal["debug", "info", "warning", "error"]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings by their names in lower case; `holdfast settings` prints them with their meaning."""

    host: Annotated[str, Meta(description="Address to listen on; 0.0.0.0 for every network")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535, description="Port to listen on")] = 8080
    workers: Annotated[int, Meta(ge=1, le=64, description="Worker processes; one that dies is restarted")] = 1

    database_url: Annotated[
        str | None,
        Meta(
            description="PostgreSQL 15 or newer, postgresql://user:password@host:port/name; without it and DB_HOST a "
            "private server is started in DATA_DIR",
            extra=SECRET,
        ),
    ] = None
    db_host: Annotated[str | None, Meta(description="Host of PostgreSQL, when DATABASE_URL is not set")] = None
    db_port: Annotated[int, Meta(ge=1, le=65535, description="Port of PostgreSQL")] = 5432
    db_username: Annotated[str, Meta(description="User of PostgreSQL")] = "postgres"
    db_password: Annotated[str | None, Meta(description="Password of PostgreSQL", extra=SECRET)] = None
    db_database: Annotated[str, Meta(description="Database of PostgreSQL")] = "booking_db"
    database_direct_url: Annotated[
        str | None,
        Meta(
            description="The same database without a pooler between, for migrations. Setting it says that DATABASE_URL "
            "is a transaction pooler, so prepared statements are not kept",
            extra=SECRET,
        ),
    ] = None
    database_connections: Annotated[
        int, Meta(ge=2, le=200, description="Connections of a worker for reads, besides those of its lanes")
    ] = 8
    data_dir: Annotated[str, Meta(min_length=1, description="Directory of the private PostgreSQL")] = ".data"
    migrate_on_start: Annotated[bool, Meta(description="Migrate at start; else wait for `holdfast migrate`")] = True
    database_wait_seconds_max: Annotated[
        Seconds, Meta(description="How long a start waits for the database before it gives up")
    ] = 60.0

    redis_url: Annotated[
        str | None,
        Meta(
            description="Redis, redis://:password@host:port/0; without it and REDIS_HOST the service does without",
            extra=SECRET,
        ),
    ] = None
    redis_host: Annotated[str | None, Meta(description="Host of Redis, when REDIS_URL is not set")] = None
    redis_port: Annotated[int, Meta(ge=1, le=65535, description="Port of Redis")] = 6379
    redis_password: Annotated[str | None, Meta(description="Password of Redis", extra=SECRET)] = None
    redis_seconds_max: Annotated[
        float, Meta(ge=0.01, le=10, description="How long a request may wait for Redis before doing without it")
    ] = 0.05

    rate_limit_max: Annotated[
        int,
        Meta(ge=0, le=1_000_000, description="Requests of one client to /api/ in a window; 0 for any number"),
    ] = 100
    rate_limit_time_window: Annotated[
        int, Meta(ge=1_000, le=86_400_000, description="That window, in milliseconds; counted in whole seconds")
    ] = 60_000
    anonymous_writes_max: Annotated[
        int, Meta(ge=0, le=10**9, description="Requests of a client in an hour that make rows without a token; 0: any")
    ] = 1_000_000
    trusted_proxies: Annotated[
        str,
        Meta(
            description="Addresses and networks of proxies, separated by commas, whose X-Forwarded-For names the client"
        ),
    ] = ""
    relay: Annotated[
        bool, Meta(description="Publish messages from workers; if false, `holdfast relay` is to run beside them")
    ] = True
    stream: Annotated[
        str, Meta(min_length=1, description="Name of the Redis stream that messages are published to")
    ] = "holdfast"
    stream_maxlen: Annotated[
        int, Meta(ge=1, le=100_000_000, description="Messages that the stream keeps, roughly; older ones are trimmed")
    ] = 100_000
    log_messages: Annotated[bool, Meta(description="Log one line a message, without its data")] = False
    webhook_networks: Annotated[
        str,
        Meta(
            description="Networks, separated by commas, that webhooks may reach although they are not public, without "
            "TLS too"
        ),
    ] = ""
    listeners_max: Annotated[
        int, Meta(ge=0, le=100_000, description="Listeners of one worker; fewer where it may open few files")
    ] = 5_000
    client_listeners_max: Annotated[
        int, Meta(ge=0, le=100_000, description="Of these, those of one client; 0 for any number")
    ] = 1_000

    access: Annotated[
        Literal["open", "token"], Meta(description="Whether booking needs no token, or a bearer token")
    ] = "open"
    production: Annotated[
        bool, Meta(description="Insist on ACCESS being set and on a JWT_SECRET, as a public server should")
    ] = False
    jwt_secret: Annotated[
        str | None,
        Meta(description=f"Key that signs tokens (HS256), at least {SECRET_BYTES_MIN} bytes", extra=SECRET),
    ] = None
    token_hours: Annotated[int, Meta(ge=1, le=24 * 366, description="How long a token holds, in hours")] = 24
    password_cost: Annotated[
        int, Meta(ge=4, le=16, description="Work for one password: bcrypt's cost; one more doubles it")
    ] = 11
    login_failures_max: Annotated[
        int,
        Meta(
            ge=0,
            le=1_000,
            description="Passwords that one client may try for one account in 15 minutes before the right one, and a "
            "hundred times as many for all accounts; more are answered 429. Counted together through Redis, else by "
            "each worker. 0 for any number",
        ),
    ] = 10
    default_language: Annotated[
        Literal["ru", "en"], Meta(description="Language of messages for callers who name none")
    ] = "ru"
    cors_origins: Annotated[
        str,
        Meta(
            description="Web origins that may call the API, as browsers send them: https://app.example.org, without a "
            "slash at the end; separated by commas; * for any"
        ),
    ] = ""

    conference_provider: Annotated[
        Literal["mock", "jitsi", "http"],
        Meta(description="Where conference links come from: nowhere, a Jitsi server, a service of your own"),
    ] = "mock"
    conference_url: Annotated[
        str | None,
        Meta(description="Your conference service, with CONFERENCE_PROVIDER=http; docs/rooms.md says what is asked"),
    ] = None
    conference_token: Annotated[
        str | None, Meta(description="Bearer token for the conference service", extra=SECRET)
    ] = None
    jitsi_url: Annotated[str, Meta(description="Jitsi server, with CONFERENCE_PROVIDER=jitsi")] = "https://meet.jit.si"

    reservation_days_max: Annotated[
        int, Meta(ge=1, le=RESERVATION_DAYS_LIMIT, description="Longest reservation, in days of 24 hours")
    ] = 31
    body_bytes_max: Annotated[int, Meta(ge=1024, le=16 * 1024 * 1024, description="Longest request body, in bytes")] = (
        65_536
    )
    body_seconds_max: Annotated[
        Seconds, Meta(description="How long a request's head, and then its body, may take to arrive")
    ] = 10.0
    answer_seconds_max: Annotated[
        Seconds, Meta(description="How long what is sent may lie unread before the connection is cut")
    ] = 30.0
    lanes: Annotated[
        Literal[0, 1, 2, 4, 8, 16, 32],
        Meta(description="Batches that one worker settles at once. 0: two for a lone worker, one for each of several"),
    ] = 0
    batch_claims_max: Annotated[
        int, Meta(ge=1, le=10_000, description="Claims that are settled in one transaction")
    ] = 256
    lane_claims_max: Annotated[
        int, Meta(ge=1, le=100_000, description="Claims that a lane may have on its hands; more are answered 503")
    ] = 20_000
    place_claims_max: Annotated[
        int, Meta(ge=1, le=100_000, description="Claims that may wait for one place; more are answered 503")
    ] = 10_000
    place_holds_max: Annotated[int, Meta(ge=1, le=10_000, description="Holds that one place may have at once")] = 100
    user_holds_max: Annotated[int, Meta(ge=1, le=10_000, description="Holds that one user may have at once")] = 20
    sweep_seconds: Annotated[
        float, Meta(ge=0, le=3600, description="How often holds that have expired are swept; 0: never")
    ] = 1.0
    claim_seconds_max: Annotated[Seconds, Meta(description="How long a claim may take before it is answered 503")] = (
        10.0
    )
    lock_seconds_max: Annotated[Seconds, Meta(description="How long PostgreSQL may wait for a lock")] = 5.0
    statement_seconds_max: Annotated[Seconds, Meta(description="How long one SQL statement may run")] = 5.0
    shutdown_seconds_max: Annotated[Seconds, Meta(description="How long a stopping worker may go on answering")] = 10.0
    log_level: Annotated[LogLevel, Meta(description="Least level that is logged")] = "info"
    log_requests: Annotated[bool, Meta(description="Log one line a request, not only failures")] = False

    @property
    def worker_lanes(self) -> int:
        """The lanes of one worker. Several workers overlap without, and their batches are small enough as it is."""
        return self.lanes or (2 if self.workers == 1 else 1)

    @property
    def postgres_url(self) -> str | None:
        """Where PostgreSQL is, or `None` when the private one is to be used. `DATABASE_URL` wins over its parts."""
        if self.database_url is not None:
            return plain(self.database_url)
        if self.db_host is None:
            return None
        login, host = (self.db_username, self.db_password), (self.db_host, self.db_port)
        return f"{address('postgresql', login, host)}/{quote(self.db_database, safe='')}"

    @property
    def direct_url(self) -> str | None:
        """Where PostgreSQL is past any pooler, or `None` when the private one is to be used."""
        return self.postgres_url if self.database_direct_url is None else plain(self.database_direct_url)

    @property
    def origins(self) -> list[str]:
        """The web origins that may call the API."""
        return [origin.strip() for origin in self.cors_origins.split(",") if origin.strip()]

    @property
    def redis_address(self) -> str | None:
        """Where Redis is, or `None` when there is none. `REDIS_URL` wins over its parts."""
        if self.redis_url is not None or self.redis_host is None:
            return self.redis_url
        return address("redis", ("", self.redis_password), (self.redis_host, self.redis_port)) + "/0"

    @property
    def proxies(self) -> Networks:
        """Whose word on where a request comes from is taken. Raises `ValueError`."""
        return networks(self.trusted_proxies)

    @property
    def webhook_allowed(self) -> Networks:
        """What webhooks may reach besides public addresses. Raises `ValueError`."""
        return networks(self.webhook_networks)


HINTS: Mapping[str, Any] = get_type_hints(Settings, include_extras=True)


def load(environment: Mapping[str, str] | None = None, *, env_file: Path | None = Path(".env")) -> Settings:
    """Read the settings: the environment wins over `env_file`; an empty value counts as not set.

    Raises `WrongSetting` with the one line to show when a value is not allowed.
    """
    given = {**settings_file.read(env_file), **(os.environ if environment is None else environment)}
    values = {name: value for name in HINTS if (value := _value(name, given)) is not None}
    settings = msgspec.convert(values, Settings, strict=False)
    check_together(settings, values)
    return settings


def is_secret(name: str) -> bool:
    """Whether the value of this setting must never be shown."""
    return any((meta.extra or {}).get("secret", False) for meta in _metas(name))


def meaning(name: str) -> str:
    """The sentence that says what this setting is for."""
    return next(meta.description for meta in _metas(name) if meta.description)


def allowed(name: str) -> str:
    """The values that this setting may have, in words."""
    kind = get_args(HINTS[name])[0]
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(str(choice) for choice in get_args(kind))
    if kind is bool:
        return "true or false"
    if kind in (int, float):
        least = next(meta.ge for meta in _metas(name) if meta.ge is not None)
        most = next(meta.le for meta in _metas(name) if meta.le is not None)
        return f"a {'whole ' if kind is int else ''}number from {least} to {most}"
    return "a text"


def _metas(name: str) -> list[Meta]:
    return [part for part in get_args(HINTS[name])[1:] if isinstance(part, Meta)]


def _value(name: str, given: Mapping[str, str]) -> Any:
    """The checked value of one setting, or `None` when it is not given."""
    variable = name.upper()
    text = given.get(variable, "").strip() or (settings_file.secret(variable, given) if is_secret(name) else "")
    if not text:
        return None
    try:
        return msgspec.convert(text, HINTS[name], strict=False)
    except msgspec.ValidationError:
        shown = "***" if is_secret(name) else text
        raise WrongSetting(f"{variable}={shown} is not allowed: {allowed(name)}") from None
