"""A row that cannot be read, as somebody may have typed into psql, never takes a page or a list down."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from holdfast.upkeep import invariants
from listening import listening
from messages import change
from offices import DATE, admin, booked, free_slots, open_room, user
from people import signed_in
from rooms import body, some_room
from service import Service
from tokens import SECRET

FAR, NEVER, EVER = "'20000-01-01Z'", "'infinity'", "'-infinity'"
RESERVATION = {
    "place": "'room:odd'",
    "room_id": "'odd'",
    "start_time": "'2030-05-01 03:00Z'",
    "end_time": "'2030-05-01 03:30Z'",
    "created_at": "'2030-01-01Z'",
    "details": "NULL",
}
TABLE = {"place": "'table:1'", "room_id": "NULL", "details": '\'{"customer_name": "Ann", "party_size": 2}\''}
ODD_RESERVATIONS: dict[str, dict[str, str]] = {
    "begins ever": {"start_time": EVER},
    "begins never": {"start_time": NEVER, "end_time": NEVER},
    "ends never": {"end_time": NEVER},
    "ends too far": {"end_time": FAR},
    "begins too far": {"start_time": FAR, "end_time": FAR},
    "begins before our time": {"start_time": "'4000-01-01Z BC'"},
    "made too far": {"created_at": FAR},
    "made never": {"created_at": NEVER},
    "of an unknown kind": {"place": "'desk:1'"},
    "of no kind": {"place": "'odd'"},
    "at an event": {"place": "'event:1'"},
    "at a table without a number": {"place": "'table:odd'", "room_id": "NULL"},
    "at a table with too large a number": {"place": "'table:99999999999999999999'", "room_id": "NULL"},
    "details are a list": {"details": "'[1]'"},
    "details are a text": {"details": "'\"odd\"'"},
    "details are null in JSON": {"details": "'null'"},
    "a link that is a number": {"details": "'{\"conference_link\": 1}'"},
    "a number too long for anybody": {"details": "('{\"conference_link\": ' || repeat('9', 5000) || '}')::jsonb"},
    "a table's details are a list": TABLE | {"details": "'[1]'"},
    "a party of words": TABLE | {"details": '\'{"party_size": "many"}\''},
    "a party that is a list": TABLE | {"details": "'{\"party_size\": [4]}'"},
    "a party beyond numbers": TABLE | {"details": "'{\"party_size\": 1e999}'"},
    "a booking in no room": {"place": "'room:odd'", "room_id": "'odd'", "details": "'{\"conference_link\": null}'"},
    "a booking that ends with time": {
        "start_time": "'9999-12-31 23:45Z'", "end_time": "'9999-12-31 23:59Z'", "details": "'{}'"
    },
}  # fmt: skip
DAY = f"from={DATE}T00:00:00Z&to={DATE}T23:59:00Z"


@pytest.fixture(scope="module")
def url(database_url: str) -> str:
    """A database of these tests alone, as they leave in it what nobody can read."""
    return database_url


@pytest.fixture(scope="module")
def own(url: str) -> Iterator[Service]:
    """A service on it."""
    with Service({"DATABASE_URL": url, "JWT_SECRET": SECRET, "PASSWORD_COST": 4, "RATE_LIMIT_MAX": 0}) as service:
        yield service


@pytest.fixture
async def http(own: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A client of that service."""
    async with httpx.AsyncClient(base_url=own.url, timeout=30, verify=False) as client:
        yield client


@pytest.fixture
async def connection(url: str) -> "AsyncIterator[asyncpg.Connection]":
    """A connection, to type into that database."""
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


async def plant(connection: "asyncpg.Connection", owner: UUID, **odd: str) -> str:
    """Type a reservation; its id."""
    values = RESERVATION | odd
    is_slot, is_table = values["details"] != "NULL", values["place"].startswith("'table:")
    values["type"] = "'table'" if is_table else "'slot'" if is_slot else "'range'"
    row = await connection.fetchrow(
        f"INSERT INTO reservations (id, user_id, {', '.join(values)}) "
        f"VALUES (gen_random_uuid(), $1, {', '.join(values.values())}) RETURNING id",
        owner,
    )
    return str(row["id"])


