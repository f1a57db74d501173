"""The kinds of places of an installation, and what is composed of all of them: bodies, a filter, the description."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import partial, reduce
from inspect import Parameter, Signature
from operator import or_
from typing import Annotated, Any

import msgspec
from litestar.params import QueryParameter
from msgspec import UNSET, Raw, Struct, UnsetType

from holdfast.database.connections import Connection
from holdfast.engine.claims import EVENT, Place, Reservation
from holdfast.engine.demands import Demands
from holdfast.errors import InvalidRequest
from holdfast.http import fields
from holdfast.reservations.bodies import Composed, HeldBody, ReservationChange
from holdfast.reservations.kind import Fields, PlaceKind, Plan

EVERYWHERE = frozenset({"start_time", "end_time", "hold_seconds"})
"""Fields of a new reservation that are no kind's own."""


class Kinds:
    """The kinds of places that are reserved, the first for whoever names none; and of those that have seats."""

    def __init__(self, *reserved: PlaceKind, words: str, seated: Sequence[str] = (EVENT,)) -> None:
        self.reserved = reserved
        self.default = reserved[0]
        self.names = (*(kind.name for kind in reserved), *seated)
        self.types = frozenset(each for kind in reserved for each in kind.types)
        self.demands = Demands({kind.name: kind.demand for kind in reserved if kind.demand is not None})
        self._of = {kind.name: kind for kind in reserved}
        self._of_new = {kind.new: kind for kind in reserved}
        self._ids = {f"{kind.name}_id": kind for kind in reserved}
        self._marks = tuple(name.encode() for name in self._ids)[1:]
        self._named = msgspec.defstruct("Named", [(name, Raw | UnsetType, UNSET) for name in self._ids])
        given = {kind.name: {each.name: each.type for each in msgspec.structs.fields(kind.new)} for kind in reserved}
        changed = {name: of for kind in reserved for name, of in given[kind.name].items() if name not in EVERYWHERE}
        self._own = {name: of for name, of in changed.items() if name not in self._ids}
        self._has = {name: frozenset(each) for name, each in given.items()}
        self.change = msgspec.defstruct(
            "ReservationChange",
            [(name, of | UnsetType, UNSET) for name, of in changed.items()],
            bases=(ReservationChange,),
            namespace={"__doc__": ReservationChange.__doc__},
        )
        self.composed: Mapping[Composed, Any] = {
            Composed.NEW: reduce(or_, (kind.new for kind in reserved)),
            Composed.SHOWN: reduce(or_, (kind.body for kind in reserved)),
            Composed.DEFAULT: self.default.body,
            Composed.CHANGE: self.change,
            Composed.KIND: StrEnum("Kind", {name: name for name in self.names}),
        }
        self.composed[Composed.KIND].__doc__ = words

    def of(self, place: Place) -> PlaceKind:
        """The kind of a place that is reserved. Raises `LookupError` for another."""
        return self._of[place.kind]

    def known(self, place: Place) -> Place:
        """A place of a kind that there is. Raises `LookupError` for another, as somebody may have typed."""
        if place.kind not in self.names:
            raise LookupError
        return place

    def may_be_made(self, place: Place) -> bool:
        """Whether somebody may have made a place, as `find` would tell."""
        kind = self._of.get(place.kind)
        return kind is not None and kind.register is not None and kind.register.may_have(place)

    def of_new(self, data: Struct) -> PlaceKind:
        """The kind of place that a body asks for."""
        return self._of_new[type(data)]

    def shown(self, reservation: Reservation, *, sees: bool) -> HeldBody:
        """A reservation as clients get it who may see, or not, whom it is for."""
        return self._of[reservation.place.kind].shown(reservation, sees=sees)

    def read(self, raw: bytes) -> Struct:
        """What a body asks for, as its kind's `new`. Raises `InvalidRequest`."""
        for mark in self._marks:
            if mark in raw:
                _, kind = self._named_by(fields.decode(raw, self._named))
                return fields.decode(raw, (kind or self.default).new)
        return fields.decode(raw, self.default.new)

    def change_of(self, data: ReservationChange) -> Fields:
        """The fields that a body changes, and those that it repeats. Raises `InvalidRequest`."""
        value, kind = self._named_by(data)
        moments = ["start_time", "end_time", *(name for name, of in self._own.items() if of == fields.Timestamp)]
        times = fields.each(**{name: partial(_moment, data, name) for name in (*moments, "created_at")})
        own = {name: times.get(name, getattr(data, name)) for name in self._own}
        return Fields(
            None if kind is None else kind.place_of(value),
            times["start_time"],
            times["end_time"],
            {name: value for name, value in own.items() if getattr(data, name) is not UNSET},
            data.id or None,
            times["created_at"],
        )

    def plan(self, found: Reservation, change: Fields) -> Plan:
        """The fields of a change as they are meant of this reservation.

        Raises `InvalidRequest` for fields that it does not have, that cannot be changed, or that contradict each other.
        """
        kind, faults = self.of(found.place), {}
        if change.target is not None and change.target.kind != kind.name:
            faults[f"{change.target.kind}_id"] = "other_kind"
        has = self._has[kind.name]
        faults |= {name: f"{self._owner(name)}_only" for name in change.more if name not in has}
        faults |= fields.changed(id=(change.id, found.id), created_at=(change.created_at, found.created_at))
        if faults:
            raise InvalidRequest(faults)
        return kind.plan(found, change)

    def named(self, given: Mapping[str, str | None]) -> Place | None:
        """The place that a query names, by the fields of all kinds. Raises `InvalidRequest`."""
        texts = {name: text for name, text in given.items() if text is not None}
        kind = self._one_of(texts)
        return None if kind is None else kind.named(*texts.values())

    def filter(self) -> Callable[..., Mapping[str, str | None]]:
        """What a query gives these fields, as a dependency of a handler, which is described by it."""

        def fields_given(**given: str | None) -> Mapping[str, str | None]:
            return given

        kinds = {
            name: Annotated[str | None, QueryParameter(description=f"Only of this {kind.name}")]
            for name, kind in self._ids.items()
        }
        shown = [Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=of) for name, of in kinds.items()]
        fields_given.__signature__ = Signature(shown)  # type: ignore[attr-defined]
        fields_given.__annotations__ = {**kinds, "return": Mapping[str, str | None]}
        return fields_given

    async def find(self, connection: Connection, places: Sequence[Place]) -> Mapping[Place, str]:
        """What these places are called, of those that somebody has made."""
        found: dict[Place, str] = {}
        for kind in self.reserved:
            ids = [place.id for place in places if place.kind == kind.name]
            names = await kind.register.find(connection, ids) if ids and kind.register is not None else {}
            found |= {Place(kind.name, place_id): name for place_id, name in names.items()}
        return found

    def _one_of(self, given: Mapping[str, Any]) -> PlaceKind | None:
        """The kind of place that is named, if one is. Raises `InvalidRequest` for several."""
        if len(given) > 1:
            raise InvalidRequest(dict.fromkeys(given, "one_of"))
        return next((self._ids[name] for name in given), None)

    def _named_by(self, data: Struct) -> tuple[Any, PlaceKind | None]:
        """What a body names, and the kind of place that it is."""
        given = {name: value for name in self._ids if (value := getattr(data, name)) is not UNSET}
        kind = self._one_of(given)
        return next(iter(given.values()), None), kind

    def _owner(self, field: str) -> str:
        return next(name for name, has in self._has.items() if field in has)


def _moment(data: Struct, name: str) -> Any:
    value = getattr(data, name)
    return None if value is UNSET else fields.moment(name, value)
