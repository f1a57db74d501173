"""All SQL of accounts."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Row, Select, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from holdfast.accounts.roles import Role
from holdfast.accounts.schema import signing_keys, users
from holdfast.database import readable
from holdfast.database.connections import Connection

STANDINGS = "SELECT id, role, disabled_at IS NOT NULL, epoch FROM users WHERE id = ANY($1::uuid[])"
COLUMNS = (
    users.c.id,
    users.c.email,
    users.c.role,
    users.c.created_at,
    users.c.disabled_at,
    users.c.password_hash,
    users.c.epoch,
)


class Standing(Struct, frozen=True):
    """What a user may do now, whatever their token says. Only tokens of this `epoch` hold."""

    role: Role
    is_disabled: bool
    epoch: int


class User(Struct, frozen=True):
    """Somebody with an account. `password_hash` is `None` for one who cannot sign in with a password."""

    id: UUID
    email: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None = None
    password_hash: str | None = None
    epoch: int = 0


async def standings(connection: Connection, ids: Sequence[UUID]) -> Mapping[UUID, Standing]:
    """Those of these users that have an account."""
    rows = await connection.fetch(STANDINGS, ids)
    return {row["id"]: _standing(row) for row in rows}


async def signing_key(connection: AsyncConnection, proposed: str) -> str:
    """The installation's own key; the proposed one becomes it if there is none."""
    await connection.execute(insert(signing_keys).values(secret=proposed).on_conflict_do_nothing())
    return str((await connection.execute(select(signing_keys.c.secret))).scalar_one())


async def add(connection: AsyncConnection, user: User) -> bool:
    """Add a user; false when the e-mail address is taken."""
    row = {
        "id": user.id,
        "email": user.email,
        "password_hash": user.password_hash,
        "role": user.role.value,
        "created_at": user.created_at,
    }
    done = await connection.execute(insert(users).values(row).on_conflict_do_nothing().returning(users.c.id))
    return done.first() is not None


async def by_email(connection: AsyncConnection, spellings: Sequence[str]) -> User | None:
    """The user with this e-mail address, by the first of its spellings that somebody has."""
    query = select(*COLUMNS).where(users.c.email.in_(spellings))
    found = await readable.read(readable.Selected(connection, query, users.c.id), _of)
    return min(found, key=lambda user: spellings.index(user.email), default=None)


async def by_id(connection: AsyncConnection, user_id: UUID) -> User | None:
    """The user with this id."""
    return await _user(connection, select(*COLUMNS).where(users.c.id == user_id))


async def emails(connection: AsyncConnection, ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The addresses of those of these users that have an account."""
    query = select(users.c.id, users.c.email).where(users.c.id.in_(ids))
    return {row.id: row.email for row in await connection.execute(query)}


async def page(connection: AsyncConnection, *, skip: int, limit: int) -> tuple[list[User], int]:
    """Some of the users in the order in which they came, and how many there are in all."""
    total = (await connection.execute(select(func.count()).select_from(users))).scalar_one()
    query = select(*COLUMNS).order_by(users.c.created_at, users.c.id).offset(skip).limit(limit)
    source = readable.Selected(connection, query, users.c.id)
    return await readable.read(source, _of, numbered=True), total


async def lock_admins(connection: AsyncConnection) -> set[UUID]:
    """The admins who may sign in, locked until the transaction ends: so two cannot take each other's role away."""
    query = select(users.c.id).where(users.c.role == Role.ADMIN.value, users.c.disabled_at.is_(None))
    return {row.id for row in await connection.execute(query.order_by(users.c.id).with_for_update())}


async def change(connection: AsyncConnection, user_id: UUID, values: Mapping[str, Any]) -> None:
    """Set columns of a user."""
    await connection.execute(update(users).where(users.c.id == user_id).values(values))


async def replace_password(connection: AsyncConnection, user: User, password_hash: str) -> int | None:
    """Give a user another password; their new epoch, or `None` when theirs is not the known one any more."""
    query = update(users).where(users.c.id == user.id, users.c.password_hash == user.password_hash)
    values = {"password_hash": password_hash, "epoch": users.c.epoch + 1}
    epoch: int | None = (await connection.execute(query.values(values).returning(users.c.epoch))).scalar_one_or_none()
    return epoch


async def _user(connection: AsyncConnection, query: Select[Any]) -> User | None:
    found = await readable.read(readable.Selected(connection, query, users.c.id), _of)
    return found[0] if found else None


def _standing(row: Mapping[str, Any]) -> Standing:
    """What a user may do; one whose role nobody knows may do nothing, and takes nobody else down."""
    user_id, role, is_disabled, epoch = row.values()
    try:
        return Standing(Role(role), is_disabled, epoch)
    except ValueError as error:
        readable.leave_out(users.name, user_id, error)
        return Standing(Role.USER, True, epoch)


def _of(row: Row[*tuple[Any, ...]]) -> User:
    # The driver tells infinity by a time without a zone.
    if row.created_at.tzinfo is None:
        raise ValueError
    return User(row.id, row.email, Role(row.role), row.created_at, row.disabled_at, row.password_hash, row.epoch)
