import { expect, test } from "vitest";
import { nextStart, offers, seatNow, whoIsNext, whyNotThere } from "./offers";
import type { Dinner, DinnerTable } from "./queries";

function table(id: number, seats: number): DinnerTable {
  return { id, name: `T${id}`, seats, location: "Hall" };
}

function at(start: string, end: string) {
  return { start: `2030-05-01T${start}:00Z`, end: `2030-05-01T${end}:00Z` };
}

function dinner(tableId: number, start: string, end: string, partySize: number | null = 2): Dinner {
  return { id: `${tableId} ${start}`, tableId, ...at(start, end), isMine: true, mayChange: true, customerName: "Anna", partySize };
}

const tables = [table(1, 8), table(2, 2), table(3, 4), table(4, 4)];
const ids = (found: DinnerTable[]) => found.map(({ id }) => id);
const evening = (...held: Dinner[]) => ({ tables, held });

test("only tables that are large enough and free all the time are offered, the tightest first", () => {
  expect(ids(offers(evening(), 2, at("19:00", "20:30")))).toEqual([2, 3, 4, 1]);
  expect(ids(offers(evening(), 3, at("19:00", "20:30")))).toEqual([3, 4, 1]);
  expect(ids(offers(evening(dinner(3, "20:00", "21:00")), 3, at("19:00", "20:30")))).toEqual([4, 1]);
  expect(ids(offers(evening(), 9, at("19:00", "20:30")))).toEqual([]);
});

test("a table is free again when the guests before have gone, and until the next come", () => {
  const between = evening(dinner(2, "18:00", "19:00"), dinner(2, "20:30", "22:00"));
  expect(ids(offers(between, 2, at("19:00", "20:30")))[0]).toBe(2);
});

test("a reservation that is moved is not in its own way", () => {
  const own = dinner(2, "19:00", "20:30");
  expect(ids(offers(evening(own), 2, at("19:30", "21:00"), own.id))[0]).toBe(2);
  expect(whyNotThere(evening(own), own, table(2, 2), at("19:30", "21:00"))).toBeNull();
});

test("a party stays out of a table that is too small or taken", () => {
  const big = dinner(1, "19:00", "20:30", 6);
  expect(whyNotThere(evening(big), big, table(3, 4), at("19:00", "20:30"))).toBe("tooSmall");
  expect(whyNotThere(evening(big, dinner(3, "20:00", "21:00")), dinner(2, "19:00", "20:30"), table(3, 4), at("19:00", "20:30"))).toBe("taken");
});

test("when all is taken the next time is found", () => {
  const full = { tables: [table(1, 2)], held: [dinner(1, "19:00", "20:40")] };
  expect(nextStart(full, 2, at("19:00", "20:30"))).toBe("2030-05-01T20:45:00Z");
  expect(nextStart(full, 3, at("19:00", "20:30"))).toBeNull();
});

test("who walks in gets the tightest table for a whole dinner", () => {
  expect(seatNow(evening(), 3, "2030-05-01T19:07:00Z")).toMatchObject({ table: { id: 3 }, ...at("19:07", "20:37") });
});

test("if none is free for so long, the one that is free for the longest, until somebody else comes", () => {
  const busy = { tables: [table(1, 2), table(2, 4), table(3, 2)], held: [dinner(1, "20:00", "22:00"), dinner(2, "20:15", "22:00"), dinner(3, "19:20", "22:00")] };
  expect(seatNow(busy, 2, "2030-05-01T19:07:00Z")).toMatchObject({ table: { id: 2 }, ...at("19:07", "20:15") });
  expect(seatNow(busy, 2, "2030-05-01T19:40:00Z")).toBeNull();
});

test("who is next: the soonest first, those who are a little late too, those long here not", () => {
  const day = { start: "2030-05-01T00:00:00Z", end: "2030-05-02T00:00:00Z" };
  const held = [dinner(1, "21:00", "22:00"), dinner(2, "18:00", "21:00"), dinner(3, "19:20", "21:00"), dinner(4, "18:55", "20:00")];
  const next = whoIsNext(held, "2030-05-01T19:05:00Z", day);
  expect(next.map(({ dinner: { tableId }, minutes }) => [tableId, minutes])).toEqual([[4, -10], [3, 15], [1, 115]]);
  const morning: Dinner = { ...dinner(1, "09:00", "10:00"), start: "2030-05-02T09:00:00Z", end: "2030-05-02T10:00:00Z" };
  expect(whoIsNext([morning], "2030-05-01T19:05:00Z", day)).toEqual([]);
});
