"""The document about messages: it has exactly the types that the code sends, with the fields that they have."""

import ast
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
from documents import blocks, read

import holdfast
from answers import reserve
from holdfast.kinds import KINDS
from holdfast.live.privacy import PUBLIC
from holdfast.outbox.subscribers import SubscribedMessage
from moved_time import later
from offices import made_room, schedule
from redis_server import RedisServer
from relays import all_published
from rooms import body, hour, some_room
from service import Service
from tokens import SECRET, bearer

PAGE = "docs/messages.md"
TYPE = re.compile(r"[a-z]+\.(held|[a-z]+ed)")
"""What a message's type looks like, and nothing else in the code."""
ELSEWHERE = {"place.checked", "room.seeded", "event.repaired"}
"""Types that no call of the API brings about."""


def types_in_code() -> set[str]:
    """Every type that the code names."""
    found = set()
    for path in Path(holdfast.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and TYPE.fullmatch(node.value):
                found.add(node.value)
    return found


def examples() -> Iterator[dict[str, Any]]:
    """The messages of the document."""
    for block in blocks(read(PAGE), "json"):
        for line in block.splitlines():
            yield json.loads(line)


def test_the_types_of_the_document_are_those_of_the_code() -> None:
    said = re.findall(r"^\| `([a-z]+\.[a-z]+)` \|", read(PAGE), re.MULTILINE)
    assert sorted(said) == sorted(types_in_code())


def test_every_type_has_one_example() -> None:
    assert sorted(example["type"] for example in examples()) == sorted(types_in_code())


@pytest.mark.parametrize("example", list(examples()), ids=lambda example: example["type"])
def test_an_example_is_a_message(example: dict[str, Any]) -> None:
    assert list(example) == ["id", "type", "place", "occurred_at", "data"]
    msgspec.convert(example, SubscribedMessage)


async def changed_table(http: httpx.AsyncClient) -> int:
    """A table that was made, reserved for one guest and then for another, and taken away."""
    made = await http.post("/tables", json={"name": "By the window", "seats": 4, "location": "Hall"})
    table = int(made.json()["id"])
    evening = {"customer_name": "Anna", "reservation_time": hour(19).isoformat(), "duration_minutes": 90}
    reserved = await http.post("/reservations", json=evening | {"table_id": table})
    path = f"/reservations/{reserved.json()['id']}"
    await http.patch(path, json={"customer_name": "Boris"})
    await http.delete(path)
    await http.delete(f"/tables/{table}")
    return table


async def ended_holds(http: httpx.AsyncClient, connection: "asyncpg.Connection", room: str) -> None:
    """A hold that was released, and one that expired and whose place another got."""
    wanted = body(room, 20, 21)
    held = (await http.post("/reservations", json=wanted | {"hold_seconds": 60})).json()
    await http.delete(f"/reservations/{held['id']}", headers={"Hold-Secret": held["hold_secret"]})
    await http.post("/reservations", json=wanted | {"hold_seconds": 60})
    async with later(connection, 61):
        await http.post("/reservations", json=wanted)


async def changed_event(http: httpx.AsyncClient) -> int:
    """An event at which somebody booked and cancelled."""
    made = await http.post("/api/events", json={"name": "Jazz", "total_seats": 4})
    event = int(made.json()["id"])
    booked = await http.post("/api/bookings/reserve", json={"event_id": event, "user_id": "user123"})
    await http.delete(f"/api/bookings/{booked.json()['id']}")
    await http.patch(f"/api/events/{event}", json={"name": "Jazz at night"})
    return event


async def test_messages_have_the_fields_of_their_examples(http: httpx.AsyncClient, database_url: str) -> None:
    room = some_room()
    made = await reserve(http, room, 10, 11)
    await http.patch(f"/reservations/{made['id']}", json={"end_time": hour(12).isoformat()})
    await http.delete(f"/reservations/{made['id']}")
    managed = await made_room(http)
    await schedule(http, managed)
    await http.post(f"/rooms/{managed}/retire", headers=bearer(role="admin"))
    table, event = await changed_table(http), await changed_event(http)
    connection = await asyncpg.connect(database_url)
    await ended_holds(http, connection, room)
    places = [f"room:{room}", f"room:{managed}", f"table:{table}", f"event:{event}"]
    rows = await connection.fetch("SELECT type, data FROM outbox WHERE place = ANY($1)", places)
    await connection.close()
    told = {row["type"]: json.loads(row["data"]).keys() for row in rows if "table_id" not in json.loads(row["data"])}
    told |= {
        row["type"]: json.loads(row["data"]).keys()
        for row in rows
        if row["type"].startswith("table.") or row["type"] == "reservation.changed"
    }
    assert told == {each["type"]: each["data"].keys() for each in examples() if each["type"] not in ELSEWHERE}


def test_what_everybody_may_see_is_said() -> None:
    [sentence] = re.findall(r"Everybody else gets (.+?), as far", read(PAGE), re.DOTALL)
    assert set(re.findall(r"`(\w+)`", sentence)) == PUBLIC | {f"{kind}_id" for kind in KINDS.names}


async def test_the_commands_for_redis_answer(
    fresh_database_url: str, redis_server: RedisServer, start: Callable[..., Service]
) -> None:
    program = which("redis-cli")
    if program is None:
        pytest.skip("redis-cli is not installed")
    redis_server.client().flushall()
    service = start(DATABASE_URL=fresh_database_url, REDIS_URL=redis_server.url, JWT_SECRET=SECRET)
    async with httpx.AsyncClient(base_url=service.url, timeout=30, verify=False) as http:
        made = await reserve(http, "blue-room", 10, 11)
    await all_published(fresh_database_url, redis_server)
    commands = [line for block in blocks(read(PAGE), "console") for line in block.splitlines()]
    answers = [_ask(command.replace("redis-cli", f"{program} -p {redis_server.port}", 1)) for command in commands]
    told = [made["id"] in answer for answer in answers]
    # Read; the group made; read by a consumer; nobody has left anything undone for so long.
    assert told == [True, False, True, False]
    assert answers[1].strip() == "OK"


def _ask(command: str) -> str:
    return subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True, timeout=20).stdout
