"""What the operator does with accounts at the terminal."""

from holdfast.accounts import emails, queries
from holdfast.accounts.bodies import Registration
from holdfast.accounts.roles import Role
from holdfast.accounts.service import Accounts
from holdfast.accounts.tokens import Tokens
from holdfast.clock import utc_now
from holdfast.database.again import again_on_conflict
from holdfast.database.connections import Database
from holdfast.errors import CommandRefused, InvalidRequest, Unavailable
from holdfast.http import fields
from holdfast.settings import Settings


async def create_admin(url: str, settings: Settings, email: str, password: str) -> None:
    """Make an account with the role of an admin, in production too. Raises `CommandRefused`."""
    try:
        wanted = fields.convert({"email": email, "password": password, "role": Role.ADMIN}, Registration)
    except InvalidRequest:
        raise CommandRefused("an e-mail address and a password of 8 to 200 characters are needed") from None
    database = Database(url, settings)
    accounts = Accounts(database, settings, Tokens(database, settings, utc_now), utc_now)
    try:
        await accounts.add(wanted)
    except InvalidRequest as error:
        if "password" in error.fields:
            raise CommandRefused("the password is one that anybody would try first") from None
        raise CommandRefused(f"{wanted.email} has an account already; --promote makes it an admin's") from None
    except Unavailable:
        raise CommandRefused("the database does not answer") from None
    finally:
        accounts.close()
        await database.engine.dispose()


@again_on_conflict
async def promote(url: str, settings: Settings, email: str) -> None:
    """Make the account with this address an admin's, and let it be used. Raises `CommandRefused`."""
    database = Database(url, settings)
    try:
        async with database.begin() as connection:
            user = await queries.by_email(connection, emails.spellings(email))
            if user is None:
                raise CommandRefused(f"{email} has no account")
            await queries.change(connection, user.id, {"role": Role.ADMIN.value, "disabled_at": None})
    except Unavailable:
        raise CommandRefused("the database does not answer") from None
    finally:
        await database.engine.dispose()
