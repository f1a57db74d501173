"""The service that is tested, asked what there is to ask for."""

from datetime import date, timedelta
from random import Random
from typing import Any

import httpx

DAYS = 7
ANSWER_SECONDS_MAX = 10.0


class NoTarget(Exception):
    """There is nothing to test. Its text says why, in one line."""


def slots_paths(url: str, token: str | None, today: date) -> tuple[str, list[str]]:
    """A token, and the paths of the slots lists of every room for the next seven days, in mixed order.

    Raises `NoTarget`.
    """
    try:
        with httpx.Client(base_url=url, timeout=ANSWER_SECONDS_MAX, trust_env=False) as client:
            token = token or _token(client)
            rooms = _rooms(client, token)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NoTarget(f"{url} cannot be reached: {error}") from None
    if not rooms:
        raise NoTarget(f"{url} has no rooms: run `make seed` first")
    days = [today + timedelta(days=number) for number in range(DAYS)]
    paths = [f"/rooms/{room}/slots/list?date={day}" for room in rooms for day in days]
    Random(0).shuffle(paths)  # noqa: S311  the same order each time is what is wanted
    return token, paths


def _token(client: httpx.Client) -> str:
    answer = client.post("/dummyLogin", json={"role": "user"})
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise NoTarget("/dummyLogin is switched off there: give a user's token with --token")
    return str(_field(answer, "token"))


def _rooms(client: httpx.Client, token: str) -> list[str]:
    answer = client.get("/rooms/list", headers={"Authorization": f"Bearer {token}"})
    if answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        raise NoTarget("the token is not accepted there")
    return [str(room["id"]) for room in _field(answer, "rooms")]


def _field(answer: httpx.Response, name: str) -> Any:
    """What an answer wraps; whatever else comes back, it is not from the service that is meant."""
    try:
        return answer.raise_for_status().json()[name]
    except (httpx.HTTPStatusError, ValueError, KeyError, TypeError):
        status = answer.status_code
        raise NoTarget(f"{answer.url} answered {status}, and not as Holdfast does") from None