async def get(http: httpx.AsyncClient, path: str, headers: dict[str, str]) -> Any:
    """What is answered, which is 200."""
    answer = await http.get(path, headers=headers)
    assert answer.status_code == 200, f"{path}: {answer.text}"
    return answer.json()


async def pages(http: httpx.AsyncClient, path: str, headers: dict[str, str], cursor: str = "next_cursor") -> list[Any]:
    """All pages of a list, one item each."""
    found: list[Any] = []
    at = ""
    while True:
        page = await get(http, f"{path}limit=1{at}", headers)
        [items] = [value for name, value in page.items() if name != cursor]
        found += items
        if page[cursor] is None:
            return found
        at = f"&cursor={page[cursor]}"
        assert len(found) < 200, "the pages have no end"


async def log_of(service: Service, key: str) -> list[dict[str, Any]]:
    """What the service has logged of a row, once there is something."""
    return [json.loads(line) for line in await asyncio.to_thread(service.logged, key)]


async def broken(connection: "asyncpg.Connection") -> str:
    """All that `holdfast check` finds."""
    found = await invariants.broken(connection, lambda _: None)
    return "\n".join(line for each in found for line in each.lines)


@pytest.mark.parametrize("name", ODD_RESERVATIONS)
async def test_a_reservation_that_cannot_be_read_is_left_out_of_every_list(
    http: httpx.AsyncClient, connection: "asyncpg.Connection", own: Service, name: str
) -> None:
    owner = uuid4()
    whole, mine, room = admin(), user(owner), some_room()
    good = []
    for hour in (1, 23):
        # Before it and behind it in every order.
        made = await http.post("/reservations", json=body(room, hour, hour + 0.5), headers=mine)
        assert made.status_code == 201, made.text
        good.append(made.json()["id"])
    odd = await plant(connection, owner, **ODD_RESERVATIONS[name])
    in_room_lists = name in ("a booking in no room", "a booking that ends with time", "details are null in JSON")
    for path in ("/reservations?limit=500", "/reservations?limit=500&mine=true"):
        shown = [each["id"] for each in (await get(http, path, mine))["items"]]
        assert set(good) <= set(shown)
        assert (odd in shown) == in_room_lists
    assert [each["id"] for each in await pages(http, "/reservations?mine=true&", mine) if each["id"] != odd] == good
    ones_own = [each["id"] for each in await pages(http, "/board/mine?", mine, "nextCursor") if each["id"] != odd]
    assert ones_own == good
    board = await get(http, f"/board?{DAY}", mine)
    assert set(good) <= {each["id"] for each in board["reservations"]}
    await get(http, f"/board/floor?{DAY}", whole)
    for path in (
        "/reservations/odd",
        "/reservations?room_id=odd",
        "/reservations?table_id=1",
        "/reservations/odd?limit=1",
    ):
        await get(http, path, whole)
    await get(http, "/bookings/my", mine)
    for number in (1, 2):
        for path in ("/bookings/list", "/board/bookings"):
            await get(http, f"{path}?page={number}&pageSize=1", whole)
            shown = [each["id"] for each in (await get(http, f"{path}?pageSize=100", whole))["bookings"]]
            assert odd not in shown
    assert (await http.get(f"/reservations/by-id/{odd}", headers=whole)).status_code in (200, 404)
    assert odd in await broken(connection)
    lines = await log_of(own, odd)
    assert len(lines) == 1
    assert "Ann" not in str(lines)
    await connection.execute("DELETE FROM reservations WHERE user_id = $1", owner)


async def test_many_that_cannot_be_read_in_a_row_do_not_end_a_list(
    http: httpx.AsyncClient, connection: "asyncpg.Connection"
) -> None:
    mine = user(owner := uuid4())
    for number in range(7):
        await plant(connection, owner, place="'desk:1'", start_time=f"'2030-05-01 0{number}:10Z'")
    good = await http.post("/reservations", json=body("behind", 12, 13), headers=mine)
    assert [each["id"] for each in await pages(http, "/reservations?mine=true&", mine)] == [good.json()["id"]]
    await connection.execute("DELETE FROM reservations WHERE user_id = $1", owner)


