/** What a timeline shows and asks: one day, places as rows, time from left to right. Rooms, or tables. */
import type { ScheduleEventData, ScheduleResourceData } from "@mantine/schedule";
import { clock, clockRange, type Moment, overlap, type Stretch, utcRange } from "@/shared/time";

export interface Row {
  id: string;
  label: string;
  detail?: string;
  /** When the place is closed, within the day shown. */
  closed: Stretch[];
}

/** A guest is somebody else whom one looks after. */
export type ItemKind = "mine" | "guest" | "taken" | "waiting" | "leaving";

export interface Item extends Stretch {
  id: string;
  rowId: string;
  kind: ItemKind;
  /** What stands on it. */
  title: string;
  canMove: boolean;
}

export interface Target extends Stretch {
  rowId: string;
}

/** The item as the library wants it; our own is its payload. */
export function eventOf(item: Item): ScheduleEventData<{ item: Item }> {
  return {
    id: item.id,
    resourceId: item.rowId,
    title: `${clockRange(item)} ${item.title} (${utcRange(item)})`,
    start: new Date(item.start),
    end: new Date(item.end),
    color: "gray",
    payload: { item },
  };
}

export function closedOf(row: Row): ScheduleEventData[] {
  return row.closed.map((stretch) => ({
    id: `closed ${row.id} ${stretch.start}`,
    resourceId: row.id,
    title: "",
    start: new Date(stretch.start),
    end: new Date(stretch.end),
    color: "gray",
    display: "background",
  }));
}

export function resourceOf(row: Row): ScheduleResourceData {
  return { id: row.id, label: row.label, payload: { detail: row.detail } };
}

/** Which item is in the way of a target, but for the one that is moved there. */
export function inTheWay(items: readonly Item[], target: Target, movedId?: string): Item | undefined {
  return items.find((item) => item.rowId === target.rowId && item.id !== movedId && overlap(item, target));
}

/** Items that are new, or elsewhere than before, and that somebody else has changed. */
export function changedByOthers(before: ReadonlyMap<string, string>, now: readonly Item[]): string[] {
  return now.filter((item) => (item.kind === "taken" || item.kind === "guest") && before.get(item.id) !== trace(item)).map((item) => item.id);
}

export function traces(items: readonly Item[]): Map<string, string> {
  return new Map(items.map((item) => [item.id, trace(item)]));
}

function trace(item: Item): string {
  return `${item.rowId} ${item.start} ${item.end}`;
}

/** Where a day's view begins: an hour before now; on other days when the first of the places opens. On a full hour. */
export function scrollTime(rows: readonly Row[], within: Stretch, now: Moment, firstHour = 8): string {
  if (overlap(within, { start: now, end: new Date(Date.parse(now) + 1).toISOString() })) return hourOf(now, -1);
  const opening = rows.flatMap(({ closed: [first] }) => (first?.start === within.start && first.end !== within.end ? [first.end] : []));
  return opening.length === 0 ? `${String(firstHour).padStart(2, "0")}:00:00` : hourOf(opening.sort()[0] ?? now, 0);
}

function hourOf(at: Moment, more: number): string {
  return `${String(Math.max(0, Number(clock(at).slice(0, 2)) + more)).padStart(2, "0")}:00:00`;
}
