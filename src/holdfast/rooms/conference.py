"""Where conference links come from."""

from datetime import datetime
from typing import Protocol
from uuid import UUID


class ConferenceError(Exception):
    """The conference service failed, or did not answer in time."""


class BadConferenceUrl(Exception):
    """The conference service answered with something that is no address."""


class ConferenceProvider(Protocol):
    """Makes links to conferences."""

    async def create(self, booking_id: UUID, start: datetime, end: datetime) -> str:
        """The link for a booking; the same again for the same id. Raises `ConferenceError`, `BadConferenceUrl`."""

    async def give_back(self, booking_id: UUID) -> None:
        """Let go of a link that no booking has."""


class MockConference:
    """Links that lead nowhere."""

    async def create(self, booking_id: UUID, start: datetime, end: datetime) -> str:  # noqa: ARG002
        """A link made of the id alone."""
        return f"https://meet.example.com/{booking_id}"

    async def give_back(self, booking_id: UUID) -> None:
        """Nothing to do."""
