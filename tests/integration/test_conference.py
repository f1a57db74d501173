"""The providers of conference links, the one over HTTP against a real and a bad service."""

from uuid import UUID, uuid4

import pytest

from conference_service import ConferenceService
from holdfast.rooms import conference
from holdfast.rooms.conference import (
    BadConferenceUrl,
    ConferenceError,
    HttpConference,
    JitsiConference,
    MockConference,
    is_url,
    provider,
)
from holdfast.settings import Settings
from rooms import hour

BOOKING = UUID("01a1fc5e-6895-7599-82a6-1380712f2de3")
WHEN = hour(10), hour(10.5)


async def link(service: ConferenceService, seconds_max: float = 3.0, token: str | None = None) -> str:
    """The link for one booking."""
    asked = HttpConference(service.url, token, seconds_max)
    try:
        return await asked.create(BOOKING, *WHEN)
    finally:
        await asked.close()


async def test_a_service_is_asked_for_a_link_with_the_bookings_id() -> None:
    with ConferenceService() as service:
        assert await link(service, token="secret") == f"https://call.example/{BOOKING}"
        [asked] = service.asked
    assert asked.method == "POST"
    assert (asked.key, asked.token) == (str(BOOKING), "Bearer secret")
    assert asked.body == {"bookingId": str(BOOKING), "start": "2030-05-01T10:00:00Z", "end": "2030-05-01T10:30:00Z"}


@pytest.mark.parametrize("trouble", ["500", "drop"])
async def test_a_failure_that_passes_is_not_noticed(trouble: str) -> None:
    with ConferenceService(trouble, "ok") as service:
        assert await link(service) == f"https://call.example/{BOOKING}"
        assert [asked.key for asked in service.asked] == [str(BOOKING)] * 2


@pytest.mark.parametrize(("trouble", "calls"), [("500", 3), ("drop", 3), ("400", 1), ("redirect", 1)])
async def test_a_failure_that_stays_is_an_error(trouble: str, calls: int) -> None:
    with ConferenceService(trouble) as service:
        with pytest.raises(ConferenceError):
            await link(service)
        assert len(service.asked) == calls


@pytest.mark.parametrize("trouble", ["never", "huge"])
async def test_a_service_is_not_waited_for_without_end(trouble: str) -> None:
    with ConferenceService(trouble) as service, pytest.raises(ConferenceError):
        await link(service, seconds_max=0.3)


async def test_a_service_that_is_not_there_is_an_error() -> None:
    with ConferenceService() as service:
        pass
    with pytest.raises(ConferenceError):
        await link(service)


@pytest.mark.parametrize("body", ["", "null", "[]", "{}", '{"url": 5}', "<html>", "\udcff", "[" * 5_000])
async def test_an_answer_that_is_not_understood_is_an_error(body: str) -> None:
    with ConferenceService(body.encode("utf-8", "replace").decode()) as service, pytest.raises(ConferenceError):
        await link(service)


@pytest.mark.parametrize(
    "url", ["", "x", "javascript:alert(1)", "ftp://a.b/c", "https://", "https://a b", "http://a:x/"]
)
async def test_a_link_that_is_none_is_told_from_a_failure(url: str) -> None:
    with ConferenceService(f'{{"url": "{url}"}}') as service, pytest.raises(BadConferenceUrl):
        await link(service)


def test_a_link_has_a_bound() -> None:
    longest = "https://call.example/".ljust(2_048, "x")
    assert is_url(longest)
    assert not is_url(longest + "x")
    assert not is_url("https://call.example/\nx")


async def test_a_link_is_given_back() -> None:
    with ConferenceService() as service:
        asked = HttpConference(service.url)
        await asked.give_back(BOOKING)
        await asked.close()
        assert [(each.method, each.path) for each in service.asked] == [("DELETE", f"/links/{BOOKING}")]


async def test_calls_beyond_the_bound_fail_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conference, "CALLS_MAX", 0)
    with ConferenceService() as service:
        with pytest.raises(ConferenceError, match="too many"):
            await link(service)
        assert service.asked == []


async def test_a_jitsi_room_is_always_the_same_and_nobody_elses() -> None:
    jitsi = JitsiConference("https://jitsi.example/", b"key")
    one, again = await jitsi.create(BOOKING, *WHEN), await jitsi.create(BOOKING, *WHEN)
    assert one == again != await jitsi.create(uuid4(), *WHEN)
    assert one.startswith("https://jitsi.example/")
    assert is_url(one)
    assert str(BOOKING)[:8] not in one


async def test_who_knows_the_booking_does_not_know_its_jitsi_room() -> None:
    # A booking's id is in lists that everybody sees.
    rooms = [await JitsiConference("https://jitsi.example", key).create(BOOKING, *WHEN) for key in (b"one", b"other")]
    for secret in ("s" * 32, "t" * 32, None, None):
        chosen = provider(Settings(conference_provider="jitsi", jitsi_url="https://jitsi.example", jwt_secret=secret))
        rooms.append(await chosen.create(BOOKING, *WHEN))
    assert len(set(rooms)) == len(rooms)


def test_the_settings_choose() -> None:
    assert isinstance(provider(Settings()), MockConference)
    assert isinstance(provider(Settings(conference_provider="jitsi")), JitsiConference)
    chosen = Settings(conference_provider="http", conference_url="https://links.example")
    assert isinstance(provider(chosen), HttpConference)
