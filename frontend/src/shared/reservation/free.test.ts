import { expect, test } from "vitest";
import type { Reservation, Room } from "@/shared/api/queries";
import { firstFree, nextStart } from "./free";
import { type Asking, fromNow, inTheWay, nextMinute } from "./rules";

const BLUE: Room = {
  id: "blue", name: "Blue", description: null, capacity: 8, isManaged: true, isRetired: false,
  hours: { daysOfWeek: [1, 2, 3, 4, 5], startTime: "09:00", endTime: "17:00" },
};
const GREEN: Room = { ...BLUE, id: "green", name: "Green" };
const NAMED: Room = { ...BLUE, id: "kitchen", isManaged: false, hours: null };
const DAY = { start: "2030-05-01T00:00:00Z", end: "2030-05-02T00:00:00Z" };

function at(start: string, end: string) {
  return { start: `2030-05-01T${start}:00Z`, end: `2030-05-01T${end}:00Z` };
}

function held(roomId: string, start: string, end: string, id = `${roomId} ${start}`): Reservation {
  return {
    id, kind: "room", roomId, roomName: roomId, ...at(start, end), createdAt: "2030-01-01T00:00:00Z",
    status: "active", isBooking: false, isMine: true, userId: null, userEmail: null, conferenceLink: null,
  };
}

function asking(now: string, ...taken: Reservation[]): Asking {
  return { user: { id: "me", role: "user" }, now: `2030-05-01T${now}Z`, held: taken };
}

test("a room that is free now is offered from now on, to a half hour's end", () => {
  expect(firstFree([BLUE], DAY, asking("10:10:30"))).toEqual({ roomId: "blue", ...at("10:11", "11:00") });
  expect(firstFree([BLUE], DAY, asking("10:00:00"))).toEqual({ roomId: "blue", ...at("10:00", "11:00") });
});

test("of two rooms the one that is free is offered", () => {
  const found = firstFree([BLUE, GREEN], DAY, asking("10:10:00", held("blue", "09:00", "12:00")));
  expect(found).toEqual({ roomId: "green", ...at("10:10", "11:00") });
});

test("of two rooms that are free the one that is free for longer is offered", () => {
  const found = firstFree([BLUE, GREEN], DAY, asking("10:10:00", held("blue", "10:30", "12:00")));
  expect(found?.roomId).toBe("green");
});

test("a room that is free for less than an hour is offered for so long", () => {
  expect(firstFree([BLUE], DAY, asking("10:10:00", held("blue", "10:30", "12:00")))).toEqual({ roomId: "blue", ...at("10:10", "10:30") });
});

test("when all is taken now, the first time at which something is not", () => {
  const taken = [held("blue", "10:00", "11:15"), held("green", "10:00", "12:00")];
  expect(firstFree([BLUE, GREEN], DAY, asking("10:10:00", ...taken))).toEqual({ roomId: "blue", ...at("11:15", "12:00") });
});

test("before rooms open the offer begins when they do; after they close there is none", () => {
  expect(firstFree([BLUE], DAY, asking("06:10:00"))).toEqual({ roomId: "blue", ...at("09:00", "10:00") });
  expect(firstFree([BLUE], DAY, asking("16:50:00"))).toBeNull();
  expect(firstFree([{ ...BLUE, hours: null }], DAY, asking("10:00:00"))).toBeNull();
});

test("admins are offered no managed room", () => {
  const admin: Asking = { ...asking("10:10:00"), user: { id: "boss", role: "admin" } };
  expect(firstFree([BLUE, NAMED], DAY, admin)).toEqual({ roomId: "kitchen", ...at("10:10", "11:00") });
  expect(firstFree([BLUE], DAY, admin)).toBeNull();
});

test("the half hour that runs is reserved from now on", () => {
  expect(fromNow(BLUE, at("10:00", "10:30"), "2030-05-01T10:10:30.123Z")).toEqual(at("10:11", "10:30"));
  expect(fromNow(BLUE, at("10:30", "11:00"), "2030-05-01T10:10:30Z")).toEqual(at("10:30", "11:00"));
  // Nothing is left of it, and what began long ago was not meant to begin now.
  expect(fromNow(BLUE, at("10:00", "10:30"), "2030-05-01T10:29:30Z")).toEqual(at("10:00", "10:30"));
  expect(fromNow(BLUE, at("09:00", "12:00"), "2030-05-01T10:10:30Z")).toEqual(at("09:00", "12:00"));
  expect(fromNow(NAMED, at("10:00", "10:30"), "2030-05-01T10:10:30Z")).toEqual(at("10:00", "10:30"));
});

test.each([["10:10:00Z", "10:10:00Z"], ["10:10:00.001Z", "10:11:00Z"], ["23:59:30Z", "00:00:00Z"]])(
  "after %s the next full minute is %s", (now, minute) => expect(nextMinute(`2030-05-01T${now}`).slice(11)).toBe(minute),
);

test("a room is free next when it is for as long as was wanted, on a slot if it was one", () => {
  const taken = asking("08:00:00", held("blue", "10:00", "10:45"), held("blue", "11:30", "12:00"));
  expect(nextStart(BLUE, at("10:00", "10:30"), DAY.end, taken)).toBe("2030-05-01T11:00:00Z");
  expect(nextStart(BLUE, at("10:00", "10:45"), DAY.end, taken)).toBe("2030-05-01T10:45:00Z");
  expect(nextStart(BLUE, at("10:00", "11:00"), DAY.end, taken)).toBe("2030-05-01T12:00:00Z");
});

test("what is still on its way is in nobody's way", () => {
  expect(inTheWay(BLUE, at("10:00", "11:00"), [held("blue", "10:00", "11:00", "waiting 1")])).toBeUndefined();
  expect(inTheWay(BLUE, at("10:00", "11:00"), [held("blue", "10:30", "11:00"), held("blue", "10:00", "10:30")])?.start.slice(11, 16)).toBe("10:00");
});
