"""Whose request it is, when proxies stand between."""

from typing import Any

import pytest

from holdfast.http.limits import client_of
from holdfast.settings import load
from holdfast.settings_rules import WrongSetting


def client(peer: str | None, forwarded: list[str], trusted: str) -> str:
    """Whom a request is counted to."""
    scope: Any = {
        "client": None if peer is None else (peer, 4711),
        "headers": [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded],
    }
    return client_of(scope, load({"TRUSTED_PROXIES": trusted}, env_file=None).proxies)


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "found"),
    [
        ("1.2.3.4", [], "", "1.2.3.4"),
        ("1.2.3.4", ["9.9.9.9"], "", "1.2.3.4"),
        ("1.2.3.4", ["9.9.9.9"], "10.0.0.0/8", "1.2.3.4"),
        ("10.0.0.1", ["9.9.9.9"], "10.0.0.0/8", "9.9.9.9"),
        ("10.0.0.1", ["6.6.6.6, 9.9.9.9"], "10.0.0.0/8", "9.9.9.9"),
        ("10.0.0.1", ["6.6.6.6, 9.9.9.9, 10.0.0.2"], "10.0.0.0/8", "9.9.9.9"),
        ("10.0.0.1", ["6.6.6.6", "9.9.9.9", "10.0.0.2"], "10.0.0.0/8", "9.9.9.9"),
        ("10.0.0.1", [], "10.0.0.0/8", "10.0.0.1"),
        ("10.0.0.1", ["nonsense"], "10.0.0.0/8", "10.0.0.1"),
        ("10.0.0.1", ["9.9.9.9, nonsense"], "10.0.0.0/8", "10.0.0.1"),
        ("10.0.0.1", ["2001:DB8::1"], "10.0.0.1", "2001:db8::1"),
        ("::1", ["9.9.9.9"], "::1, 127.0.0.1", "9.9.9.9"),
        ("10.0.0.1", ["6.6.6.6," * 2_000 + "9.9.9.9"], "10.0.0.0/8", "9.9.9.9"),
        (None, ["9.9.9.9"], "10.0.0.0/8", "unknown"),
    ],
)
def test_only_trusted_proxies_are_believed(peer: str | None, forwarded: list[str], trusted: str, found: str) -> None:
    assert client(peer, forwarded, trusted) == found


@pytest.mark.parametrize("value", ["nginx", "10.0.0.0/33", "10.0.0.1;10.0.0.2"])
def test_what_is_no_address_stops_the_start(value: str) -> None:
    with pytest.raises(WrongSetting, match="TRUSTED_PROXIES"):
        load({"TRUSTED_PROXIES": value}, env_file=None)
