"""Makes settlements of batches, and has ready what they need: rows to lock, and ids for bookings."""

from collections import deque
from collections.abc import Sequence
from uuid import UUID

from holdfast.clock import Clock
from holdfast.database.connections import Connection
from holdfast.engine import looks, statements
from holdfast.engine.batch import Batch, places_of
from holdfast.engine.claims import EVENT, Change, Confirm, Edit, Granted, Place, Retake, Seat, Seated, Stretch, Verdict
from holdfast.engine.demands import NO_DEMANDS, Demands, Rules
from holdfast.engine.settlement import Settlement
from holdfast.errors import HoldfastError, OutcomeUnknown

PLACES_KNOWN_MAX = 100_000
IDS_AT_ONCE = 32


class Settler:
    """Settles batches. Made once in each process."""

    def __init__(self, clock: Clock, rules: Rules, demands: Demands = NO_DEMANDS) -> None:
        self._clock = clock
        self._rules = rules
        self._demands = demands
        self._known: set[Place] = set()
        self._ids: deque[int] = deque()

    async def prepare(self, connection: Connection, changes: Sequence[Change]) -> None:
        """Whatever must be there before a batch begins, outside its transaction.

        Places that are named for the first time get rows to lock. Each booking to come has an id ready: then what was
        decided is known whole, whatever becomes of its commit.
        """
        new = {place for change in changes if _names(change) for place in places_of(change)} - self._known
        if new:
            await statements.ensure_places(connection, new)
            if len(self._known) + len(new) > PLACES_KNOWN_MAX:
                self._known.clear()
            self._known |= new
        wanted = sum(isinstance(change.takes, Seat) for change in changes)
        # Again, if another lane was quicker to take them.
        while len(self._ids) < wanted:
            # More than are needed now, so that this is no trip of its own for each batch.
            self._ids.extend(await looks.new_ids(connection, max(4 * wanted, IDS_AT_ONCE)))

    def forget(self) -> None:
        """Somebody deleted rows by hand: make them anew."""
        self._known.clear()

    def is_alone(self, change: Change) -> bool:
        """Whether a change shares its batch with nobody: one that may leave what it gives back where it was."""
        takes = change.takes
        return isinstance(takes, Retake | Edit) or (isinstance(takes, Confirm) and takes.revives)

    def needs_care(self, change: Change) -> bool:
        """Whether a change is settled under its place's lock from the beginning."""
        return isinstance(change.takes, Edit)

    def work(self, changes: Sequence[Change]) -> "Settlement":
        """A batch to be settled; `prepare` was called in the same turn of the event loop."""
        ids = {change.id: self._ids.popleft() for change in changes if isinstance(change.takes, Seat)}
        return Settlement(Batch(changes, self._clock()), ids, self._rules, self._demands)

    def unknown(self, change: Change, verdict: Verdict | HoldfastError) -> HoldfastError:
        """What is told when nobody knows whether a change was committed; by this id it can be looked up later."""
        if isinstance(verdict, HoldfastError):
            return verdict
        if isinstance(verdict, Seated):
            return OutcomeUnknown(verdict.booking.id)
        if isinstance(verdict, Granted):
            return OutcomeUnknown(str(verdict.reservation.id))
        if isinstance(change.takes, Edit):
            return OutcomeUnknown(statements.event_of(change.place) if change.place.kind == EVENT else change.place.id)
        given = change.takes.id if isinstance(change.takes, Stretch) else change.gives
        return OutcomeUnknown(str(given) if isinstance(given, UUID) else given or 0)


def _names(change: Change) -> bool:
    """Whether a change may name a place for the first time. An event is there, or nobody has made it."""
    names = not isinstance(change.takes, Edit) or change.takes.names
    return names and change.place.kind != EVENT
