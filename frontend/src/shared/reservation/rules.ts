/** What the server would refuse anyway, known beforehand: for the ghost under the pointer and for dialogs. Pure. */
import type { Reservation, Room, User } from "@/shared/api/queries";
import { isOpen, isSlot, type Moment, overlap, type Stretch } from "@/shared/time";

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
  return isTaken(room, wanted, held) ? "taken" : null;
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
  return isTaken(room, wanted, held, moved.id) ? "taken" : null;
}

/** Half an hour that a managed room offers is booked, anything longer reserved. */
export function isBookable(room: Room | undefined, wanted: Stretch): boolean {
  return room !== undefined && room.isManaged && isSlot(room.hours, wanted);
}

export function mayChange(reservation: Reservation, user: Pick<User, "role">): boolean {
  return reservation.isMine || user.role === "admin";
}

function isTaken(room: Room, wanted: Stretch, held: readonly Reservation[], exceptId?: string): boolean {
  return held.some((each) => each.roomId === room.id && each.id !== exceptId && overlap(each, wanted));
}
