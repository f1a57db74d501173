"""`/webhooks`: for admins only, strict, and never telling a secret twice."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from answers import NOBODYS_ID, error, faults
from receivers import Receiver
from rooms import body, some_room
from service import Service
from tokens import SECRET, bearer

URL = "https://hooks.invalid/holdfast"
ADMIN = bearer(role="admin")
CALLS = [
    ("GET", "/webhooks"),
    ("POST", "/webhooks"),
    ("GET", f"/webhooks/{NOBODYS_ID}"),
    ("DELETE", f"/webhooks/{NOBODYS_ID}"),
    ("POST", f"/webhooks/{NOBODYS_ID}/enable"),
    ("POST", f"/webhooks/{NOBODYS_ID}/disable"),
    ("POST", f"/webhooks/{NOBODYS_ID}/rotate"),
    ("POST", f"/webhooks/{NOBODYS_ID}/test"),
    ("GET", f"/webhooks/{NOBODYS_ID}/deliveries"),
]


@pytest.fixture
async def admin(http: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """A client with an admin's token; there is no webhook before the test, nor after it."""
    http.headers.update(ADMIN)
    await _remove_all(http)
    yield http
    await _remove_all(http)


async def _remove_all(http: httpx.AsyncClient) -> None:
    for hook in (await http.get("/webhooks")).json():
        await http.delete(f"/webhooks/{hook['id']}")


async def made(admin: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    """A webhook that was made."""
    answer = await admin.post("/webhooks", json={"url": URL} | fields)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def until_delivered(http: httpx.AsyncClient, hook: str) -> None:
    """Returns when everything that was queued has arrived."""
    for _ in range(1_000):
        items = (await http.get(f"/webhooks/{hook}/deliveries")).json()["items"]
        if items and all(each["outcome"] == "delivered" for each in items):
            return
    raise AssertionError("not all was delivered")


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_users_and_strangers_are_not_let_in(http: httpx.AsyncClient, method: str, path: str) -> None:
    error(await http.request(method, path), 401, "UNAUTHORIZED")
    error(await http.request(method, path, headers=bearer()), 403, "FORBIDDEN")


async def test_a_secret_is_shown_when_it_is_made_and_never_again(admin: httpx.AsyncClient) -> None:
    answer = await made(admin)
    assert answer.keys() == {"id", "secret"}
    rotated = (await admin.post(f"/webhooks/{answer['id']}/rotate")).json()
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != answer["secret"]
    for path in ("/webhooks", f"/webhooks/{answer['id']}", f"/webhooks/{answer['id']}/deliveries"):
        assert "whsec_" not in (await admin.get(path)).text


async def test_a_webhook_is_listed_as_it_was_made(admin: httpx.AsyncClient) -> None:
    answer = await made(admin, types=["room.created", "booking.created", "room.created"])
    [listed] = (await admin.get("/webhooks")).json()
    assert listed.pop("created_at")
    assert listed == {
        "id": answer["id"],
        "url": URL,
        "types": ["booking.created", "room.created"],
        "failing_since": None,
        "disabled_at": None,
        "disabled_why": None,
        "waiting": 0,
    }


@pytest.mark.parametrize(
    ("content", "at_fault"),
    [
        ({}, {"url"}),
        ({"url": ""}, {"url"}),
        ({"url": 7}, {"url"}),
        ({"url": "hooks"}, {"url"}),
        ({"url": "http://hooks.invalid/"}, {"url"}),
        ({"url": "https://127.0.0.1/"}, {"url"}),
        ({"url": "https://[::ffff:10.0.0.1]/"}, {"url"}),
        ({"url": "https://me:secret@hooks.invalid/"}, {"url"}),
        ({"url": "https://hooks.invalid/" + "x" * 2_048}, {"url"}),
        ({"url": URL, "types": "room.created"}, {"types"}),
        ({"url": URL, "types": ["room.painted"]}, {"types"}),
        ({"url": URL, "types": ["room.created"] * 51}, {"types"}),
        ({"url": None, "types": None}, {"url", "types"}),
    ],
)
async def test_what_is_wrong_is_named(admin: httpx.AsyncClient, content: dict[str, Any], at_fault: set[str]) -> None:
    assert faults(await admin.post("/webhooks", json=content)) == at_fault


@pytest.mark.parametrize("hook", [NOBODYS_ID, "7", "nothing"])
async def test_a_webhook_that_is_not_there_is_not_found(admin: httpx.AsyncClient, hook: str) -> None:
    for method, path in CALLS[2:]:
        error(await admin.request(method, path.replace(NOBODYS_ID, hook)), 404, "WEBHOOK_NOT_FOUND")


async def test_one_that_was_removed_is_not_there(admin: httpx.AsyncClient) -> None:
    hook = (await made(admin))["id"]
    assert (await admin.delete(f"/webhooks/{hook}")).status_code == 204
    error(await admin.delete(f"/webhooks/{hook}"), 404, "WEBHOOK_NOT_FOUND")
    assert (await admin.get("/webhooks")).json() == []


async def test_there_are_no_more_than_twenty(admin: httpx.AsyncClient) -> None:
    for _ in range(20):
        await made(admin)
    error(await admin.post("/webhooks", json={"url": URL}), 409, "WEBHOOKS_FULL")


async def test_one_is_switched_off_and_on(admin: httpx.AsyncClient) -> None:
    hook = (await made(admin))["id"]
    off = (await admin.post(f"/webhooks/{hook}/disable")).json()
    assert (off["disabled_why"], off["disabled_at"] is None) == ("admin", False)
    error(await admin.post(f"/webhooks/{hook}/test"), 409, "WEBHOOK_DISABLED")
    on = (await admin.post(f"/webhooks/{hook}/enable")).json()
    assert (on["disabled_why"], on["disabled_at"]) == (None, None)


async def test_deliveries_come_in_pages_newest_first(admin: httpx.AsyncClient) -> None:
    hook = (await made(admin))["id"]
    queued = [(await admin.post(f"/webhooks/{hook}/test")).json()["message_id"] for _ in range(5)]
    seen, cursor = [], ""
    while True:
        page = (await admin.get(f"/webhooks/{hook}/deliveries?limit=2{cursor}")).json()
        seen += [each["message_id"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == queued[::-1]
    assert faults(await admin.get(f"/webhooks/{hook}/deliveries?cursor=nonsense")) == {"cursor"}
    assert faults(await admin.get(f"/webhooks/{hook}/deliveries?limit=0")) == {"limit"}


async def test_a_running_service_sends_what_is_booked(fresh_database_url: str, start: Callable[..., Service]) -> None:
    with Receiver() as receiver:
        service = start(
            DATABASE_URL=fresh_database_url, JWT_SECRET=SECRET, WEBHOOK_NETWORKS="127.0.0.1", LOG_LEVEL="debug"
        )
        async with httpx.AsyncClient(base_url=service.url, headers=ADMIN, verify=False, timeout=30) as http:
            hook = await made(http, url=receiver.url)
            room = some_room()
            await http.post("/reservations", json=body(room, 10, 11))
            assert receiver.has_come.wait(20)
            [got] = receiver.got
            assert (got.message["type"], got.message["place"]) == ("reservation.created", f"room:{room}")
            await until_delivered(http, hook["id"])
        # It says that it publishes, and no more: neither what signs, nor where to, as addresses may hold tokens.
        assert await asyncio.to_thread(service.logged, "publishes messages now")
        assert hook["secret"] not in service.output()
        assert str(receiver.port) not in service.output()
