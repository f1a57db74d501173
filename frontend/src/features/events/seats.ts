/** What there is to say of an event's seats. Pure. */
import type { ClubEvent } from "./queries";

/** What somebody may do with an event: it is theirs, it is free, it is full, or they have to sign in first. */
export type Standing = "visitor" | "mine" | "leaving" | "full" | "free";

export function standing(
  event: Pick<ClubEvent, "availableSeats" | "bookingId">,
  isVisitor: boolean,
  isLeaving: boolean,
): Standing {
  if (event.bookingId !== null) return isLeaving ? "leaving" : "mine";
  if (event.availableSeats === 0) return "full";
  return isVisitor ? "visitor" : "free";
}

/** How full it is, from 0 to 1; an event without seats is full. */
export function fullness({ totalSeats, availableSeats }: Pick<ClubEvent, "totalSeats" | "availableSeats">): number {
  return totalSeats === 0 ? 1 : Math.min(1, Math.max(0, (totalSeats - availableSeats) / totalSeats));
}

/** Few seats are left: a tenth at most, and something. */
export function isScarce(event: Pick<ClubEvent, "totalSeats" | "availableSeats">): boolean {
  return event.availableSeats > 0 && event.availableSeats * 10 <= event.totalSeats;
}
