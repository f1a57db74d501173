"""Where webhooks may be sent, and what receivers cannot do to the sender."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address, ip_network
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from couriers import HERE, resolving
from holdfast.deliveries.destinations import Attempt, Failure
from holdfast.webhooks import addresses
from holdfast.webhooks.sender import ANSWER_BYTES_MAX, Sender
from receivers import Receiver

QUICK = 0.5
"""Seconds of patience with receivers that never answer."""


@asynccontextmanager
async def sending(networks: addresses.Networks = HERE, **options: Any) -> AsyncIterator[Sender]:
    """A sender, closed after the block."""
    sender = Sender(networks, **options)
    try:
        yield sender
    finally:
        await sender.close()


async def send(sender: Sender, url: str) -> Attempt:
    """What comes of a message to this address."""
    return await sender.send(url, {"webhook-id": "7"}, b"{}")


@pytest.mark.parametrize(
    ("step", "came"),
    [
        (200, Attempt(200)),
        (204, Attempt(204)),
        (301, Attempt(301, Failure.REDIRECT)),
        (307, Attempt(307, Failure.REDIRECT)),
        (400, Attempt(400, Failure.STATUS)),
        (410, Attempt(410, Failure.STATUS)),
        (500, Attempt(500, Failure.STATUS)),
        ("drop", Attempt(None, Failure.CONNECTION)),
    ],
)
async def test_only_2xx_is_an_arrival(step: int | str, came: Attempt) -> None:
    with Receiver(step) as receiver:
        async with sending() as sender:
            assert await send(sender, receiver.url) == came
    assert [each.path for each in receiver.got] == ["/hook"]


async def test_a_receiver_that_does_not_answer_is_left() -> None:
    with Receiver("wait") as receiver:
        async with sending(seconds_max=QUICK) as sender:
            assert await send(sender, receiver.url) == Attempt(failure=Failure.TIMEOUT)


async def test_a_head_without_end_is_left() -> None:
    with Receiver("drip") as receiver:
        async with sending() as sender:
            assert (await send(sender, receiver.url)).failure is Failure.CONNECTION


async def test_of_a_body_without_end_little_is_read() -> None:
    with Receiver("pour") as receiver:
        async with sending() as sender:
            assert await send(sender, receiver.url) == Attempt(200)
    assert ANSWER_BYTES_MAX < 65_536


async def test_nobody_listening_is_no_connection() -> None:
    with Receiver() as receiver:
        url = receiver.url
    async with sending() as sender:
        assert (await send(sender, url)).failure is Failure.CONNECTION


async def test_a_name_that_is_not_known_says_so() -> None:
    async with sending() as sender:
        for url in ("http://nowhere.invalid/", "http://a..b/"):
            assert (await send(sender, url)).failure is Failure.NAME


async def test_a_name_of_a_private_address_is_not_connected_to() -> None:
    with Receiver() as receiver:
        url = f"https://localhost:{receiver.port}/hook"
        async with sending(networks=()) as sender:
            assert await send(sender, url) == Attempt(failure=Failure.ADDRESS)
        async with sending(networks=(), resolve=resolving("10.0.0.1", "::ffff:127.0.0.1", "::1")) as sender:
            assert await send(sender, url) == Attempt(failure=Failure.ADDRESS)
    assert receiver.connections == 0


async def test_a_name_is_resolved_once_and_its_answer_is_what_is_connected_to() -> None:
    resolve = resolving("127.0.0.1")
    with Receiver() as receiver:
        async with sending(resolve=resolve) as sender:
            # No other name server knows this name, so nobody else was asked.
            url = f"http://hooks.invalid:{receiver.port}/hook?token=1"
            assert await send(sender, url) == Attempt(204)
    assert resolve.asked == ["hooks.invalid"]
    assert receiver.got[0].headers["host"] == f"hooks.invalid:{receiver.port}"
    assert receiver.got[0].path == "/hook?token=1"


async def test_of_several_addresses_only_those_that_are_allowed_are_tried() -> None:
    with Receiver() as receiver:
        async with sending(networks=(ip_network("127.0.0.1"),), resolve=resolving("127.0.0.2", "127.0.0.1")) as sender:
            assert await send(sender, f"http://hooks.invalid:{receiver.port}/") == Attempt(204)
        async with sending(networks=(ip_network("127.0.0.2"),), resolve=resolving("127.0.0.1", "127.0.0.2")) as sender:
            assert (await send(sender, f"http://hooks.invalid:{receiver.port}/")).failure is Failure.CONNECTION
    assert receiver.connections == 1


async def test_an_address_that_is_down_is_passed_over() -> None:
    with Receiver() as receiver:
        async with sending(resolve=resolving("127.0.0.2", "127.0.0.1")) as sender:
            assert await send(sender, f"http://hooks.invalid:{receiver.port}/") == Attempt(204)


async def test_public_addresses_get_nothing_without_encryption() -> None:
    async with sending(resolve=resolving("93.184.215.14")) as sender:
        assert (await send(sender, "http://hooks.invalid/")).failure is Failure.ADDRESS


async def test_each_message_has_a_connection_of_its_own() -> None:
    with Receiver() as receiver:
        async with sending() as sender:
            await send(sender, receiver.url)
            await send(sender, receiver.url)
    assert receiver.connections == 2


async def test_a_slow_name_server_does_not_hold_up_others() -> None:
    async def resolve(host: str, port: int) -> Any:
        if host == "slow.invalid":
            await asyncio.Event().wait()
        return [ip_address("127.0.0.1")]

    with Receiver() as receiver:
        async with sending(resolve=resolve, seconds_max=QUICK) as sender:
            assert (await send(sender, f"http://slow.invalid:{receiver.port}/")).failure is Failure.TIMEOUT
            assert await send(sender, f"http://quick.invalid:{receiver.port}/") == Attempt(204)


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A directory with a certificate for `hooks.invalid`, which nobody but the test trusts."""
    program = which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    names = ["-subj", "/CN=hooks.invalid", "-addext", "subjectAltName=DNS:hooks.invalid"]
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    command = [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names, *files]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "came"),
    [("hooks.invalid", Attempt(204)), ("other.invalid", Attempt(failure=Failure.TLS))],
    ids=["its name", "another name"],
)
async def test_the_certificate_must_be_the_names_although_the_address_is_connected_to(
    authority: Path, name: str, came: Attempt
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(authority / "cert.pem", authority / "key.pem")
    trusting = ssl.create_default_context(cafile=str(authority / "cert.pem"))
    with Receiver(tls=tls) as receiver:
        async with sending(resolve=resolving("127.0.0.1"), verify=trusting) as sender:
            assert await send(sender, f"https://{name}:{receiver.port}/") == came
        assert len(receiver.got) == (came.status is not None)


async def test_a_certificate_that_nobody_vouches_for_is_refused(authority: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(authority / "cert.pem", authority / "key.pem")
    with Receiver(tls=tls) as receiver:
        async with sending(resolve=resolving("127.0.0.1")) as sender:
            assert (await send(sender, f"https://hooks.invalid:{receiver.port}/")).failure is Failure.TLS
        assert receiver.got == []
