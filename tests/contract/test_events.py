"""The events contract: the seed's six scenarios, and every field and code of its calls."""

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from answers import error, faults, pages
from seats import make_event

SEATS = "/api/bookings/reserve"


def some_user() -> str:
    """Somebody whom no other test knows."""
    return f"user-{uuid4()}"


async def made(http: httpx.AsyncClient, seats: int = 10, name: str = "Концерт") -> int:
    """The id of a new event."""
    answer = await http.post("/api/events", json={"name": name, "total_seats": seats})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def book(http: httpx.AsyncClient, event_id: int, user_id: str, **more: Any) -> httpx.Response:
    """The answer to somebody who wants a seat."""
    return await http.post(SEATS, json={"event_id": event_id, "user_id": user_id}, **more)


async def seats_left(http: httpx.AsyncClient, event_id: int) -> int:
    """How many seats of an event are left, as told."""
    answer = await http.get(f"/api/events/{event_id}")
    assert answer.status_code == 200, answer.text
    content = answer.json()
    assert content.keys() == {"id", "name", "total_seats", "booked_seats", "available_seats"}
    assert content["booked_seats"] + content["available_seats"] == content["total_seats"]
    return int(content["available_seats"])


class TestScenariosOfTheSeed:
    """«Основные тестовые сценарии» of seed 001, in their order."""

    async def test_1_a_booking_is_made(self, http: httpx.AsyncClient) -> None:
        event, user = await made(http), some_user()
        answer = await book(http, event, user)
        assert answer.status_code == 201
        booking = answer.json()
        assert booking.keys() == {"id", "event_id", "user_id", "created_at"}
        assert (booking["event_id"], booking["user_id"]) == (event, user)
        assert isinstance(booking["id"], int)
        assert answer.headers["location"] == f"/api/bookings/{booking['id']}"

    async def test_2_a_second_booking_is_refused_with_the_seeds_words(self, plain: httpx.AsyncClient) -> None:
        event, user = await made(plain), some_user()
        await book(plain, event, user)
        answer = await book(plain, event, user)
        error(answer, 409, "ALREADY_BOOKED")
        assert answer.json()["error"]["message"] == "Вы уже забронировали место"

    async def test_3_the_seats_left_are_told(self, http: httpx.AsyncClient) -> None:
        event = await made(http, 3)
        assert await seats_left(http, event) == 3
        await book(http, event, some_user())
        assert await seats_left(http, event) == 2

    async def test_4_a_booking_is_looked_up(self, http: httpx.AsyncClient) -> None:
        booking = (await book(http, await made(http), some_user())).json()
        answer = await http.get(f"/api/bookings/{booking['id']}")
        assert (answer.status_code, answer.json()) == (200, booking)

    async def test_5_a_cancelled_booking_frees_its_seat_at_once(self, http: httpx.AsyncClient) -> None:
        event, user = await made(http, 1), some_user()
        booking = (await book(http, event, user)).json()
        answer = await http.delete(f"/api/bookings/{booking['id']}")
        assert (answer.status_code, answer.content) == (204, b"")
        assert await seats_left(http, event) == 1
        error(await http.get(f"/api/bookings/{booking['id']}"), 404, "BOOKING_NOT_FOUND")
        assert (await book(http, event, user)).status_code == 201

    async def test_6_a_full_event_gives_no_more_seats(self, http: httpx.AsyncClient) -> None:
        event = await made(http, 2)
        assert [(await book(http, event, some_user())).status_code for _ in range(2)] == [201, 201]
        error(await book(http, event, some_user()), 409, "EVENT_FULL")
        assert await seats_left(http, event) == 0


async def test_an_event_typed_into_psql_can_be_booked_at_once(
    http: httpx.AsyncClient, connection: "asyncpg.Connection"
) -> None:
    event = await make_event(connection, 100)
    assert await seats_left(http, event) == 100
    assert (await book(http, event, some_user())).status_code == 201
    assert await seats_left(http, event) == 99


async def test_an_event_that_nobody_made_is_not_found(http: httpx.AsyncClient) -> None:
    error(await book(http, 9_000_000_001, some_user()), 404, "EVENT_NOT_FOUND")
    for method in ("GET", "PATCH"):
        body = {"json": {}} if method == "PATCH" else {}
        error(await http.request(method, "/api/events/9000000001", **body), 404, "EVENT_NOT_FOUND")


