/**
 * Moments and days. A moment is an ISO text in UTC, as the API writes it; a day is `YYYY-MM-DD` where the viewer is.
 * A day begins with its first moment and lasts until the next day's: 24 hours, but for the days when clocks change.
 * Local times are for reading only: on such a day one of them may name two moments, or none.
 */
import dayjs from "dayjs";
import utc from "dayjs/plugin/utc";

dayjs.extend(utc);

export type Moment = string;
export type Day = string;

export interface Stretch {
  start: Moment;
  end: Moment;
}

/** The hours of a managed room, in UTC; days from 1 (Monday) to 7. */
export interface Hours {
  daysOfWeek: number[];
  startTime: string;
  endTime: string;
}

export const SLOT_MINUTES = 30;
export const MINUTE = 60_000;
/** Clocks are put back by two hours at most, so the other moment with the same time is nearer than this. */
const CHANGE_NEAR = 180 * MINUTE;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function today(): Day {
  return dayjs().format("YYYY-MM-DD");
}

/** The day that an address names, or today. */
export function dayFrom(text: string | null): Day {
  return text !== null && DAY.test(text) && dayjs.utc(text).format("YYYY-MM-DD") === text ? text : today();
}

export function addDays(day: Day, days: number): Day {
  return dayjs.utc(day).add(days, "day").format("YYYY-MM-DD");
}

/** From the first moment of a day to the next day's, where the viewer is. */
export function stretchOf(day: Day): Stretch {
  return { start: minuteOf(day, 0), end: minuteOf(addDays(day, 1), 0) };
}

/** The UTC dates that a viewer's day touches: two, unless the viewer's clock is UTC. */
export function utcDates(day: Day): Day[] {
  const { start, end } = stretchOf(day);
  const first = start.slice(0, 10);
  const last = dayjs.utc(end).subtract(1, "second").format("YYYY-MM-DD");
  return first === last ? [first] : [first, last];
}

