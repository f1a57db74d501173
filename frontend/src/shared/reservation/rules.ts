/** What the server would refuse anyway, known beforehand: for the ghost under the pointer and for dialogs. Pure. */
import type { Reservation, Room, User } from "@/shared/api/queries";
import { WAITING } from "@/shared/api/optimistic";
import { isOpen, isSlot, type Moment, overlap, plusMinutes, SLOT_MINUTES, type Stretch } from "@/shared/time";

export type Refusal = "past" | "closed" | "taken" | "adminsDoNotBook" | "notASlot" | "endBeforeStart";

/** Who asks, and what time it is. */
export interface Asking {
  user: Pick<User, "id" | "role">;
  now: Moment;
  held: readonly Reservation[];
}

export function whyNotReserve(room: Room, wanted: Stretch, { user, now, held }: Asking): Refusal | null {
  if (!(Date.parse(wanted.start) < Date.parse(wanted.end))) return "endBeforeStart";
  if (room.isManaged) {
    if (user.role === "admin") return "adminsDoNotBook";
    if (Date.parse(wanted.start) < Date.parse(now)) return "past";
    if (room.isRetired || !isOpen(room.hours, wanted)) return "closed";
  }
  return inTheWay(room, wanted, held) ? "taken" : null;
}

/** The half hour that runs is reserved from now on, as managed rooms take nothing past. What is older stays past. */
export function fromNow<T extends Stretch>(room: Pick<Room, "isManaged"> | undefined, wanted: T, now: Moment): T {
  const late = Date.parse(now) - Date.parse(wanted.start);
  const start = nextMinute(now);
  const isRunning = late > 0 && late < SLOT_MINUTES * 60_000 && Date.parse(start) < Date.parse(wanted.end);
  return room?.isManaged === true && isRunning ? { ...wanted, start } : wanted;
}

/** The first full minute that has not begun. */
export function nextMinute(now: Moment): Moment {
  const minute = `${now.slice(0, 16)}:00Z`;
  return Date.parse(minute) === Date.parse(now) ? minute : plusMinutes(minute, 1);
}

export function whyNotMove(moved: Reservation, room: Room, wanted: Stretch, { now, held }: Asking): Refusal | null {
  if (!(Date.parse(wanted.start) < Date.parse(wanted.end))) return "endBeforeStart";
  const isElsewhere = room.id !== moved.roomId;
  if (room.isManaged) {
    const isLater = wanted.start !== moved.start;
    if ((isElsewhere || isLater) && Date.parse(wanted.start) < Date.parse(now)) return "past";
    if (room.isRetired || !isOpen(room.hours, wanted)) return "closed";
  }
  // A booking is of a slot, and no other room has any.
  if (moved.isBooking && !isSlot(room.hours, wanted)) return "notASlot";
  return inTheWay(room, wanted, held, moved.id) ? "taken" : null;
}

/** Half an hour that a managed room offers is booked, anything longer reserved. */
export function isBookable(room: Room | undefined, wanted: Stretch): boolean {
  return room !== undefined && room.isManaged && isSlot(room.hours, wanted);
}

export function mayChange(reservation: Reservation, user: Pick<User, "role">): boolean {
  return reservation.isMine || user.role === "admin";
}

/** The first reservation that takes some of a wanted stretch. What is still on its way to the server takes nothing. */
export function inTheWay(
  room: Pick<Room, "id">, wanted: Stretch, held: readonly Reservation[], exceptId?: string,
): Reservation | undefined {
  return held
    .filter((each) => each.roomId === room.id && each.id !== exceptId && !each.id.startsWith(WAITING) && overlap(each, wanted))
    .sort((one, other) => Date.parse(one.start) - Date.parse(other.start))[0];
}
