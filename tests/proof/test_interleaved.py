"""The engine's real SQL keeps the promise in whatever order sessions run it, statement by statement."""

import pytest

from proof.interleaved import play_some

SEEDS = 2_000
PORTIONS = 4


@pytest.mark.parametrize("portion", range(PORTIONS))
async def test_rows_are_what_the_changes_make_of_them(portion: int) -> None:
    each = SEEDS // PORTIONS
    for seed, found, history in await play_some(range(portion * each, (portion + 1) * each)):
        pytest.fail(f"seed {seed}\n{history}\n" + "\n".join(found), pytrace=False)
