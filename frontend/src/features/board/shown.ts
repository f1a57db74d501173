/** What of a board is shown: rows and items of the timeline, narrowed by what the address says. Pure. */
import type { Board, Reservation, Room, User } from "@/shared/api/queries";
import { WAITING } from "@/shared/api/optimistic";
import { mayChange } from "@/shared/reservation/rules";
import { closedWithin, type Stretch } from "@/shared/time";
import type { Item, ItemKind, Row } from "@/shared/timeline/timeline";

export interface Narrowing {
  search: string;
  seats: number;
}

/** Words of an item, in the viewer's language. */
export interface Words {
  mine: string;
  taken: string;
  seats: (count: number) => string;
}

export function narrowed(rooms: readonly Room[], { search, seats }: Narrowing): Room[] {
  const wanted = search.trim().toLocaleLowerCase();
  return rooms.filter(
    (room) =>
      (room.name.toLocaleLowerCase().includes(wanted) || (room.description ?? "").toLocaleLowerCase().includes(wanted)) &&
      (seats === 0 || (room.capacity ?? 0) >= seats),
  );
}

export function rowOf(room: Room, within: Stretch, words: Words): Row {
  const closed = room.isManaged ? (room.isRetired ? [within] : closedWithin(room.hours, within)) : [];
  const row: Row = { id: room.id, label: room.name, closed };
  return room.capacity === null ? row : { ...row, detail: words.seats(room.capacity) };
}

export function itemOf(held: Reservation, user: User, leaving: ReadonlySet<string>, words: Words): Item {
  const kind = kindOf(held, leaving);
  const title = held.isMine ? words.mine : (held.userEmail ?? words.taken);
  const { id, roomId: rowId, start, end } = held;
  return { id, rowId, start, end, kind, title, canMove: mayChange(held, user) && kind !== "waiting" && kind !== "leaving" };
}

export function reservationsOf(board: Board | undefined): readonly Reservation[] {
  return board?.reservations ?? [];
}

function kindOf(held: Reservation, leaving: ReadonlySet<string>): ItemKind {
  if (held.id.startsWith(WAITING)) return "waiting";
  if (leaving.has(held.id)) return "leaving";
  return held.isMine ? "mine" : "taken";
}
