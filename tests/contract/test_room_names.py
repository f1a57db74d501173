"""What a room may be called, and that one room has one name through every door."""

from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from answers import error, faults, list_path, listed, pages, reserve
from rooms import body, some_room

ODD_NAMES = [
    pytest.param("table:{}", id="like a table"),
    pytest.param("room:{}", id="with a kind's name"),
    pytest.param("blue room {}", id="with spaces"),
    pytest.param(" {} ", id="between spaces"),
    pytest.param("100% {}", id="with a percent sign"),
    pytest.param("a%2Fb {}", id="like percent-encoding"),
    pytest.param("a%252Fb {}", id="like percent-encoding twice"),
    pytest.param("a+b {}", id="with a plus"),
    pytest.param("🛋️ {}", id="with an emoji"),
    pytest.param("Переговорная «Север» {}", id="in Russian"),
    pytest.param("غرفة {}", id="in Arabic"),
    pytest.param("x\u0301 {}", id="with a combining accent"),
    pytest.param("a\u200bb {}", id="with a letter that nobody sees"),
    pytest.param("?#&=;,@!$'()*[] {}", id="with what URLs reserve"),
    pytest.param('"<b>\\{}', id="with quotes, tags and a backslash"),
    pytest.param("'; DROP TABLE reservations; -- {}", id="like SQL"),
    pytest.param("..{}", id="with dots"),
    pytest.param("\ufffd {}", id="with a replacement character"),
]
WITH_SLASH = [pytest.param(name, id=name) for name in ("3rd floor/{}", "{}/", "/{}", "{}//x", "by-id/{}", "a/../{}")]


@pytest.mark.parametrize("pattern", ODD_NAMES)
async def test_an_odd_name_is_kept_as_it_is(http: httpx.AsyncClient, pattern: str) -> None:
    room = pattern.format(uuid4())
    made = await reserve(http, room, 10, 11)
    assert made["room_id"] == room
    assert await listed(http, room) == [made]


@pytest.mark.parametrize("pattern", [*ODD_NAMES, *WITH_SLASH])
async def test_the_query_form_reaches_every_name(http: httpx.AsyncClient, pattern: str) -> None:
    room = pattern.format(uuid4())
    made = await reserve(http, room, 10, 11)
    assert await pages(http, "/reservations", room_id=room) == [[made]]


async def test_a_room_called_by_id_is_a_room(http: httpx.AsyncClient) -> None:
    found = await listed(http, "by-id")
    assert all(each["room_id"] == "by-id" for each in found)
    assert (await http.get("/reservations/by-id/")).json() == found


async def test_a_room_called_by_id_is_listed(http: httpx.AsyncClient) -> None:
    # The one room that tests of this database share: its name is the point.
    times = {"start_time": "2031-01-01T10:00:00Z", "end_time": "2031-01-01T11:00:00Z"}
    made = await http.post("/reservations", json={"room_id": "by-id", **times})
    assert made.status_code == 201
    assert await listed(http, "by-id", **{"from": times["start_time"], "to": times["end_time"]}) == [made.json()]


@pytest.mark.parametrize("room", [".", ".."])
async def test_a_room_called_like_a_directory_is_a_room(http: httpx.AsyncClient, room: str) -> None:
    assert await pages(http, "/reservations", room_id=room) == [[]]


async def test_a_path_is_decoded_once(http: httpx.AsyncClient) -> None:
    encoded, decoded = f"%41 {uuid4()}", f"A {uuid4()}"
    await reserve(http, encoded, 10, 11)
    assert await listed(http, encoded) != []
    assert await listed(http, decoded) == []


async def test_letters_may_be_percent_encoded(http: httpx.AsyncClient) -> None:
    room = some_room()
    made = await reserve(http, room, 10, 11)
    every_byte = "".join(f"%{byte:02x}" for byte in room.encode())
    assert (await http.get(f"/reservations/{every_byte}")).json() == [made]


async def test_a_list_has_a_trailing_slash_or_none(http: httpx.AsyncClient) -> None:
    room = some_room()
    made = await reserve(http, room, 10, 11)
    assert (await http.get(f"{list_path(room)}/")).json() == [made]


async def test_names_that_differ_in_case_are_two_rooms(http: httpx.AsyncClient) -> None:
    room = some_room()
    await reserve(http, room, 10, 11)
    await reserve(http, room.upper(), 10, 11)


async def test_names_that_only_look_alike_are_two_rooms(http: httpx.AsyncClient) -> None:
    ending = uuid4()
    # In Latin and in Cyrillic; an accent of its own makes no other room: test_one_form.py.
    await reserve(http, f"a {ending}", 10, 11)
    await reserve(http, f"\u0430 {ending}", 10, 11)