async def test_a_booking_that_nobody_made_is_not_found(http: httpx.AsyncClient) -> None:
    for method in ("GET", "DELETE"):
        error(await http.request(method, "/api/bookings/9000000001"), 404, "BOOKING_NOT_FOUND")


async def test_a_booking_is_cancelled_once(http: httpx.AsyncClient) -> None:
    booking = (await book(http, await made(http), some_user())).json()
    path = f"/api/bookings/{booking['id']}"
    answers = await asyncio.gather(*(http.delete(path) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [204] + [404] * 9


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.0", "1e3", "9223372036854775808", "1" * 5000, "٣", "0x1"])
async def test_an_id_is_a_whole_number(http: httpx.AsyncClient, number: str) -> None:
    for method, path in (("GET", "events"), ("PATCH", "events"), ("GET", "bookings"), ("DELETE", "bookings")):
        more = {"json": {}} if method == "PATCH" else {}
        assert faults(await http.request(method, f"/api/{path}/{number}", **more)) == {"id"}


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, {"event_id", "user_id"}),
        ({"event_id": "1", "user_id": 1}, {"event_id", "user_id"}),
        ({"event_id": 0, "user_id": "a"}, {"event_id"}),
        ({"event_id": 2**63, "user_id": "a"}, {"event_id"}),
        ({"event_id": 1.5, "user_id": "a"}, {"event_id"}),
        ({"event_id": True, "user_id": "a"}, {"event_id"}),
        ({"event_id": 1, "user_id": ""}, {"user_id"}),
        ({"event_id": 1, "user_id": "a" * 256}, {"user_id"}),
        ({"event_id": 1, "user_id": "a\x00b"}, {"user_id"}),
        ({"event_id": 1, "user_id": "a\nb"}, {"user_id"}),
        ({"event_id": 1, "user_id": None}, {"user_id"}),
    ],
)
async def test_every_wrong_field_is_named(http: httpx.AsyncClient, body: dict[str, Any], named: set[str]) -> None:
    assert faults(await http.post(SEATS, json=body)) == named


@pytest.mark.parametrize("user", ["a" * 255, "Анна-Мария ☂", "user@example.com", "a b", "'; DROP TABLE bookings; --"])
async def test_a_person_is_any_printable_text(http: httpx.AsyncClient, user: str) -> None:
    user = (user + some_user())[:255] if len(user) < 200 else user
    event = await made(http)
    assert (await book(http, event, user)).json()["user_id"] == user
    found = (await http.get("/api/bookings", params={"user_id": user, "event_id": event})).json()["items"]
    assert [each["user_id"] for each in found] == [user]


async def test_a_person_whose_name_is_a_uuid_is_one_however_it_is_written(http: httpx.AsyncClient) -> None:
    event, user = await made(http), uuid4()
    assert (await book(http, event, str(user))).status_code == 201
    error(await book(http, event, user.hex.upper()), 409, "ALREADY_BOOKED")


