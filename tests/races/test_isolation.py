"""A role whose transactions are repeatable read or serializable: nobody notices."""

import asyncio
from collections.abc import Callable

import asyncpg
import httpx
import pytest

from databases import create_database, drop_database
from holdfast.database.again import again_on_conflict
from holdfast.errors import Unavailable
from races.ledger import check_promise
from roles import role_with
from rooms import body, some_room
from seats import check_seats
from service import Service

HARMFUL = {
    "timezone": "Asia/Kathmandu",
    "datestyle": "German, DMY",
    "bytea_output": "escape",
    "intervalstyle": "sql_standard",
    "statement_timeout": "1",
    "lock_timeout": "1",
    "idle_in_transaction_session_timeout": "1",
    "idle_session_timeout": "1",
    "enable_indexscan": "off",
    "enable_sort": "off",
    "default_transaction_deferrable": "on",
    "standard_conforming_strings": "off",
}


async def admin(http: httpx.AsyncClient) -> dict[str, str]:
    """An admin's headers."""
    answer = await http.post("/dummyLogin", json={"role": "admin"})
    return {"Authorization": f"Bearer {answer.json()['token']}"}


async def races(http: httpx.AsyncClient) -> set[int]:
    """What many answer who schedule, change and book the same things at once."""
    headers, found = await admin(http), set[int]()

    async def ask(method: str, path: str, wanted: object) -> None:
        found.add((await http.request(method, path, json=wanted, headers=headers)).status_code)

    for _ in range(3):
        room = (await http.post("/rooms/create", json={"name": "R"}, headers=headers)).json()["room"]["id"]
        event = (await http.post("/api/events", json={"name": "E", "total_seats": 50}, headers=headers)).json()["id"]
        table = (await http.post("/tables", json={"name": "T", "seats": 4, "location": "L"}, headers=headers)).json()
        days = {"roomId": room, "daysOfWeek": [1], "startTime": "09:00", "endTime": "18:00"}
        shared = some_room()
        await asyncio.gather(
            *(ask("POST", f"/rooms/{room}/schedule/create", days) for _ in range(8)),
            *(ask("PATCH", f"/api/events/{event}", {"total_seats": 60 + n}) for n in range(12)),
            *(ask("POST", "/api/bookings/reserve", {"event_id": event, "user_id": f"u{n}"}) for n in range(12)),
            *(ask("POST", "/reservations", body(shared, 10, 11)) for _ in range(12)),
            *(ask("DELETE", f"/tables/{table['id']}", None) for _ in range(4)),
        )
    return found


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
@pytest.mark.parametrize("others", [{}, HARMFUL], ids=["alone", "with others"])
async def test_races_under_a_role_with_another_isolation(
    fresh_database_url: str, start: Callable[..., Service], level: str, others: dict[str, str]
) -> None:
    async with role_with(fresh_database_url, default_transaction_isolation=level, **others) as url:
        service = start(DATABASE_URL=url, RATE_LIMIT_MAX=0, WORKERS=2)
        async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
            assert not {status for status in await races(http) if status >= 500}
            assert (await http.get("/health")).json()["status"] == "ok"
        assert "begins anew" not in service.output()
        assert "Traceback" not in service.output()
        service.stop()
    await check_promise(fresh_database_url)
    await check_seats(fresh_database_url)


async def test_migrations_run_under_such_a_role(start: Callable[..., Service]) -> None:
    fresh = await create_database()
    async with role_with(fresh, default_transaction_isolation="serializable", **HARMFUL) as url:
        service = start(DATABASE_URL=url)
        async with httpx.AsyncClient(base_url=service.url, timeout=30) as http:
            assert (await http.get("/health")).json()["status"] == "ok"
        service.stop()
        await drop_database(fresh)


async def test_what_others_get_in_the_way_of_is_begun_again() -> None:
    tries = []

    @again_on_conflict
    async def work(wanted: int) -> int:
        tries.append(wanted)
        if len(tries) < 4:
            raise (asyncpg.DeadlockDetectedError if len(tries) % 2 else asyncpg.SerializationError)("in the way")
        return wanted

    assert await work(7) == 7
    assert tries == [7, 7, 7, 7]


async def test_it_is_not_begun_again_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holdfast.database.again.SECONDS_MAX", 0.05)

    @again_on_conflict
    async def work() -> None:
        raise asyncpg.SerializationError("in the way")

    with pytest.raises(Unavailable):
        await work()