@pytest.mark.parametrize("odd", [{"end_time": NEVER}, {"end_time": FAR}, {"start_time": EVER}], ids=str)
async def test_a_reservation_without_an_end_that_can_be_read_is_in_the_way(
    http: httpx.AsyncClient, connection: "asyncpg.Connection", odd: dict[str, str]
) -> None:
    room = some_room()
    await http.post("/reservations", json=body(room, 20, 21))
    await connection.execute("DELETE FROM reservations WHERE room_id = $1", room)
    await plant(connection, uuid4(), place=f"'room:{room}'", room_id=f"'{room}'", **odd)
    answers = [await http.post("/reservations", json=body(room, start, 3.25)) for start in (2, 3.1)]
    assert [answer.status_code for answer in answers] == [409, 409]
    await connection.execute("DELETE FROM reservations WHERE room_id = $1", room)


@pytest.mark.parametrize("odd", [{"end_time": NEVER}, {"end_time": FAR}, {"start_time": EVER}], ids=str)
async def test_a_day_of_slots_is_told_beside_a_reservation_that_cannot_be_read(
    http: httpx.AsyncClient, connection: "asyncpg.Connection", odd: dict[str, str]
) -> None:
    room = await open_room(http)
    times = {"start_time": f"'{DATE} 10:00Z'", "end_time": f"'{DATE} 10:30Z'"}
    planted = await plant(connection, uuid4(), place=f"'room:{room}'", room_id=f"'{room}'", **(times | odd))
    starts = [each["start"][11:16] for each in await free_slots(http, room)]
    # Who holds it without an end holds it.
    assert "10:00" not in starts
    assert starts[-1:] == ([] if odd == {"start_time": EVER} else ["09:30"]) or "start_time" in odd
    await connection.execute("DELETE FROM reservations WHERE id = $1", UUID(planted))


async def test_a_room_that_cannot_be_read_takes_no_other_with_it(
    http: httpx.AsyncClient, connection: "asyncpg.Connection", own: Service
) -> None:
    good = await open_room(http)
    whole = admin()
    for column in ({"created_at": FAR}, {"created_at": NEVER}):
        bad = await open_room(http)
        slot = (await free_slots(http, bad))[0]["id"]
        await booked(http, slot, user())
        [[name, value]] = column.items()
        await connection.execute(f"UPDATE rooms SET {name} = {value} WHERE id = $1", UUID(bad))
        shown = [each["id"] for each in (await get(http, "/rooms/list", whole))["rooms"]]
        assert (good in shown, bad in shown) == (True, False)
        board = await get(http, f"/board?{DAY}", whole)
        assert good in [each["id"] for each in board["rooms"]]
        await get(http, "/board/bookings", whole)
        assert f"room:{good}" in {
            f"{each['kind']}:{each['id']}" for each in (await get(http, "/places?limit=500", whole))["items"]
        }
        # Asked together, so that both are read with one query.
        answers = await asyncio.gather(
            *(
                http.get(f"/rooms/{room}/slots/list?date=2030-06-0{day}", headers=whole)
                for day in range(1, 9)
                for room in (good, bad)
            )
        )
        assert {answer.status_code for answer in answers[::2]} == {200}
        assert bad in await broken(connection)
        assert await log_of(own, bad)
        await connection.execute("UPDATE rooms SET created_at = now() WHERE id = $1", UUID(bad))


async def test_a_schedule_that_cannot_be_read_takes_no_other_room_with_it(
    http: httpx.AsyncClient, connection: "asyncpg.Connection"
) -> None:
    good, bad = await open_room(http), await open_room(http)
    await connection.execute("UPDATE schedules SET days_of_week = '{1,NULL}' WHERE room_id = $1", UUID(bad))
    shown = [each["id"] for each in (await get(http, f"/board?{DAY}", admin()))["rooms"]]
    assert (good in shown, bad in shown) == (True, False)
    assert await free_slots(http, good)
    assert bad in await broken(connection)
    await connection.execute("UPDATE schedules SET days_of_week = '{1}' WHERE room_id = $1", UUID(bad))


