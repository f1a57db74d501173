"""Plants each of the errors in the engine, and runs seeds until the proof finds it: `python -m proof.planted`.

An error that is not found is a hole in the proof. Each is planted in a process of its own.
"""

import argparse
import asyncio
import multiprocessing
import sys
from collections.abc import Sequence
from typing import NamedTuple

from proof.errors import ERRORS
from proof.planting import plant
from proof.sql_errors import SQL_ERRORS, plant_sql

SEEDS_MAX = 10_000
SQL_SEEDS_MAX = 1_000
NAMES = (*ERRORS, *SQL_ERRORS)


class Outcome(NamedTuple):
    """After how many seeds an error was found, and by what; `None` when it was not."""

    name: str
    seeds: int | None
    finding: str


def hunt(name: str, seeds: int) -> Outcome:
    """Plant an error and run seeds until something is found."""
    if name in SQL_ERRORS:
        plant_sql(name)
        return asyncio.run(_hunt_on_postgresql(name, min(seeds, SQL_SEEDS_MAX)))
    plant(ERRORS[name])
    from proof.simulate import play  # after planting: this loads the engine

    for seed in range(seeds):
        failure = play(seed)
        if failure is not None:
            return Outcome(name, seed + 1, failure[1][0].splitlines()[0])
    return Outcome(name, None, "NOT FOUND")


async def _hunt_on_postgresql(name: str, seeds: int) -> Outcome:
    from proof import interleaved

    async for failure in interleaved.failures(range(seeds)):
        return Outcome(name, failure[0] + 1, failure[1][0].splitlines()[0])
    return Outcome(name, None, "NOT FOUND")


def hunt_one(arguments: tuple[str, int]) -> Outcome:
    """`hunt`, as a pool of processes calls it."""
    try:
        return hunt(*arguments)
    except Exception as error:  # noqa: BLE001 - shown in the table, as an error that was not found
        return Outcome(arguments[0], None, f"cannot be planted: {error!r}")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m proof.planted", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS_MAX, help="give up on an error after so many")
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--only", choices=NAMES, help="plant one error only")
    parser.add_argument("names", nargs="*", help="plant these errors only, each in a process of its own")
    arguments = parser.parse_args()
    if arguments.only in ERRORS:
        return show(hunt_one((arguments.only, arguments.seeds)))
    from proof.postgresql import server  # loads some of the engine

    with server():
        if arguments.only:
            return show(hunt_one((arguments.only, arguments.seeds)))
        return hunt_all(arguments.names or NAMES, arguments.seeds, arguments.jobs)


def show(outcome: Outcome) -> bool:
    """Show what became of one error."""
    print(*outcome, sep="\n")
    return outcome.seeds is None


def hunt_all(names: Sequence[str], seeds: int, jobs: int) -> int:
    """Plant all, one after the other, and show what finds them."""
    missed = 0
    print(f"{'error':<52} {'seeds':>6}  found by")
    with multiprocessing.get_context("spawn").Pool(jobs, maxtasksperchild=1) as pool:
        for outcome in pool.imap(hunt_one, [(name, seeds) for name in names]):
            missed += outcome.seeds is None
            print(f"{outcome.name:<52} {outcome.seeds or '-':>6}  {outcome.finding[:90]}", flush=True)
    print(f"\n{len(names)} errors planted, {len(names) - missed} found")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
