/** The parts that pages are loaded in. Knows only their names, so that the first can be asked for at once. */
export const PARTS = {
  board: () => import("@/features/board/BoardPage"),
  rooms: () => import("@/features/rooms/pages"),
  account: () => import("@/features/account/pages"),
  admin: () => import("@/features/admin/pages"),
  events: () => import("@/features/events/pages"),
  floor: () => import("@/features/floor/pages"),
  person: () => import("@/features/person/pages"),
};

export type PartName = keyof typeof PARTS;

/** Parts whose words are in the second catalogue. */
export const CLUB: readonly PartName[] = ["events", "floor", "person"];

/** Which part an address begins with. */
export function partAt(pathname: string, isSignedIn: boolean): PartName {
  const [first = "", second = ""] = pathname.replace(/^\/app\/?/, "").split("/");
  if (first === "events") return "events";
  if (!isSignedIn || first === "password") return "account";
  if (first === "admin") return second === "events" ? "events" : second === "tables" ? "floor" : "admin";
  if (first === "rooms" || first === "bookings") return "rooms";
  return first === "floor" ? "floor" : first === "people" ? "person" : "board";
}
