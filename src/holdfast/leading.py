"""What works where the relay's lease is, for whichever process may relay."""

from holdfast.clock import Clock
from holdfast.deliveries.courier import Courier
from holdfast.engine.committer import Committer
from holdfast.outbox.relay import LeaderTask
from holdfast.reservations.kinds import Kinds
from holdfast.reservations.sweeper import Sweeper
from holdfast.rooms.conference import ConferenceProvider
from holdfast.rooms.notices.service import Notices
from holdfast.settings import Settings
from holdfast.webhooks.destinations import Hooks
from holdfast.webhooks.sender import Sender


def leader_tasks(
    settings: Settings, clock: Clock, committer: Committer, conference: ConferenceProvider, kinds: Kinds
) -> tuple[LeaderTask, ...]:
    """The courier, the sweeper, and with a conference service that wants to hear of bookings notices."""
    courier = Courier(committer.database, Hooks(Sender(settings.webhook_allowed)), clock)
    sweeper = Sweeper(committer.database, committer, settings.sweep_seconds, kinds.names)
    if settings.conference_provider == "http":
        return courier, sweeper, Notices(committer.database, conference)
    return courier, sweeper
