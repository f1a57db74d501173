/** The time and the room that a new reservation begins with. */
import { useQueryClient } from "@tanstack/react-query";
import { queries, type Room, type User } from "@/shared/api/queries";
import { addDays, type Day, minuteOf, openWithin, plusMinutes, stretchOf, today } from "@/shared/time";
import { firstFree } from "./free";
import { nextMinute } from "./rules";
import type { When } from "./WhenFields";

/** How far ahead a free room is looked for. */
const DAYS_AHEAD = 7;
const MORNING_MINUTE = 9 * 60;

/** The first time from now on, or on another day from its morning on, at which one of these rooms is free. */
export function useOffer(): (day: Day, rooms: readonly Room[], user: User) => Promise<When> {
  const client = useQueryClient();
  return async (day, rooms, user) => {
    const bookable = rooms.filter(({ isManaged, isRetired }) => !isRetired && !(isManaged && user.role === "admin"));
    const ids = new Set(bookable.map(({ id }) => id));
    for (let ahead = 0; bookable.length > 0 && ahead < DAYS_AHEAD; ahead += 1) {
      const on = addDays(day, ahead);
      // While the server is away, what is known must do.
      const board = await client.query(queries.board(on)).catch(() => undefined);
      if (board === undefined) break;
      const known = board.rooms.filter(({ id }) => ids.has(id));
      const asking = { user, now: new Date().toISOString(), held: board.reservations };
      const found = firstFree(known.length > 0 ? known : bookable, { start: opening(on, bookable), end: stretchOf(on).end }, asking);
      if (found !== null) return found;
    }
    const now = nextMinute(new Date().toISOString());
    const start = day === today() ? now : minuteOf(day, MORNING_MINUTE);
    return { roomId: bookable[0]?.id ?? "", start, end: plusMinutes(start, 60) };
  };
}

/** Where a day begins: when the first of the rooms opens, or in the morning; today it has begun. */
function opening(day: Day, rooms: readonly Room[]): string {
  const within = stretchOf(day);
  if (day === today()) return within.start;
  const opens = rooms.flatMap(({ hours }) => (hours === null ? [] : openWithin(hours, within).map(({ start }) => start)));
  const morning = minuteOf(day, MORNING_MINUTE);
  if (rooms.some(({ isManaged }) => !isManaged)) opens.push(morning);
  return opens.filter((at) => at >= within.start).sort()[0] ?? morning;
}
