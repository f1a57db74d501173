"""Pure: what of a message whom is shown. What is not known to be harmless is shown to admins and to its owner only."""

from collections.abc import Mapping

import msgspec
from msgspec import Raw, Struct

from holdfast.accounts.roles import Caller, Role
from holdfast.outbox import positions
from holdfast.outbox.messages import Entry

PUBLIC = frozenset(
    {"id", "kind", "start_time", "end_time", "expires_at", "name", "seats", "total_seats", "booked_seats"}
)
"""The fields of `data` that everybody may see, as in the lists, beside the place's id, which `place` tells anyway.

Fields that are added later are private at first.
"""
OWNER = "user_id"


class StreamedMessage(Struct):
    """A message as it was published; what is in `data` is not looked into."""

    id: Raw
    type: str
    place: str
    occurred_at: Raw
    data: dict[str, Raw]


class Frames:
    """One message as listeners get it, made when the first of a kind wants it."""

    __slots__ = ("_full", "_public", "heard", "position")

    def __init__(self, entry: Entry) -> None:
        self.position = entry.position
        self.heard: StreamedMessage = msgspec.json.decode(entry.body, type=StreamedMessage)
        self._full: bytes | None = None
        self._public: bytes | None = None

    def shown_to(self, caller: Caller) -> bytes:
        """The event as this caller may see it."""
        if caller.role is Role.ADMIN or self._belongs_to(caller):
            if self._full is None:
                self._full = _event(self.position, self.heard, self.heard.data)
            return self._full
        if self._public is None:
            public = PUBLIC | {self.heard.place.partition(":")[0] + "_id"}
            shown = {name: value for name, value in self.heard.data.items() if name in public}
            self._public = _event(self.position, self.heard, shown)
        return self._public

    def _belongs_to(self, caller: Caller) -> bool:
        owner = self.heard.data.get(OWNER)
        return (
            owner is not None and caller.user_id is not None and bytes(owner) == b'"%s"' % str(caller.user_id).encode()
        )


def _event(position: int, heard: StreamedMessage, data: Mapping[str, Raw]) -> bytes:
    """A server-sent event; JSON has no line breaks of its own."""
    shown = {
        "id": heard.id,
        "type": heard.type,
        "place": heard.place,
        "occurred_at": heard.occurred_at,
        "data": data,
    }
    lines = (
        b"id: " + positions.shown(position).encode(),
        b"event: " + heard.type.encode(),
        b"data: " + msgspec.json.encode(shown),
    )
    return b"\n".join(lines) + b"\n\n"
