/** What of a floor the timeline shows. Pure. */
import { WAITING } from "@/shared/api/optimistic";
import { guestName, tableName } from "@/shared/tables";
import { overlap, type Stretch } from "@/shared/time";
import type { Item, ItemKind, Row } from "@/shared/timeline/timeline";
import type { Dinner, DinnerTable } from "./queries";

export interface Words {
  /** For who may not know the guests' name. */
  taken: string;
  seats: (count: number) => string;
}

/** Tables that stand together stay together. */
export function rowsOf(tables: readonly DinnerTable[], words: Words): Row[] {
  return [...tables]
    .sort((one, other) => one.location.localeCompare(other.location) || one.seats - other.seats || one.id - other.id)
    .map(({ id, name, seats, location }) => ({ id: String(id), label: tableName(name), detail: `${words.seats(seats)} · ${location}`, closed: [] }));
}

export function itemsOf(held: readonly Dinner[], within: Stretch, leaving: ReadonlySet<string>, words: Words): Item[] {
  return held.filter((dinner) => overlap(dinner, within)).map((dinner) => {
    const kind = kindOf(dinner, leaving);
    const canMove = dinner.mayChange && kind !== "waiting" && kind !== "leaving";
    return { id: dinner.id, rowId: String(dinner.tableId), start: dinner.start, end: dinner.end, kind, title: titleOf(dinner, words), canMove };
  });
}

export function titleOf({ customerName, partySize }: Dinner, { taken }: Pick<Words, "taken">): string {
  if (customerName === null) return taken;
  const name = guestName(customerName);
  return partySize === null ? name : `${name}\u00a0·\u00a0${partySize}`;
}

function kindOf(dinner: Dinner, leaving: ReadonlySet<string>): ItemKind {
  if (dinner.id.startsWith(WAITING)) return "waiting";
  if (leaving.has(dinner.id)) return "leaving";
  if (dinner.isMine) return "mine";
  return dinner.customerName === null ? "taken" : "guest";
}
