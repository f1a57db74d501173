"""Which addresses a webhook may have and reach."""

from ipaddress import ip_address, ip_network

import pytest

from holdfast.webhooks.addresses import fault, may_reach

LAN = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
PRIVATE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a00:1",
    "2001:db8::1",
    "2001:0:a00:1::1",
    "2002:a00:1::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_not_reached(address: str) -> None:
    assert not may_reach(ip_address(address), (), is_plain=False)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_what_is_public_is_reached_encrypted_only(address: str) -> None:
    assert may_reach(ip_address(address), (), is_plain=False)
    assert not may_reach(ip_address(address), LAN, is_plain=True)


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "fd12::1"])
def test_what_the_settings_name_is_reached_either_way(address: str) -> None:
    assert may_reach(ip_address(address), LAN, is_plain=False)
    assert may_reach(ip_address(address), LAN, is_plain=True)
    assert not may_reach(ip_address("10.2.0.1"), LAN, is_plain=False)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com",
        "https://hooks.example.com/",
        "https://hooks.example.com:8443/a/b?c=d&e=%20",
        "https://xn--e1afmkfd.example/",
        "https://1.1.1.1/x",
        "https://[2606:4700::1111]:443/x",
        "HTTPS://HOOKS.example.com/x".replace("HTTPS", "https"),
        "https://under_score.example.com/?x",
    ],
)
def test_an_address_that_may_be_used(url: str) -> None:
    assert fault(url, ()) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com",
        "ftp://hooks.example.com/",
        "https://",
        "https:///x",
        "https://user:password@hooks.example.com/",
        "https://user@hooks.example.com/",
        "https://hooks.example.com/#part",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/\r\nX: y",
        "https://hooks.example.com\\@evil.example/",
        "https://пример.example/",
        "https://[::1",
        "https://[fe80::1%25eth0]/",
        "https://[::zz]/",
        "https://.example.com/",
        "https://" + "a" * 300 + "/",
        "https://hooks.example.com/" + "x" * 2_048,
    ],
)
def test_an_address_that_is_none(url: str) -> None:
    assert fault(url, LAN) == "webhook_url"


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://[::1]/", "https://10.2.0.1/", "http://1.1.1.1/"])
def test_an_address_that_could_never_be_reached_is_refused_at_once(url: str) -> None:
    assert fault(url, LAN) == "webhook_address"


def test_without_encryption_only_networks_of_the_settings_are_thought_of() -> None:
    assert fault("http://hooks.example.com/", ()) == "webhook_https"
    assert fault("http://hooks.example.com/", LAN) is None
    assert fault("http://10.1.0.1/", LAN) is None
