"""Whose request it is, when proxies stand between."""

from typing import Any

import pytest

from holdfast.http.clients import client_of, household
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


SPELLINGS = [
    ("203.0.113.2", "203.0.113.2"),
    ("203.0.113.2:51234", "203.0.113.2"),
    (" 203.0.113.2:51234\t", "203.0.113.2"),
    ('"203.0.113.2:51234"', "203.0.113.2"),
    ("203.0.113.2:", "203.0.113.2"),
    ("[2001:db8::1]:4711", "2001:db8::1"),
    ("[2001:db8::1]", "2001:db8::1"),
    ('"[2001:db8::1]:4711"', "2001:db8::1"),
    ("2001:DB8:0:0::1", "2001:db8::1"),
    ("2001:db8::1%eth0", "2001:db8::1"),
    ("[fe80::1%25eth0]:80", "fe80::1"),
    ("::ffff:203.0.113.1", "203.0.113.1"),
    ("::FFFF:cb00:7101", "203.0.113.1"),
    ("0:0:0:0:0:ffff:203.0.113.1", "203.0.113.1"),
    ("[::ffff:203.0.113.1]:4711", "203.0.113.1"),
]
PROXY = "10.0.0.1"


@pytest.mark.parametrize(("spelling", "found"), SPELLINGS)
def test_a_client_is_one_however_a_proxy_writes_it(spelling: str, found: str) -> None:
    assert client(PROXY, [spelling], "10.0.0.0/8") == found
    assert client(PROXY, ["6.6.6.6", f"{spelling}, 10.0.0.2:80", "[::ffff:10.0.0.3]:81"], "10.0.0.0/8") == found


@pytest.mark.parametrize(
    "garbage",
    [
        "unknown",
        "_hidden",
        "203.0.113.2:port",
        "203.0.113.2:123456",
        "203.0.113.02",
        "[203.0.113.2]:80",
        "[2001:db8::1",
        "[2001:db8::1]x",
        "2001:db8::1]",
        "for=203.0.113.2",
        "203.0.113.2/24",
        "1.2.3",
        "::ffff:1.2.3",
        "\xb2.1.1.1",
        "%",
    ],
)
def test_garbage_is_never_a_client(garbage: str) -> None:
    assert client(PROXY, ["6.6.6.6, " + garbage], "10.0.0.0/8") == PROXY


def test_empty_elements_of_a_list_do_not_count() -> None:
    assert client(PROXY, ["9.9.9.9, , ", ""], "10.0.0.0/8") == "9.9.9.9"


def test_half_an_address_is_never_a_client() -> None:
    # Of what is too long the end is read: cut in the middle, `111.1.1.1` would be `11.1.1.1`.
    hops = ",10.0.0.2" * 222
    for more in range(9):
        assert client(PROXY, ["111.1.1.1" + " " * more + hops], "10.0.0.0/8") in {"111.1.1.1", "10.0.0.2"}


@pytest.mark.parametrize("trusted", ["127.0.0.1", "127.0.0.0/8", "::ffff:127.0.0.1", "::ffff:127.0.0.0/104", "::/0"])
def test_a_proxy_is_trusted_however_its_address_is_written(trusted: str) -> None:
    for peer in ("127.0.0.1", "::ffff:127.0.0.1"):
        assert client(peer, ["9.9.9.9"], trusted) == "9.9.9.9"


def test_trust_in_one_network_is_none_in_another() -> None:
    assert client("::ffff:127.0.0.2", ["9.9.9.9"], "127.0.0.1, ::1") == "127.0.0.2"


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.2", "203.0.113.2"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1:2:3", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("unknown", "unknown"),
    ],
)
def test_a_household_is_counted_as_one(address: str, counted: str) -> None:
    assert household(address) == counted


@pytest.mark.parametrize("value", ["nginx", "10.0.0.0/33", "10.0.0.1;10.0.0.2"])
def test_what_is_no_address_stops_the_start(value: str) -> None:
    with pytest.raises(WrongSetting, match="TRUSTED_PROXIES"):
        load({"TRUSTED_PROXIES": value}, env_file=None)
