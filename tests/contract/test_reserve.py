"""`POST /reservations`: who gets the room, and what is said."""

import httpx

from rooms import body, some_room


async def test_a_free_room_is_reserved(http: httpx.AsyncClient) -> None:
    room = some_room()
    answer = await http.post("/reservations", json=body(room, 10, 11))
    assert answer.status_code == 201
    reservation = answer.json()
    assert reservation.keys() == {"id", "room_id", "start_time", "end_time", "created_at"}
    assert reservation["room_id"] == room
    assert (reservation["start_time"], reservation["end_time"]) == ("2030-05-01T10:00:00Z", "2030-05-01T11:00:00Z")
    assert answer.headers["location"] == f"/reservations/by-id/{reservation['id']}"