class TestKeys:
    """`Idempotency-Key` on a booking and on a new event."""

    async def test_a_repeated_booking_gets_the_first_answer(self, http: httpx.AsyncClient) -> None:
        event, user, key = await made(http), some_user(), {"Idempotency-Key": str(uuid4())}
        first, again = [await book(http, event, user, headers=key) for _ in range(2)]
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.content == again.content
        assert "idempotency-replayed" not in first.headers
        assert again.headers["idempotency-replayed"] == "true"
        error(await book(http, event, some_user(), headers=key), 422, "IDEMPOTENCY_KEY_REUSED")

    async def test_a_refusal_is_repeated_too(self, http: httpx.AsyncClient) -> None:
        event, key = await made(http, 0), {"Idempotency-Key": str(uuid4())}
        user = some_user()
        error(await book(http, event, user, headers=key), 409, "EVENT_FULL")
        await http.patch(f"/api/events/{event}", json={"total_seats": 5})
        again = await book(http, event, user, headers=key)
        error(again, 409, "EVENT_FULL")
        assert again.headers["idempotency-replayed"] == "true"

    async def test_twenty_at_once_have_one_effect(self, http: httpx.AsyncClient) -> None:
        event, user, key = await made(http), some_user(), {"Idempotency-Key": str(uuid4())}
        answers = await asyncio.gather(*(book(http, event, user, headers=key) for _ in range(20)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert sum("idempotency-replayed" in answer.headers for answer in answers) == 19

    async def test_a_repeated_event_is_made_once(self, http: httpx.AsyncClient) -> None:
        key, body = {"Idempotency-Key": str(uuid4())}, {"name": str(uuid4()), "total_seats": 1}
        answers = await asyncio.gather(*(http.post("/api/events", json=body, headers=key) for _ in range(10)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        other = await http.post("/api/events", json=body | {"total_seats": 2}, headers=key)
        error(other, 422, "IDEMPOTENCY_KEY_REUSED")


class TestEvents:
    """Making, changing and listing events."""

    async def test_an_event_is_renamed_and_gets_more_seats(self, http: httpx.AsyncClient) -> None:
        event = await made(http, 1)
        await book(http, event, some_user())
        answer = await http.patch(f"/api/events/{event}", json={"name": "Опера", "total_seats": 5})
        assert answer.status_code == 200
        wanted = {"id": event, "name": "Опера", "total_seats": 5, "booked_seats": 1, "available_seats": 4}
        assert answer.json() == wanted
        assert (await http.get(f"/api/events/{event}")).json() == wanted

    async def test_what_is_left_out_stays(self, http: httpx.AsyncClient) -> None:
        event = await made(http, 4, "Цирк")
        for body in ({}, {"name": "Цирк"}, {"total_seats": 4}):
            changed = (await http.patch(f"/api/events/{event}", json=body)).json()
            assert (changed["name"], changed["total_seats"]) == ("Цирк", 4)

    async def test_an_event_never_has_fewer_seats_than_are_booked(self, http: httpx.AsyncClient) -> None:
        event = await made(http, 3)
        for _ in range(2):
            await book(http, event, some_user())
        answer = await http.patch(f"/api/events/{event}", json={"total_seats": 1})
        assert error(answer, 409, "SEATS_ALREADY_BOOKED") == {"booked_seats": 2}
        assert (await http.patch(f"/api/events/{event}", json={"total_seats": 2})).status_code == 200
        error(await book(http, event, some_user()), 409, "EVENT_FULL")

    @pytest.mark.parametrize(
        ("body", "named"),
        [
            ({"name": "", "total_seats": 1}, {"name"}),
            ({"name": "a" * 256, "total_seats": 1}, {"name"}),
            ({"name": 5, "total_seats": -1}, {"name", "total_seats"}),
            ({"name": "a", "total_seats": 10_000_001}, {"total_seats"}),
            ({"name": "a", "total_seats": "5"}, {"total_seats"}),
            ({"name": "a", "total_seats": None}, {"total_seats"}),
        ],
    )
    async def test_every_wrong_field_is_named(
        self, http: httpx.AsyncClient, body: dict[str, Any], named: set[str]
    ) -> None:
        assert faults(await http.post("/api/events", json=body)) == named
        event = await made(http)
        assert faults(await http.patch(f"/api/events/{event}", json=body)) == named

    async def test_both_are_needed_for_a_new_event(self, http: httpx.AsyncClient) -> None:
        assert faults(await http.post("/api/events", json={})) == {"name", "total_seats"}

    @pytest.mark.parametrize("seats", [0, 10_000_000])
    async def test_an_event_may_have_none_or_ten_million_seats(self, http: httpx.AsyncClient, seats: int) -> None:
        assert await seats_left(http, await made(http, seats)) == seats

    async def test_events_are_listed_the_newest_first(self, http: httpx.AsyncClient) -> None:
        mine = [await made(http) for _ in range(5)]
        first = (await http.get("/api/events", params={"limit": 3})).json()
        ids = [each["id"] for each in first["items"]]
        assert ids == sorted(ids, reverse=True)
        listed = [each["id"] for part in await pages(http, "/api/events", limit=3) for each in part]
        assert len(listed) == len(set(listed))
        assert [each for each in listed if each in mine] == mine[::-1]

    @pytest.mark.parametrize(
        "query", [{"limit": 0}, {"limit": 501}, {"limit": "x"}, {"cursor": "x"}, {"cursor": "oWE"}]
    )
    async def test_a_wrong_page_is_refused(self, http: httpx.AsyncClient, query: dict[str, Any]) -> None:
        assert faults(await http.get("/api/events", params=query)) == set(query)


class TestLists:
    """Bookings of a person, of an event, of both."""

    async def test_a_persons_bookings_are_listed_the_newest_first(self, http: httpx.AsyncClient) -> None:
        user = some_user()
        mine = [(await book(http, await made(http), user)).json() for _ in range(5)]
        found = await pages(http, "/api/bookings", user_id=user, limit=2)
        assert [len(part) for part in found] == [2, 2, 1]
        assert [each for part in found for each in part] == mine[::-1]

    async def test_an_events_bookings_are_listed_by_person(self, http: httpx.AsyncClient) -> None:
        event = await made(http)
        names = ["vera", "Ян", "anna", "Boris", "ё"]
        for each in names:
            await book(http, event, each)
        found = [
            each["user_id"] for part in await pages(http, "/api/bookings", event_id=event, limit=2) for each in part
        ]
        assert found == sorted(names, key=str.encode)

    async def test_a_persons_booking_of_an_event_is_found(self, http: httpx.AsyncClient) -> None:
        event, user = await made(http), some_user()
        booking = (await book(http, event, user)).json()
        await book(http, event, some_user())
        await book(http, await made(http), user)
        answer = await http.get("/api/bookings", params={"user_id": user, "event_id": event})
        assert answer.json() == {"items": [booking], "next_cursor": None}

    async def test_nobody_and_nothing_have_no_bookings(self, http: httpx.AsyncClient) -> None:
        for query in ({"user_id": some_user()}, {"event_id": 9_000_000_001}):
            assert (await http.get("/api/bookings", params=query)).json() == {"items": [], "next_cursor": None}

    @pytest.mark.parametrize("query", [{"user_id": ""}, {"event_id": "x"}, {"event_id": 0}, {"cursor": "x"}])
    async def test_a_wrong_filter_is_refused(self, http: httpx.AsyncClient, query: dict[str, Any]) -> None:
        assert faults(await http.get("/api/bookings", params=query)) == set(query)

    async def test_a_cursor_of_another_list_is_refused(self, http: httpx.AsyncClient) -> None:
        event = await made(http)
        for name in ("a", "b"):
            await book(http, event, name)
        cursor = (await http.get("/api/bookings", params={"event_id": event, "limit": 1})).json()["next_cursor"]
        assert faults(await http.get("/api/bookings", params={"cursor": cursor})) == {"cursor"}


class TestStatistics:
    """`/metrics/{user_id}`."""

    async def test_somebody_nobody_knows_has_zeros(self, http: httpx.AsyncClient) -> None:
        user = some_user()
        answer = await http.get(f"/metrics/{user}")
        assert answer.status_code == 200
        assert answer.json() == {
            "user_id": user,
            "booked": 0,
            "cancelled": 0,
            "held": 0,
            "first_booking_at": None,
            "last_booking_at": None,
            "events": [],
        }

    async def test_bookings_and_cancellations_are_counted(self, http: httpx.AsyncClient) -> None:
        user, events = some_user(), [await made(http, 5, f"Событие {number}") for number in range(3)]
        booked = [(await book(http, event, user)).json() for event in events]
        await book(http, events[0], user)
        await http.delete(f"/api/bookings/{booked[1]['id']}")
        found = (await http.get(f"/metrics/{user}")).json()
        assert (found["booked"], found["cancelled"], found["held"]) == (3, 1, 2)
        assert (found["first_booking_at"], found["last_booking_at"]) == (
            booked[0]["created_at"],
            booked[2]["created_at"],
        )
        assert found["events"] == [
            {
                "booking_id": each["id"],
                "event_id": each["event_id"],
                "event_name": name,
                "created_at": each["created_at"],
            }
            for each, name in ((booked[2], "Событие 2"), (booked[0], "Событие 0"))
        ]

    async def test_the_counters_of_the_service_are_another_page(self, http: httpx.AsyncClient) -> None:
        assert (await http.get("/metrics")).headers["content-type"].startswith("text/plain")


async def test_a_trailing_slash_changes_nothing(http: httpx.AsyncClient) -> None:
    event, user = await made(http), some_user()
    assert (await http.post(SEATS + "/", json={"event_id": event, "user_id": user})).status_code == 201
    for path in (f"/api/events/{event}/", "/api/events/", "/api/bookings/", f"/metrics/{user}/"):
        assert (await http.get(path)).status_code == 200


async def test_what_was_told_is_seen_through_the_other_worker(start: Any, database_url: str) -> None:
    service = start(DATABASE_URL=database_url, WORKERS=2, RATE_LIMIT_MAX=0)
    event_id = None
    for _ in range(40):
        # A new connection each time, which either worker may take.
        async with httpx.AsyncClient(base_url=service.url, verify=False, timeout=30) as client:
            event_id = event_id or await made(client, 1_000)
            before = await seats_left(client, event_id)
            await book(client, event_id, some_user())
        async with httpx.AsyncClient(base_url=service.url, verify=False, timeout=30) as client:
            assert await seats_left(client, event_id) == before - 1