async def test_a_slot_that_cannot_be_read_takes_no_booking_of_another_with_it(
    http: httpx.AsyncClient, connection: "asyncpg.Connection"
) -> None:
    room = await open_room(http)
    bad, good = [each["id"] for each in await free_slots(http, room)][:2]
    await connection.execute(f"UPDATE slots SET start_time = {FAR} WHERE id = $1", UUID(bad))
    answers = await asyncio.gather(
        *(http.post("/bookings/create", json={"slotId": slot}, headers=user()) for slot in (bad, good))
    )
    assert [answer.status_code for answer in answers] == [503, 201]
    assert bad in await broken(connection)
    await connection.execute("DELETE FROM slots WHERE id = $1", UUID(bad))


@pytest.mark.parametrize("key", ["desk:1", "odd", "table:99999999999999999999", "table:odd", "room:"])
async def test_a_place_that_cannot_be_read_is_left_out(
    http: httpx.AsyncClient, connection: "asyncpg.Connection", key: str
) -> None:
    await http.post("/reservations", json=body("zoo", 1, 2))
    kind, _, place_id = key.partition(":")
    await connection.execute("INSERT INTO places (place, kind, id) VALUES ($1, $2, $3)", key, kind, place_id)
    shown = [f"{each['kind']}:{each['id']}" for each in await pages(http, "/places?", admin())]
    assert "room:zoo" in shown
    assert (key in shown) == key.startswith(("table:", "room:"))
    await connection.execute("DELETE FROM places WHERE place = $1", key)


@pytest.mark.parametrize("odd", ["role = 'owner'", f"created_at = {FAR}", f"created_at = {NEVER}"])
async def test_a_user_who_cannot_be_read_is_left_out(
    http: httpx.AsyncClient, connection: "asyncpg.Connection", own: Service, odd: str
) -> None:
    [(bad, theirs), (good, others)] = [await signed_in(http), await signed_in(http)]
    await connection.execute(f"UPDATE users SET {odd} WHERE id = $1", UUID(bad["id"]))
    shown = [each["id"] for each in (await get(http, "/users?pageSize=100", admin()))["users"]]
    assert (good["id"] in shown, bad["id"] in shown) == (True, False)
    # Nobody knows what they may do, so they may do nothing; and they take nobody with them.
    answers = await asyncio.gather(*(http.get("/board/mine", headers=who) for who in (theirs, others) * 4))
    assert [answer.status_code for answer in answers] == [401 if "role" in odd else 200, 200] * 4
    assert bad["id"] in await broken(connection)
    lines = await log_of(own, bad["id"])
    assert bad["email"] not in str(lines)
    await connection.execute("DELETE FROM users WHERE id = $1", UUID(bad["id"]))


@pytest.mark.parametrize("odd", [FAR, NEVER, EVER])
async def test_a_seat_that_cannot_be_read_is_left_out(
    http: httpx.AsyncClient, connection: "asyncpg.Connection", odd: str
) -> None:
    event = await connection.fetchval("INSERT INTO events (name, total_seats) VALUES ('Jazz', 9) RETURNING id")
    seats = {}
    for person in ("anna", "boris", "vera"):
        answer = await http.post("/api/bookings/reserve", json={"event_id": event, "user_id": person})
        seats[person] = answer.json()["id"]
    await connection.execute(f"UPDATE bookings SET created_at = {odd} WHERE id = $1", seats["boris"])
    await connection.execute(f"UPDATE seat_changes SET occurred_at = {odd} WHERE user_id = 'boris'")
    good = {seats["anna"], seats["vera"]}
    whole = admin()
    assert {each["id"] for each in await pages(http, f"/api/bookings?event_id={event}&", whole)} == good
    shown = {each["id"] for each in await pages(http, "/api/bookings?", whole)}
    assert (good <= shown, seats["boris"] in shown) == (True, False)
    path = f"/board/events/{event}/attendees?"
    assert {each["bookingId"] for each in await pages(http, path, whole, "nextCursor")} == good
    told = await get(http, "/metrics/boris", whole)
    assert str(told).count("None") >= 1
    assert (await http.get(f"/api/bookings/{seats['boris']}", headers=whole)).status_code == 404
    assert f"booking of a seat {seats['boris']}" in await broken(connection)
    await connection.execute("DELETE FROM bookings WHERE event_id = $1", event)
    await connection.execute("DELETE FROM seat_changes WHERE event_id = $1", event)
    await connection.execute("DELETE FROM events WHERE id = $1", event)


