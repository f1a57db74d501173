"""Sends hostile requests to a service: `python -m proof.hostile --requests 100000 --seed 1`. 1: it has stumbled.

Every request must be answered with something else than 5xx, 502 and 503 of the contract but for, or its connection
closed; afterwards the service must still book, and its log hold no failure.
"""

import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

from databases import SERVER
from holdfast.database import embedded
from proof.hostile.run import report, run


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m proof.hostile", description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000, help="how many are sent")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="draws them again")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hf-", ignore_cleanup_errors=True) as directory:  # noqa: SIM117
        with embedded.running(Path(directory)) as url:
            os.environ[SERVER] = url
            done = run(url, arguments.requests, arguments.seed)
    print(report(done, arguments.seed))
    return not done.is_well


if __name__ == "__main__":
    sys.exit(main())
