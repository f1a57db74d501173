"""Where conference links come from."""

import asyncio
import hmac
import re
from datetime import datetime
from secrets import token_hex
from typing import Protocol
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import msgspec
import stamina
from msgspec import Struct

from holdfast.settings import Settings

SECONDS_MAX = 3.0
"""For a link, tries and pauses included."""
CALLS_MAX = 100
"""Calls under way at once; a service that is slow must not gather everybody who books."""
GONE = ("status 404", "status 410")
PASSING = (401, 403, 408, 425, 429)
"""Refusals that may be over later: too early, too many, a token that is being replaced."""
ANSWER_BYTES_MAX = 64 * 1024
URL_CHARACTERS_MAX = 2_048
URL = re.compile(r"https?://[^\s\x00-\x20\x7f-\x9f\"<>\\^`{|}]+", re.IGNORECASE)


class ConferenceError(Exception):
    """The conference service failed, or did not answer in time."""


class Declined(ConferenceError):
    """The conference service answered that it will not do that, however often it is asked."""


class BadConferenceUrl(Exception):
    """The conference service answered with something that is no address."""


class ConferenceProvider(Protocol):
    """Makes links to conferences."""

    async def create(self, booking_id: UUID, start: datetime, end: datetime) -> str:
        """The link for a booking; the same again for the same id. Raises `ConferenceError`, `BadConferenceUrl`."""

    async def move(self, booking_id: UUID, start: datetime, end: datetime) -> None:
        """Hear of a booking's new times. Raises `ConferenceError`."""

    async def give_back(self, booking_id: UUID) -> None:
        """Let go of a link that no booking has, or none any more. Raises `ConferenceError`."""

    async def close(self) -> None:
        """Let go of connections."""


def provider(settings: Settings) -> ConferenceProvider:
    """The provider that the settings name."""
    match settings.conference_provider:
        case "http":
            assert settings.conference_url is not None, "the settings are checked together"
            return HttpConference(settings.conference_url, settings.conference_token)
        case "jitsi":
            # Without a key for all, one for this process: a retry at another may name another room, which does no harm.
            return JitsiConference(settings.jitsi_url, (settings.jwt_secret or token_hex(32)).encode())
        case _:
            return MockConference()


class MockConference:
    """Links that lead nowhere."""

    async def create(self, booking_id: UUID, start: datetime, end: datetime) -> str:  # noqa: ARG002
        """A link made of the id alone."""
        return f"https://meet.example.com/{booking_id}"

    async def move(self, booking_id: UUID, start: datetime, end: datetime) -> None:
        """Nothing to do."""

    async def give_back(self, booking_id: UUID) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to do."""


class JitsiConference(MockConference):
    """Rooms of a Jitsi server, which come to be when somebody enters. Who does not have the link cannot guess it."""

    def __init__(self, url: str, key: bytes) -> None:
        self._url = url.rstrip("/")
        self._key = key

    async def create(self, booking_id: UUID, start: datetime, end: datetime) -> str:  # noqa: ARG002
        """A room of the booking's own. Its id is in lists that others see, so the name needs a key as well."""
        return f"{self._url}/{hmac.digest(self._key, f'conference {booking_id}'.encode(), 'sha256').hex()[:32]}"


class Answer(Struct):
    """What the service answers."""

    url: str


class RetryLater(Exception):
    """The service failed in a way that may be over in a moment."""


class HttpConference:
    """A conference service over HTTP: `POST url {bookingId, start, end}` is answered `{url}`."""

    def __init__(self, url: str, token: str | None = None, seconds_max: float = SECONDS_MAX) -> None:
        self._url = url.rstrip("/")
        self._seconds_max = seconds_max
        self._calls = 0
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._client = httpx.AsyncClient(headers=headers, follow_redirects=False, trust_env=False, timeout=seconds_max)

    async def create(self, booking_id: UUID, start: datetime, end: datetime) -> str:
        """Ask for a link, with the booking's id as `Idempotency-Key`: asked again, the service gives the same one."""
        content = msgspec.json.encode({"bookingId": booking_id, "start": start, "end": end})
        body = await self._call("POST", self._url, booking_id, content)
        try:
            url = msgspec.json.decode(body, type=Answer).url
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise ConferenceError("the answer is not {url}") from None
        if not is_url(url):
            raise BadConferenceUrl(url[:100])
        return url

    async def move(self, booking_id: UUID, start: datetime, end: datetime) -> None:
        """Tell of new times. Without an `Idempotency-Key`: each time it says what is true now."""
        content = msgspec.json.encode({"bookingId": booking_id, "start": start, "end": end})
        await self._call("PUT", f"{self._url}/{booking_id}", None, content)

    async def give_back(self, booking_id: UUID) -> None:
        """Let go of a link; one that is gone already is let go of."""
        try:
            await self._call("DELETE", f"{self._url}/{booking_id}", booking_id)
        except Declined as error:
            if error.args[0] not in GONE:
                raise

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()

    async def _call(self, method: str, url: str, key: UUID | None, content: bytes | None = None) -> bytes:
        if self._calls >= CALLS_MAX:
            raise ConferenceError("too many wait for the service already")
        headers = {"Content-Type": "application/json"} | ({} if key is None else {"Idempotency-Key": str(key)})
        request = self._client.build_request(method, url, content=content, headers=headers)
        self._calls += 1
        try:
            async with asyncio.timeout(self._seconds_max):
                async for attempt in stamina.retry_context(on=RetryLater, attempts=3, timeout=None, wait_initial=0.1):
                    with attempt:
                        return await self._send(request)
        except TimeoutError:
            raise ConferenceError("no answer in time") from None
        except RetryLater as error:
            raise ConferenceError(str(error)) from error.__cause__
        finally:
            self._calls -= 1
        raise AssertionError("stamina answers or raises")

    async def _send(self, request: httpx.Request) -> bytes:
        try:
            answer = await self._client.send(request, stream=True)
            try:
                if answer.is_server_error:
                    raise RetryLater(f"status {answer.status_code}")
                if not answer.is_success:
                    is_final = answer.is_client_error and answer.status_code not in PASSING
                    raise (Declined if is_final else ConferenceError)(f"status {answer.status_code}")
                return await _whole(answer)
            finally:
                await answer.aclose()
        except httpx.HTTPError as error:
            raise RetryLater(repr(error)) from error


async def _whole(answer: httpx.Response) -> bytes:
    body = b""
    async for part in answer.aiter_bytes():
        body += part
        if len(body) > ANSWER_BYTES_MAX:
            raise ConferenceError("the answer is too long")
    return body


def is_url(text: str) -> bool:
    """Whether a text is an address that a browser can open, and nothing else."""
    if len(text) > URL_CHARACTERS_MAX or URL.fullmatch(text) is None:
        return False
    try:
        parts = urlsplit(text)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
