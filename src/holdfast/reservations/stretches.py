"""The stretch of time that a page of the web app shows at once."""

from datetime import timedelta
from typing import Annotated

from litestar.params import QueryParameter

from holdfast.errors import InvalidRequest
from holdfast.http import fields
from holdfast.reservations import requests
from holdfast.reservations.queries import Window

STRETCH_MAX = timedelta(days=8)
"""A week, and what daylight saving adds to it."""
SHOWN_MAX = 5_000
"""Reservations that one answer carries at the most."""

StretchStart = Annotated[fields.Timestamp, QueryParameter(name="from", description="Only what ends after this moment")]
StretchEnd = Annotated[
    fields.Timestamp, QueryParameter(name="to", description="Only what starts before this moment; 8 days later at most")
]


def stretch_of(start: str, end: str) -> Window:
    """What a page shows at once. Raises `InvalidRequest` when it is more than eight days."""
    window = requests.window(start, end)
    assert window.start is not None
    assert window.end is not None
    if window.end - window.start > STRETCH_MAX:
        raise InvalidRequest({"to": "stretch"})
    return window
