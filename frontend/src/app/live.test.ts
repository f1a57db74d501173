import { afterEach, expect, test, vi } from "vitest";
import { gatherer, touched } from "@/shared/live/live";
import "@/features/events/queries";
import "@/features/floor/queries";

afterEach(() => vi.useRealTimers());

test("a message says which queries are old", () => {
  expect(touched({ type: "reservation.created", place: "room:blue" })).toContain("board");
  expect(touched({ type: "reservation.created", place: "table:3" })).toEqual(["floor", "mine"]);
  expect(touched({ type: "reservation.held", place: "room:blue" })).toContain("slots");
  expect(touched({ type: "reservation.expired", place: "table:3" })).toEqual(["floor", "mine"]);
  expect(touched({ type: "booking.cancelled", place: "room:blue" })).toContain("mine");
  expect(touched({ type: "booking.created", place: "event:3" })).not.toContain("board");
  expect(touched({ type: "room.created", place: undefined })).toEqual(["board", "slots", "bookings"]);
  expect(touched({ type: "event.created", place: undefined })).toContain("events");
  expect(touched({ type: "place.checked", place: "room:blue" })).toEqual([]);
});

test("a message without a place may be of any", () => {
  expect(touched({ type: "booking.created", place: undefined })).toEqual(expect.arrayContaining(["board", "event"]));
});

test("in a flood no refetch is given up for the next", async () => {
  vi.useFakeTimers();
  let under = 0;
  const most: number[] = [];
  const invalidateQueries = async (): Promise<void> => {
    most.push(++under);
    await new Promise((done) => setTimeout(done, 700));
    under -= 1;
  };
  const gathered = gatherer({ invalidateQueries });
  for (let at = 0; at < 5_000; at += 10) {
    gathered.add(["event"]);
    await vi.advanceTimersByTimeAsync(10);
  }
  await vi.runAllTimersAsync();
  expect(Math.max(...most)).toBe(1);
  expect(most.length).toBeGreaterThan(3);
  expect(most.length).toBeLessThan(8);
});
