"""Who gets a seat. Pure: values in, values out."""

from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple

from holdfast.engine.claims import Place, Reason


class Seats(NamedTuple):
    """How many seats a pool has, and how many of them are booked."""

    total: int
    booked: int


class Booker(NamedTuple):
    """Somebody who wants, or has, a seat in a pool; a person has at most one."""

    place: Place
    user_id: str


def settle(claims: Sequence[Booker], pools: Mapping[Place, Seats], seated: Set[Booker]) -> list[Reason | None]:
    """Why each claim gets no seat, or `None` when it does; in order of arrival, each seeing the grants before it.

    `pools` holds the pools that exist; `seated` those of the claims' bookers who have a seat already.
    """
    booked = {place: seats.booked for place, seats in pools.items()}
    holders = set(seated)
    answers: list[Reason | None] = []
    for claim in claims:
        reason = _refusal(claim, pools, booked, holders)
        if reason is None:
            booked[claim.place] += 1
            holders.add(claim)
        answers.append(reason)
    return answers


def _refusal(
    claim: Booker, pools: Mapping[Place, Seats], booked: Mapping[Place, int], holders: Set[Booker]
) -> Reason | None:
    if claim.place not in pools:
        return Reason.NOT_FOUND
    if claim in holders:
        return Reason.ALREADY_BOOKED
    # Not `==`: a hand-made change may have left fewer seats than are booked.
    return Reason.FULL if booked[claim.place] >= pools[claim.place].total else None
