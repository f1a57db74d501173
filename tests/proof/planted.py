"""Plants each of the errors in the engine, and runs seeds until the proof finds it: `python -m proof.planted`.

An error that is not found is a hole in the proof. Each is planted in a process of its own.
"""

import argparse
import multiprocessing
import sys
from typing import NamedTuple

from proof.errors import ERRORS
from proof.planting import plant

SEEDS_MAX = 10_000


class Outcome(NamedTuple):
    """After how many seeds an error was found, and by what; `None` when it was not."""

    name: str
    seeds: int | None
    finding: str


def hunt(name: str, seeds: int) -> Outcome:
    """Plant an error and run seeds until something is found."""
    plant(ERRORS[name])
    from proof.simulate import play  # after planting: this loads the engine

    for seed in range(seeds):
        failure = play(seed)
        if failure is not None:
            return Outcome(name, seed + 1, failure[1][0].splitlines()[0])
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
    parser.add_argument("--only", choices=ERRORS, help="plant one error only")
    arguments = parser.parse_args()
    if arguments.only:
        outcome = hunt_one((arguments.only, arguments.seeds))
        print(*outcome, sep="\n")
        return outcome.seeds is None
    missed = 0
    print(f"{'error':<52} {'seeds':>6}  found by")
    with multiprocessing.get_context("spawn").Pool(arguments.jobs, maxtasksperchild=1) as pool:
        for outcome in pool.imap(hunt_one, [(name, arguments.seeds) for name in ERRORS]):
            missed += outcome.seeds is None
            print(f"{outcome.name:<52} {outcome.seeds or '-':>6}  {outcome.finding[:90]}", flush=True)
    print(f"\n{len(ERRORS)} errors planted, {len(ERRORS) - missed} found")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
