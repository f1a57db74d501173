"""What is measured: loads on the service, and the yardsticks beside them."""

from collections.abc import Iterable

from msgspec import Struct

from processor import Spent

CONNECTIONS = 32
ROOMS = 1_000


class Load(Struct, frozen=True):
    """Requests that wrk sends to the service. `taken_in_ten` of ten requests ask for a time that is taken."""

    name: str
    title: str
    workers: int = 1
    connections: int = CONNECTIONS
    rooms: int = ROOMS
    keyed: bool = False
    taken_in_ten: int = 0


class Listing(Struct, frozen=True):
    """Requests for the list of one room, by one client after the other, to a service that was just started."""

    name: str
    title: str
    reservations: int


class Yardstick(Struct, frozen=True):
    """Transactions of pgbench on tables of their own in the same PostgreSQL. `logged` ones tell percentiles."""

    name: str
    title: str
    script: str
    clients: int = CONNECTIONS
    rooms: int = ROOMS
    logged: bool = False


Row = Load | Listing | Yardstick

ROWS: tuple[Row, ...] = (
    Yardstick("bare", "pgbench: one-row INSERT, no index but the key", "insert.sql"),
    Load("rooms", "Creations on 1,000 rooms"),
    Yardstick("naive-rooms", "pgbench: lock, check, insert, commit on 1,000 rooms", "naive.sql"),
    Load("room", "Creations on one room", rooms=1),
    Yardstick("naive-room", "pgbench: the same on one room", "naive.sql", rooms=1),
    Load("keys", "Creations on 1,000 rooms, each with an Idempotency-Key", keyed=True),
    Load("rooms-2w", "Creations on 1,000 rooms, 2 workers", workers=2),
    Load("rooms-4w", "Creations on 1,000 rooms, 4 workers", workers=4),
    Load("room-2w", "Creations on one room, 2 workers", workers=2, rooms=1),
    Load("room-4w", "Creations on one room, 4 workers", workers=4, rooms=1),
    Load("conflicts", "Answers on one room, 90 % conflicts", rooms=1, taken_in_ten=9),
    Load("single", "Creations on 1,000 rooms, a single client", connections=1),
    Yardstick(
        "naive-single", "pgbench: lock, check, insert, commit, a single client", "naive.sql", clients=1, logged=True
    ),
    Listing("listing", "Lists of a room of 100,000 reservations, a single client", 100_000),
)


def chosen(names: Iterable[str]) -> list[Row]:
    """The rows with these names, and for a word that is no row's whole name, those that hold it; all for no words."""
    words = set(names)
    whole = words & {row.name for row in ROWS}
    return [row for row in ROWS if not words or row.name in whole or any(word in row.name for word in words - whole)]


class Measurement(Struct, frozen=True, omit_defaults=True):
    """What one round of one row came to. `rate` is per second.

    `created` counts the answers 201, `conflicts` the 409s, `needless` those 409s that refused a free time, `others`
    every other answer, `lost` requests without an answer for which wrk saw an error. `memory_mb` is what the service's
    largest worker held afterwards, `growth_mb` how much more than before it held at most. `cost` is the processor time
    of one operation, in microseconds.
    """

    row: str
    round: int
    rate: float
    p50_ms: float | None = None
    p99_ms: float | None = None
    max_ms: float | None = None
    created: int = 0
    conflicts: int = 0
    needless: int = 0
    others: int = 0
    lost: int = 0
    memory_mb: float | None = None
    growth_mb: float | None = None
    megabytes_per_second: float | None = None
    cost: Spent | None = None
