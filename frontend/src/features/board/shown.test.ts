import { expect, test } from "vitest";
import type { Reservation, Room } from "@/shared/api/queries";
import { WAITING } from "@/shared/api/optimistic";
import { itemOf, narrowed, rowOf } from "./shown";

const WORDS = { mine: "mine", taken: "taken", seats: (count: number) => `${count} seats` };
const USER = { id: "me", email: "me@example.com", role: "user" as const };

function room(name: string, capacity: number | null): Room {
  return { id: name, name, description: null, capacity, isManaged: true, isRetired: false, hours: null };
}

function held(more: Partial<Reservation>): Reservation {
  return {
    id: "a", kind: "room", roomId: "blue", roomName: "Blue", start: "2030-05-01T09:00:00Z", end: "2030-05-01T10:00:00Z",
    createdAt: "2030-01-01T00:00:00Z", status: "active", isBooking: false, isMine: false, userId: null, userEmail: null,
    conferenceLink: null, ...more,
  };
}

test("rooms are narrowed by a part of the name in any case, and by seats", () => {
  const rooms = [room("Синяя", 4), room("Blue", 12), room("Green", null)];
  expect(narrowed(rooms, { search: "син", seats: 0 }).map(({ name }) => name)).toEqual(["Синяя"]);
  expect(narrowed(rooms, { search: "", seats: 5 }).map(({ name }) => name)).toEqual(["Blue"]);
  expect(narrowed(rooms, { search: " ", seats: 0 })).toHaveLength(3);
});

test("an item tells whose it is, and whether it waits or is leaving", () => {
  const none = new Set<string>();
  expect(itemOf(held({ isMine: true }), USER, none, WORDS)).toMatchObject({ kind: "mine", title: "mine", canMove: true });
  expect(itemOf(held({}), USER, none, WORDS)).toMatchObject({ kind: "taken", title: "taken", canMove: false });
  expect(itemOf(held({ isMine: true, id: `${WAITING}1` }), USER, none, WORDS)).toMatchObject({ kind: "waiting", canMove: false });
  expect(itemOf(held({ isMine: true }), USER, new Set(["a"]), WORDS)).toMatchObject({ kind: "leaving", canMove: false });
  const admin = { ...USER, role: "admin" as const };
  expect(itemOf(held({ userEmail: "ann@example.com" }), admin, none, WORDS)).toMatchObject({ title: "ann@example.com", canMove: true });
});

test("a retired room is closed all day, and one that was only named never", () => {
  const day = { start: "2030-05-01T00:00:00Z", end: "2030-05-02T00:00:00Z" };
  expect(rowOf({ ...room("Blue", 4), isRetired: true }, day, WORDS)).toMatchObject({ closed: [day], detail: "4 seats" });
  expect(rowOf({ ...room("x", null), isManaged: false }, day, WORDS)).toEqual({ id: "x", label: "x", closed: [] });
});
