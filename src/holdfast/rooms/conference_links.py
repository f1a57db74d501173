"""Conference links: asked for while nothing is held, and given back when nobody got the slot."""

import asyncio
from uuid import UUID

import structlog

from holdfast.engine.claims import Interval
from holdfast.errors import ConferenceServiceError, InternalError
from holdfast.rooms.conference import BadConferenceUrl, ConferenceError, ConferenceProvider

AT_ONCE = 8
WAITING_MAX = 1_000
GIVE_BACK_SECONDS_MAX = 10.0
logger = structlog.stdlib.get_logger("holdfast.rooms")


class ConferenceLinks:
    """The links of this process's bookings. Made once in each process."""

    def __init__(self, provider: ConferenceProvider) -> None:
        self._provider = provider
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._returning: set[asyncio.Task[None]] = set()

    async def ask(self, booking_id: UUID, interval: Interval) -> str:
        """A link for a booking that is about to be made. Raises `ConferenceServiceError`, `InternalError`."""
        try:
            return await self._provider.create(booking_id, interval.start, interval.end)
        except ConferenceError as error:
            logger.warning("the conference service gave no link", booking_id=str(booking_id), error=error)
            raise ConferenceServiceError from None
        except BadConferenceUrl as error:
            logger.exception("the conference service gave what is no link", booking_id=str(booking_id))
            raise InternalError from error

    def give_back(self, booking_id: UUID) -> None:
        """Let go of a link that no booking has, in the background."""
        if len(self._returning) >= WAITING_MAX:
            logger.error("a conference link is not given back: too many wait", booking_id=str(booking_id))
            return
        task = asyncio.create_task(self._give_back(booking_id))
        self._returning.add(task)
        task.add_done_callback(self._returning.discard)

    async def drain(self) -> None:
        """Wait until every link has been given back, or could not be."""
        while self._returning:
            await asyncio.wait(self._returning)

    async def _give_back(self, booking_id: UUID) -> None:
        try:
            async with self._turns, asyncio.timeout(GIVE_BACK_SECONDS_MAX):
                await self._provider.give_back(booking_id)
        except Exception:
            logger.exception("a conference link could not be given back", booking_id=str(booking_id))
