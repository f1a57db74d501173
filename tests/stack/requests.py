"""Requests that clash, for many clients to send at once."""

from races.volley import Shot
from rooms import body, some_room


def reservations(port: int, rooms: int) -> list[Shot]:
    """Eight reservations for each of so many rooms, of which each overlaps the next."""
    names = [some_room() for _ in range(rooms)]
    return [Shot(port, "POST", "/reservations", body(name, hour, hour + 2)) for name in names for hour in range(8)]
