/** What a timeline shows and asks: one day, places as rows, time from left to right. Rooms, or tables. */
import { MINUTE, minuteOf, type Day, type Moment, momentOf, overlap, type Stretch, stretchOf } from "@/shared/time";

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

/** What can be said of a half hour of a place. */
export type CellState = "free" | "taken" | "closed" | "past";

export function stateOf(row: Row, items: readonly Item[], cell: Stretch, now: Moment): CellState {
  if (items.some((item) => overlap(item, cell))) return "taken";
  if (row.closed.some((closed) => overlap(closed, cell))) return "closed";
  return Date.parse(cell.end) <= Date.parse(now) ? "past" : "free";
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
export function scrollStart(rows: readonly Row[], day: Day, now: Moment, firstHour = 8): Moment {
  const within = stretchOf(day);
  if (Date.parse(within.start) <= Date.parse(now) && Date.parse(now) < Date.parse(within.end)) {
    return hourOf(Math.max(Date.parse(now) - 60 * MINUTE, Date.parse(within.start)));
  }
  const opening = rows.flatMap(({ closed: [first] }) => (first?.start === within.start && first.end !== within.end ? [first.end] : []));
  return opening.length === 0 ? minuteOf(day, firstHour * 60) : hourOf(Math.min(...opening.map((at) => Date.parse(at))));
}

/** The full hour, on clocks where the viewer is, that a moment is in. */
function hourOf(at: number): Moment {
  return momentOf(at - (at % MINUTE) - new Date(at).getMinutes() * MINUTE);
}
