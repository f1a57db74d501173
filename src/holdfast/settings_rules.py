"""Rules for settings that look at more than one of them, or at what a value means."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Any

from holdfast.settings_addresses import origin_fault, postgres_fault, redis_fault

if TYPE_CHECKING:
    from holdfast.settings import Settings

JWT_SECRET_BYTES_MIN = 32
WEB_ADDRESS = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?", re.ASCII)
"""With a host, and without a query: what is asked for is written behind it."""
HOST_NAME = re.compile(r"[^\s/?#@\[\],%]+")
TOKEN = re.compile(r"[!-~]+")
PASSWORD_COST_MIN = 10
Networks = tuple[IPv4Network | IPv6Network, ...]


class WrongSetting(Exception):
    """A setting that stops the start. Its text is one line: the name, the value and what is allowed."""


def networks(text: str) -> Networks:
    """The networks that a setting lists, separated by commas. Raises `ValueError`."""
    parts = (part.strip() for part in text.split(","))
    return tuple(ip_network(part, strict=False) for part in parts if part)


def check_together(settings: "Settings", given: Mapping[str, Any]) -> None:
    """The rules, one after the other. Raises `WrongSetting`."""
    _check_addresses(settings)
    secret = settings.jwt_secret
    if secret is not None and len(secret.encode()) < JWT_SECRET_BYTES_MIN:
        raise WrongSetting(f"JWT_SECRET=*** is not allowed: at least {JWT_SECRET_BYTES_MIN} bytes")
    for name, prop in (("trusted_proxies", "proxies"), ("webhook_networks", "webhook_allowed")):
        _check_networks(settings, name, prop)
    _check_conference(settings)
    if settings.production and "access" not in given:
        raise WrongSetting("PRODUCTION=true is not allowed: with it, ACCESS must be set to open or token")
    if settings.production and secret is None:
        raise WrongSetting("PRODUCTION=true is not allowed: with it, JWT_SECRET must be set")
    if settings.production and settings.password_cost < PASSWORD_COST_MIN:
        raise WrongSetting(
            f"PRODUCTION=true is not allowed: with it, PASSWORD_COST must be at least {PASSWORD_COST_MIN}"
        )


def _check_addresses(settings: "Settings") -> None:
    """Faults are told without the address, in which there is a password."""
    for name, url, fault_of in (
        ("DATABASE_URL", settings.database_url, postgres_fault),
        ("DATABASE_DIRECT_URL", settings.database_direct_url, postgres_fault),
        ("REDIS_URL", settings.redis_url, redis_fault),
    ):
        fault = None if url is None else fault_of(url)
        if fault is not None:
            raise WrongSetting(f"{name}=*** is not allowed: {fault}")
    for name, host in (("DB_HOST", settings.db_host), ("REDIS_HOST", settings.redis_host)):
        if host is not None and HOST_NAME.fullmatch(host) is None:
            raise WrongSetting(f"{name}={host} is not allowed: a host's name or address alone")
    for origin in settings.origins:
        fault = origin_fault(origin)
        if fault is not None:
            raise WrongSetting(f"CORS_ORIGINS={origin} is not allowed: {fault}")


def _check_networks(settings: "Settings", name: str, prop: str) -> None:
    try:
        getattr(settings, prop)
    except ValueError:
        shown = getattr(settings, name)
        raise WrongSetting(
            f"{name.upper()}={shown} is not allowed: addresses or networks such as 10.0.0.0/8, separated by commas"
        ) from None


def _check_conference(settings: "Settings") -> None:
    """Where links come from must be an address that can be asked, with what can stand in a header."""
    if settings.conference_provider == "http" and settings.conference_url is None:
        raise WrongSetting("CONFERENCE_PROVIDER=http is not allowed: with it, CONFERENCE_URL must be set")
    for name in ("conference_url", "jitsi_url"):
        address = getattr(settings, name)
        if address is not None and WEB_ADDRESS.fullmatch(address) is None:
            raise WrongSetting(
                f"{name.upper()}={address} is not allowed: an address that begins with https:// or http://"
            )
    if settings.conference_token is not None and TOKEN.fullmatch(settings.conference_token) is None:
        raise WrongSetting("CONFERENCE_TOKEN=*** is not allowed: ASCII letters, digits and signs, without spaces")
