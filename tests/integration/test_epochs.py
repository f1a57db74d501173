"""A new password ends what came before it, whatever the clocks say and whoever was under way."""

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from holdfast.accounts import passwords
from holdfast.accounts.access import Access
from holdfast.accounts.bodies import PasswordChange, Registration
from holdfast.accounts.roles import Role
from holdfast.accounts.service import Accounts
from holdfast.accounts.tokens import Tokens
from holdfast.clock import Clock, utc_now
from holdfast.database.connections import Database
from holdfast.errors import InvalidRequest, Unauthorized
from holdfast.settings import Settings
from people import PASSWORD, some_email

SETTINGS = Settings(password_cost=4, jwt_secret="s" * 32)
NEW = "battery staple"


class Process:
    """One of several that have the same accounts, with a clock of its own."""

    def __init__(self, url: str, clock: Clock = utc_now) -> None:
        self.database = Database(url, SETTINGS)
        tokens = Tokens(self.database, SETTINGS, clock)
        self.accounts = Accounts(self.database, SETTINGS, tokens, clock)
        self.access = Access(self.database, tokens, SETTINGS)

    async def takes(self, token: str) -> bool:
        """Whether a token holds here."""
        try:
            await self.access.caller(f"Bearer {token}")
        except Unauthorized:
            return False
        return True


@pytest.fixture
async def processes(database_url: str) -> AsyncIterator[tuple[Process, Process]]:
    """Two processes, the second of which is a minute behind."""
    both = Process(database_url), Process(database_url, lambda: utc_now() - timedelta(minutes=1))
    for each in both:
        await each.database.open()
    yield both
    for each in both:
        each.accounts.close()
        await each.database.close()


async def registered(process: Process) -> tuple[str, str]:
    """The address of somebody new, and a token of theirs."""
    email = some_email()
    await process.accounts.register(Registration(email, PASSWORD, Role.USER), "127.0.0.1")
    return email, await process.accounts.sign_in(email, PASSWORD, "127.0.0.1")


async def change(process: Process, token: str, old: str = PASSWORD, new: str = NEW) -> str:
    """Change the password of a token's user; their new token."""
    caller = await process.access.caller(token)
    assert caller.user_id is not None
    return await process.accounts.change_password(caller.user_id, PasswordChange(old, new), "127.0.0.1")


def hold_up(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """Make the next check of a password wait: set when it has begun, and to be set when it may go on."""
    begun, goes_on = threading.Event(), threading.Event()
    check = passwords.bcrypt.checkpw

    def checkpw(password: bytes, hashed: bytes) -> bool:
        if not begun.is_set():
            begun.set()
            assert goes_on.wait(30)
        return bool(check(password, hashed))

    monkeypatch.setattr(passwords.bcrypt, "checkpw", checkpw)
    return begun, goes_on


async def test_after_a_new_password_one_can_sign_in_where_the_clock_is_behind(
    processes: tuple[Process, Process],
) -> None:
    ahead, behind = processes
    email, old = await registered(ahead)
    new = await change(ahead, old)
    later = await behind.accounts.sign_in(email, NEW, "127.0.0.1")
    for each in processes:
        assert await each.takes(new)
        assert await each.takes(later)
        assert not await each.takes(old)


async def test_a_token_from_where_the_clock_is_ahead_ends_with_its_password(
    processes: tuple[Process, Process],
) -> None:
    ahead, behind = processes
    _, old = await registered(ahead)
    assert await behind.takes(old)
    await change(behind, old)
    for each in processes:
        assert not await each.takes(old)


async def test_who_began_to_sign_in_before_a_new_password_gets_no_token_that_outlives_it(
    processes: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, quick = processes
    email, old = await registered(slow)
    begun, goes_on = hold_up(monkeypatch)
    signing_in = asyncio.create_task(slow.accounts.sign_in(email, PASSWORD, "127.0.0.1"))
    await asyncio.to_thread(begun.wait, 30)
    new = await change(quick, old)
    goes_on.set()
    late = await signing_in
    assert not await quick.takes(late)
    assert await quick.takes(new)


async def test_a_password_that_was_replaced_meanwhile_does_not_replace_the_new_one(
    processes: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, quick = processes
    email, token = await registered(slow)
    begun, goes_on = hold_up(monkeypatch)
    late = asyncio.create_task(change(slow, token, new="a thief's wish"))
    await asyncio.to_thread(begun.wait, 30)
    await change(quick, token)
    goes_on.set()
    with pytest.raises(InvalidRequest):
        await late
    assert await quick.takes(await quick.accounts.sign_in(email, NEW, "127.0.0.1"))


async def test_a_token_of_a_deleted_account_opens_nothing(
    processes: tuple[Process, Process], connection: "asyncpg.Connection"
) -> None:
    email, token = await registered(processes[0])
    await connection.execute("DELETE FROM users WHERE email = $1", email)
    for each in processes:
        assert not await each.takes(token)
