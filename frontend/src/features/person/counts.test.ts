import { expect, test } from "vitest";
import { byMonth, keptPercent } from "./counts";

test("the last twelve months are counted, the oldest first, and what is older is not", () => {
  const months = byMonth(["2030-05-02T10:00:00Z", "2030-05-20T10:00:00Z", "2029-06-15T10:00:00Z", "2029-04-01T10:00:00Z"], "2030-05-31T10:00:00Z");
  expect(months).toHaveLength(12);
  expect(months[0]).toEqual({ month: "2029-06", count: 1 });
  expect(months.at(-1)).toEqual({ month: "2030-05", count: 2 });
  expect(months.reduce((sum, { count }) => sum + count, 0)).toBe(3);
});

test("who has booked nothing has kept no share of it", () => {
  expect(keptPercent(0, 0)).toBeNull();
  expect(keptPercent(4, 1)).toBe(75);
  expect(keptPercent(2, 3)).toBe(0);
});
