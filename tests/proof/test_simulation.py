"""The committer keeps its promise through seeds of trouble. `make proof` runs many more."""

import hashlib
import os
import subprocess
import sys

import pytest

from proof.simulate import play
from proof.world import World

SEEDS = 1_000
REPLAYED = 40
PORTIONS = 4


@pytest.mark.parametrize("portion", range(PORTIONS))
def test_the_promise_holds_whatever_the_database_does(portion: int) -> None:
    for seed in range(portion, SEEDS, PORTIONS):
        failure = play(seed)
        if failure is not None:
            _, found, history = failure
            pytest.fail(f"seed {seed}\n{history}\n" + "\n".join(found), pytrace=False)


def fingerprint() -> str:
    """What some seeds did, in a few letters."""
    histories = "\n".join(str(World(seed).play()) for seed in range(REPLAYED))
    return hashlib.sha256(histories.encode()).hexdigest()


def test_a_seed_replays_in_another_process() -> None:
    """Whatever order Python gives to its sets there."""
    program = "from proof.test_simulation import fingerprint; print(fingerprint())"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    prints = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=environment | {"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert prints == {fingerprint() + "\n"}
