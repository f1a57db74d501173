import { expect, test } from "vitest";
import type { Reservation, Room } from "@/shared/api/queries";
import { type Asking, isBookable, whyNotMove, whyNotReserve } from "./rules";

const ROOM: Room = {
  id: "blue", name: "Blue", description: null, capacity: 8, isManaged: true, isRetired: false,
  hours: { daysOfWeek: [1, 2, 3, 4, 5], startTime: "09:00", endTime: "17:00" },
};
const NAMED: Room = { ...ROOM, id: "kitchen", isManaged: false, hours: null };

function at(start: string, end: string) {
  return { start: `2030-05-01T${start}:00Z`, end: `2030-05-01T${end}:00Z` };
}

function held(roomId: string, start: string, end: string, isBooking = false): Reservation {
  return {
    id: `${roomId} ${start}`, kind: "room", roomId, roomName: roomId, ...at(start, end), createdAt: "2030-01-01T00:00:00Z",
    status: "active", isBooking, isMine: true, userId: null, userEmail: null, conferenceLink: null,
  };
}

function asking(more: Partial<Asking> = {}): Asking {
  return { user: { id: "me", role: "user" }, now: "2030-05-01T08:00:00Z", held: [], ...more };
}

test("a user reserves an open room that is free", () => {
  expect(whyNotReserve(ROOM, at("09:00", "10:00"), asking())).toBeNull();
});

test("nobody reserves what is taken, closed or past, or ends before it starts", () => {
  const taken = asking({ held: [held("blue", "09:30", "10:30")] });
  expect(whyNotReserve(ROOM, at("10:00", "11:00"), taken)).toBe("taken");
  expect(whyNotReserve(ROOM, at("10:30", "11:00"), taken)).toBeNull();
  expect(whyNotReserve(ROOM, at("16:30", "17:30"), asking())).toBe("closed");
  expect(whyNotReserve(ROOM, at("09:00", "10:00"), asking({ now: "2030-05-01T09:01:00Z" }))).toBe("past");
  expect(whyNotReserve(ROOM, at("10:00", "10:00"), asking())).toBe("endBeforeStart");
});

test("a retired room takes nothing", () => {
  expect(whyNotReserve({ ...ROOM, isRetired: true }, at("09:00", "10:00"), asking())).toBe("closed");
});

test("admins do not book managed rooms, but any other", () => {
  const admin = asking({ user: { id: "boss", role: "admin" } });
  expect(whyNotReserve(ROOM, at("09:00", "10:00"), admin)).toBe("adminsDoNotBook");
  expect(whyNotReserve(NAMED, at("03:00", "04:00"), admin)).toBeNull();
});

test("a room that was only named is always open, in the past too", () => {
  expect(whyNotReserve(NAMED, at("03:00", "04:00"), asking({ now: "2031-01-01T00:00:00Z" }))).toBeNull();
});

test("a move is not in its own way", () => {
  const mine = held("blue", "09:00", "10:00");
  expect(whyNotMove(mine, ROOM, at("09:30", "10:30"), asking({ held: [mine] }))).toBeNull();
});

test("a booking moves only onto a slot", () => {
  const booking = held("blue", "09:00", "09:30", true);
  expect(whyNotMove(booking, ROOM, at("10:00", "10:30"), asking({ held: [booking] }))).toBeNull();
  expect(whyNotMove(booking, ROOM, at("10:15", "10:45"), asking({ held: [booking] }))).toBe("notASlot");
  expect(whyNotMove(booking, NAMED, at("10:00", "10:30"), asking({ held: [booking] }))).toBe("notASlot");
});

test("what is under way may end earlier, and not begin in the past elsewhere", () => {
  const mine = held("blue", "09:00", "11:00");
  const later = asking({ now: "2030-05-01T09:30:00Z", held: [mine] });
  expect(whyNotMove(mine, ROOM, at("09:00", "10:00"), later)).toBeNull();
  expect(whyNotMove(mine, ROOM, at("09:15", "11:00"), later)).toBe("past");
});

test("only half an hour of a managed room is booked", () => {
  expect(isBookable(ROOM, at("09:00", "09:30"))).toBe(true);
  expect(isBookable(ROOM, at("09:00", "10:00"))).toBe(false);
  expect(isBookable(NAMED, at("09:00", "09:30"))).toBe(false);
});
