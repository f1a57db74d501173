"""Passwords, addresses and names have one form, however they are typed."""

import unicodedata
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import asyncpg
import bcrypt
import httpx
import pytest

from answers import error, faults, listed, pages, reserve
from inprocess import Clock, running
from people import login, register, some_email
from rooms import body
from tokens import bearer


@pytest.fixture(scope="module")
async def here(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A service within this process, where anybody may try any number of passwords."""
    async with running(
        database_url, Clock(datetime.now(UTC)), password_cost=4, login_failures_max=0, rate_limit_max=0
    ) as http:
        yield http


PASSWORDS = [
    pytest.param("élève déçu", id="accents"),
    pytest.param("йогурт ёж", id="Cyrillic"),
    pytest.param("한국어비밀번호요", id="Hangul"),
    pytest.param("Ǻngström Ǻngström", id="two accents"),
    pytest.param("é" * 200, id="the longest"),
    pytest.param("é" * 8, id="the shortest"),
    pytest.param("ж́" * 40 + "й" * 20, id="longer than bcrypt takes"),
]


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")], ids=" then ".join)
async def test_a_password_is_one_composed_or_not(
    here: httpx.AsyncClient, password: str, forms: tuple[Any, Any]
) -> None:
    first, second = (unicodedata.normalize(form, password) for form in forms)
    email = some_email()
    assert (await register(here, email=email, password=first)).status_code == 201
    for typed in (first, second):
        assert (await login(here, email, typed)).status_code == 200
    error(await login(here, email, "x" + unicodedata.normalize("NFC", password)[1:]), 401, "UNAUTHORIZED")
    token = (await login(here, email, first)).json()["token"]
    change = {"oldPassword": second, "newPassword": second}
    answer = await here.post("/password", json=change, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert (await login(here, email, first)).status_code == 200


@pytest.mark.parametrize("space", ["\u00a0", "\u2003", "\u3000", "\u202f"])
async def test_a_space_in_a_password_is_a_space(here: httpx.AsyncClient, space: str) -> None:
    email = some_email()
    await register(here, email=email, password=f"correct{space}horse")
    assert (await login(here, email, "correct horse")).status_code == 200


async def test_case_and_compatibility_tell_passwords_apart(here: httpx.AsyncClient) -> None:
    email = some_email()
    await register(here, email=email, password="Straße №1")
    for other in ("straße №1", "Strasse №1", "Straße No1"):
        error(await login(here, email, other), 401, "UNAUTHORIZED")


@pytest.mark.parametrize("password", ["é" * 7, "é" * 201, "\u3000" * 7])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
async def test_the_bounds_of_a_password_hold_for_its_one_form(
    here: httpx.AsyncClient, password: str, form: Any
) -> None:
    assert faults(await register(here, password=unicodedata.normalize(form, password))) == {"password"}


@pytest.mark.parametrize("typed", ["e\u0301le\u0300ve de\u0301c\u0327u", "x\u00a0y\u3000z 12345", "é" * 90])
async def test_a_password_that_was_kept_as_it_was_typed_holds(
    here: httpx.AsyncClient, connection: "asyncpg.Connection", typed: str
) -> None:
    user = (await register(here)).json()["user"]
    await connection.execute("UPDATE users SET password_hash = $2 WHERE id = $1", UUID(user["id"]), old_hash(typed))
    assert (await login(here, user["email"], typed)).status_code == 200
    error(await login(here, user["email"], typed + "x"), 401, "UNAUTHORIZED")


def old_hash(password: str) -> str:
    """What was kept of a password before it had one form."""
    from holdfast.accounts.passwords import _shortened

    return bcrypt.hashpw(_shortened(password), bcrypt.gensalt(4)).decode()


def some_name() -> str:
    """What nobody's address begins with."""
    return f"й.{uuid4().hex}"


TWINS = [
    pytest.param("{}@example.com", "{}@EXAMPLE.com", id="case of the domain"),
    pytest.param("{}@example.com", "{}@example.com.", id="root of the domain"),
    pytest.param("{}@пример.рф", "{}@xn--e1afmkfd.xn--p1ai", id="IDNA"),
    pytest.param("{}@xn--e1afmkfd.xn--p1ai", "{}@ПРИМЕР.РФ", id="IDNA, the other way"),
    pytest.param("{}@пример.рф", "{}@XN--E1AFMKFD.рф", id="half IDNA"),
    pytest.param("{}@йод.рф", "{}@и\u0306од.рф", id="a decomposed domain"),
    pytest.param("{}@example.com", "{}@ｅｘａｍｐｌｅ。com", id="wide letters"),
    pytest.param("{}@strasse.example", "{}@STRASSE.example", id="case"),
    pytest.param("ö.{}@example.com", "O\u0308.{}@example.com", id="a decomposed name"),
    pytest.param("İ.{}@example.com", "I\u0307.{}@example.com", id="a letter that lower case takes apart"),
]


@pytest.mark.parametrize(("first", "second"), TWINS)
async def test_an_address_is_one_however_it_is_spelled(here: httpx.AsyncClient, first: str, second: str) -> None:
    name = some_name()
    one, other = first.format(name), second.format(unicodedata.normalize("NFD", name).upper())
    made = await register(here, email=one)
    assert made.status_code == 201, made.text
    assert faults(await register(here, email=other)) == {"email"}
    for email in (one, other):
        assert (await login(here, email)).status_code == 200


INVISIBLE = [
    *"\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u200e\u200f\u202e\u2066\u061c\u180e\u3164\uffa0\ufe0f\U000e0041"
]


@pytest.mark.parametrize("letter", INVISIBLE, ids=lambda letter: f"{ord(letter):x}")
async def test_an_address_with_letters_that_nobody_sees_is_refused(here: httpx.AsyncClient, letter: str) -> None:
    name = uuid4().hex
    assert (await register(here, email=f"{name}@example.com")).status_code == 201
    for twin in (f"{name}{letter}@example.com", f"{letter}{name}@example.com", f"{name}@exa{letter}mple.com"):
        assert faults(await register(here, email=twin)) == {"email"}
        error(await login(here, twin), 401, "UNAUTHORIZED")


async def test_a_domain_may_have_the_joiner_that_its_script_needs(here: httpx.AsyncClient) -> None:
    name = uuid4().hex
    assert (await register(here, email=f"{name}@نامه\u200cای.com")).status_code == 201
    assert faults(await register(here, email=f"{name}@xn--mgba3gch31f060k.com")) == {"email"}


@pytest.mark.parametrize("email", ["{}@localhost", "{}@my_host", "{}@[127.0.0.1]", "{}+tag@example.com", "o'{}@x.org"])
async def test_an_address_in_ones_own_network_is_good(here: httpx.AsyncClient, email: str) -> None:
    found = email.format(uuid4().hex[:20])
    answer = await register(here, email=found)
    assert (answer.status_code, answer.json()["user"]["email"]) == (201, found)
    assert (await login(here, found.upper())).status_code == 200


@pytest.mark.parametrize("email", ["a@💩.la", "a@-x.рф", "\u2800@example.com", "ä" * 65 + "@x.org"])
async def test_an_address_that_has_no_form_is_refused(here: httpx.AsyncClient, email: str) -> None:
    assert faults(await register(here, email=email)) == {"email"}


@pytest.mark.parametrize(
    "kept",
    ["a\u200bb{}@example.com", "{}@xn--e1afmkfd.xn--p1ai", "{}@💩.la", "{}@example.com.", "e\u0301{}@example.com"],
)
async def test_who_has_an_account_signs_in_as_before(
    here: httpx.AsyncClient, connection: "asyncpg.Connection", kept: str
) -> None:
    email = kept.format(uuid4().hex)
    user = (await register(here)).json()["user"]
    await connection.execute("UPDATE users SET email = $2 WHERE id = $1", UUID(user["id"]), email)
    assert (await login(here, email)).status_code == 200
    assert faults(await register(here, email=email)) == {"email"}


def makers(http: httpx.AsyncClient) -> dict[str, Any]:
    """Calls that make something with a name, each answering the name that was kept."""
    admin = bearer(role="admin")

    async def room(name: str) -> httpx.Response:
        return await http.post("/rooms/create", json={"name": name}, headers=admin)

    async def table(name: str) -> httpx.Response:
        return await http.post("/tables", json={"name": name, "seats": 4, "location": "Terrace"})

    async def location(name: str) -> httpx.Response:
        return await http.post("/tables", json={"name": "A", "seats": 4, "location": name})

    async def event(name: str) -> httpx.Response:
        return await http.post("/api/events", json={"name": name, "total_seats": 4})

    async def renamed(name: str) -> httpx.Response:
        made = await event("Concert")
        return await http.patch(f"/api/events/{made.json()['id']}", json={"name": name})

    async def guest(name: str) -> httpx.Response:
        made = await table("A")
        times = {"reservation_time": "2030-05-01T10:00:00Z", "duration_minutes": 60}
        return await http.post("/reservations", json={"table_id": made.json()["id"], "customer_name": name, **times})

    return {"room": room, "table": table, "location": location, "event": event, "renamed": renamed, "guest": guest}


FIELDS = {"location": "location", "guest": "customer_name"}
THINGS = ["room", "table", "location", "event", "renamed", "guest"]
NAMES = [
    pytest.param("  Blue room\u3000", "Blue room", id="spaces around"),
    pytest.param("Cafe\u0301", "Café", id="decomposed"),
    pytest.param("👨\u200d👩\u200d👧 room", "👨\u200d👩\u200d👧 room", id="a family"),
    pytest.param("🏴󠁧󠁢󠁳󠁣󠁴󠁿 5️⃣ ❤️\u200d🔥", "🏴󠁧󠁢󠁳󠁣󠁴󠁿 5️⃣ ❤️\u200d🔥", id="flag, keycap, heart"),
    pytest.param("می\u200cخواهم", "می\u200cخواهم", id="Persian"),
    pytest.param("क्\u200dष", "क्\u200dष", id="Devanagari"),
    pytest.param("葛\U000e0100城", "葛\U000e0100城", id="a name's ideograph"),
    pytest.param("غرفة שלום", "غرفة שלום", id="right to left"),
    pytest.param("e\u0301" * 255, "é" * 255, id="the longest, decomposed"),
]
NO_NAMES = [
    *(pytest.param(f"Blue{letter} room", id=f"with {ord(letter):x}") for letter in INVISIBLE),
    *(pytest.param(letter, id=f"only {ord(letter):x}") for letter in INVISIBLE),
    pytest.param("   ", id="spaces"),
    pytest.param("\u3000\u00a0", id="wide spaces"),
    pytest.param("\u2800", id="empty Braille"),
    pytest.param("5\ufe0f", id="a digit as emoji, without keycap"),
    pytest.param("👨\u200d", id="half a family"),
    pytest.param("👨\u200d\u200d👩", id="two joiners"),
    pytest.param("é" * 256, id="256 characters"),
    pytest.param("e\u0301" * 256, id="256 characters, decomposed"),
]


@pytest.mark.parametrize("thing", THINGS)
@pytest.mark.parametrize(("typed", "kept"), NAMES)
async def test_a_name_is_kept_in_its_one_form(here: httpx.AsyncClient, thing: str, typed: str, kept: str) -> None:
    answer = await makers(here)[thing](typed)
    assert answer.is_success, answer.text
    found = answer.json()
    assert (found.get("room") or found)[FIELDS.get(thing, "name")] == kept


@pytest.mark.parametrize("thing", THINGS)
@pytest.mark.parametrize("name", NO_NAMES)
async def test_a_name_that_nobody_can_tell_from_another_is_refused(
    here: httpx.AsyncClient, thing: str, name: str
) -> None:
    assert faults(await makers(here)[thing](name)) == {FIELDS.get(thing, "name")}


async def test_all_faults_of_a_body_are_named_at_once(here: httpx.AsyncClient) -> None:
    content = {"name": "a\u200bb", "seats": 0, "location": "\u202e"}
    assert faults(await here.post("/tables", json=content)) == {"name", "seats", "location"}
    content = {"email": "a\u200bb@example.com", "password": "é" * 7, "role": "user"}
    assert faults(await here.post("/register", json=content)) == {"email", "password"}


async def test_a_room_is_one_composed_or_not(http: httpx.AsyncClient) -> None:
    ending = uuid4()
    composed, decomposed = f" Café\u0323\u200b {ending} ", f" Cafe\u0301\u0323\u200b {ending} "
    one = unicodedata.normalize("NFC", composed)
    made = await reserve(http, decomposed, 10, 11)
    # Letter by letter, but for that.
    assert made["room_id"] == one
    for spelled in (composed, decomposed, unicodedata.normalize("NFD", decomposed)):
        error(await http.post("/reservations", json=body(spelled, 10, 11)), 409, "TIME_CONFLICT")
        assert await listed(http, spelled) == [made]
        assert await pages(http, "/reservations", room_id=spelled) == [[made]]
        at = f"/reservations/{quote(spelled, safe='')}"
        first, second = await http.get(at), await http.get(at, params={"limit": 5})
        assert first.json() == second.json() == [made]
    other = await reserve(http, f"other {ending}", 10, 11)
    moved = await http.patch(f"/reservations/{other['id']}", json={"room_id": decomposed})
    error(moved, 409, "TIME_CONFLICT")


async def test_the_bound_of_a_rooms_name_holds_for_its_one_form(http: httpx.AsyncClient) -> None:
    ending = str(uuid4())
    assert (await reserve(http, "e\u0301" * 219 + ending, 10, 11))["room_id"] == "é" * 219 + ending
    assert faults(await http.post("/reservations", json=body("e\u0301" * 220 + ending, 10, 11))) == {"room_id"}
    assert faults(await http.get("/reservations", params={"room_id": "é" * 220 + ending})) == {"room_id"}


async def test_a_person_has_one_seat_composed_or_not(here: httpx.AsyncClient) -> None:
    event = (await here.post("/api/events", json={"name": "Concert", "total_seats": 5})).json()["id"]
    ending = uuid4()
    seat = {"event_id": event, "user_id": f"Zoe\u0308 {ending}"}
    made = await here.post("/api/bookings/reserve", json=seat)
    assert made.json()["user_id"] == f"Zoë {ending}"
    error(await here.post("/api/bookings/reserve", json=seat | {"user_id": f"Zoë {ending}"}), 409, "ALREADY_BOOKED")
    for spelled in (f"Zoe\u0308 {ending}", f"Zoë {ending}"):
        assert (await here.get(f"/metrics/{quote(spelled)}")).json()["booked"] == 1
        assert len((await here.get("/api/bookings", params={"user_id": spelled})).json()["items"]) == 1
    for twin in (f"Zoë\u200b {ending}", "\u200b", "\u202eZoë"):
        assert faults(await here.post("/api/bookings/reserve", json=seat | {"user_id": twin})) == {"user_id"}


async def test_a_name_is_found_however_it_is_typed(here: httpx.AsyncClient) -> None:
    ending = uuid4().hex
    await here.post("/api/events", json={"name": f"Soire\u0301e {ending}", "total_seats": 5})
    for search in (f"soirée {ending}", f"soire\u0301e {ending}"):
        found = await here.get("/board/events", params={"search": search}, headers=bearer())
        assert len(found.json()["events"]) == 1
