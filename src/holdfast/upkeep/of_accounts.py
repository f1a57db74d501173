"""What must be true of accounts and of idempotency keys."""

import msgspec

from holdfast.accounts import emails
from holdfast.accounts.roles import Role
from holdfast.database.connections import Connection
from holdfast.engine import keys
from holdfast.upkeep.broken import FOUND_MAX, Invariant

ANSWERS_MAX = 500_000
"""Of more keys the newest are looked at."""

# Bytes first: addresses are nearly all of them plain.
ODD_ADDRESSES = """
SELECT id, email FROM users
WHERE email IS NULL OR email <> lower(email) OR email ~ '[^!-~]|@(.*[.])?xn--' OR email !~ '^[^@]+@[^@]+$'
"""
KNOWN_ADDRESSES = "SELECT email, id FROM users WHERE email = ANY($1::text[])"

WRONG_ACCOUNTS = """
SELECT format('account %s: %s', id, CASE
    WHEN role IS NULL OR role <> ALL (ARRAY['admin', 'user']) THEN format('nobody knows a role %s', role)
    WHEN epoch IS NULL OR epoch < 0 THEN format('its passwords are counted as %s', epoch)
    WHEN others > 1 THEN 'another has its address'
    ELSE 'its password cannot be checked' END)
FROM (SELECT *, count(*) OVER (PARTITION BY email) AS others FROM users) u
WHERE role IS NULL OR role <> ALL (ARRAY['admin', 'user']) OR epoch IS NULL OR epoch < 0 OR others > 1
    OR password_hash !~ '^[$]2[abxy][$]'
UNION ALL
SELECT format('signing key %s: it is too short, or not the only one', id) FROM signing_keys
WHERE id <> 1 OR secret IS NULL OR length(secret) < 32 OR (SELECT count(*) FROM signing_keys) > 1
"""

ANSWERS = "SELECT id, answer, length(body) FROM idempotency_keys ORDER BY created_at DESC LIMIT $1"


async def odd_addresses(connection: Connection) -> list[str]:
    """Accounts with an address that differs from another's, or from what it should be, by case or by spelling."""
    rows = await connection.fetch(ODD_ADDRESSES)
    plain = {row["id"]: emails.account_of(row["email"] or "") for row in rows}
    known = {row["email"]: row["id"] for row in await connection.fetch(KNOWN_ADDRESSES, list(plain.values()))}
    found, seen = [], dict[str, object]()
    for row in rows:
        address = plain[row["id"]]
        twin = known.get(address) or seen.get(address)
        seen[address] = row["id"]
        if twin is not None and twin != row["id"]:
            found.append(f"account {row['id']}: its address differs from that of account {twin} by its spelling only")
        elif row["email"] not in emails.spellings(row["email"] or "") or "@" not in address:
            found.append(f"account {row['id']}: its address is not spelled as addresses are, so nobody can sign in")
    return found[:FOUND_MAX]


async def unreadable_answers(connection: Connection) -> list[str]:
    """Keys whose answers nobody can be told again."""
    found = []
    async for key, answer, length in connection.cursor(ANSWERS, ANSWERS_MAX, prefetch=5_000):
        if length != 32 or not _can_be_told(answer):
            found.append(f"key {key}: its answer cannot be read, or its body's hash is none")
            if len(found) == FOUND_MAX:
                break
    return found


def _can_be_told(answer: bytes) -> bool:
    """Whether it is a verdict, or what something that was made looks like."""
    try:
        found = msgspec.json.decode(answer)
        if not isinstance(found, dict) or not found:
            return False
        if "type" in found:
            keys.VERDICTS.decode(answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


assert {role.value for role in Role} == {"admin", "user"}, "the SQL above knows every role"
INVARIANTS = (
    Invariant(
        "Every account has an address of its own, spelled in one way",
        odd_addresses,
        "Of two that differ by spelling disable one; then UPDATE the other's address to lower case",
    ),
    Invariant(
        "Every account has a role and a password that can be checked",
        WRONG_ACCOUNTS,
        "Somebody wrote past the service: UPDATE it to what it should be",
    ),
    Invariant(
        "Every answer that is kept for an idempotency key can be read",
        unreadable_answers,
        "DELETE the key: whoever sends it again does the same once more",
    ),
)
