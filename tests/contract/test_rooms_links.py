"""Conference links: when the conference service is asked, what its failures do, and which links it gets back."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from answers import error
from holdfast.engine.claims import Change, Stretch, Verdict
from holdfast.engine.committer import Committer
from holdfast.errors import OutcomeUnknown
from holdfast.rooms.conference import BadConferenceUrl, ConferenceError
from holdfast.rooms.slots import slot_id
from inprocess import Clock, running
from offices import DATE, book, booked, cancel, forget_key, free_slots, my_bookings, open_room, starts, stretch, user
from races.locks import room_locked
from rooms import hour


class Conference:
    """A conference service that a test holds in its hands."""

    def __init__(self) -> None:
        self.asked: list[tuple[UUID, datetime, datetime]] = []
        self.returned: list[UUID] = []
        self.failure: Exception | None = None
        self._is_asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def create(self, booking_id: UUID, start: datetime, end: datetime) -> str:
        self.asked.append((booking_id, start, end))
        self._is_asked.set()
        await self.may_answer.wait()
        if self.failure is not None:
            raise self.failure
        return f"https://call.example/{booking_id}"

    async def close(self) -> None:
        """Nothing to do."""

    async def has_been_asked(self, times: int = 1) -> None:
        """Returns when it has been asked this often."""
        while len(self.asked) < times:
            self._is_asked.clear()
            await self._is_asked.wait()

    async def move(self, booking_id: UUID, start: datetime, end: datetime) -> None:
        """Nothing to do."""

    async def give_back(self, booking_id: UUID) -> None:
        self.returned.append(booking_id)
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def conference() -> Conference:
    return Conference()


@pytest.fixture
async def http(database_url: str, conference: Conference) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service that asks this conference service. Whatever it gives back has been when it has ended."""
    async with running(database_url, Clock(), conference) as client:
        yield client


async def first_slot(http: httpx.AsyncClient) -> tuple[str, str]:
    """A new room, and its first slot."""
    room = await open_room(http)
    return room, (await free_slots(http, room))[0]["id"]


async def ask(http: httpx.AsyncClient, slot: str, **headers: str) -> httpx.Response:
    """The answer to somebody who books with a link."""
    return await book(http, slot, user() | headers, createConferenceLink=True)


async def test_the_service_is_told_what_the_link_is_for(http: httpx.AsyncClient, conference: Conference) -> None:
    _, slot = await first_slot(http)
    booking = (await ask(http, slot)).json()["booking"]
    [(booking_id, start, end)] = conference.asked
    assert (str(booking_id), booking["conferenceLink"]) == (booking["id"], f"https://call.example/{booking_id}")
    assert (start.isoformat(), end - start) == (f"{DATE}T09:00:00+00:00", timedelta(minutes=30))
    assert conference.returned == []


async def test_nobody_is_asked_for_a_link_that_nobody_wants(http: httpx.AsyncClient, conference: Conference) -> None:
    _, slot = await first_slot(http)
    await booked(http, slot, user(), createConferenceLink=False)
    assert conference.asked == []


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (ConferenceError("no answer"), 502, "CONFERENCE_SERVICE_ERROR"),
        (BadConferenceUrl("javascript:"), 500, "INTERNAL_ERROR"),
        (RuntimeError("a mistake"), 500, "INTERNAL_ERROR"),
    ],
)
async def test_without_a_link_nothing_is_booked(
    http: httpx.AsyncClient, conference: Conference, failure: Exception, status: int, code: str
) -> None:
    room, slot = await first_slot(http)
    conference.failure = failure
    for path in ("/bookings/create", "/bookings/create?x=1"):
        answer = await http.post(path, json={"slotId": slot, "createConferenceLink": True}, headers=user())
        assert error(answer, status, code) == {}
    assert len(await starts(http, room)) == 6
    conference.failure = None
    assert (await ask(http, slot)).status_code == 201


