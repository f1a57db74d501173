"""`holdfast webhooks`: what the operator does at the terminal."""

import re

from couriers import row
from terminal import holdfast

URL = "https://hooks.invalid/holdfast"
NOBODY = "00000000-0000-4000-8000-000000000000"


def ask(url: str, *arguments: str, **settings: str) -> tuple[int, str]:
    """The status of a command, and what it printed: lines, or the one line of an error."""
    done = holdfast("webhooks", *arguments, DATABASE_URL=url, **settings)
    return done.returncode, done.stdout or done.stderr


def added(url: str, *arguments: str) -> tuple[str, str]:
    """The id and the secret of a new webhook."""
    status, output = ask(url, "add", *arguments)
    assert status == 0, output
    [found] = re.findall(r"id +(\S+)\nsecret +(whsec_\S+)\n", output)
    return found


async def test_a_webhook_is_added_with_its_secret_shown_once(fresh_database_url: str) -> None:
    hook, secret = added(fresh_database_url, URL, "--types", "room.created, room.retired")
    listed = ask(fresh_database_url, "list")[1]
    assert all(word in listed for word in (hook, URL, "room.created", "on"))
    assert secret not in listed
    assert (await row(fresh_database_url, "SELECT secret FROM webhooks"))["secret"] == secret


async def test_it_is_switched_off_and_on_tested_rotated_and_removed(fresh_database_url: str) -> None:
    hook, secret = added(fresh_database_url, URL)
    assert ask(fresh_database_url, "test", hook)[0] == 0
    assert "webhook.test" in ask(fresh_database_url, "deliveries", hook)[1]
    assert "admin" in ask(fresh_database_url, "disable", hook)[1]
    assert ask(fresh_database_url, "test", hook)[0] == 1
    assert ask(fresh_database_url, "enable", hook) == (0, "on\n")
    rotated = ask(fresh_database_url, "rotate", hook)[1]
    assert "whsec_" in rotated
    assert secret not in rotated
    assert ask(fresh_database_url, "remove", hook) == (0, "Removed\n")
    assert ask(fresh_database_url, "remove", hook) == (1, "holdfast: there is no such webhook\n")


def test_what_is_wrong_is_said_in_one_line(fresh_database_url: str) -> None:
    for arguments, status, words in (
        (("add", "hooks"), 1, "https://hooks.example.com"),
        (("add", "http://hooks.invalid/"), 1, "WEBHOOK_NETWORKS"),
        (("add", "https://10.0.0.1/"), 1, "not public"),
        (("add", URL, "--types", "room.painted"), 2, "room.painted"),
        (("deliveries", NOBODY), 1, "no such webhook"),
    ):
        returned, output = ask(fresh_database_url, *arguments)
        assert returned == status
        assert output.startswith("holdfast: ")
        assert words in output
        assert len(output.splitlines()) == 1


def test_a_network_of_the_settings_may_be_added_without_tls(fresh_database_url: str) -> None:
    assert ask(fresh_database_url, "add", "http://10.0.0.1/", WEBHOOK_NETWORKS="10.0.0.0/8")[0] == 0


def test_a_setting_that_names_no_network_stops_the_start(fresh_database_url: str) -> None:
    status, output = ask(fresh_database_url, "list", WEBHOOK_NETWORKS="everywhere")
    assert status == 1
    assert "WEBHOOK_NETWORKS=everywhere is not allowed" in output
