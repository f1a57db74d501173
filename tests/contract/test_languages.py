"""In which language people are answered, and that every answer comes in it."""

import httpx
import pytest

from answers import error
from rooms import body, some_room
from service import Service
from wire import exchange, head

RUSSIAN, ENGLISH = "По этому адресу ничего нет.", "There is nothing at this address."


async def message(http: httpx.AsyncClient, accept_language: str | bytes | None) -> str:
    headers = {} if accept_language is None else {b"Accept-Language": accept_language}
    answer = await http.get("/nowhere", headers=headers)  # type: ignore[arg-type]
    error(answer, 404, "NOT_FOUND")
    return str(answer.json()["error"]["message"])


async def test_who_names_no_language_is_answered_in_russian(plain: httpx.AsyncClient) -> None:
    assert await message(plain, None) == RUSSIAN


@pytest.mark.parametrize("given", ["en", "EN", "en-US", "en-GB,en;q=0.9", "de,en;q=0.1", "ru;q=0.5,en", "en ; q=0.5"])
async def test_english_is_spoken_to_those_who_prefer_it(plain: httpx.AsyncClient, given: str) -> None:
    assert await message(plain, given) == ENGLISH


@pytest.mark.parametrize("given", ["ru", "RU", "ru-RU,ru;q=0.9,en;q=0.8", "en;q=0.3,ru;q=0.4", "de,ru;q=0.1"])
async def test_russian_is_spoken_to_those_who_prefer_it(guarded: httpx.AsyncClient, given: str) -> None:
    assert await message(guarded, given) == RUSSIAN


async def test_of_two_that_weigh_the_same_the_first_counts(plain: httpx.AsyncClient) -> None:
    assert (await message(plain, "en,ru"), await message(plain, "ru,en")) == (ENGLISH, RUSSIAN)


@pytest.mark.parametrize(
    "given", ["", "de", "*", "en;q=0", "en;q=x", ",,,", ";", "english", "\x80".encode("latin-1"), "x" * 5_000]
)
async def test_who_names_none_of_ours_is_answered_in_the_default(plain: httpx.AsyncClient, given: str | bytes) -> None:
    assert await message(plain, given) == RUSSIAN


@pytest.mark.parametrize("given", [None, "de", "*", "ru;q=0"])
async def test_the_default_is_a_setting(guarded: httpx.AsyncClient, given: str | None) -> None:
    assert await message(guarded, given) == ENGLISH


async def test_a_language_that_is_ruled_out_is_not_spoken(plain: httpx.AsyncClient) -> None:
    assert await message(plain, "ru;q=0,en;q=0.1") == ENGLISH


async def test_the_faults_of_fields_are_told_in_the_same_language(plain: httpx.AsyncClient) -> None:
    spoken = {}
    for language in ("ru", "en"):
        answer = await plain.post("/reservations", json={}, headers={"Accept-Language": language})
        spoken[language] = error(answer, 400, "INVALID_REQUEST")["fields"]["room_id"]
    assert spoken == {"ru": "обязательное поле", "en": "required"}


async def test_what_is_refused_at_the_door_is_told_in_the_same_language(plain: httpx.AsyncClient) -> None:
    content = body(some_room(), 10, 11) | {"note": "x" * 70_000}
    spoken = [
        (await plain.post("/reservations", json=content, headers={"Accept-Language": language})).json()["error"]
        for language in ("ru", "en")
    ]
    assert [each["message"] for each in spoken] == [
        "Тело запроса слишком большое.",
        "The request's body is too large.",
    ]


async def test_what_is_no_http_is_answered_in_the_default(service: Service, guarded_service: Service) -> None:
    spoken = [await exchange(each, b"hello\r\n\r\n") for each in (service, guarded_service)]
    assert ["Запрос".encode() in answer.body for answer in spoken] == [True, False]


async def test_codes_are_the_same_in_every_language(plain: httpx.AsyncClient) -> None:
    for language in ("ru", "en"):
        error(await plain.get("/nowhere", headers={"Accept-Language": language}), 404, "NOT_FOUND")


async def test_two_headers_of_languages_do_no_harm(service: Service) -> None:
    answer = await exchange(service, head(b"/nowhere", b"Accept-Language: de", b"Accept-Language: en"))
    assert (answer.status, answer.code) == (404, "NOT_FOUND")
