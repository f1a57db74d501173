"""A program of somebody else's: it calls the service whose address it is given with the client that was generated.

Prints a line for each answer, so the test that runs it can hold them against what was asked for.
"""

import sys
from datetime import datetime

from holdfast_client import AuthenticatedClient, Client
from holdfast_client.api.accounts import get_dummy_token
from holdfast_client.api.bookings import book_slot, list_own_slot_bookings
from holdfast_client.api.events import book_seat, create_event
from holdfast_client.api.reservations import list_room_reservations, reserve_place
from holdfast_client.api.rooms import create_room, create_schedule, list_slots
from holdfast_client.models import (
    DummyLogin,
    NewEvent,
    NewReservation,
    NewRoom,
    NewSchedule,
    NewSeatBooking,
    NewSlotBooking,
    Role,
)

URL = sys.argv[1]
START, END = datetime.fromisoformat("2030-12-03T10:00:00Z"), datetime.fromisoformat("2030-12-03T11:00:00Z")


def signed_in(role: Role) -> AuthenticatedClient:
    """A client with the token of a fixed user."""
    answer = get_dummy_token.sync(client=Client(URL), body=DummyLogin(role=role))
    return AuthenticatedClient(URL, answer.token)


def show(answer: object) -> None:
    """Print the type of an answer."""
    print(type(answer).__name__)


admin, user = signed_in(Role.ADMIN), signed_in(Role.USER)

wanted = NewReservation(room_id="generated", start_time=START, end_time=END)
show(reserve_place.sync(client=user, body=wanted))
[listed] = list_room_reservations.sync("generated", client=user)
show(listed)
show(reserve_place.sync(client=user, body=wanted))

room = create_room.sync(client=admin, body=NewRoom(name="Generated")).room
create_schedule.sync(room.id, client=admin, body=NewSchedule(days_of_week=[2], start_time="09:00", end_time="18:00"))
slot = list_slots.sync(room.id, client=user, date=START.date()).slots[0]
show(slot)
show(book_slot.sync(client=user, body=NewSlotBooking(slot_id=slot.id)).booking)
show(list_own_slot_bookings.sync(client=user).bookings[0])

event = create_event.sync(client=admin, body=NewEvent(name="Generated", total_seats=1))
show(event)
show(book_seat.sync(client=user, body=NewSeatBooking(event_id=event.id, user_id="somebody")))
