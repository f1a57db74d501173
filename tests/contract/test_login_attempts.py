"""How often a wrong password may be tried."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest

from answers import error
from holdfast.accounts import login_throttle
from holdfast.accounts.login_throttle import SECONDS, LoginThrottle
from holdfast.errors import RateLimited
from holdfast.settings import Settings
from inprocess import Clock, running
from people import PASSWORD, login, register, signed_in, some_email
from redis_server import RedisServer
from service import Service

HERE, THERE, ANN, BOB = "10.0.0.1", "10.0.0.2", "ann@example.com", "bob@example.com"


async def test_after_too_many_wrong_passwords_the_right_one_does_not_help(
    start: Callable[..., Service], database_url: str
) -> None:
    service = start(DATABASE_URL=database_url, PASSWORD_COST=4, LOGIN_FAILURES_MAX=3)
    async with httpx.AsyncClient(base_url=service.url, timeout=30) as http:
        email = (await register(http)).json()["user"]["email"]
        other = (await register(http)).json()["user"]["email"]
        for _ in range(3):
            error(await login(http, email, "wrong horse"), 401, "UNAUTHORIZED")
        for password in ("wrong horse", PASSWORD):
            refused = await login(http, email.upper(), password)
            error(refused, 429, "RATE_LIMITED")
            assert 0 < int(refused.headers["retry-after"]) <= SECONDS
        assert (await login(http, other)).status_code == 200


async def test_who_has_a_token_may_not_try_more_passwords_than_others(
    start: Callable[..., Service], database_url: str
) -> None:
    service = start(DATABASE_URL=database_url, PASSWORD_COST=4, LOGIN_FAILURES_MAX=3)
    async with httpx.AsyncClient(base_url=service.url, timeout=30) as http:
        user, headers = await signed_in(http)
        wanted = {"oldPassword": "wrong horse", "newPassword": "battery staple"}
        for _ in range(3):
            error(await http.post("/password", json=wanted, headers=headers), 400, "INVALID_REQUEST")
        for content in (wanted, wanted | {"oldPassword": PASSWORD}):
            error(await http.post("/password", json=content, headers=headers), 429, "RATE_LIMITED")
        error(await login(http, user["email"]), 429, "RATE_LIMITED")


def here(database_url: str, failures_max: int) -> AbstractAsyncContextManager[httpx.AsyncClient]:
    """A service within this process, which counts for itself."""
    return running(database_url, Clock(datetime.now(UTC)), password_cost=4, login_failures_max=failures_max)


async def test_guesses_that_come_together_are_counted_when_they_begin(database_url: str) -> None:
    async with here(database_url, 10) as http:
        email = (await register(http)).json()["user"]["email"]
        guesses = [login(http, email, f"wrong horse {number}") for number in range(94)]
        answers = await asyncio.gather(*guesses, login(http, email))
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[429] >= 85
    assert statuses[200] + statuses[401] <= 10


@pytest.mark.parametrize(
    "spell", [str.upper, lambda email: email + ".", lambda email: email.replace(".com", "．ＣＯＭ")]
)
async def test_all_spellings_of_an_address_are_counted_as_one(database_url: str, spell: Callable[[str], str]) -> None:
    async with here(database_url, 2) as http:
        email = (await register(http)).json()["user"]["email"]
        for _ in range(2):
            error(await login(http, email, "wrong horse"), 401, "UNAUTHORIZED")
        error(await login(http, spell(email)), 429, "RATE_LIMITED")


async def test_the_right_password_of_one_account_gives_nothing_back_for_another(database_url: str) -> None:
    async with here(database_url, 3) as http:
        theirs = (await register(http)).json()["user"]["email"]
        own = (await register(http)).json()["user"]["email"]
        for _ in range(3):
            error(await login(http, theirs, "wrong horse"), 401, "UNAUTHORIZED")
            assert (await login(http, own)).status_code == 200
        error(await login(http, theirs), 429, "RATE_LIMITED")


@pytest.mark.parametrize("right_first", [True, False])
async def test_a_known_key_does_not_tell_a_right_password_from_a_wrong_one(
    database_url: str, right_first: bool
) -> None:
    async with here(database_url, 5) as http:
        content = {"email": some_email(), "password": PASSWORD, "role": "user"}
        headers = {"Idempotency-Key": str(uuid4())}
        made = await http.post("/register", json=content, headers=headers)
        passwords = [PASSWORD, "wrong horse"] if right_first else ["wrong horse", PASSWORD]
        heard = [await http.post("/register", json=content | {"password": each}, headers=headers) for each in passwords]
        assert [(each.status_code, each.content) for each in heard] == [(201, made.content)] * 2
        assert {each.headers["idempotency-replayed"] for each in heard} == {"true"}
        # And the password is the first one.
        error(await login(http, content["email"], "wrong horse"), 401, "UNAUTHORIZED")
        assert (await login(http, content["email"])).status_code == 200


@pytest.mark.parametrize("key", [True, False], ids=["with the key", "without"])
async def test_registrations_of_a_known_address_count_as_tries(database_url: str, key: bool) -> None:
    async with here(database_url, 3) as http:
        content = {"email": some_email(), "password": PASSWORD, "role": "user"}
        headers = {"Idempotency-Key": str(uuid4())}
        assert (await http.post("/register", json=content, headers=headers)).status_code == 201
        for _ in range(3):
            answer = await http.post("/register", json=content, headers=headers if key else {})
            assert answer.status_code == (201 if key else 400)
        error(await http.post("/register", json=content, headers=headers), 429, "RATE_LIMITED")
        error(await login(http, content["email"]), 429, "RATE_LIMITED")
        # New accounts are nobody's guesses.
        for _ in range(5):
            assert (await register(http)).status_code == 201


async def test_with_redis_all_workers_count_together(
    start: Callable[..., Service], database_url: str, redis_server: RedisServer
) -> None:
    service = start(
        DATABASE_URL=database_url,
        PASSWORD_COST=4,
        LOGIN_FAILURES_MAX=4,
        WORKERS=3,
        REDIS_URL=redis_server.url,
        REDIS_SECONDS_MAX=10,
    )
    email = some_email()
    heard = []
    for _ in range(12):
        # Each connection may be another worker's.
        async with httpx.AsyncClient(base_url=service.url, timeout=30) as http:
            heard.append((await login(http, email, "wrong horse")).status_code)
    assert heard == [401] * 4 + [429] * 8


async def test_a_client_may_not_try_one_password_for_everybody(database_url: str) -> None:
    async with here(database_url, 1) as http:
        user = (await register(http)).json()["user"]
        # Who signs in counts for nothing.
        for _ in range(5):
            assert (await login(http, user["email"])).status_code == 200
        for _ in range(login_throttle.ACCOUNTS):
            error(await login(http, some_email(), "wrong horse"), 401, "UNAUTHORIZED")
        refused = await login(http, some_email(), "wrong horse")
        error(refused, 429, "RATE_LIMITED")
        assert 0 < int(refused.headers["retry-after"]) <= SECONDS


class Time:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    """The time of a test."""
    return Time()


def tries(failures_max: int, time: Time) -> LoginThrottle:
    """The tries of a process without Redis."""
    return LoginThrottle(Settings(login_failures_max=failures_max), None, time)


async def fail(tried: LoginThrottle, times: int, client: str = HERE, email: str = ANN) -> None:
    """Try so many wrong passwords."""
    for _ in range(times):
        await tried.begin(client, email)


async def test_others_go_on(time: Time) -> None:
    tried = tries(2, time)
    await fail(tried, 2)
    with pytest.raises(RateLimited):
        await tried.begin(HERE, ANN)
    await tried.begin(THERE, ANN)
    await tried.begin(HERE, BOB)


async def test_a_household_is_one_client(time: Time) -> None:
    tried = tries(2, time)
    await fail(tried, 1, "2001:db8::1")
    await fail(tried, 1, "2001:db8::2")
    with pytest.raises(RateLimited):
        await tried.begin("2001:db8::3", ANN)
    await tried.begin("2001:db8:0:1::3", ANN)


async def test_after_a_while_one_may_try_again(time: Time) -> None:
    tried = tries(2, time)
    await fail(tried, 1)
    time.now += SECONDS / 2
    await fail(tried, 1)
    with pytest.raises(RateLimited) as refused:
        await tried.begin(HERE, ANN)
    time.now += refused.value.retry_after
    await fail(tried, 1)
    with pytest.raises(RateLimited):
        await tried.begin(HERE, ANN)


async def test_the_right_password_makes_good_what_was_wrong(time: Time) -> None:
    tried = tries(2, time)
    await fail(tried, 1)
    await tried.succeeded(HERE, ANN)
    await fail(tried, 2)
    with pytest.raises(RateLimited):
        await tried.begin(HERE, ANN)


async def test_a_try_that_is_refused_does_not_count(time: Time) -> None:
    tried = tries(1, time)
    await fail(tried, 1)
    for _ in range(login_throttle.ACCOUNTS):
        with pytest.raises(RateLimited):
            await tried.begin(HERE, ANN)
    await tried.begin(HERE, BOB)
    time.now += SECONDS
    await tried.begin(HERE, ANN)


async def test_zero_is_any_number(time: Time) -> None:
    await fail(tries(0, time), 50)
