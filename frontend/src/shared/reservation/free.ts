/** Which rooms are free, and when the first of them is. Pure. */
import type { Room } from "@/shared/api/queries";
import { isSlot, type Moment, plusMinutes, SLOT_MINUTES, type Stretch } from "@/shared/time";
import { type Asking, nextMinute, whyNotReserve } from "./rules";
import type { When } from "./WhenFields";

const STEP_MINUTES = 15;
/** Nobody wants a room for less. */
const MINUTES_MIN = 15;
const HOUR_MINUTES = 60;

/**
 * The first time from `from` on, before the end of `within`, at which one of the rooms is free: for an hour if it can
 * be, else for as long as it is. Of rooms that are free equally early, the one that is free for longer; then the first.
 */
export function firstFree(rooms: readonly Room[], within: Stretch, asking: Asking): When | null {
  const offered = rooms.map((room) => ({ room, asking: { ...asking, held: asking.held.filter(({ roomId }) => roomId === room.id) } }));
  for (const start of starts(within, asking.now)) {
    const found = offered.map(({ room, asking: own }) => ({ roomId: room.id, start, end: freeUntil(room, start, own) }));
    const longest = Math.max(...found.map(({ end }) => Date.parse(end)));
    const first = found.find(({ end }) => Date.parse(end) === longest);
    if (first !== undefined && longest >= Date.parse(start) + MINUTES_MIN * 60_000) return first;
  }
  return null;
}

/** The next start at which a room is free for as long as was wanted; within the day that was asked about. */
export function nextStart(room: Room, wanted: Stretch, until: Moment, asking: Asking): Moment | null {
  const minutes = (Date.parse(wanted.end) - Date.parse(wanted.start)) / 60_000;
  const mustBeSlot = room.isManaged && isSlot(room.hours, wanted);
  for (const start of starts({ start: plusMinutes(wanted.start, 1), end: until }, asking.now)) {
    const then = { start, end: plusMinutes(start, minutes) };
    if (whyNotReserve(room, then, asking) === null && (!mustBeSlot || isSlot(room.hours, then))) return start;
  }
  return null;
}

/** Now, if it lies within, and each quarter of an hour from then on. */
function starts(within: Stretch, now: Moment): Moment[] {
  const step = STEP_MINUTES * 60_000;
  const first = Math.max(Date.parse(within.start), Date.parse(nextMinute(now)));
  const found = [first];
  for (let at = Math.floor(first / step) * step + step; at < Date.parse(within.end); at += step) found.push(at);
  return found.filter((at) => at < Date.parse(within.end)).map((at) => plusMinutes(new Date(at).toISOString(), 0));
}

/** Until when a room is free from a moment on: an hour at most, and to a half hour's end, so that slots stay whole. */
function freeUntil(room: Room, start: Moment, asking: Asking): Moment {
  const half = SLOT_MINUTES * 60_000;
  const whole = Math.floor((Date.parse(start) + HOUR_MINUTES * 60_000) / half) * half;
  for (let end = whole; end > Date.parse(start); end -= STEP_MINUTES * 60_000) {
    const until = plusMinutes(new Date(end).toISOString(), 0);
    if (whyNotReserve(room, { start, end: until }, asking) === null) return until;
  }
  return start;
}
