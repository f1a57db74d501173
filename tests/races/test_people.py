"""Many register, sign in, change passwords and are disabled at the same moment, through several processes."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import asyncpg
import bcrypt
import httpx
import pytest

from people import PASSWORD, dummy, signed_in, some_email
from races.ledger import check_promise, statuses
from races.volley import Loaded, Shot, volley, volley_from_processes
from rooms import body, some_room
from service import Service

WORKERS = 2
EVERY_WORKER = 24
"""So many requests, on connections of their own, that each worker of a service gets some."""


@pytest.fixture(scope="module")
def ports(database_url: str) -> Iterator[list[int]]:
    """Two services on one database, the first with two workers; none is told a key for tokens."""
    # Tries of passwords are counted when they begin, and these are more than one client may have.
    settings = {"DATABASE_URL": database_url, "PASSWORD_COST": 4, "LOGIN_FAILURES_MAX": 1_000}
    with Service(settings | {"WORKERS": WORKERS}) as one, Service(settings) as other:
        yield [one.port, other.port]


@pytest.fixture
async def http(ports: list[int]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service with two workers."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{ports[0]}", timeout=30, verify=False) as client:
        yield client


@pytest.fixture
async def sql(database_url: str) -> "AsyncIterator[asyncpg.Connection]":
    """A connection to their database."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


def register(port: int, email: str, key: str | None = None, **more: Any) -> Shot:
    """Somebody registers."""
    content = {"email": email, "password": PASSWORD, "role": "user"} | more
    return Shot(port, "POST", "/register", content, {"Idempotency-Key": key} if key else {})


def everywhere(ports: list[int], headers: dict[str, str]) -> list[Shot]:
    """The same token at every worker, and at a call of each contract."""
    calls = [("GET", "/rooms/list", None), ("GET", "/places", None), ("POST", "/reservations", body("some-room", 1, 2))]
    return [Shot(port, *calls[number % 3], headers) for number in range(EVERY_WORKER) for port in ports]


