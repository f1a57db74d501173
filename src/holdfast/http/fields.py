"""Kinds of fields that several contracts have, and how a body or a query is read strictly."""

import re
import uuid
from codecs import BOM_UTF8
from collections.abc import Callable, Hashable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec
from msgspec import UNSET, Meta

from holdfast.errors import InvalidRequest
from holdfast.http import letters

T = TypeVar("T")

PREPARE = "prepare"
"""The key under which a field's type says how its text is brought into its one form."""
ID_MAX = 2**63 - 1
DIGITS_MAX = len(str(ID_MAX))
YEAR_MIN, YEAR_MAX = 1970, 2200
# RFC 3339, 5.6, with the offset left out at will, and no finer than PostgreSQL keeps.
TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-5][0-9])?"
)
# Neither control characters nor line separators nor halves of a pair; the rest of Unicode is printable.
NO_CONTROLS = r"^(?![\s\S]*[\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff])"
# One name, however it is written: with hyphens or without, in either case.
UUID = re.compile(r"[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}", re.IGNORECASE)

Timestamp = Annotated[
    str,
    Meta(
        description="RFC 3339; without an offset it is UTC; at most six fractional digits; of the years 1970 to 2200",
        examples=["2026-12-01T10:00:00Z", "2026-12-01T13:00:00+03:00"],
        extra_json_schema={"extra": {"format": "date-time"}},  # as Litestar wants it
        extra={"rule": "timestamp"},
    ),
]
CHARACTERS_MAX = 255
COMPOSITION = 4
"""Characters, at most, that become one when a text is composed: bounds hold for the composed text."""


def key(text: str) -> str | None:
    """The one form of an id that is any text: its letters composed, and otherwise as it is. `None` for too long a one.

    Two ways to write é are one room; spaces and case tell rooms apart, as they always have.
    """
    composed = letters.composed(text)
    return composed if len(composed) <= CHARACTERS_MAX else None


def person(text: str) -> str | None:
    """The one form of an id that stands for a person; `None` for one that only looks like another's."""
    composed = key(text)
    return None if composed is None or letters.misleads(composed) or not letters.is_seen(composed) else composed


def title(text: str) -> str | None:
    """The one form of what people call something: composed, without spaces around; `None` for what cannot be read."""
    return person(text.strip())


def _text(prepare: Callable[[str], str | None], **more: Any) -> Meta:
    return Meta(
        min_length=1,
        max_length=COMPOSITION * CHARACTERS_MAX,
        pattern=NO_CONTROLS,
        extra={"rule": "name", PREPARE: prepare},
        extra_json_schema={"extra": {"max_length": CHARACTERS_MAX}},
        **more,
    )


Key = Annotated[str, _text(key, examples=["blue-room"])]
Person = Annotated[str, _text(person, examples=["user123"])]
Name = Annotated[str, _text(title, examples=["Blue room"])]

FixedId = Annotated[uuid.UUID, Meta(description="Cannot be changed", extra={"rule": "read_only"})]
"""A field that a PATCH may repeat, as it is in the answer that it was made from, and not change."""
FixedNumber = Annotated[int, Meta(description="Cannot be changed", extra={"rule": "read_only"})]
FixedText = Annotated[str, Meta(description="Cannot be changed", extra={"rule": "read_only"})]
FixedTime = Annotated[Timestamp, Meta(description="Cannot be changed")]


def decode(raw: bytes, kind: type[T]) -> T:
    """A JSON body as a struct, read strictly. Raises `InvalidRequest` naming every field at fault.

    A byte order mark before it is passed over, as RFC 8259, 8.1, allows.
    """
    try:
        if not raw.isascii():
            raw = raw.removeprefix(BOM_UTF8)
            # The decoder does not look into texts that it skips.
            raw.decode()
        try:
            decoder: msgspec.json.Decoder[T] = _decoder(kind)  # type: ignore[arg-type]
            return _prepared(decoder.decode(raw))
        except (msgspec.ValidationError, Unprepared):
            raise _faults(msgspec.json.decode(raw), kind) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # RecursionError: brackets nested deeper than any body of ours.
        raise InvalidRequest(rule="json") from None


def convert(values: Mapping[str, Any], kind: type[T]) -> T:
    """The same from values that were not sent as JSON."""
    try:
        return _prepared(msgspec.convert(values, kind))
    except (msgspec.ValidationError, Unprepared):
        raise _faults(values, kind) from None


