"""Runs the committer through many seeds of trouble, or one seed again: `python -m proof.simulate --seeds 100000`.

Every run of a seed is the same. A failing seed is printed with its history, and `--seed` replays it.
"""

import argparse
import gc
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator

from proof.oracle import verdict
from proof.world import World

SEEDS_AT_ONCE = 50
FAILURES_SHOWN_MAX = 5
Failure = tuple[int, list[str], str]


def play(seed: int) -> Failure | None:
    """Run one seed: what was wrong with it and its history, or `None` when nothing was."""
    history = World(seed).play()
    found = verdict(history)
    return (seed, found, str(history)) if found else None


def play_all(seeds: range) -> list[Failure]:
    """The failures among some seeds."""
    # Each run leaves loops of references behind: collected between runs, so that no run depends on when.
    failures = [failure for seed in seeds if (failure := play(seed)) is not None]
    gc.collect()
    return failures


def portions(start: int, count: int, at_once: int) -> Iterator[range]:
    """The seeds, in portions that one process takes at a time."""
    for first in range(start, start + count, at_once):
        yield range(first, min(first + at_once, start + count))


def simulate(
    start: int,
    count: int,
    jobs: int,
    run: Callable[[range], list[Failure]] = play_all,
    at_once: int = SEEDS_AT_ONCE,
) -> list[Failure]:
    """Run seeds in several processes, show how far it is, and stop at the first failures."""
    began = time.monotonic()
    done = 0
    failures: list[Failure] = []
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        for found in pool.imap(run, portions(start, count, at_once)):
            failures += found
            done = min(done + at_once, count)
            if sys.stderr.isatty() or done % 5_000 < at_once:
                seconds = time.monotonic() - began
                left = seconds / done * (count - done)
                line = f"{done:,} of {count:,} seeds, {len(failures)} failed, {seconds:.0f} s, {left:.0f} s to go"
                print(line, file=sys.stderr, end="\r" if sys.stderr.isatty() else "\n", flush=True)
            if len(failures) >= FAILURES_SHOWN_MAX:
                break
    return failures


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m proof.simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2_000, help="how many to run")
    parser.add_argument("--from", type=int, default=0, dest="start", help="the first")
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count(), help="in how many processes")
    parser.add_argument("--seed", type=int, help="run only this one, and show its history")
    arguments = parser.parse_args()
    if arguments.seed is not None:
        history = World(arguments.seed).play()
        found = verdict(history)
        print(history, *(f"WRONG  {line}" for line in found or ["nothing"]), sep="\n")
        return bool(found)
    failures = simulate(arguments.start, arguments.seeds, arguments.jobs)
    for seed, found, history in failures[:FAILURES_SHOWN_MAX]:
        print(f"\n\nseed {seed}", history, *(f"WRONG  {line}" for line in found), sep="\n")
        print(f"Again: PYTHONPATH=tests python -m proof.simulate --seed {seed}")
    print(f"\n{arguments.seeds:,} seeds from {arguments.start:,}: {'FAILED' if failures else 'nothing wrong'}")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
