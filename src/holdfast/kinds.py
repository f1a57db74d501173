"""The kinds of places that there are. Whoever adds one writes it as a `PlaceKind`, and names it here."""

from holdfast.reservations.kinds import Kinds
from holdfast.rooms.kind import RoomKind
from holdfast.tables.kind import TableKind

KINDS = Kinds(
    RoomKind(),
    TableKind(),
    words="What sort of place it is. Rooms and tables are calendars; an event has seats, and no hours.",
)
