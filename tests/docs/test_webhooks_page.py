"""The document about webhooks: its check of a signature works, and its numbers are those of the code."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from documents import blocks, read

from holdfast.deliveries import courier, retries
from holdfast.deliveries.destinations import Failure
from holdfast.deliveries.retries import Disabled
from holdfast.webhooks import sender, signing
from holdfast.webhooks.addresses import URL_CHARACTERS_MAX
from holdfast.webhooks.bodies import MessageType
from holdfast.webhooks.service import WEBHOOKS_MAX

PAGE = "docs/webhooks.md"
BODY = b'{"id":"7"}'


@pytest.fixture
def check() -> Any:
    """The function of the document."""
    found: dict[str, Any] = {}
    exec(blocks(read(PAGE), "python")[0], found)
    return found["is_from_holdfast"]


def test_its_check_accepts_what_we_sign(check: Any) -> None:
    secrets = [signing.new_secret(), signing.new_secret()]
    headers = signing.headers(secrets, "7", datetime.now(UTC), BODY)
    assert all(check(secret, headers, BODY) for secret in secrets)


def test_its_check_refuses_everything_else(check: Any) -> None:
    secret, now = signing.new_secret(), datetime.now(UTC)
    headers = signing.headers([secret], "7", now, BODY)
    assert not check(signing.new_secret(), headers, BODY)
    assert not check(secret, headers, BODY + b" ")
    assert not check(secret, headers | {"webhook-id": "8"}, BODY)
    assert not check(secret, signing.headers([secret], "7", now - timedelta(minutes=6), BODY), BODY)


def test_messages_can_be_chosen_by_the_types_that_there_are() -> None:
    types = re.findall(r"^\| `([a-z]+\.[a-z]+)` \|", read("docs/messages.md"), re.MULTILINE)
    assert sorted(get_args(MessageType)) == sorted(types)


def test_its_numbers_are_those_of_the_code() -> None:
    text = read(PAGE).replace("\n", " ")
    [schedule] = re.findall(r"again after (.+?), and once more", text)
    units = {"seconds": 1, "minutes": 60, "hours": 3_600}
    said = [
        int(number) * units[unit]
        for numbers, unit in re.findall(r"((?:\d+(?:, | and )?)+) (seconds|minutes|hours)", schedule)
        for number in re.findall(r"\d+", numbers)
    ]
    assert said == [pause.total_seconds() for pause in retries.PAUSES]
    assert f"| webhooks | {WEBHOOKS_MAX} |" in text
    assert f"| {courier.AT_ONCE}; 1 after a failure |" in text
    assert f"| {courier.WAITING_MAX:,} |" in text
    assert f"{sender.SECONDS_MAX:g} seconds, of which {sender.CONNECT_SECONDS_MAX:g} for a connection; " in text
    assert f"{sender.ADDRESSES_MAX} addresses of a name" in text
    assert f"{sender.ANSWER_BYTES_MAX // 1024} KiB are read" in text
    assert f"| {URL_CHARACTERS_MAX:,} characters |" in text
    assert f"| {courier.LOG_KEPT.days} days |" in text


def test_every_failure_and_every_reason_is_said() -> None:
    text = read(PAGE)
    assert [each.value for each in (*Failure, *Disabled) if f"`{each.value}`" not in text] == []
