"""Demands of features on those who take their places: hours, a size.

It is read in the same look as what is in the way, and judged with it by pure functions. Whatever changes a demand
raises the revision of its place, as every change of a place does; so nothing is written that was decided on an old one.
What depends on who asks, and not on the place, is no demand: it is checked before.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple, Protocol
from uuid import UUID

from msgspec import Struct

from holdfast.database.readable import UNREADABLE, leave_out
from holdfast.engine import looks
from holdfast.engine.claims import Details, Interval, Place, Reservation
from holdfast.errors import HoldfastError, Unreadable


class Proposal(NamedTuple):
    """A reservation as it would stand, and as it stood `before` it was changed: `None` for one that is new.

    `is_hold` says that it would be one that is new, of `user_id`.
    """

    place: Place
    interval: Interval
    type: str
    details: Details | None
    before: Reservation | None = None
    user_id: UUID | None = None
    is_hold: bool = False


class Rules(Struct, frozen=True):
    """The engine's own bounds: how long a reservation may last, and how many holds a place and a user may have."""

    longest: timedelta
    place_holds_max: int = 100
    user_holds_max: int = 20


class Demand(Protocol):
    """A feature's demand on whoever takes its places.

    `facts` is an SQL expression about the place whose id is the text `u.id`: JSON, or NULL where nothing is known.
    """

    facts: str

    def concerns(self, proposal: Proposal) -> bool:
        """Tell whether there may be something against it, before anything is known of its place."""

    def against(self, facts: str | None, proposal: Proposal, now: datetime) -> HoldfastError | None:
        """Why nobody gets what is asked for, whoever else has it. Pure; `now` is the process's clock."""


class Demands:
    """The demands of all features, each at places of its own kind. Made once in each process."""

    def __init__(self, of: Mapping[str, Demand]) -> None:
        self._of = of

    @cached_property
    def looks(self) -> tuple[str, str]:
        """The looks that tell facts."""
        return looks.telling({kind: demand.facts for kind, demand in self._of.items()})

    def concerned(self, proposal: Sequence[Proposal]) -> list[int]:
        """The positions of those of whom something may be demanded."""
        of = self._of
        return [
            position
            for position, each in enumerate(proposal)
            if (demand := of.get(each.place.kind)) is not None and demand.concerns(each)
        ]

    def against(self, facts: str | None, proposal: Proposal, now: datetime) -> HoldfastError | None:
        """Why nobody gets what is asked for; `Unreadable` where somebody has typed what cannot be read."""
        try:
            return self._of[proposal.place.kind].against(facts, proposal, now)
        except UNREADABLE as error:
            leave_out("places", proposal.place.key, error)
            return Unreadable()


NO_DEMANDS = Demands({})
