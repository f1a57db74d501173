"""What requests say, as values. Each raises `InvalidRequest` naming the field."""

import re
from collections.abc import Collection
from urllib.parse import parse_qsl

from holdfast.errors import InvalidRequest
from holdfast.http import fields
from holdfast.live.hub import Subscription
from holdfast.outbox import positions

NAMES_MAX = 100
"""Places, and types, that one listener may name."""
TYPE = re.compile(r"[a-z_]{1,40}\.[a-z_]{1,40}")


def wish(query: bytes, kinds: Collection[str]) -> Subscription:
    """What `place`, of one of these kinds, and `type` narrow the updates to; each may be given several times."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="utf-8")
    named = {name: [value for key, value in pairs if key == name] for name in ("place", "type")}
    read = fields.each(place=lambda: _places(named["place"], kinds), type=lambda: _types(named["type"]))
    return Subscription(read["place"], read["type"])


def after(last_event_id: str | None) -> int | None:
    """The position that a listener resumes from; what is none of ours tells nothing."""
    return None if last_event_id is None else positions.read(last_event_id.strip())


def _places(texts: list[str], kinds: Collection[str]) -> frozenset[str]:
    return frozenset(_place(text, kinds) for text in _few("place", texts))


def _place(text: str, kinds: Collection[str]) -> str:
    """A place as it stands in messages: `room:blue-room`."""
    kind, _, place_id = text.partition(":")
    if kind not in kinds:
        raise InvalidRequest({"place": "invalid"})
    return f"{kind}:{fields.canonical(fields.name('place', place_id))}"


def _types(texts: list[str]) -> frozenset[str]:
    if any(TYPE.fullmatch(text) is None for text in _few("type", texts)):
        raise InvalidRequest({"type": "invalid"})
    return frozenset(texts)


def _few(field: str, texts: list[str]) -> list[str]:
    if len(texts) > NAMES_MAX:
        raise InvalidRequest({field: "invalid"})
    return texts
