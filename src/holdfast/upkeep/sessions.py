"""Settings of the role or the database that the service's sessions begin with, as far as they matter to it."""

from typing import Any

import asyncpg

from holdfast.upkeep.findings import Finding, doubtful, wrong

SOURCES = ("default", "client", "session", "interactive", "override")
"""Where a value comes from that nobody has set for the role, the database or the server."""
FOUND = """
SELECT name, setting, boot_val, source IN ('database', 'user', 'database user') AS is_of_role FROM pg_settings
WHERE source <> ALL($1::text[]) AND setting IS DISTINCT FROM boot_val
"""
TIMES = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
WRONG = {
    "default_transaction_read_only": "no bookings can be taken",
    "session_replication_role": "foreign keys are not looked at",
}
DOUBTFUL = {
    "default_transaction_isolation": "the service uses read committed all the same, and through a pooler pays with "
    "retries",
    "transaction_timeout": "what takes longer is broken off, a commit too",
    "search_path": "the tables are looked for there, by everybody who uses this database",
}


async def found(url: str, *, is_pooler: bool) -> list[Finding]:
    """What is to be said of the settings that a session of this address begins with."""
    connection: asyncpg.Connection[Any] = await asyncpg.connect(url, statement_cache_size=0 if is_pooler else 100)
    try:
        rows = await connection.fetch(FOUND, SOURCES)
    finally:
        await connection.close()
    told = [_of(name, value, is_of_role=is_of_role) for name, value, _, is_of_role in rows]
    bounds = {name for name, *_ in rows} & set(TIMES)
    if is_pooler and len(bounds) < len(TIMES):
        missing = ", ".join(name for name in TIMES if name not in bounds)
        advice = "ALTER ROLE … SET them, as docs/settings.md says: through a pooler the service cannot"
        told.append(doubtful(f"Nothing bounds how long a stuck process keeps a room: {missing} is not set", advice))
    return [each for each in told if each is not None]


def _of(name: str, value: str, *, is_of_role: bool) -> Finding | None:
    reset = f"ALTER ROLE … RESET {name}, or ALTER DATABASE … RESET {name}" if is_of_role else f"Reset {name}"
    if name in WRONG:
        return wrong(f"{name} is {value}: {WRONG[name]}", reset)
    if name in DOUBTFUL and (is_of_role or name != "search_path"):
        return doubtful(f"{name} is {value}: {DOUBTFUL[name]}", reset)
    if name.startswith("enable_") and value == "off":
        return doubtful(f"{name} is {value}: statements may read whole tables", reset)
    return None