HOOK = """
INSERT INTO webhooks (id, url, types, secret, created_at, queued_until, disabled_at, disabled_why)
VALUES (gen_random_uuid(), 'https://hooks.example.com', '{}', 's', now(), now(), now(), 'admin') RETURNING id
"""


@pytest.mark.parametrize(
    "odd",
    [
        f"created_at = {FAR}",
        f"created_at = {NEVER}",
        f"disabled_at = {EVER}",
        f"failing_since = {FAR}",
        "disabled_why = 'tired'",
        "types = '{NULL}'",
        "types = '{{a,b},{c,d}}'",
        f"queued_until = {NEVER}, disabled_at = NULL",
        f"queued_until = {FAR}, disabled_at = NULL",
    ],
)
async def test_a_webhook_that_cannot_be_read_is_left_out(
    http: httpx.AsyncClient, connection: "asyncpg.Connection", own: Service, odd: str
) -> None:
    good, bad = await connection.fetchval(HOOK), await connection.fetchval(HOOK)
    await connection.execute(f"UPDATE webhooks SET {odd} WHERE id = $1", bad)
    shown = [each["id"] for each in await get(http, "/webhooks", admin())]
    assert str(good) in shown
    # The courier alone needs `queued_until`.
    assert (str(bad) in shown) == ("queued_until" in odd)
    assert str(bad) in await broken(connection)
    assert await log_of(own, str(bad))
    await connection.execute("DELETE FROM webhooks")


DELIVERY = """
INSERT INTO webhook_deliveries (webhook_id, message_id, type, place, position, queued_at, settled_at, outcome)
VALUES ($1, gen_random_uuid(), 'room.created', 'room:1', now(), '2030-01-01Z'::timestamptz + $2, now(), 'delivered')
RETURNING message_id
"""


@pytest.mark.parametrize(
    "odd", [f"tried_at = {FAR}", f"due_at = {NEVER}", "outcome = 'lost'", "failure = 'tired'", f"queued_at = {FAR}"]
)
async def test_a_delivery_that_cannot_be_read_is_left_out(
    http: httpx.AsyncClient, connection: "asyncpg.Connection", odd: str
) -> None:
    hook = await connection.fetchval(HOOK)
    new, bad, old = [await connection.fetchval(DELIVERY, hook, timedelta(hours=-number)) for number in range(3)]
    await connection.execute(f"UPDATE webhook_deliveries SET {odd} WHERE message_id = $1", bad)
    shown = [each["message_id"] for each in await pages(http, f"/webhooks/{hook}/deliveries?", admin())]
    assert shown == [str(new), str(old)]
    assert str(bad) in await broken(connection)
    await connection.execute("DELETE FROM webhook_deliveries")
    await connection.execute("DELETE FROM webhooks")


@pytest.mark.parametrize("odd", [f"occurred_at = {FAR}", f"occurred_at = {NEVER}", "data = '[]'", "data = '1'"])
async def test_a_message_that_cannot_be_read_keeps_none_from_listeners(
    http: httpx.AsyncClient, connection: "asyncpg.Connection", odd: str
) -> None:
    room = str(uuid4())
    async with connection.transaction():
        bad = await change(connection, room)
        await connection.execute(f"UPDATE outbox SET {odd} WHERE id = $1", bad)
    good = await change(connection, room)
    for _ in range(2):
        # Those who resume read it from the journal.
        async with listening(http, after="0-0", place=f"room:{room}", headers=admin()) as listener:
            heard = await listener.take(2)
        assert [each.data["id"] for each in heard] == [str(bad), str(good)]
    assert str(bad) in await broken(connection)
    await connection.execute("DELETE FROM outbox WHERE id = $1", bad)