def moment(field: str, value: str) -> datetime:
    """A `Timestamp` as an aware time in UTC. Raises `InvalidRequest` naming `field`."""
    if TIMESTAMP.fullmatch(value) is not None:
        try:
            read = datetime.fromisoformat(value.upper())
            if read.tzinfo is not UTC:
                read = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
            if YEAR_MIN <= read.year <= YEAR_MAX:
                return read
        except (ValueError, OverflowError):
            pass
    raise InvalidRequest({field: "timestamp"})


def name(field: str, value: str, prepare: Callable[[str], str | None] = key) -> str:
    """A `Key`, or a text of another kind, from a path or a query. Raises `InvalidRequest` naming `field`."""
    try:
        prepared = prepare(msgspec.convert(value, Key))
    except msgspec.ValidationError:
        prepared = None
    if prepared is None:
        raise InvalidRequest({field: "name"})
    return prepared


def canonical(value: str) -> str:
    """The one name of a thing whose id may be a UUID: canonical form if it is one, else the value itself."""
    if UUID.fullmatch(value) is None:
        return value
    digits = value.replace("-", "").lower()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def identity(value: str) -> "uuid.UUID | None":
    """The UUID that a text is, or `None`."""
    return None if UUID.fullmatch(value) is None else uuid.UUID(value)


def number(field: str, text: str, *, rule: str = "event_id") -> int:
    """An id that is a whole number. Raises `InvalidRequest` naming `field`."""
    if not (text.isascii() and text.isdecimal() and len(text) <= DIGITS_MAX and 0 < int(text) <= ID_MAX):
        raise InvalidRequest({field: rule})
    return int(text)


def changed(**pairs: tuple[Any, Any]) -> dict[str, str]:
    """Of fields that cannot be changed those given another value than they have, each a pair of the two.

    Left out is `None` or `UNSET`.
    """
    return {name: "read_only" for name, (given, has) in pairs.items() if given not in (None, UNSET) and given != has}


def each(**readers: Callable[[], Any]) -> dict[str, Any]:
    """Read several fields and report the faults of all of them at once. Raises `InvalidRequest`."""
    values: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for field, read in readers.items():
        try:
            values[field] = read()
        except InvalidRequest as error:
            faults.update(error.fields)
    if faults:
        raise InvalidRequest(faults)
    return values


class Unprepared(Exception):
    """A field of a struct has no form in which it could be kept."""


def _prepared(struct: T) -> T:
    """The struct with each text in its one form. Raises `Unprepared`."""
    for field, prepare in _preparations(type(struct)):  # type: ignore[arg-type]
        value = getattr(struct, field)
        if isinstance(value, str):
            prepared = prepare(value)
            if prepared is None:
                raise Unprepared
            if prepared is not value:
                setattr(struct, field, prepared)
    return struct


@cache
def _preparations(kind: type[Any]) -> tuple[tuple[str, Callable[[str], str | None]], ...]:
    """The fields of a struct that have one form, and how each is brought into it."""
    fields = msgspec.structs.fields(kind) if issubclass(kind, msgspec.Struct) else ()
    found = ((field.name, _said_of(field.type, PREPARE)) for field in fields)
    return tuple((name, prepare) for name, prepare in found if prepare is not None)


@cache
def _decoder(kind: Hashable) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(kind)


def _faults(values: Any, kind: type[Any]) -> InvalidRequest:
    """What is wrong with JSON that is not such a struct; the quick decoder stops at the first fault."""
    if not isinstance(values, Mapping):
        return InvalidRequest(rule="object")
    faults = {}
    for field in msgspec.structs.fields(kind):
        if field.encode_name not in values:
            if field.required:
                faults[field.encode_name] = "required"
            continue
        try:
            value = msgspec.convert(values[field.encode_name], field.type)
        except msgspec.ValidationError:
            faults[field.encode_name] = _rule(field.type)
        else:
            prepare = _said_of(field.type, PREPARE)
            if prepare is not None and isinstance(value, str) and prepare(value) is None:
                faults[field.encode_name] = _rule(field.type)
    return InvalidRequest(faults)


def _rule(kind: Any) -> str:
    """The catalogue's key for what a field of this type must be."""
    return str(_said_of(kind, "rule") or "invalid")


def _said_of(kind: Any, word: str) -> Any:
    """What a field's type says of itself, besides what msgspec reads; `None` for nothing."""
    for part in get_args(kind):
        said = part.extra.get(word) if isinstance(part, Meta) and part.extra else None
        if said is None and get_origin(part) is Annotated:
            said = _said_of(part, word)
        if said is not None:
            return said
    return None
