/** Which tables a party is offered, and who is next. Pure. */
import { type Moment, overlap, plusMinutes, type Stretch } from "@/shared/time";
import type { Dinner, DinnerTable } from "./queries";

/** What is known of an evening. */
export interface Evening {
  tables: readonly DinnerTable[];
  held: readonly Dinner[];
}

/** Tables that are free all this time and large enough: the tightest fit first, as others may be more. */
export function offers({ tables, held }: Evening, size: number, wanted: Stretch, exceptId?: string): DinnerTable[] {
  return tables
    .filter((table) => table.seats >= size && !isTaken(held, table.id, wanted, exceptId))
    .sort((one, other) => one.seats - other.seats || one.id - other.id);
}

const STEP_MINUTES = 15;
const AHEAD_MINUTES = 6 * 60;

/** The next start, in steps of a quarter of an hour, at which some table is free for so long; within six hours. */
export function nextStart(evening: Evening, size: number, wanted: Stretch, exceptId?: string): Moment | null {
  for (let later = STEP_MINUTES; later <= AHEAD_MINUTES; later += STEP_MINUTES) {
    const moved = { start: plusMinutes(wanted.start, later), end: plusMinutes(wanted.end, later) };
    if (offers(evening, size, moved, exceptId).length > 0) return moved.start;
  }
  return null;
}

export const DINNER_MINUTES = 90;
/** Who walks in is not seated for less. */
const WALK_IN_MINUTES_MIN = 45;

export interface Seating extends Stretch {
  table: DinnerTable;
}

/**
 * Where a party that stands at the door is seated now: for a whole dinner at the tightest table, or if there is none,
 * at the table that is free for the longest, until somebody else comes.
 */
export function seatNow(evening: Evening, size: number, now: Moment): Seating | null {
  const [whole] = offers(evening, size, { start: now, end: plusMinutes(now, DINNER_MINUTES) });
  if (whole) return { table: whole, start: now, end: plusMinutes(now, DINNER_MINUTES) };
  const short = offers(evening, size, { start: now, end: plusMinutes(now, WALK_IN_MINUTES_MIN) });
  const ends = short.map((table) => ({ table, start: now, end: freeUntil(evening, table.id, now) }));
  return ends.sort((one, other) => Date.parse(other.end) - Date.parse(one.end))[0] ?? null;
}

function freeUntil({ held }: Evening, tableId: number, now: Moment): Moment {
  const starts = held.filter((each) => each.tableId === tableId && Date.parse(each.start) > Date.parse(now));
  const first = starts.map(({ start }) => start).sort((one, other) => Date.parse(one) - Date.parse(other))[0];
  return first ?? plusMinutes(now, DINNER_MINUTES);
}

/** Guests count as awaited for so long after their time. */
const LATE_MINUTES = 15;

export interface Awaited {
  dinner: Dinner;
  /** Until they come; below zero for who is late. */
  minutes: number;
}

/** Who comes next, the soonest first: those who are still to come, and those who may be late. */
export function whoIsNext(held: readonly Dinner[], now: Moment, within: Stretch): Awaited[] {
  return held
    .filter((dinner) => overlap(dinner, within))
    .map((dinner) => ({ dinner, minutes: Math.round((Date.parse(dinner.start) - Date.parse(now)) / 60_000) }))
    .filter(({ minutes }) => minutes >= -LATE_MINUTES)
    .sort((one, other) => Date.parse(one.dinner.start) - Date.parse(other.dinner.start));
}

/** Why a dinner cannot be there, or `null`. */
export type Misfit = "taken" | "tooSmall";

export function whyNotThere(evening: Evening, dinner: Dinner, table: DinnerTable, wanted: Stretch): Misfit | null {
  if (dinner.partySize !== null && dinner.partySize > table.seats) return "tooSmall";
  return isTaken(evening.held, table.id, wanted, dinner.id) ? "taken" : null;
}

function isTaken(held: readonly Dinner[], tableId: number, wanted: Stretch, exceptId?: string): boolean {
  return held.some((each) => each.tableId === tableId && each.id !== exceptId && overlap(each, wanted));
}
