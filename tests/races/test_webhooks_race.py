"""Relays are killed while they send: every message arrives, and each place's in order."""

import random
from collections.abc import Callable

import asyncpg
import httpx

from messages import change
from races.locks import until
from receivers import Receiver
from relays import RelayProcess
from rooms import some_room
from service import Service
from tokens import SECRET, bearer

COMMITTED = "SELECT id::text, place FROM outbox ORDER BY place, revision"
OUTCOMES = "SELECT outcome, count(*) FROM webhook_deliveries GROUP BY outcome"


async def test_relays_that_are_killed_lose_no_message_and_keep_each_places_order(
    fresh_database_url: str, start: Callable[..., Service]
) -> None:
    url = fresh_database_url
    rng = random.Random(7)
    with Receiver() as receiver:
        service = start(DATABASE_URL=url, JWT_SECRET=SECRET, RELAY="false", WEBHOOK_NETWORKS="127.0.0.1")
        async with httpx.AsyncClient(
            base_url=service.url, headers=bearer(role="admin"), verify=False, timeout=30
        ) as http:
            assert (await http.post("/webhooks", json={"url": receiver.url})).status_code == 201
        settings = {"DATABASE_URL": url, "WEBHOOK_NETWORKS": "127.0.0.1"}
        connection = await asyncpg.connect(url)
        rooms = [some_room() for _ in range(6)]
        with RelayProcess(settings) as first, RelayProcess(settings) as second:
            for _ in range(4):
                for _ in range(60):
                    await change(connection, rng.choice(rooms))
                so_far = len(receiver.got)
                await until(lambda enough=so_far + 10: len(receiver.got) >= enough)
                victim = rng.choice([first, second])
                victim.kill()
                victim.start()
            committed = await connection.fetch(COMMITTED)
            await until(lambda: {row["id"] for row in committed} <= set(receiver.ids), seconds_max=60)
        places = {row["id"]: row["place"] for row in committed}
        seen = sorted(dict.fromkeys(receiver.ids), key=lambda each: places[each])
        assert seen == [row["id"] for row in committed]
        await connection.close()
