"""Accounts below HTTP: passwords in their thread, the installation's own key, the last admin, the terminal."""

import asyncio
import threading

import asyncpg
import bcrypt
import msgspec
import pytest

from holdfast.accounts import operator, passwords
from holdfast.accounts.bodies import NewPassword, UserChange
from holdfast.accounts.passwords import Passwords
from holdfast.accounts.roles import DUMMIES, Role
from holdfast.accounts.service import Accounts
from holdfast.accounts.tokens import Tokens
from holdfast.clock import utc_now
from holdfast.database.connections import Database
from holdfast.errors import CommandRefused, LastAdmin, Unauthorized, Unavailable
from holdfast.settings import Settings
from people import PASSWORD, some_email

CHEAP = Settings(password_cost=4, production=True)


def accounts_of(database: Database) -> Accounts:
    """The accounts of a database, as a process of its own sees them."""
    return Accounts(database, CHEAP, Tokens(database, CHEAP, utc_now), utc_now)


async def test_a_wrong_address_costs_as_much_work_as_a_wrong_password(fresh_database_url: str) -> None:
    await operator.create_admin(fresh_database_url, CHEAP, "ann@example.com", PASSWORD)
    accounts = accounts_of(Database(fresh_database_url, CHEAP))
    for email in ("ann@example.com", "nobody@example.com"):
        before = accounts.passwords.checks
        with pytest.raises(Unauthorized):
            await accounts.sign_in(email, "wrong horse", "127.0.0.1")
        assert accounts.passwords.checks == before + 1


async def test_a_check_of_nobodys_password_is_a_check_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[bytes] = []
    monkeypatch.setattr(passwords.bcrypt, "checkpw", lambda password, _: bool(checked.append(password)))
    assert not await Passwords(4).check("anything", None)
    assert checked == [b"anything"]


@pytest.mark.parametrize("longer", ["x" * 73, "я" * 37, "x" * 200])
async def test_of_a_long_password_all_counts_and_its_hash_is_none(longer: str) -> None:
    some = Passwords(4)
    kept = await some.hash(longer)
    assert await some.check(longer, kept)
    shortened = passwords._shortened(longer).decode()
    for wrong in (longer[:-1], longer[:-1] + "y", longer[:36], shortened[1:]):
        assert not await some.check(wrong, kept)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(shortened, NewPassword)


@pytest.mark.parametrize("shorter", ["correct horse", "x" * 72, "я" * 36])
async def test_a_password_that_bcrypt_takes_is_kept_as_before(shorter: str) -> None:
    assert bcrypt.checkpw(shorter.encode(), (await Passwords(4).hash(shorter)).encode())


async def test_a_storm_of_logins_is_bounded_and_leaves_the_loop_free(monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on, threads = threading.Event(), set()

    def slow(*_: bytes) -> bool:
        threads.add(threading.get_ident())
        return goes_on.wait(30)

    monkeypatch.setattr(passwords.bcrypt, "checkpw", slow)
    some = Passwords(4)
    storm = [asyncio.create_task(some.check("x", "$2b$")) for _ in range(passwords.WAITING_MAX)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await some.check("x", "$2b$")
    goes_on.set()
    assert await asyncio.gather(*storm) == [True] * passwords.WAITING_MAX
    assert len(threads) == 1
    assert threading.get_ident() not in threads


async def test_all_processes_sign_with_one_key_that_the_first_has_made(fresh_database_url: str) -> None:
    processes = [Database(fresh_database_url, CHEAP) for _ in range(5)]
    tokens = [Tokens(each, CHEAP, utc_now) for each in processes]
    made = await asyncio.gather(*(each.make(DUMMIES[Role.USER], Role.USER) for each in tokens))
    for token in made:
        assert (await Tokens(processes[0], CHEAP, utc_now).read(token)).role is Role.USER
    for each in processes:
        await each.engine.dispose()


async def test_two_admins_cannot_take_the_last_role_from_each_other(fresh_database_url: str) -> None:
    database = Database(fresh_database_url, CHEAP)
    for email in ("ann@example.com", "bob@example.com"):
        await operator.create_admin(fresh_database_url, CHEAP, email, PASSWORD)
    accounts = accounts_of(database)
    admins = [each.id for each in (await accounts.page(1, 100))[0] if each.id not in DUMMIES.values()]
    change = UserChange(role=Role.USER)
    ended = await asyncio.gather(*(accounts.change(each, change) for each in admins), return_exceptions=True)
    assert sorted(type(each).__name__ for each in ended) == ["LastAdmin", "User"]
    with pytest.raises(LastAdmin):
        await accounts.change(next(each for each, end in zip(admins, ended, strict=True) if isinstance(end, LastAdmin)),
                              UserChange(disabled=True))  # fmt: skip
    await database.engine.dispose()


async def test_the_terminal_makes_admins_and_promotes(fresh_database_url: str) -> None:
    email = some_email()
    with pytest.raises(CommandRefused, match="has no account"):
        await operator.promote(fresh_database_url, CHEAP, email)
    await operator.create_admin(fresh_database_url, CHEAP, email.upper(), PASSWORD)
    with pytest.raises(CommandRefused, match="--promote"):
        await operator.create_admin(fresh_database_url, CHEAP, email, PASSWORD)
    connection = await asyncpg.connect(fresh_database_url)
    await connection.execute("UPDATE users SET role = 'user', disabled_at = now() WHERE email = $1", email)
    await operator.promote(fresh_database_url, CHEAP, email)
    assert await connection.fetchrow("SELECT role, disabled_at FROM users WHERE email = $1", email) == ("admin", None)
    await connection.close()


@pytest.mark.parametrize(("email", "password"), [("x", PASSWORD), ("a@x.org", "short"), ("a@x.org", "x" * 201)])
async def test_the_terminal_refuses_what_clients_may_not_send(email: str, password: str) -> None:
    with pytest.raises(CommandRefused):
        await operator.create_admin("postgresql://nobody@nowhere.invalid/x", CHEAP, email, password)
