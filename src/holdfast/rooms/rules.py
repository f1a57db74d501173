"""What a managed room asks of those who reserve it, through whichever contract they come."""

from datetime import datetime

import msgspec
from msgspec import Struct

from holdfast.engine.claims import Interval, Place
from holdfast.engine.demands import Proposal
from holdfast.errors import HoldfastError, InvalidRequest, RoomClosed
from holdfast.http import fields
from holdfast.rooms import queries
from holdfast.rooms.queries import ROOM, SLOT_TYPE
from holdfast.rooms.slots import Schedule, is_open, is_slot

UUID_LETTERS_MIN = 32


class Hours(Struct, frozen=True):
    """What a managed room demands: its schedule, if it has one, and that it is not retired."""

    is_retired: bool
    schedule: Schedule | None = None

    def allow(self, wanted: Interval) -> bool:
        """Whether the room may be had then."""
        return not self.is_retired and self.schedule is not None and is_open(self.schedule, wanted)


class RoomDemand:
    """The demand of rooms: see `engine/demands.py`. A room without facts is no managed one."""

    facts = queries.FACTS

    def concerns(self, proposal: Proposal) -> bool:
        """Whether it may be a managed room; a booking is to stay in one."""
        return may_be_managed(proposal.place) or proposal.type == SLOT_TYPE

    def against(self, facts: str | None, proposal: Proposal, now: datetime) -> HoldfastError | None:
        """`InvalidRequest` for the past, `RoomClosed` outside of the room's hours."""
        before = proposal.before
        if facts is None:
            # A booking is of a slot, and no other room has any.
            return RoomClosed() if before is not None and before.type == SLOT_TYPE else None
        hours = msgspec.json.decode(facts, type=Hours)
        stays = before is not None and before.place == proposal.place
        begins_anew = before is None or not stays or proposal.interval.start != before.start
        if begins_anew and proposal.interval.start < now:
            is_booked = before is None and proposal.type == SLOT_TYPE
            return InvalidRequest({"slotId" if is_booked else "start_time": "past"})
        # What is held in a retired room may become less, and a booking is always of a slot.
        is_less = before is not None and stays and proposal.interval.is_inside(before.interval)
        is_on_slots = proposal.type != SLOT_TYPE or _is_slot(hours, proposal.interval)
        return None if (is_less or hours.allow(proposal.interval)) and is_on_slots else RoomClosed()


def may_be_managed(place: Place) -> bool:
    """Whether a room's id is a UUID, as those of all that are made are: others need not be looked up."""
    # Most ids are shorter than any UUID, and asked about with each claim.
    return len(place.id) >= UUID_LETTERS_MIN and place.kind == ROOM and fields.UUID.fullmatch(place.id) is not None


def _is_slot(hours: Hours, wanted: Interval) -> bool:
    return hours.schedule is not None and is_slot(hours.schedule, wanted)
