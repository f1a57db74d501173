import { expect, test } from "vitest";
import { fullness, isScarce, standing } from "./seats";

const event = (availableSeats: number, bookingId: number | null = null) => ({ totalSeats: 20, availableSeats, bookingId });

test("one's own seat counts more than that none is left", () => {
  expect(standing(event(0, 7), false, false)).toBe("mine");
  expect(standing(event(0, 7), false, true)).toBe("leaving");
});

test("a visitor signs in to book, but not for an event that is full", () => {
  expect(standing(event(3), true, false)).toBe("visitor");
  expect(standing(event(0), true, false)).toBe("full");
  expect(standing(event(3), false, false)).toBe("free");
});

test("an event without seats is full, and one with more booked than there are is not fuller", () => {
  expect(fullness({ totalSeats: 0, availableSeats: 0 })).toBe(1);
  expect(fullness({ totalSeats: 20, availableSeats: 5 })).toBe(0.75);
  expect(fullness({ totalSeats: 2, availableSeats: 0 })).toBe(1);
});

test("a tenth of the seats is few, none is not", () => {
  expect([isScarce(event(3)), isScarce(event(2)), isScarce(event(0))]).toEqual([false, true, false]);
});