async def test_of_forty_who_register_one_address_one_gets_it(ports: list[int], sql: "asyncpg.Connection") -> None:
    email = some_email()
    spellings = [email, email.upper(), email.title()]
    answers = volley_from_processes([register(ports[n // 4 % 2], spellings[n % 3]) for n in range(40)])
    assert statuses(answers) == {201: 1, 400: 39}
    assert all(set(each.json["error"]["details"]["fields"]) == {"email"} for each in answers if each.status == 400)
    [made] = [each.json["user"]["id"] for each in answers if each.status == 201]
    assert [str(row["id"]) for row in await sql.fetch("SELECT id FROM users WHERE email = $1", email)] == [made]


async def test_a_registration_that_is_sent_forty_times_at_once_is_made_once(ports: list[int]) -> None:
    email, key = some_email(), str(uuid4())
    answers = volley_from_processes([register(ports[n // 4 % 2], email, key) for n in range(40)])
    assert statuses(answers) == {201: 40}
    assert len({each.json["user"]["id"] for each in answers}) == 1
    assert sum("idempotency-replayed" not in each.headers for each in answers) == 1


async def test_one_key_for_two_registrations_at_once_makes_one(ports: list[int], sql: "asyncpg.Connection") -> None:
    for _ in range(5):
        key, emails = str(uuid4()), [some_email(), some_email()]
        answers = volley_from_processes(
            [register(port, email, key) for port, email in zip(ports, emails, strict=True)], processes=2
        )
        assert statuses(answers) == {201: 1, 422: 1}
        assert await sql.fetchval("SELECT count(*) FROM users WHERE email = ANY($1)", emails) == 1


async def test_every_worker_takes_the_tokens_of_every_other(ports: list[int], sql: "asyncpg.Connection") -> None:
    signing = volley_from_processes([Shot(ports[n % 2], "POST", "/dummyLogin", {"role": "user"}) for n in range(20)])
    assert statuses(signing) == {200: 20}
    for answer in signing[:4]:
        headers = {"Authorization": f"Bearer {answer.json['token']}"}
        assert 401 not in statuses(volley(everywhere(ports, headers)))
    assert await sql.fetchval("SELECT count(*) FROM signing_keys") == 1


async def test_a_disabled_account_stops_at_once_at_every_worker(http: httpx.AsyncClient, ports: list[int]) -> None:
    admin = await dummy(http, "admin")
    user, headers = await signed_in(http)
    # Each worker knows the token, and has it in its memory.
    assert 401 not in statuses(volley(everywhere(ports, headers)))
    with Loaded(everywhere(ports, headers)) as loaded:
        disabled = await http.patch(f"/users/{user['id']}", json={"disabled": True}, headers=admin)
        assert disabled.status_code == 200
        assert statuses(loaded.fire()) == {401: EVERY_WORKER * 2}
    await http.patch(f"/users/{user['id']}", json={"disabled": False}, headers=admin)
    assert 401 not in statuses(volley(everywhere(ports, headers)))


async def test_a_deleted_account_stops_at_once_at_every_worker(
    http: httpx.AsyncClient, ports: list[int], sql: "asyncpg.Connection"
) -> None:
    user, headers = await signed_in(http)
    assert 401 not in statuses(volley(everywhere(ports, headers)))
    await sql.execute("DELETE FROM users WHERE email = $1", user["email"])
    assert statuses(volley(everywhere(ports, headers))) == {401: EVERY_WORKER * 2}


async def test_of_many_new_passwords_at_once_one_counts(
    http: httpx.AsyncClient, ports: list[int], sql: "asyncpg.Connection"
) -> None:
    user, headers = await signed_in(http)
    wanted = [{"oldPassword": PASSWORD, "newPassword": f"new password {number}"} for number in range(12)]
    answers = volley_from_processes(
        [Shot(ports[n % 2], "POST", "/password", content, headers) for n, content in enumerate(wanted)]
    )
    # Those who come later have an old password that is wrong, or a token that has ended.
    assert Counter(statuses(answers))[200] == 1
    assert statuses(answers).keys() <= {200, 400, 401}
    [number] = [n for n, answer in enumerate(answers) if answer.status == 200]
    kept = await sql.fetchval("SELECT password_hash FROM users WHERE email = $1", user["email"])
    assert bcrypt.checkpw(wanted[number]["newPassword"].encode(), kept.encode())
    new = {"Authorization": f"Bearer {answers[number].json['token']}"}
    assert 401 not in statuses(volley(everywhere(ports, new)))
    assert statuses(volley(everywhere(ports, headers))) == {401: EVERY_WORKER * 2}


async def test_changes_of_one_user_at_once_are_all_kept(
    http: httpx.AsyncClient, ports: list[int], sql: "asyncpg.Connection"
) -> None:
    admin = await dummy(http, "admin")
    for _ in range(10):
        user, _ = await signed_in(http)
        changes = [{"disabled": True}, {"role": "admin"}]
        answers = volley_from_processes(
            [
                Shot(port, "PATCH", f"/users/{user['id']}", each, admin)
                for port, each in zip(ports, changes, strict=True)
            ],
            processes=2,
        )
        assert statuses(answers) == {200: 2}
        row = await sql.fetchrow("SELECT role, disabled_at IS NULL FROM users WHERE email = $1", user["email"])
        assert row == ("admin", False)


async def test_admins_who_disable_each_other_at_once_leave_one(
    http: httpx.AsyncClient, ports: list[int], sql: "asyncpg.Connection"
) -> None:
    # The fixed admin is put aside, as if it had been disabled by hand.
    fixed = "UPDATE users SET disabled_at = {} WHERE email = 'admin@dummy.invalid'"
    await sql.execute("UPDATE users SET role = 'user' WHERE email NOT LIKE '%@dummy.invalid'")
    await sql.execute(fixed.format("now()"))
    try:
        for _ in range(5):
            people = [await signed_in(http, role="admin") for _ in range(4)]
            shots = [
                Shot(ports[n % 2], "PATCH", f"/users/{people[(n + 1) % 4][0]['id']}", {"disabled": True}, people[n][1])
                for n in range(4)
            ]
            answers = volley_from_processes(shots)
            assert statuses(answers).keys() <= {200, 401, 409}
            left = await sql.fetchval("SELECT count(*) FROM users WHERE role = 'admin' AND disabled_at IS NULL")
            assert left == 4 - Counter(statuses(answers))[200] >= 1
            await sql.execute("UPDATE users SET role = 'user' WHERE email NOT LIKE '%@dummy.invalid'")
    finally:
        await sql.execute(fixed.format("NULL"))


async def test_a_storm_of_logins_is_bounded_and_bookings_go_on(database_url: str) -> None:
    with Service({"DATABASE_URL": database_url, "PASSWORD_COST": 9, "LOGIN_FAILURES_MAX": 1_000}) as service:
        nobody = {"email": some_email(), "password": PASSWORD}
        with Loaded([Shot(service.port, "POST", "/login", nobody)] * 300) as storm:
            storm.send()
            booked = volley([Shot(service.port, "POST", "/reservations", body(some_room(), 1, 2))] * 20)
            # All were answered while the storm went on: its first answers are not even asked for.
            assert statuses(booked) == {201: 1, 409: 19}
            answers = storm.answers(120)
        assert statuses(answers).keys() == {401, 503}
        assert statuses(answers)[401] >= 100
        assert all(each.headers["retry-after"] for each in answers if each.status == 503)
    await check_promise(database_url)