async def test_who_does_not_want_a_link_is_not_held_up_by_the_service(
    http: httpx.AsyncClient, conference: Conference
) -> None:
    conference.failure = ConferenceError()
    _, slot = await first_slot(http)
    await booked(http, slot, user())


async def test_a_taken_slot_is_refused_before_the_service_is_asked(
    http: httpx.AsyncClient, conference: Conference
) -> None:
    room, slot = await first_slot(http)
    await booked(http, slot, user())
    error(await ask(http, slot), 409, "SLOT_ALREADY_BOOKED")
    await http.post("/reservations", json=stretch(room, 9.75, 11), headers=user())
    for number in (1, 2, 3):
        error(await ask(http, _slot(room, number)), 409, "SLOT_ALREADY_BOOKED")
    assert conference.asked == []


def _slot(room: str, number: int) -> str:
    """The id of a room's slot, counted from nine."""
    return str(slot_id(UUID(room), hour(9 + number / 2)))


async def test_while_the_service_is_waited_for_everything_else_goes_on(
    http: httpx.AsyncClient, conference: Conference, database_url: str
) -> None:
    """Many wait for it, more than there are connections; the same room is booked, moved and listed meanwhile."""
    room, slot = await first_slot(http)
    conference.may_answer.clear()
    waiting = [asyncio.create_task(ask(http, slot)) for _ in range(50)]
    await conference.has_been_asked(50)
    # Nobody holds the row that a claim locks.
    async with asyncio.timeout(5), room_locked(database_url, room):
        pass
    owner = user()
    other = await booked(http, _slot(room, 3), owner)
    assert (await cancel(http, other, owner)).status_code == 200
    assert len(await starts(http, room)) == 6
    conference.may_answer.set()
    answers = await asyncio.gather(*waiting)
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 49


async def test_a_link_whose_slot_was_lost_is_given_back(database_url: str, conference: Conference) -> None:
    async with running(database_url, Clock(), conference) as http:
        _, slot = await first_slot(http)
        conference.may_answer.clear()
        waiting = asyncio.create_task(ask(http, slot))
        await conference.has_been_asked()
        winner = await booked(http, slot, user())
        conference.may_answer.set()
        error(await waiting, 409, "SLOT_ALREADY_BOOKED")
    assert conference.returned == [conference.asked[0][0]]
    assert str(conference.returned[0]) != winner["id"]


async def test_a_link_that_cannot_be_given_back_does_no_harm(database_url: str, conference: Conference) -> None:
    async with running(database_url, Clock(), conference) as http:
        _, slot = await first_slot(http)
        conference.may_answer.clear()
        waiting = asyncio.create_task(ask(http, slot))
        await conference.has_been_asked()
        await booked(http, slot, user())
        conference.give_back = _fails  # type: ignore[method-assign]
        conference.may_answer.set()
        error(await waiting, 409, "SLOT_ALREADY_BOOKED")
        assert (await http.get("/health")).status_code == 200


async def _fails(_: UUID) -> None:
    raise ConferenceError


async def test_of_many_that_want_one_slot_only_the_winner_keeps_a_link(
    database_url: str, conference: Conference
) -> None:
    async with running(database_url, Clock(), conference) as http:
        _, slot = await first_slot(http)
        answers = await asyncio.gather(*(ask(http, slot) for _ in range(30)))
        [winner] = [answer.json()["booking"] for answer in answers if answer.status_code == 201]
    kept = {booking_id for booking_id, _, _ in conference.asked} - set(conference.returned)
    assert kept == {UUID(winner["id"])}


async def test_a_claim_that_could_not_be_settled_gives_its_link_back(database_url: str, conference: Conference) -> None:
    async with running(database_url, Clock(), conference, claim_seconds_max=0.3, lock_seconds_max=0.2) as http:
        room, slot = await first_slot(http)
        async with room_locked(database_url, room):
            error(await ask(http, slot), 503, "UNAVAILABLE")
            error(await ask(http, slot, **{"Idempotency-Key": "k"}), 503, "UNAVAILABLE")
    # With a key a retry asks for the same link: it stays.
    assert conference.returned == [conference.asked[0][0]]