@pytest.mark.parametrize("name", ["x" * 255, "я" * 255, "🛋" * 255], ids=["latin", "cyrillic", "emoji"])
async def test_a_name_of_255_characters_is_allowed(http: httpx.AsyncClient, name: str) -> None:
    ending = str(uuid4())
    room = name[: -len(ending)] + ending
    made = await reserve(http, room, 10, 11)
    assert await listed(http, room) == [made]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("", id="empty"),
        pytest.param("x" * 256, id="256 characters"),
        pytest.param("a\nb", id="line end"),
        pytest.param("a\n", id="line end at the end"),
        pytest.param("\ta", id="tab"),
        pytest.param("a\x00b", id="NUL"),
        pytest.param("\x00", id="only NUL"),
        pytest.param("a\x7fb", id="delete"),
        pytest.param("a\x9bb", id="C1 control"),
        pytest.param("a\u2028b", id="line separator"),
    ],
)
class TestNamesThatAreNone:
    """What is not 1 to 255 printable characters is no name, wherever it stands."""

    async def test_it_cannot_be_reserved(self, http: httpx.AsyncClient, name: str) -> None:
        assert faults(await http.post("/reservations", json=body(name, 10, 11))) == {"room_id"}

    async def test_nothing_can_be_moved_to_it(self, http: httpx.AsyncClient, name: str) -> None:
        made = await reserve(http, some_room(), 10, 11)
        assert faults(await http.patch(f"/reservations/{made['id']}", json={"room_id": name})) == {"room_id"}

    async def test_it_is_no_filter(self, http: httpx.AsyncClient, name: str) -> None:
        assert faults(await http.get("/reservations", params={"room_id": name})) == {"room_id"}

    async def test_it_has_no_list(self, http: httpx.AsyncClient, name: str) -> None:
        if not name:
            return  # its list would be the list of all
        assert faults(await http.get(f"/reservations/{quote(name, safe='')}")) == {"room_id"}


@pytest.mark.parametrize("name", [1, 1.5, True, None, ["a"], {"id": "a"}], ids=repr)
async def test_a_name_is_a_string(http: httpx.AsyncClient, name: Any) -> None:
    assert faults(await http.post("/reservations", json=body("", 10, 11) | {"room_id": name})) == {"room_id"}


@pytest.fixture
async def canonical(http: httpx.AsyncClient) -> str:
    """A room that is a UUID, reserved from 10 to 11."""
    room = str(uuid4())
    await reserve(http, room, 10, 11)
    return room


SPELLINGS = [
    pytest.param(str, id="canonical"),
    pytest.param(str.upper, id="upper case"),
    pytest.param(lambda room: room.replace("-", ""), id="without hyphens"),
    pytest.param(lambda room: room.replace("-", "").upper(), id="upper case without hyphens"),
    pytest.param(lambda room: room[:18] + room[18:].upper(), id="mixed case"),
]


@pytest.mark.parametrize("spell", SPELLINGS)
class TestSpellingsOfOneUuid:
    """A room that is a UUID is the same room, however the UUID is written."""

    async def test_they_clash(self, http: httpx.AsyncClient, canonical: str, spell: Any) -> None:
        error(await http.post("/reservations", json=body(spell(canonical), 10, 11)), 409, "TIME_CONFLICT")

    async def test_all_are_answered_with_the_canonical_one(
        self, http: httpx.AsyncClient, canonical: str, spell: Any
    ) -> None:
        assert (await reserve(http, spell(canonical), 12, 13))["room_id"] == canonical

    async def test_they_have_one_list(self, http: httpx.AsyncClient, canonical: str, spell: Any) -> None:
        assert [each["room_id"] for each in await listed(http, spell(canonical))] == [canonical]

    async def test_they_are_one_filter(self, http: httpx.AsyncClient, canonical: str, spell: Any) -> None:
        found = await pages(http, "/reservations", room_id=spell(canonical))
        assert [each["room_id"] for page in found for each in page] == [canonical]

    async def test_a_move_finds_them_taken(self, http: httpx.AsyncClient, canonical: str, spell: Any) -> None:
        other = await reserve(http, some_room(), 10, 11)
        answer = await http.patch(f"/reservations/{other['id']}", json={"room_id": spell(canonical)})
        error(answer, 409, "TIME_CONFLICT")


async def test_what_is_almost_a_uuid_is_kept_as_it_is(http: httpx.AsyncClient) -> None:
    digits = uuid4().hex.upper()
    room = f"{digits[:8]}-{digits[8:]}"
    assert (await reserve(http, room, 10, 11))["room_id"] == room
