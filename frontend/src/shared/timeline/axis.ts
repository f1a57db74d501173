/**
 * A day from left to right. Where something is drawn follows from its moments alone, never from local times, so a day
 * may have 23, 24½ or 25 hours; local times are only written on it. Pure.
 */
import { clockRange, type Day, isRepeated, localTime, MINUTE, minutesOf, type Moment, momentOf, momentsIn, offsetOf, plusMinutes, SLOT_MINUTES, type Stretch, stretchOf } from "@/shared/time";

export const SLOT_PIXELS = 44;
const PIXELS_PER_MILLISECOND = SLOT_PIXELS / (SLOT_MINUTES * MINUTE);

export interface Place {
  left: number;
  width: number;
}

/** A half hour of the day, and its name. */
export interface Slot extends Stretch {
  label: string;
}

export interface Axis {
  within: Stretch;
  width: number;
  slots: Slot[];
  marks: Mark[];
}

export function axisOf(day: Day): Axis {
  const within = stretchOf(day);
  return { within, width: placeIn(within, within).width, slots: slotsOf(within), marks: marksOf(within) };
}

/** Where a moment is; what is before or after the day is at its edge. */
export function pixelsAt(day: Stretch, at: Moment): number {
  const moment = Math.min(Math.max(Date.parse(at), Date.parse(day.start)), Date.parse(day.end));
  return (moment - Date.parse(day.start)) * PIXELS_PER_MILLISECOND;
}

export function placeIn(day: Stretch, { start, end }: Stretch): Place {
  const left = pixelsAt(day, start);
  return { left, width: pixelsAt(day, end) - left };
}

/** The half hours of a day; the last one may be shorter. */
function slotsOf(day: Stretch): Slot[] {
  return momentsIn(day, SLOT_MINUTES).map((start) => {
    const whole = plusMinutes(start, SLOT_MINUTES);
    const end = Date.parse(whole) < Date.parse(day.end) ? whole : day.end;
    return { start, end, label: clockRange({ start, end }) };
  });
}

/** An hour at the head of the day, or where clocks were changed. */
export interface Mark extends Place {
  time: string;
  /** Tells hours apart that clocks show twice. */
  offset: string | null;
}

function marksOf(day: Stretch): Mark[] {
  const starts = momentsIn(day, SLOT_MINUTES).filter((at, index) => index === 0 || isMarked(at));
  return starts.map((start, index) => ({
    ...placeIn(day, { start, end: starts[index + 1] ?? day.end }),
    time: localTime(start).slice(11, 16),
    offset: isRepeated(start) ? offsetOf(start) : null,
  }));
}

function isMarked(at: Moment): boolean {
  const [now, before] = [new Date(at), new Date(Date.parse(at) - SLOT_MINUTES * MINUTE)];
  return now.getMinutes() === 0 || now.getTimezoneOffset() !== before.getTimezoneOffset();
}

/** By how much something moves that is dragged so far: in whole half hours. */
export function minutesDragged(pixels: number): number {
  return Math.round(pixels / SLOT_PIXELS) * SLOT_MINUTES;
}

export function movedBy({ start, end }: Stretch, minutes: number): Stretch {
  return { start: plusMinutes(start, minutes), end: plusMinutes(end, minutes) };
}

/** What somebody wants who picks a half hour: of the running one what is left of it, from the next full minute on. */
export function fromNow(picked: Stretch, now: Moment): Stretch {
  const next = momentOf(Math.ceil(Date.parse(now) / MINUTE) * MINUTE);
  const isRunning = Date.parse(picked.start) < Date.parse(now) && minutesOf({ start: next, end: picked.end }) > 0;
  return isRunning ? { start: next, end: picked.end } : picked;
}