async def test_a_link_stays_when_nobody_knows_whether_the_booking_is_there(
    database_url: str, conference: Conference, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def vanish(_: Committer, change: Change, __: object = None) -> Verdict:
        assert isinstance(change.takes, Stretch)
        raise OutcomeUnknown(str(change.takes.id))

    async with running(database_url, Clock(), conference) as http:
        _, slot = await first_slot(http)
        monkeypatch.setattr(Committer, "submit", vanish)
        details = error(await ask(http, slot), 503, "OUTCOME_UNKNOWN")
    assert details == {"id": str(conference.asked[0][0])}
    assert conference.returned == []


class TestRepeated:
    """The same request again, with an `Idempotency-Key`."""

    async def test_after_a_failure_a_retry_asks_for_the_same_link(
        self, http: httpx.AsyncClient, conference: Conference
    ) -> None:
        _, slot = await first_slot(http)
        sender = user() | {"Idempotency-Key": "once"}
        conference.failure = ConferenceError()
        error(await book(http, slot, sender, createConferenceLink=True), 502, "CONFERENCE_SERVICE_ERROR")
        conference.failure = None
        booking = await booked(http, slot, sender, createConferenceLink=True)
        assert {booking_id for booking_id, _, _ in conference.asked} == {UUID(booking["id"])}

    async def test_what_was_answered_is_answered_without_the_service(
        self, http: httpx.AsyncClient, conference: Conference
    ) -> None:
        _, slot = await first_slot(http)
        sender = user() | {"Idempotency-Key": "once"}
        first = await booked(http, slot, sender, createConferenceLink=True)
        assert await booked(http, slot, sender, createConferenceLink=True) == first
        assert (len(conference.asked), conference.returned) == (1, [])

    async def test_a_refusal_without_the_service_is_answered_again_when_the_slot_is_free(
        self, http: httpx.AsyncClient, conference: Conference
    ) -> None:
        _, slot = await first_slot(http)
        owner, sender = user(), user() | {"Idempotency-Key": "once"}
        taken = await booked(http, slot, owner)
        error(await book(http, slot, sender, createConferenceLink=True), 409, "SLOT_ALREADY_BOOKED")
        await cancel(http, taken, owner)
        again = await book(http, slot, sender, createConferenceLink=True)
        error(again, 409, "SLOT_ALREADY_BOOKED")
        assert (again.headers["idempotency-replayed"], conference.asked) == ("true", [])

    async def test_another_body_asks_for_another_link_and_leaves_the_first_alone(
        self, database_url: str, conference: Conference
    ) -> None:
        sender = user() | {"Idempotency-Key": "once"}
        async with running(database_url, Clock(), conference) as http:
            room, slot = await first_slot(http)
            conference.may_answer.clear()
            wishes = [
                asyncio.create_task(book(http, each, sender, createConferenceLink=True))
                for each in (slot, _slot(room, 1))
            ]
            await conference.has_been_asked(2)
            conference.may_answer.set()
            answers = await asyncio.gather(*wishes)
            assert sorted(answer.status_code for answer in answers) == [201, 422]
            [booking] = await my_bookings(http, sender)
        assert conference.returned
        assert UUID(booking["id"]) not in conference.returned

    async def test_after_its_day_the_key_asks_for_a_link_of_a_new_booking(
        self, http: httpx.AsyncClient, conference: Conference, connection: "asyncpg.Connection"
    ) -> None:
        _, slot = await first_slot(http)
        sender = user(uuid4()) | {"Idempotency-Key": "once"}
        first = await booked(http, slot, sender, createConferenceLink=True)
        await cancel(http, first, sender)
        await forget_key(connection, first)
        second = await booked(http, slot, sender, createConferenceLink=True)
        assert second["conferenceLink"] != first["conferenceLink"]
