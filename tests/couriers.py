"""A courier in the test's own process, driven step by step, with a clock and name servers of the test's own."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import UUID

import asyncpg

from holdfast.database.connections import Database
from holdfast.deliveries.courier import Courier
from holdfast.outbox.journal import Journal, Lease
from holdfast.webhooks.addresses import Address, Networks
from holdfast.webhooks.bodies import NewWebhook
from holdfast.webhooks.destinations import Hooks
from holdfast.webhooks.queries import Logged, Webhook
from holdfast.webhooks.sender import Sender
from holdfast.webhooks.service import Webhooks
from inprocess import Clock
from messages import change, leading, numbered, opened

HERE: Networks = (ip_network("127.0.0.0/8"),)
FOREVER = "UPDATE relays SET expires_at = 'infinity'"


class Post:
    """Webhooks and the courier that has the lease; `now` is the clock of both."""

    def __init__(self, database: Database, lease: Lease, sender: Sender, networks: Networks, waiting_max: int) -> None:
        self.now = Clock(datetime.now(UTC))
        self.database = database
        self.lease = lease
        self.webhooks = Webhooks(database, self.now, networks)
        self.courier = Courier(database, Hooks(sender), self.now, waiting_max)

    async def add(self, url: str, *types: str) -> tuple[UUID, str]:
        """A new webhook's id and secret."""
        made = await self.webhooks.add(NewWebhook(url, list(types)))  # type: ignore[arg-type]
        return made.id, made.secret

    async def publish(self, room: str, kind: str = "reservation.created") -> str:
        """A message about a room, published; its id."""
        async with self.database.pool.acquire() as connection:
            message_id = await change(connection, room, kind)
        await numbered(self.lease)
        return str(message_id)

    async def turn(self) -> None:
        """Queue all there is, send what is due and what becomes due by it, and wait until nothing is on its way."""
        await self.queue()
        while True:
            await self.courier.send(self.lease)
            if not self.courier.is_busy:
                return
            await self.courier.idle()

    async def queue(self) -> None:
        """Queue all there is."""
        while await self.courier.queue(self.lease):
            pass

    async def later(self, **passed: float) -> None:
        """Let time pass by the clock, then take a turn."""
        self.now.now += timedelta(**passed)
        await self.turn()

    async def log(self, hook_id: UUID) -> list[Logged]:
        """A webhook's deliveries, oldest first."""
        return (await self.webhooks.log(hook_id, None, 1_000))[::-1]

    async def hook(self, hook_id: UUID) -> Webhook:
        """A webhook as it is now."""
        return await self.webhooks.find(hook_id)


@asynccontextmanager
async def posting(url: str, networks: Networks = HERE, waiting_max: int = 1_000, **sender: Any) -> AsyncIterator[Post]:
    """A courier on a database that has no other, inside of the block."""
    async with opened(url) as database:
        lease = await leading(Journal(database))
        made = Sender(networks, **sender)
        post = Post(database, lease, made, networks, waiting_max)
        try:
            yield post
        finally:
            await post.courier.close()


def resolving(*answers: str) -> Any:
    """A name server that knows one name: how often it was asked is in `asked`."""

    async def resolve(host: str, port: int) -> Sequence[Address]:
        resolve.asked.append(host)  # type: ignore[attr-defined]
        return [ip_address(answer) for answer in answers]

    resolve.asked = []  # type: ignore[attr-defined]
    return resolve


async def row(url: str, query: str, *values: Any) -> Any:
    """One row of the database."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchrow(query, *values)
    finally:
        await connection.close()


def shown(value: Any) -> str:
    """Anything as text, to look for secrets in it."""
    return json.dumps(value, default=repr)
