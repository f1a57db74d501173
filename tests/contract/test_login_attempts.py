"""How often a wrong password may be tried."""

from collections.abc import Callable

import httpx
import pytest

from answers import error
from holdfast.accounts import attempts
from holdfast.accounts.attempts import SECONDS, Attempts
from holdfast.errors import RateLimited
from people import PASSWORD, login, register, signed_in
from service import Service

HERE, THERE, ANN, BOB = "10.0.0.1", "10.0.0.2", "ann@example.com", "bob@example.com"


async def test_after_too_many_wrong_passwords_the_right_one_does_not_help(
    start: Callable[..., Service], database_url: str
) -> None:
    service = start(DATABASE_URL=database_url, PASSWORD_COST=4, LOGIN_FAILURES_MAX=3)
    async with httpx.AsyncClient(base_url=service.url) as http:
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
    async with httpx.AsyncClient(base_url=service.url) as http:
        user, headers = await signed_in(http)
        wanted = {"oldPassword": "wrong horse", "newPassword": "battery staple"}
        for _ in range(3):
            error(await http.post("/password", json=wanted, headers=headers), 400, "INVALID_REQUEST")
        for content in (wanted, wanted | {"oldPassword": PASSWORD}):
            error(await http.post("/password", json=content, headers=headers), 429, "RATE_LIMITED")
        error(await login(http, user["email"]), 429, "RATE_LIMITED")


class Time:
    """A clock that is moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        monkeypatch.setattr(attempts.time, "monotonic", lambda: self.now)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """The time of a test."""
    return Time(monkeypatch)


def fail(tried: Attempts, times: int, client: str = HERE, email: str = ANN) -> None:
    """Try so many wrong passwords."""
    for _ in range(times):
        tried.begin(client, email)
        tried.failed(client, email)


def test_others_go_on(time: Time) -> None:
    tried = Attempts(2)
    fail(tried, 2)
    with pytest.raises(RateLimited):
        tried.begin(HERE, ANN)
    tried.begin(THERE, ANN)
    tried.begin(HERE, BOB)


def test_after_a_while_one_may_try_again(time: Time) -> None:
    tried = Attempts(2)
    fail(tried, 1)
    time.now += SECONDS / 2
    fail(tried, 1)
    with pytest.raises(RateLimited) as refused:
        tried.begin(HERE, ANN)
    time.now += refused.value.retry_after
    fail(tried, 1)
    with pytest.raises(RateLimited):
        tried.begin(HERE, ANN)


def test_the_right_password_makes_good_what_was_wrong(time: Time) -> None:
    tried = Attempts(2)
    fail(tried, 1)
    tried.succeeded(HERE, ANN)
    fail(tried, 2)
    with pytest.raises(RateLimited):
        tried.begin(HERE, ANN)


def test_zero_is_any_number(time: Time) -> None:
    fail(Attempts(0), 50)