export function momentOf(milliseconds: number): Moment {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/**
 * A minute of the viewer's day, by what clocks on the wall show. Of two moments with this time it is the first; a time
 * that clocks leave out becomes as much later as they are put forward.
 */
export function minuteOf(day: Day, minute: number): Moment {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return momentOf(new Date(year, month - 1, date, 0, minute).getTime());
}

/** The minute of its day that clocks show at a moment; 0 if it is on another day. */
export function minuteIn(day: Day, at: Moment): number {
  const date = new Date(at);
  return dayOf(at) === day ? date.getHours() * 60 + date.getMinutes() : 0;
}

/** The moments of a day, from its first one on, in steps of so many minutes; each of two with the same local time. */
export function momentsOf(day: Day, step: number): Moment[] {
  return momentsIn(stretchOf(day), step);
}

export function momentsIn({ start, end }: Stretch, step: number): Moment[] {
  const found: Moment[] = [];
  for (let at = Date.parse(start); at < Date.parse(end); at += step * MINUTE) found.push(momentOf(at));
  return found;
}

export function localTime(at: Moment): string {
  // By hand: a board has a thousand of them.
  const date = new Date(at);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}

export function dayOf(at: Moment): Day {
  return dayjs(at).format("YYYY-MM-DD");
}

/** The time of day, and how far from UTC when clocks show this time twice: `09:30`, `02:30 (UTC+2)`. */
export function clock(at: Moment): string {
  const time = localTime(at).slice(11, 16);
  return isRepeated(at) ? `${time} (${offsetOf(at)})` : time;
}

/** Tells whether clocks show the local time of a moment once more, as they are put back near it. */
export function isRepeated(at: Moment): boolean {
  const moment = Date.parse(at);
  const offset = offsetAt(moment);
  return [-CHANGE_NEAR, CHANGE_NEAR].some((away) => {
    const other = offsetAt(moment + away);
    return other !== offset && offsetAt(moment + (offset - other) * MINUTE) === other;
  });
}

/** How far the viewer's clock is from UTC: `UTC+2`, `UTC−3:30`. */
export function offsetOf(at: Moment): string {
  const offset = offsetAt(Date.parse(at));
  const minutes = Math.abs(offset) % 60;
  const hours = Math.floor(Math.abs(offset) / 60);
  return `UTC${offset < 0 ? "−" : "+"}${hours}${minutes === 0 ? "" : `:${two(minutes)}`}`;
}

function offsetAt(moment: number): number {
  return -new Date(moment).getTimezoneOffset();
}

export function clockRange({ start, end }: Stretch): string {
  return `${clock(start)}–${clock(end)}`;
}

/** What is shown when the pointer rests on a time. */
export function utcRange({ start, end }: Stretch): string {
  const closing = end.slice(0, 10) === start.slice(0, 10) ? end.slice(11, 16) : utcTime(end);
  return `${utcTime(start)}–${closing} UTC`;
}

function utcTime(at: Moment): string {
  return `${at.slice(0, 10)} ${at.slice(11, 16)}`;
}

export function minutesOf({ start, end }: Stretch): number {
  return Math.floor((Date.parse(end) - Date.parse(start)) / MINUTE);
}

export function plusMinutes(at: Moment, minutes: number): Moment {
  return dayjs.utc(at).add(minutes, "minute").format("YYYY-MM-DDTHH:mm:ss[Z]");
}

export function overlap(one: Stretch, other: Stretch): boolean {
  return Date.parse(one.start) < Date.parse(other.end) && Date.parse(other.start) < Date.parse(one.end);
}

/** What two stretches that overlap have in common. */
export function common(one: Stretch, other: Stretch): Stretch {
  return {
    start: Date.parse(one.start) < Date.parse(other.start) ? other.start : one.start,
    end: Date.parse(one.end) < Date.parse(other.end) ? one.end : other.end,
  };
}

/** When a room is open within a stretch, by start. Its days are UTC days, which the viewer's need not be. */
export function openWithin(hours: Hours, within: Stretch): Stretch[] {
  const found: Stretch[] = [];
  const last = dayjs.utc(within.end);
  for (let date = dayjs.utc(within.start).startOf("day"); date.isBefore(last); date = date.add(1, "day")) {
    if (!hours.daysOfWeek.includes(date.day() === 0 ? 7 : date.day())) continue;
    const day = date.format("YYYY-MM-DD");
    const open = { start: `${day}T${hours.startTime}:00Z`, end: `${day}T${hours.endTime}:00Z` };
    if (overlap(open, within)) found.push(open);
  }
  return found;
}

/** The rest of the stretch: when the room is closed. A room without hours is closed all the time. */
export function closedWithin(hours: Hours | null, within: Stretch): Stretch[] {
  const found: Stretch[] = [];
  let from = within.start;
  for (const open of hours === null ? [] : openWithin(hours, within)) {
    if (Date.parse(from) < Date.parse(open.start)) found.push({ start: from, end: open.start });
    from = open.end;
  }
  if (Date.parse(from) < Date.parse(within.end)) found.push({ start: from, end: within.end });
  return found;
}

/** Whether a stretch lies within the hours of one day. */
export function isOpen(hours: Hours | null, wanted: Stretch): boolean {
  if (hours === null) return false;
  return openWithin(hours, wanted).some(
    (open) => Date.parse(open.start) <= Date.parse(wanted.start) && Date.parse(wanted.end) <= Date.parse(open.end),
  );
}

/** Whether a stretch is one of the half hours that a room's day is divided into. */
export function isSlot(hours: Hours | null, wanted: Stretch): boolean {
  if (hours === null || minutesOf(wanted) !== SLOT_MINUTES || !isOpen(hours, wanted)) return false;
  const opening = `${wanted.start.slice(0, 10)}T${hours.startTime}:00Z`;
  return minutesOf({ start: opening, end: wanted.start }) % SLOT_MINUTES === 0;
}

/** The slots that a schedule makes on one day, as times of day: `09:00`, `09:30`, … */
export function slotsOf({ startTime, endTime }: Pick<Hours, "startTime" | "endTime">): string[] {
  const found: string[] = [];
  const date = "2000-01-01T";
  for (let at = `${date}${startTime}:00Z`; ; at = plusMinutes(at, SLOT_MINUTES)) {
    const end = plusMinutes(at, SLOT_MINUTES);
    if (!(Date.parse(end) <= Date.parse(`${date}${endTime}:00Z`))) return found;
    found.push(at.slice(11, 16));
  }
}
