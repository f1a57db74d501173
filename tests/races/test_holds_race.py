"""Confirming, expiry and rivals race, between processes whose clocks differ by minutes: one of them has the room."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from batches import hold, name, room, settle
from holdfast.engine.claims import Granted, Reservation
from moved_time import move_time
from races.ledger import check_promise
from races.racers import Racer
from races.volley import Shot, volley_from_processes
from rooms import body, hour, some_room
from service import Service
from tokens import SECRET

ROOMS = 12
BEFORE_SECONDS = 0.04
"""To confirm some of the holds takes about so long."""
AHEAD = (0, -7, 9, 4, -2)
"""By how many minutes the racers' clocks are ahead."""
SHIFT = "SELECT extract(epoch FROM $1::timestamptz - clock_timestamp())::float8"
STATES = "SELECT id, state, cancelled_at IS NULL AS takes, revived FROM reservations WHERE place = $1"


@pytest.fixture(scope="module")
def racers(database_url: str) -> Iterator[list[Racer]]:
    """Processes with an engine each."""
    with ExitStack() as stack:
        yield [stack.enter_context(Racer(database_url, minutes)) for minutes in AHEAD]


async def some_holds(connection: "asyncpg.Connection") -> dict[str, Reservation]:
    """Holds of as many rooms, by room: the first ends first, the last after a long time, the others at once."""
    await move_time(connection, 0)
    places = [room(some_room()) for _ in range(ROOMS)]
    await name(connection, *places)
    seconds = [10, *[11] * (ROOMS - 2), 900]
    verdicts = await settle(
        connection, *(hold(place, 10, 11, each) for place, each in zip(places, seconds, strict=True))
    )
    made = [verdict.reservation for verdict in verdicts if isinstance(verdict, Granted)]
    return {each.place.id: each for each in made}


async def to_the_end(connection: "asyncpg.Connection", held: Reservation) -> None:
    """Move time to a moment before a hold expires."""
    await move_time(connection, await connection.fetchval(SHIFT, held.expires_at) - BEFORE_SECONDS)


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize("revives", [False, True], ids=["refused", "revived"])
@pytest.mark.parametrize("sweeps", [False, True], ids=["unswept", "swept"])
async def test_either_the_hold_or_a_rival_has_the_room(
    database_url: str, connection: "asyncpg.Connection", racers: list[Racer], turn: int, revives: bool, sweeps: bool
) -> None:
    held = await some_holds(connection)
    holds = {place: str(each.id) for place, each in held.items()}
    confirmer, again, rival, other, sweeper = racers[turn:] + racers[:turn]
    confirmer.order("confirm", holds=holds, revives=revives)
    again.order("confirm", holds=holds, revives=revives)
    for each in (rival, other):
        each.order("claim", rooms=list(holds), start=hour(9.5).isoformat(), end=hour(10.5).isoformat())
    sweeper.order("sweep" if sweeps else "confirm", holds={}, revives=False)
    await to_the_end(connection, list(held.values())[1])
    for each in racers:
        each.go()
    told, too, *rivals = (each.result() for each in (confirmer, again, rival, other))
    sweeper.result()
    for place, each in held.items():
        await check(connection, each, [told[place], too[place]], [each[place] for each in rivals], revives=revives)
    # Neither the first hold nor the last was a matter of luck.
    assert revives or told[next(iter(held))] == "hold_expired"
    assert told[list(held)[-1]] == "granted"
    await check_promise(database_url)


async def check(
    connection: "asyncpg.Connection", held: Reservation, confirmed: list[str], rivals: list[str], *, revives: bool
) -> None:
    """What was told of a room is true, and one has it at most."""
    rows = {row["id"]: row for row in await connection.fetch(STATES, held.place.key)}
    its = rows.pop(held.id)
    taking = [row for row in rows.values() if row["takes"]]
    if "granted" in confirmed:
        assert (its["state"], its["takes"]) == ("confirmed", True), "what was confirmed is there"
        assert rivals == ["time_conflict", "time_conflict"]
        assert taking == []
    else:
        assert not its["takes"] or its["state"] == "held"
        assert set(confirmed) == {"time_conflict" if revives else "hold_expired"}
        assert rivals.count("granted") == len(taking) <= 1
    assert its["revived"] <= revives


@pytest.fixture(scope="module")
def ports(database_url: str) -> Iterator[list[int]]:
    """Two services on one database that never sweep."""
    settings = {"DATABASE_URL": database_url, "SWEEP_SECONDS": 0, "JWT_SECRET": SECRET}
    with Service(settings) as one, Service(settings) as other:
        yield [one.port, other.port]


@pytest.mark.parametrize("turn", range(4))
async def test_a_200_means_that_it_is_there_and_a_409_that_it_is_not(
    database_url: str, connection: "asyncpg.Connection", ports: list[int], turn: int
) -> None:
    await move_time(connection, 0)
    wanted = body(some_room(), 10, 11)
    held = await held_by_http(ports[0], wanted)
    confirm = [f"/reservations/{held['id']}/confirm", {}, {"Hold-Secret": held["hold_secret"]}]
    shots = [Shot(ports[number % 2], "POST", *confirm) for number in range(8)]  # type: ignore[arg-type]
    shots += [Shot(ports[number % 2], "POST", "/reservations", wanted) for number in range(8)]
    expires_at = await connection.fetchval("SELECT expires_at FROM reservations WHERE id = $1", UUID(held["id"]))
    seconds = await connection.fetchval(SHIFT, expires_at)
    # The processes take about so long to connect and to fire.
    await move_time(connection, seconds - 0.3 - turn * 0.1)
    answers = volley_from_processes(shots)
    confirmed, rivals = answers[:8], answers[8:]
    row = await connection.fetchrow("SELECT state FROM reservations WHERE id = $1", UUID(held["id"]))
    if any(answer.status == 200 for answer in confirmed):
        assert row["state"] == "confirmed"
        assert len({answer.text for answer in confirmed if answer.status == 200}) == 1
        assert {answer.code for answer in rivals} == {"TIME_CONFLICT"}
    else:
        assert {answer.code for answer in confirmed} == {"HOLD_EXPIRED"}
        assert [answer.status for answer in rivals].count(201) <= 1
    await check_promise(database_url)


async def held_by_http(port: int, wanted: dict[str, Any]) -> dict[str, Any]:
    """A hold of ten seconds."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, verify=False) as http:
        headers = {"Idempotency-Key": str(uuid4())}
        answer = await http.post("/reservations", json=wanted | {"hold_seconds": 10}, headers=headers)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())
