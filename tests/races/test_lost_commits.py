"""The network eats a commit, or the answer to it: the client is told the truth, and there is exactly one effect."""

import asyncio
import time
from collections.abc import Iterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from races.ledger import acknowledged, active_ids, check_promise
from races.locks import somebody_waits
from races.proxy import Fate, Proxy
from races.volley import Answer, Shot, volley
from rooms import body, some_room
from service import Service

LOST = [Fate.ANSWER_LOST, Fate.ANSWER_CUT, Fate.COMMIT_LOST, Fate.COMMIT_CUT]


@pytest.fixture(scope="module")
def proxy(database_url: str) -> Iterator[Proxy]:
    """What stands between the service and that database."""
    with Proxy(database_url) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def service(proxy: Proxy) -> Iterator[Service]:
    """A service that reaches its database through the proxy only."""
    # Without a relay: its transactions, too, would be lost by the proxy, in place of the one that a test means.
    with Service({"DATABASE_URL": proxy.url, "RELAY": "false"}) as service:
        yield service


async def send(service: Service, method: str, path: str, wanted: dict[str, object] | None = None) -> Answer:
    """One request."""
    [answer] = await asyncio.to_thread(volley, [Shot(service.port, method, path, wanted)])
    return answer


@pytest.mark.parametrize("fate", LOST)
async def test_a_reservation_is_made_once_and_acknowledged(
    database_url: str, proxy: Proxy, service: Service, fate: Fate
) -> None:
    before = await active_ids(database_url)
    proxy.lose(fate)
    answer = await send(service, "POST", "/reservations", body(some_room(), 10, 11))
    assert answer.status == 201
    assert proxy.committed.is_set() == (fate in {Fate.ANSWER_LOST, Fate.ANSWER_CUT})
    assert await active_ids(database_url) - before == acknowledged([answer])
    await check_promise(database_url)


async def test_a_commit_that_arrives_late_is_waited_for(database_url: str, proxy: Proxy, service: Service) -> None:
    before = await active_ids(database_url)
    proxy.lose(Fate.COMMIT_LATE)
    request = asyncio.create_task(send(service, "POST", "/reservations", body(some_room(), 10, 11)))
    connection = await asyncpg.connect(database_url)
    await somebody_waits(connection)
    await connection.close()
    assert await active_ids(database_url) == before
    proxy.deliver.set()
    answer = await request
    assert answer.status == 201
    assert await active_ids(database_url) - before == acknowledged([answer])
    await check_promise(database_url)


async def test_a_write_that_arrives_after_all_was_settled_has_no_effect(
    database_url: str, proxy: Proxy, service: Service
) -> None:
    before = await active_ids(database_url)
    proxy.lose(Fate.WRITE_LATE)
    answer = await send(service, "POST", "/reservations", body(some_room(), 10, 11))
    assert answer.status == 201
    proxy.deliver.set()
    assert await asyncio.to_thread(proxy.committed.wait, 10), "PostgreSQL says nothing to the late write"
    assert await active_ids(database_url) - before == acknowledged([answer])
    await check_promise(database_url)


@pytest.mark.parametrize("fate", LOST)
async def test_a_cancellation_is_done_once_and_acknowledged(
    database_url: str, proxy: Proxy, service: Service, fate: Fate
) -> None:
    made = await send(service, "POST", "/reservations", body(some_room(), 10, 11))
    proxy.lose(fate)
    answer = await send(service, "DELETE", f"/reservations/{made.json['id']}")
    assert answer.status == 204
    assert UUID(made.json["id"]) not in await active_ids(database_url)
    await check_promise(database_url)


@pytest.mark.parametrize("fate", LOST)
async def test_a_move_to_another_room_is_made_once_and_acknowledged(
    database_url: str, proxy: Proxy, service: Service, fate: Fate
) -> None:
    made = await send(service, "POST", "/reservations", body(some_room(), 10, 11))
    target = some_room()
    proxy.lose(fate)
    answer = await send(service, "PATCH", f"/reservations/{made.json['id']}", {"room_id": target})
    assert (answer.status, answer.json["room_id"]) == (200, target)
    assert UUID(made.json["id"]) in await active_ids(database_url)
    await check_promise(database_url)


async def test_a_refusal_under_a_key_is_remembered_though_its_commit_was_lost(
    database_url: str, proxy: Proxy, service: Service
) -> None:
    room = some_room()
    await send(service, "POST", "/reservations", body(room, 10, 11))
    shot = Shot(service.port, "POST", "/reservations", body(room, 10, 11), {"Idempotency-Key": str(uuid4())})
    proxy.lose(Fate.ANSWER_LOST)
    [first] = await asyncio.to_thread(volley, [shot])
    [second] = await asyncio.to_thread(volley, [shot])
    assert (first.status, second.status) == (409, 409)
    assert first.text == second.text
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    await check_promise(database_url)


async def test_a_database_that_stays_away_after_a_commit_makes_the_outcome_unknown(
    database_url: str, proxy: Proxy, service: Service
) -> None:
    before = await active_ids(database_url)
    started = time.monotonic()
    proxy.lose(Fate.ANSWER_LOST, and_die=True)
    answer = await send(service, "POST", "/reservations", body(some_room(), 10, 11))
    assert (answer.status, answer.code) == (503, "OUTCOME_UNKNOWN")
    assert time.monotonic() - started < 13
    named = UUID(answer.json["error"]["details"]["id"])
    assert await active_ids(database_url) - before == {named}

    proxy.revive()
    assert (await send(service, "GET", f"/reservations/by-id/{named}")).status == 200
    await check_promise(database_url)
