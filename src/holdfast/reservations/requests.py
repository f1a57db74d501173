"""What requests say, as values: places, moments, stretches of time. Each raises `InvalidRequest` naming the field."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import msgspec

from holdfast.accounts.roles import Caller
from holdfast.engine.claims import Details, Interval, Kind, Place
from holdfast.errors import InvalidRequest, ReservationNotFound, Unauthorized
from holdfast.http import fields
from holdfast.reservations.bodies import NewReservation, NewTableReservation, ReservationChange
from holdfast.reservations.changes import Fields
from holdfast.reservations.queries import Window

AnyReserve = NewReservation | NewTableReservation


def room(room_id: str) -> Place:
    """The room that a checked id names."""
    return Place(Kind.ROOM, fields.canonical(room_id))


def table(table_id: int) -> Place:
    """The table that a checked id names."""
    return Place(Kind.TABLE, str(table_id))


def reserve_body(raw: bytes) -> AnyReserve:
    """What a body asks for: a room or a table. Raises `InvalidRequest`."""
    if b"table_id" not in raw:
        return fields.decode(raw, NewReservation)
    named = fields.decode(raw, Named)
    if named.room_id is not msgspec.UNSET and named.table_id is not msgspec.UNSET:
        raise InvalidRequest({"room_id": "one_of", "table_id": "one_of"})
    if named.table_id is msgspec.UNSET:
        return fields.decode(raw, NewReservation)
    return fields.decode(raw, NewTableReservation)


class Named(msgspec.Struct):
    """Which of two fields a body has, whatever is in them."""

    room_id: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    table_id: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


def evening(data: NewTableReservation) -> Interval:
    """The stretch of time that a body asks a table for."""
    start = fields.moment("reservation_time", data.reservation_time)
    end = start + timedelta(minutes=data.duration_minutes)
    if end.year > fields.YEAR_MAX:
        raise InvalidRequest({"reservation_time": "timestamp"})
    return Interval(start, end)


def details(data: NewTableReservation) -> Details:
    """What is kept with a table's reservation."""
    return {"customer_name": data.customer_name, "party_size": data.party_size}


def place_of(room_id: str | None, table_id: str | None) -> Place | None:
    """The place that a list is narrowed to."""
    if room_id is not None and table_id is not None:
        raise InvalidRequest({"room_id": "one_of", "table_id": "one_of"})
    if table_id is not None:
        return table(fields.number("table_id", table_id, rule="table_id"))
    return None if room_id is None else room(fields.name("room_id", room_id))


def reservation_id(text: str) -> UUID:
    """A reservation's id. One that is no UUID is nobody's: raises `ReservationNotFound`."""
    if fields.UUID.fullmatch(text) is None:
        raise ReservationNotFound
    return UUID(text)


def owner(caller: Caller) -> UUID:
    """Whose reservations are the caller's own. Raises `Unauthorized` for a caller without a token."""
    if caller.user_id is None:
        raise Unauthorized
    return caller.user_id


def interval(data: NewReservation) -> Interval:
    """The stretch of time that a body asks for, its order not checked yet."""
    try:
        return Interval(fields.moment("start_time", data.start_time), fields.moment("end_time", data.end_time))
    except InvalidRequest:
        # Once more, slowly, to name both fields if both are at fault.
        fields.each(
            start_time=lambda: fields.moment("start_time", data.start_time),
            end_time=lambda: fields.moment("end_time", data.end_time),
        )
        raise


def window(start: str | None, end: str | None) -> Window:
    """What `from` and `to` narrow a list to."""
    given = fields.each(
        **{"from": lambda: None if start is None else fields.moment("from", start)},
        to=lambda: None if end is None else fields.moment("to", end),
    )
    found = Window(given["from"], given["to"])
    if found.start is not None and found.end is not None and found.end <= found.start:
        raise InvalidRequest({"to": "window"})
    return found


def change(data: ReservationChange) -> Fields:
    """The fields that a body changes, and those that it repeats."""
    if data.room_id is not msgspec.UNSET and data.table_id is not msgspec.UNSET:
        raise InvalidRequest({"room_id": "one_of", "table_id": "one_of"})
    names = ("start_time", "end_time", "reservation_time", "created_at")
    times = fields.each(**{name: partial(_given_moment, data, name) for name in names})
    target = None
    if data.room_id is not msgspec.UNSET:
        target = room(data.room_id)
    elif data.table_id is not msgspec.UNSET:
        target = table(data.table_id)
    given = {"customer_name": data.customer_name, "party_size": data.party_size}
    return Fields(
        target,
        times["start_time"],
        times["end_time"],
        times["reservation_time"],
        data.duration_minutes or None,
        {name: value for name, value in given.items() if value is not msgspec.UNSET},
        data.id or None,
        times["created_at"],
    )


def _given_moment(data: ReservationChange, name: str) -> datetime | None:
    value = getattr(data, name)
    return None if value is msgspec.UNSET else fields.moment(name, value)
