"""What no decent client sends is refused, and does no harm. `python -m proof.hostile` sends a hundred thousand."""

import base64
import random
from contextlib import suppress

import msgspec

from proof.hostile.crafted import Crafted
from proof.hostile.run import report, run

REQUESTS = 2_000


def test_hostile_requests_are_refused_and_do_no_harm(fresh_database_url: str) -> None:
    seed = random.randrange(1_000_000)
    done = run(fresh_database_url, REQUESTS, seed)
    assert done.is_well, report(done, seed)
    # Otherwise they were stopped at the door, and nothing is shown.
    assert done.answers["201"] + done.answers["200"] > REQUESTS / 50
    assert done.answers["400"] > REQUESTS / 5


def test_most_cursors_that_it_sends_can_be_decoded() -> None:
    """Those that cannot are refused at the door, and show nothing of what is behind it."""
    crafted, decoded = Crafted(random.Random(1)), 0
    for _ in range(200):
        with suppress(msgspec.DecodeError, ValueError):
            msgspec.msgpack.decode(base64.urlsafe_b64decode(crafted.cursor() + b"=="))
            decoded += 1
    assert decoded > 100
